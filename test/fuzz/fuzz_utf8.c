// links: src/wire/utf8.c
/* Well-formed up to the first character that a plain decoder, without tricks, refuses; a cut never
 * splits a character. */
#include "fuzz.h"
#include "wire/utf8.h"

/* The length of the character at `at`, 0 when there is none. */
static size_t decode(const uint8_t *at, size_t size) {
  static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  uint32_t code = at[0];
  size_t length = code < 0x80       ? 1
                  : code >> 5 == 6  ? 2
                  : code >> 4 == 14 ? 3
                  : code >> 3 == 30 ? 4
                                    : 0;
  if (length == 0 || length > size)
    return 0;
  if (length > 1)
    code &= 0x7fu >> length;
  for (size_t i = 1; i < length; i++) {
    if (at[i] >> 6 != 2)
      return 0;
    code = code << 6 | (at[i] & 0x3f);
  }
  bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < smallest[length] || is_surrogate || code > 0x10ffff ? 0 : length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size > 0 ? size : 1);
  require(text != NULL);
  if (size > 0)
    memcpy(text, data, size);
  size_t good = 0;
  for (size_t length; good < size && (length = decode(data + good, size - good)) > 0;)
    good += length;
  require(xpf_utf8_check(text, size) == good);
  for (size_t max = 0; max <= good && max < 64; max++) {
    size_t cut = xpf_utf8_cut(text, good, max);
    require(cut <= max && max - cut <= 3);
    require(xpf_utf8_check(text, cut) == cut);
  }
  for (size_t max = 0; max <= size && max < 64; max++)
    require(xpf_utf8_cut(text, size, max) <= max);
  free(text);
  return 0;
}

#include "host/printable.h"

/* How many bytes of out are left when the unfinished character at its end is dropped. */
static size_t whole(const char *out, size_t length) {
  size_t begin = length;
  while (begin > 0 && length - begin < 3 && ((unsigned char)out[begin - 1] & 0xC0) == 0x80)
    begin--;
  if (begin == 0)
    return length;
  unsigned char lead = (unsigned char)out[begin - 1];
  size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  return length - (begin - 1) < need ? begin - 1 : length;
}

void xpf_printable_copy(char *out, size_t size, const char *text, size_t length) {
  size_t used = 0;
  for (; used < length && used < size - 1; used++) {
    unsigned char byte = (unsigned char)text[used];
    out[used] = byte < 0x20 || byte == 0x7F ? '?' : (char)byte;
  }
  out[whole(out, used)] = '\0';
}

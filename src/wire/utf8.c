#include "wire/utf8.h"

#include <stdint.h>
#include <string.h>

static size_t skip_ascii(const char *data, size_t size, size_t at) {
  uint64_t word;
  while (size - at >= sizeof word) {
    memcpy(&word, data + at, sizeof word);
    if (word & 0x8080808080808080u)
      break;
    at += sizeof word;
  }
  while (at < size && (unsigned char)data[at] < 0x80)
    at++;
  return at;
}

/* Length of the well-formed multi-byte character at the front, 0 when there is none. The second
 * byte's range is what shuts out overlong forms, surrogates and everything above U+10FFFF. */
static size_t character_length(const unsigned char *at, size_t size) {
  unsigned char low = 0x80, high = 0xbf;
  size_t length;
  if (at[0] >= 0xc2 && at[0] <= 0xdf) {
    length = 2;
  } else if (at[0] >= 0xe0 && at[0] <= 0xef) {
    length = 3;
    if (at[0] == 0xe0)
      low = 0xa0;
    if (at[0] == 0xed)
      high = 0x9f;
  } else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
    length = 4;
    if (at[0] == 0xf0)
      low = 0x90;
    if (at[0] == 0xf4)
      high = 0x8f;
  } else {
    return 0;
  }
  if (size < length || at[1] < low || at[1] > high)
    return 0;
  for (size_t i = 2; i < length; i++)
    if ((at[i] & 0xc0) != 0x80)
      return 0;
  return length;
}

size_t xpf_utf8_check(const char *data, size_t size) {
  size_t at = 0;
  while ((at = skip_ascii(data, size, at)) < size) {
    size_t length = character_length((const unsigned char *)data + at, size - at);
    if (length == 0)
      return at;
    at += length;
  }
  return size;
}

size_t xpf_utf8_cut(const char *data, size_t size, size_t max) {
  if (max >= size)
    return size;
  /* A character has at most three continuation bytes; more of them is not text, cut it anywhere. */
  for (size_t back = 0; back <= 3 && back <= max; back++)
    if (((unsigned char)data[max - back] & 0xc0) != 0x80)
      return max - back;
  return max;
}

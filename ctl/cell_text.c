#include "cell_text.h"
#include <string.h>
#include "print.h"
#include "wire/utf8.h"

/* One character at `text` as it is to be shown: its bytes in `out`. Returns how many were read. */
static size_t take(const char *text, char out[5], bool utf8) {
  const unsigned char *at = (const unsigned char *)text;
  size_t size = *at < 0x80 ? 1 : *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
  size_t there = strnlen(text, size);
  bool is_control = *at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0);
  bool is_whole = there == size && xpf_utf8_check(text, size) == size;

  strcpy(out, "?");
  if (!is_whole)
    return 1;
  if (!is_control && (utf8 || size == 1)) {
    memcpy(out, text, size);
    out[size] = '\0';
  }
  return size;
}

char *xpf_cell_fit(char *out, size_t size, const char *text, unsigned width, bool utf8) {
  const char *more = utf8 ? "…" : "~";
  size_t used = 0, keep = 0; /* keep: up to where the text leaves a column for `more` */
  unsigned columns = 0;
  char one[5];

  while (*text != '\0') {
    size_t read = take(text, one, utf8);
    unsigned wide = xpf_print_width(one);
    if (columns + wide > width || used + strlen(one) >= size) {
      used = keep;
      if (width > 0 && used + strlen(more) < size) {
        memcpy(out + used, more, strlen(more));
        used += strlen(more);
      }
      break;
    }
    memcpy(out + used, one, strlen(one));
    used += strlen(one);
    columns += wide;
    if (columns < width)
      keep = used;
    text += read;
  }
  if (size > 0)
    out[used] = '\0';
  return out;
}

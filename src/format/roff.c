#include "format/roff.h"
#include <stdbool.h>

void xpf_roff_text(FILE *out, const char *text) {
  bool is_bold = false;
  if (*text == '.' || *text == '\'')
    fputs("\\&", out);
  for (; *text != '\0'; text++) {
    if (*text == '\\')
      fputs("\\e", out);
    else if (*text == '-')
      fputs("\\-", out);
    else if (*text == '\'')
      fputs("\\(aq", out);
    else if (*text == '~')
      fputs("\\(ti", out);
    else if (*text == '`')
      fputs((is_bold = !is_bold) ? "\\fB" : "\\fR", out);
    else
      fputc(*text, out);
  }
}

void xpf_roff_line(FILE *out, const char *macro, const char *text) {
  fputs(macro, out);
  xpf_roff_text(out, text);
  fputc('\n', out);
}

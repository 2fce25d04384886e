/* Lines of a log for people and for programs. */
#ifndef XPF_CTL_LOG_PRINT_H
#define XPF_CTL_LOG_PRINT_H
#include <stdbool.h>
#include "log_line.h"

struct xpf_log_style {
  bool json, colour;
  unsigned width;     /* of the terminal; 0: lines are not folded */
  bool shows_process; /* lines of several processes */
};

/* Numbers with units, what is 0 left out. */
void xpf_log_print(const struct xpf_log_line *line, const struct xpf_log_style *style);
/* What is no line of a log. */
void xpf_log_print_text(const char *text, const struct xpf_log_style *style);
#endif

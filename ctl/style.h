/* How the output may look: colours only on a terminal that wants them, block characters only where
 * the locale has them. Chosen once at the start of a command, then read only. */
#ifndef XPF_CTL_STYLE_H
#define XPF_CTL_STYLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum xpf_colour {
  XPF_COLOUR_PLAIN, /* ends the others */
  XPF_COLOUR_BOLD,
  XPF_COLOUR_DIM,
  XPF_COLOUR_BAR,
  XPF_COLOUR_GOOD,
  XPF_COLOUR_BAD,
};

/* NO_COLOR, TERM=dumb and a stream that is no terminal mean none. */
bool xpf_style_has_colour(FILE *stream);
/* The escape sequence, or "" where there is no colour. */
const char *xpf_style(enum xpf_colour colour, FILE *stream);
/* The locale's characters are UTF-8. */
bool xpf_style_is_utf8(void);
/* A bar of `columns` for fraction 0 … 1, padded with spaces (or with a shade when `shaded`).
 * Returns buffer; needs 3 bytes a column. */
const char *xpf_style_bar(double fraction, unsigned columns, bool shaded, char *buffer,
                          size_t size);
/* Columns of the terminal behind stream, 80 when it does not say. */
unsigned xpf_style_columns(FILE *stream);
#endif

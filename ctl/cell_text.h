/* Text cut to a number of terminal columns. Pure. */
#ifndef XPF_CTL_CELL_TEXT_H
#define XPF_CTL_CELL_TEXT_H
#include <stdbool.h>
#include <stddef.h>

/* Whole characters of text that fit into width columns; when some do not, the last column is "…"
 * ("~" without utf8). What a terminal would obey or could not show becomes '?'. Returns out. */
char *xpf_cell_fit(char *out, size_t size, const char *text, unsigned width, bool utf8);
#endif

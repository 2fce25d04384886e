/* Numbers as a small chart of characters. Pure. */
#ifndef XPF_CTL_SPARKLINE_H
#define XPF_CTL_SPARKLINE_H
#include <stdbool.h>
#include <stddef.h>

/* The chart of `count` values, the newest at the right end, in `width` columns and `height` lines;
 * line 0 is the top one. Values from 0 to `top` (or the largest one when it is larger); NaN leaves
 * a gap. More values than columns: the newest ones. Without utf8 plain ASCII. Writes at most size
 * bytes, whole characters. Returns out. */
char *xpf_sparkline(char *out, size_t size, const double *values, size_t count, double top,
                    unsigned width, unsigned height, unsigned line, bool utf8);
#endif

/* The line on the terminal while one-shot commands work: a bar, the time left, live numbers. */
#ifndef XPF_CTL_LIVE_LINE_H
#define XPF_CTL_LIVE_LINE_H
#include <stdbool.h>
#include <stddef.h>
#include "text.h"

/* What the line shows beside memory, CPU and loop delay. */
enum xpf_live_part { XPF_LIVE_CPU, XPF_LIVE_HEAP, XPF_LIVE_GC };

/* NaN = not known, and then not shown. */
struct xpf_live_view {
  const char *label; /* "cpu 4127", "cpu, 3 targets" */
  bool is_pending;   /* the thread is not free yet */
  bool is_begun, is_writing;
  double elapsed_ms, total_ms; /* total 0: no time was set */
  double done;                 /* 0 … 1 of a step that tells */
  const char *reason;          /* why it has not begun, or "" */
  enum xpf_live_part part;
  double rss_bytes, cpu_percent, stall_ms, heap_used_bytes, collections, gc_ms;
};

/* Fits into `columns`; without colours. */
void xpf_live_line_format(const struct xpf_live_view *view, unsigned columns, char *buffer,
                          size_t size);
/* Draws over the line before, on standard error. */
void xpf_live_line_draw(const struct xpf_live_view *view);
void xpf_live_line_clear(void);
#endif

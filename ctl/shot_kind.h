/* The one-shot commands: what each asks of the target, one row each. A new one is a row here, a row
 * in command_table.c and its words. */
#ifndef XPF_CTL_SHOT_KIND_H
#define XPF_CTL_SHOT_KIND_H
#include "live_line.h"
#include "text.h"

struct xpf_shot_kind {
  const char *start;      /* the method; with a stop it runs for a time, else it makes its file */
  const char *stop;       /* NULL for a dump */
  double default_ms;      /* how long without -t; 0 for a dump */
  const char *flag;       /* a parameter that is always true, or NULL */
  enum xpf_text_id title; /* "CPU profile" */
  enum xpf_live_part live;
};

extern const struct xpf_shot_kind xpf_shot_kind_cpu, xpf_shot_kind_heap, xpf_shot_kind_alloc,
    xpf_shot_kind_gc, xpf_shot_kind_trace, xpf_shot_kind_snapshot, xpf_shot_kind_report;
#endif

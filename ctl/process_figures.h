/* The numbers of a row of `list`, from the replies of the process; NaN when unknown. */
#ifndef XPF_CTL_PROCESS_FIGURES_H
#define XPF_CTL_PROCESS_FIGURES_H
#include "process_list.h"

/* X(member = key of --json, in the replies: where, key) */
#define XPF_PROCESS_FIGURES(X)                                                                     \
  X(uptime, INFO, "uptime")                                                                        \
  X(cpu_percent, PROCESS, "cpu_now")                                                               \
  X(rss_bytes, PROCESS, "rss")                                                                     \
  X(heap_used_bytes, MAIN, "heap_used")                                                            \
  X(heap_limit_bytes, MAIN, "heap_limit")                                                          \
  X(loop_delay_p99_ms, MAIN, "loop_delay_p99_ms")                                                  \
  X(loop_blocked_ms, MAIN, "loop_blocked_ms")

struct xpf_process_figures {
  double threads; /* of JavaScript */
#define XPF_FIGURE_FIELD(member, where, key) double member;
  XPF_PROCESS_FIGURES(XPF_FIGURE_FIELD)
#undef XPF_FIGURE_FIELD
};

void xpf_process_figures_read(struct xpf_process_figures *out, const struct xpf_process_row *row);
#endif

/* Counts the garbage collections of one isolate. Written inside the collector (plain stores and one
 * clock read), read from any thread with relaxed atomics. Only outermost collections count, so that
 * times never overlap. */
#ifndef XPF_CORE_GC_WATCH_H
#define XPF_CORE_GC_WATCH_H
#include "core/thread.h"

struct xpf_gc_watch {
  struct xpf_gc_totals totals;
  struct xpf_gc_recent recent[XPF_GC_RECENT];
  uint64_t recent_count; /* ever */
  uint64_t begin_ns;
  uint32_t depth;
  void (*listener)(void *arg, const struct xpf_gc_mark *mark);
  void *listener_arg;
};

void xpf_gc_watch_mark(void *watch,
                       const struct xpf_gc_mark *mark); /* [js] the bridge's callback */
void xpf_gc_watch_totals(const struct xpf_gc_watch *watch, struct xpf_gc_totals *out); /* [any] */
void xpf_gc_watch_reset_longest(struct xpf_gc_watch *watch);                           /* [any] */
uint32_t xpf_gc_watch_recent(const struct xpf_gc_watch *watch, struct xpf_gc_recent *out,
                             uint32_t max); /* [js] */
#endif

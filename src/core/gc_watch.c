#include "core/gc_watch.h"

static uint64_t load(const uint64_t *value) {
  return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static void store(uint64_t *value, uint64_t to) {
  __atomic_store_n(value, to, __ATOMIC_RELAXED);
}

static void count(struct xpf_gc_watch *watch, const struct xpf_gc_mark *mark) {
  uint64_t spent = mark->now_ns - watch->begin_ns;
  struct xpf_gc_totals *totals = &watch->totals;
  store(&totals->count[mark->kind], totals->count[mark->kind] + 1);
  store(&totals->spent_ns[mark->kind], totals->spent_ns[mark->kind] + spent);
  if (spent > load(&totals->longest_ns[mark->kind]))
    store(&totals->longest_ns[mark->kind], spent);
  struct xpf_gc_recent *recent = &watch->recent[watch->recent_count++ % XPF_GC_RECENT];
  recent->kind = mark->kind;
  recent->start_ns = watch->begin_ns;
  recent->end_ns = mark->now_ns;
}

void xpf_gc_watch_mark(void *arg, const struct xpf_gc_mark *mark) {
  struct xpf_gc_watch *watch = arg;
  if (!mark->end) {
    if (watch->depth++ > 0)
      return;
    watch->begin_ns = mark->now_ns;
  } else {
    if (watch->depth == 0 || --watch->depth > 0)
      return; /* an end whose begin came before we watched, or an inner collection */
    count(watch, mark);
  }
  if (watch->listener)
    watch->listener(watch->listener_arg, mark);
}

void xpf_gc_watch_totals(const struct xpf_gc_watch *watch, struct xpf_gc_totals *out) {
  for (int i = 0; i < XPF_GC_KINDS; i++) {
    out->count[i] = load(&watch->totals.count[i]);
    out->spent_ns[i] = load(&watch->totals.spent_ns[i]);
    out->longest_ns[i] = load(&watch->totals.longest_ns[i]);
  }
}

void xpf_gc_watch_reset_longest(struct xpf_gc_watch *watch) {
  for (int i = 0; i < XPF_GC_KINDS; i++)
    store(&watch->totals.longest_ns[i], 0);
}

uint32_t xpf_gc_watch_recent(const struct xpf_gc_watch *watch, struct xpf_gc_recent *out,
                             uint32_t max) {
  uint64_t have = watch->recent_count < XPF_GC_RECENT ? watch->recent_count : XPF_GC_RECENT;
  uint32_t n = have < max ? (uint32_t)have : max;
  for (uint32_t i = 0; i < n; i++)
    out[i] = watch->recent[(watch->recent_count - n + i) % XPF_GC_RECENT];
  return n;
}

#include "daemon/figure_watch.h"

#include <math.h>
#include <stdio.h>

#include "daemon/metric_kinds.h"

#define BLOCKED_S   1.0 /* a turn of the loop so long is an event while it lasts */
#define LONG_TURN_S 0.5 /* or afterwards, when it was over before we looked */
#define NEAR        0.9
#define FAR         0.8 /* below it the next approach is news again */
#define GC_BUSY     0.3 /* of the time */
#define GC_CALM     0.15

struct teller {
  const char *who;
  xpf_figure_event event;
  void *arg;
};

static void tell(const struct teller *teller, const char *name, const char *format, double value,
                 double limit) {
  char what[192], text[400];
  snprintf(what, sizeof what, format, value, limit);
  snprintf(text, sizeof text, "%.190s: %s", teller->who, what);
  teller->event(teller->arg, name, text);
}

static void watch_loop(struct xpf_figure_watch *watch, const double *values,
                       const struct teller *teller) {
  double blocked_s = values[XPF_THREAD_loop_blocked_ms];
  double longest_s = values[XPF_THREAD_loop_delay_max_ms];
  if (blocked_s >= BLOCKED_S) {
    if (!watch->is_blocked)
      tell(teller, "loop_blocked", "its event loop has been blocked for %.1f s", blocked_s, 0);
    watch->is_blocked = true;
    if (blocked_s > watch->blocked_s)
      watch->blocked_s = blocked_s;
  } else if (watch->is_blocked) {
    double whole_s = longest_s > watch->blocked_s ? longest_s : watch->blocked_s;
    tell(teller, "loop_unblocked", "its event loop runs again, after %.1f s", whole_s, 0);
    watch->is_blocked = false;
    watch->blocked_s = 0;
  } else if (watch->has_before && !(blocked_s >= LONG_TURN_S) && longest_s >= LONG_TURN_S &&
             longest_s > watch->longest_turn_s) {
    tell(teller, "loop_blocked", "one turn of its event loop took %.2f s", longest_s, 0);
  }
  /* It begins anew with each record of the log. A turn that still lasts is not known yet. */
  if (!isnan(longest_s) && !(blocked_s >= LONG_TURN_S))
    watch->longest_turn_s = longest_s;
}

/* True when it is news. */
static bool is_near(bool *was_near, double used, double limit) {
  bool was = *was_near;
  if (!(limit > 0) || isnan(used))
    return false;
  *was_near = used >= (was ? FAR : NEAR) * limit;
  return *was_near && !was;
}

static void watch_gc(struct xpf_figure_watch *watch, const double *values, int64_t now_ms,
                     const struct teller *teller) {
  double gc_s = values[XPF_THREAD_total_gc_duration];
  double elapsed_s = (double)(now_ms - watch->at_ms) / 1000;
  if (watch->has_gc && elapsed_s > 0 && gc_s >= watch->gc_s) {
    double share = fmin(1, (gc_s - watch->gc_s) / elapsed_s);
    watch->gc_share += (share - watch->gc_share) * fmin(1, elapsed_s / 5);
  }
  if (!isnan(gc_s)) {
    watch->gc_s = gc_s;
    watch->has_gc = true;
  }
  if (watch->gc_share >= GC_BUSY && !watch->is_gc_busy)
    tell(teller, "gc_busy", "it spends %.0f %% of the time in garbage collection",
         watch->gc_share * 100, 0);
  watch->is_gc_busy = watch->gc_share >= (watch->is_gc_busy ? GC_CALM : GC_BUSY);
}

void xpf_figure_watch_thread(struct xpf_figure_watch *watch, const double *values, const char *who,
                             int64_t now_ms, xpf_figure_event event, void *arg) {
  struct teller teller = {who, event, arg};
  double used = values[XPF_THREAD_heap_used], limit = values[XPF_THREAD_heap_limit];
  watch_loop(watch, values, &teller);
  if (is_near(&watch->is_near_heap_limit, used, limit))
    tell(&teller, "heap_near_limit", "its heap has %.0f MB of at most %.0f MB in use",
         used / 1048576, limit / 1048576);
  watch_gc(watch, values, now_ms, &teller);
  watch->at_ms = now_ms;
  watch->has_before = true;
}

void xpf_figure_watch_node(struct xpf_figure_watch *watch, const double *values, const char *who,
                           xpf_figure_event event, void *arg) {
  struct teller teller = {who, event, arg};
  double fds = values[XPF_NODE_open_fds], fd_limit = values[XPF_NODE_fd_limit];
  double used = values[XPF_NODE_cgroup_memory_working_set];
  double limit = values[XPF_NODE_cgroup_memory_limit];
  double kills = values[XPF_NODE_cgroup_oom_kills];
  if (is_near(&watch->is_near_fd_limit, fds, fd_limit))
    tell(&teller, "fds_near_limit", "%.0f of at most %.0f descriptors are open", fds, fd_limit);
  if (is_near(&watch->is_near_memory_limit, used, limit))
    tell(&teller, "cgroup_near_limit", "its cgroup uses %.0f MB of at most %.0f MB", used / 1048576,
         limit / 1048576);
  if (watch->has_oom_kills && kills > watch->oom_kills)
    tell(&teller, "cgroup_oom_kill", "the kernel killed a process of its cgroup for memory", 0, 0);
  if (!isnan(kills)) {
    watch->oom_kills = kills;
    watch->has_oom_kills = true;
  }
}

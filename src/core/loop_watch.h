/* Measures the turns of one event loop from inside: the time between two polls, without timers and
 * without cost while the loop sleeps. A turn's busy time is the elapsed time less libuv's idle time
 * (uv_metrics_idle_time, which Node switches on for every loop); every event of a turn waits at
 * most that long, so the histogram of turns is the event loop delay. */
#ifndef XPF_CORE_LOOP_WATCH_H
#define XPF_CORE_LOOP_WATCH_H
#include <stdint.h>
#include <uv.h>
#include "core/histogram.h"

struct xpf_loop_watch {
  uv_prepare_t prepare;
  uv_loop_t *loop;
  uint64_t turn_ns, turn_idle_ns; /* at the last prepare; atomics, written [js] */
  uint64_t turns;
  uint64_t max_ns; /* since xpf_loop_watch_take_max() */
  struct xpf_histogram delay;
  uint64_t long_ns; /* [js] turns of at least this are told to on_long; 0 = none */
  void (*on_long)(void *arg, uint64_t busy_ns);
  void *on_long_arg;
};

int xpf_loop_watch_init(struct xpf_loop_watch *watch, uv_loop_t *loop); /* [js] */
/* [js] close_cb gets &watch->prepare. */
void xpf_loop_watch_close(struct xpf_loop_watch *watch, uv_close_cb close_cb);
/* [js] fn(arg, time) is called at the end of each turn that took at least long_ns; 0: no more. */
void xpf_loop_watch_long_turns(struct xpf_loop_watch *watch, uint64_t long_ns,
                               void (*fn)(void *arg, uint64_t busy_ns), void *arg);
/* [any, while the loop lives] */
uint64_t xpf_loop_watch_blocked_ns(struct xpf_loop_watch *watch);
uint64_t xpf_loop_watch_idle_ns(struct xpf_loop_watch *watch);
void xpf_loop_watch_reset_max(struct xpf_loop_watch *watch); /* [any] */
#endif

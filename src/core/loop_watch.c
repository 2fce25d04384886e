#include "core/loop_watch.h"

static void count_turn(struct xpf_loop_watch *watch, uint64_t busy_ns) {
  uint64_t us = busy_ns / 1000;
  xpf_histogram_add(&watch->delay, us > UINT32_MAX ? UINT32_MAX : (uint32_t)us);
  if (busy_ns > __atomic_load_n(&watch->max_ns, __ATOMIC_RELAXED))
    __atomic_store_n(&watch->max_ns, busy_ns, __ATOMIC_RELAXED);
  if (watch->long_ns > 0 && busy_ns >= watch->long_ns)
    watch->on_long(watch->on_long_arg, busy_ns);
  __atomic_store_n(&watch->turns, watch->turns + 1, __ATOMIC_RELEASE);
}

void xpf_loop_watch_long_turns(struct xpf_loop_watch *watch, uint64_t long_ns,
                               void (*fn)(void *arg, uint64_t busy_ns), void *arg) {
  watch->on_long = fn;
  watch->on_long_arg = arg;
  watch->long_ns = long_ns;
}

static void on_prepare(uv_prepare_t *handle) {
  struct xpf_loop_watch *watch = handle->data;
  uint64_t now = uv_hrtime();
  uint64_t idle = uv_metrics_idle_time(watch->loop);
  if (watch->turn_ns != 0) {
    uint64_t elapsed = now - watch->turn_ns, slept = idle - watch->turn_idle_ns;
    count_turn(watch, elapsed > slept ? elapsed - slept : 0);
  }
  __atomic_store_n(&watch->turn_idle_ns, idle, __ATOMIC_RELAXED);
  __atomic_store_n(&watch->turn_ns, now, __ATOMIC_RELEASE);
}

int xpf_loop_watch_init(struct xpf_loop_watch *watch, uv_loop_t *loop) {
  int err = uv_prepare_init(loop, &watch->prepare);
  if (err)
    return err;
  watch->loop = loop;
  watch->prepare.data = watch;
  /* The script that loads us runs before the first turn: its time is part of that turn. */
  watch->turn_idle_ns = uv_metrics_idle_time(loop);
  watch->turn_ns = uv_hrtime();
  uv_prepare_start(&watch->prepare, on_prepare);
  uv_unref((uv_handle_t *)&watch->prepare);
  return 0;
}

void xpf_loop_watch_close(struct xpf_loop_watch *watch, uv_close_cb close_cb) {
  uv_close((uv_handle_t *)&watch->prepare, close_cb);
}

uint64_t xpf_loop_watch_idle_ns(struct xpf_loop_watch *watch) {
  return uv_metrics_idle_time(watch->loop);
}

uint64_t xpf_loop_watch_blocked_ns(struct xpf_loop_watch *watch) {
  for (int attempt = 0; attempt < 3; attempt++) {
    uint64_t turns = __atomic_load_n(&watch->turns, __ATOMIC_ACQUIRE);
    uint64_t since = __atomic_load_n(&watch->turn_ns, __ATOMIC_ACQUIRE);
    uint64_t idle_then = __atomic_load_n(&watch->turn_idle_ns, __ATOMIC_RELAXED);
    uint64_t idle = uv_metrics_idle_time(watch->loop);
    uint64_t now = uv_hrtime();
    if (turns != __atomic_load_n(&watch->turns, __ATOMIC_ACQUIRE))
      continue;
    uint64_t elapsed = now - since, slept = idle - idle_then;
    return elapsed > slept ? elapsed - slept : 0;
  }
  return 0; /* the loop turns faster than we look: not blocked */
}

void xpf_loop_watch_reset_max(struct xpf_loop_watch *watch) {
  __atomic_store_n(&watch->max_ns, 0, __ATOMIC_RELAXED);
}

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/thread_state.h"

/* ---- figures that only the JS thread can read ------------------------------------------------ */

static void count_handle(uv_handle_t *handle, void *arg) {
  struct xpf_uv_counts *counts = arg;
  uint64_t active = uv_is_active(handle) != 0;
  uint64_t both = active && uv_has_ref(handle);
#define COUNT(type)                                                                                \
  do {                                                                                             \
    counts->active_##type += active;                                                               \
    counts->active_and_ref_##type += both;                                                         \
  } while (0)
  switch (handle->type) {
  case UV_FS_EVENT:
  case UV_FS_POLL:
    COUNT(file);
    break;
  case UV_TCP:
    COUNT(tcp);
    break;
  case UV_UDP:
    COUNT(udp);
    break;
  case UV_TIMER:
    COUNT(timer);
    break;
  default:
    break;
  }
#undef COUNT
}

static void figures_read(struct xpf_thread *thread) {
  struct xpf_heap heap;
  struct xpf_uv_counts uv = {0};
  xpf_bridge_heap_read(thread->bridge, &heap);
  uv.active_handles = thread->options.loop->active_handles;
  uv.requests = thread->options.loop->active_reqs.count;
  uv_walk(thread->options.loop, count_handle, &uv);
  uint64_t array_buffers = thread->array_buffers_bytes;
  if (!thread->in_interrupt && thread->memory_reader)
    array_buffers = thread->memory_reader(thread->memory_reader_arg);
  pthread_mutex_lock(&thread->data_lock);
  thread->heap = heap;
  thread->uv = uv;
  thread->array_buffers_bytes = array_buffers;
  thread->heap_at_ns = uv_hrtime();
  pthread_mutex_unlock(&thread->data_lock);
}

void xpf_thread_figures_now(struct xpf_thread *thread) {
  figures_read(thread);
}

/* ---- views ----------------------------------------------------------------------------------- */

/* Counters that the JS thread goes on counting. */
static void copy_counters(void *to, const void *from, size_t bytes) {
  uint32_t *out = to;
  const uint32_t *in = from;
  for (size_t i = 0; i < bytes / sizeof *out; i++)
    out[i] = __atomic_load_n(&in[i], __ATOMIC_RELAXED);
}

static void view_loop(struct xpf_thread *thread, struct xpf_thread_view *out) {
  pthread_mutex_lock(&xpf_thread_lock);
  if (thread->alive) {
    struct xpf_loop_watch *watch = &thread->handles->watch;
    out->loop_idle_ns = xpf_loop_watch_idle_ns(watch);
    out->loop_turns = __atomic_load_n(&watch->turns, __ATOMIC_RELAXED);
    out->loop_blocked_ns = xpf_loop_watch_blocked_ns(watch);
    out->loop_delay_max_ns = __atomic_load_n(&watch->max_ns, __ATOMIC_RELAXED);
    copy_counters(&out->loop_delay, &watch->delay, sizeof out->loop_delay);
  }
  pthread_mutex_unlock(&xpf_thread_lock);
}

void xpf_thread_view(struct xpf_thread *thread, struct xpf_thread_view *out) {
  memset(out, 0, sizeof *out);
  out->thread_id = thread->options.thread_id;
  out->is_main = thread->options.is_main;
  out->is_started = __atomic_load_n(&thread->is_started, __ATOMIC_RELAXED);
  out->tid = thread->tid;
  out->attached_ns = thread->attached_ns;
  xpf_gc_watch_totals(&thread->gc, &out->gc);
  view_loop(thread, out);
  pthread_mutex_lock(&thread->data_lock);
  out->heap = thread->heap;
  out->heap_at_ns = thread->heap_at_ns;
  out->uv = thread->uv;
  out->array_buffers_bytes = thread->array_buffers_bytes;
  if (thread->http) {
    out->has_http = true;
    copy_counters(&out->http, thread->http, sizeof out->http);
  }
  pthread_mutex_unlock(&thread->data_lock);
  out->now_ns = uv_hrtime();
}

uint64_t xpf_thread_blocked_ns(struct xpf_thread *thread) {
  uint64_t blocked = 0;
  pthread_mutex_lock(&xpf_thread_lock);
  if (thread->alive)
    blocked = xpf_loop_watch_blocked_ns(&thread->handles->watch);
  pthread_mutex_unlock(&xpf_thread_lock);
  return blocked;
}

bool xpf_thread_turn(struct xpf_thread *thread, struct xpf_thread_turn *out) {
  pthread_mutex_lock(&xpf_thread_lock);
  bool alive = thread->alive;
  if (alive) {
    out->number = __atomic_load_n(&thread->handles->watch.turns, __ATOMIC_RELAXED);
    out->blocked_ns = xpf_loop_watch_blocked_ns(&thread->handles->watch);
  }
  pthread_mutex_unlock(&xpf_thread_lock);
  return alive;
}

void xpf_thread_reset_longest(struct xpf_thread *thread) {
  xpf_gc_watch_reset_longest(&thread->gc);
  pthread_mutex_lock(&xpf_thread_lock);
  if (thread->alive)
    xpf_loop_watch_reset_max(&thread->handles->watch);
  pthread_mutex_unlock(&xpf_thread_lock);
}

static int by_line_order(const void *a, const void *b) {
  const struct xpf_thread *x = *(struct xpf_thread *const *)a, *y = *(struct xpf_thread *const *)b;
  if (x->options.is_main != y->options.is_main)
    return x->options.is_main ? 1 : -1; /* consumers keep the last line of a pid: main goes last */
  return (x->options.thread_id > y->options.thread_id) -
         (x->options.thread_id < y->options.thread_id);
}

void xpf_threads_each(void (*fn)(void *arg, struct xpf_thread *thread), void *arg) {
  pthread_mutex_lock(&xpf_thread_lock);
  unsigned count = 0, filled = 0;
  for (struct xpf_thread *thread = xpf_thread_first; thread; thread = thread->next)
    count++;
  struct xpf_thread **all = malloc((count + 1) * sizeof(struct xpf_thread *));
  for (struct xpf_thread *thread = xpf_thread_first; all && thread; thread = thread->next)
    all[filled++] = xpf_thread_ref(thread);
  pthread_mutex_unlock(&xpf_thread_lock);
  if (!all)
    return;
  qsort(all, filled, sizeof all[0], by_line_order);
  for (unsigned i = 0; i < filled; i++) {
    fn(arg, all[i]);
    xpf_thread_unref(all[i]);
  }
  free(all);
}

uint32_t xpf_thread_gc_recent(struct xpf_thread *thread, struct xpf_gc_recent *out, uint32_t max) {
  return xpf_gc_watch_recent(&thread->gc, out, max);
}

int xpf_thread_gc_listen(struct xpf_thread *thread,
                         void (*fn)(void *arg, const struct xpf_gc_mark *mark), void *arg) {
  if (thread->gc.listener)
    return -EBUSY;
  thread->gc.listener_arg = arg;
  thread->gc.listener = fn;
  return 0;
}

void xpf_thread_gc_unlisten(struct xpf_thread *thread) {
  thread->gc.listener = NULL;
}

void xpf_thread_gc_totals(struct xpf_thread *thread, struct xpf_gc_totals *out) {
  xpf_gc_watch_totals(&thread->gc, out);
}

void xpf_thread_http_set(struct xpf_thread *thread, struct xpf_http_counters *counters) {
  pthread_mutex_lock(&thread->data_lock);
  thread->http = counters;
  pthread_mutex_unlock(&thread->data_lock);
}

struct xpf_http_counters *xpf_thread_http(struct xpf_thread *thread) {
  return thread->http;
}

void xpf_thread_http_details_set(struct xpf_thread *thread, struct xpf_http_details *details) {
  thread->http_details = details;
  if (thread->http)
    __atomic_store_n(&thread->http->profiling, details != NULL, __ATOMIC_RELAXED);
}

struct xpf_http_details *xpf_thread_http_details(struct xpf_thread *thread) {
  return thread->http_details;
}

void xpf_thread_memory_reader_set(struct xpf_thread *thread, uint64_t (*fn)(void *arg), void *arg) {
  thread->memory_reader_arg = arg;
  thread->memory_reader = fn;
}

/* ---- refresh --------------------------------------------------------------------------------- */

static struct {
  uv_timer_t timer;
  bool timer_ready, active;
  uint64_t round;
  unsigned waiting; /* threads that have not answered this round; under xpf_thread_lock */
  struct xpf_call call;
  bool call_posted;
  void (*done)(void *arg);
  void *arg;
} refresh;

static void finish_round(void) {
  if (!refresh.active)
    return;
  refresh.active = false;
  uv_timer_stop(&refresh.timer);
  refresh.done(refresh.arg);
}

static void on_timeout(uv_timer_t *timer) {
  (void)timer;
  finish_round();
}

static void on_all_answered(struct xpf_call *call) {
  (void)call;
  pthread_mutex_lock(&xpf_thread_lock);
  refresh.call_posted = false;
  bool complete = refresh.waiting == 0;
  pthread_mutex_unlock(&xpf_thread_lock);
  if (complete)
    finish_round();
}

static void answer(struct xpf_thread *thread) {
  bool post = false;
  pthread_mutex_lock(&xpf_thread_lock);
  if (thread->refresh_round == refresh.round && refresh.waiting > 0) {
    refresh.waiting--;
    post = refresh.waiting == 0 && !refresh.call_posted;
    refresh.call_posted |= post;
  }
  thread->refresh_round = 0;
  pthread_mutex_unlock(&xpf_thread_lock);
  if (post)
    xpf_core_post(&refresh.call);
  xpf_thread_unref(thread);
}

static struct xpf_thread *thread_of(struct xpf_task *task) {
  return (struct xpf_thread *)((char *)task - offsetof(struct xpf_thread, refresh_task));
}

static void run_refresh(struct xpf_task *task, struct xpf_thread *thread) {
  (void)task;
  figures_read(thread);
  answer(thread);
}

static void cancel_refresh(struct xpf_task *task, const char *reason) {
  (void)reason;
  answer(thread_of(task));
}

static void ask(void *arg, struct xpf_thread *thread) {
  (void)arg;
  pthread_mutex_lock(&xpf_thread_lock);
  bool busy = thread->refresh_round != 0; /* still queued from an earlier round: answers this one */
  thread->refresh_round = refresh.round;
  refresh.waiting++;
  pthread_mutex_unlock(&xpf_thread_lock);
  if (busy)
    return;
  thread->refresh_task.run = run_refresh;
  thread->refresh_task.cancel = cancel_refresh;
  xpf_thread_ref(thread);
  if (xpf_thread_post(thread, &thread->refresh_task) != 0)
    answer(thread);
}

int xpf_threads_refresh(unsigned timeout_ms, void (*done)(void *arg), void *arg) {
  if (refresh.active)
    return -EBUSY;
  if (!refresh.timer_ready) {
    int err = uv_timer_init(xpf_core_loop(), &refresh.timer);
    if (err)
      return err;
    refresh.timer_ready = true;
  }
  refresh.done = done;
  refresh.arg = arg;
  refresh.call.run = on_all_answered;
  pthread_mutex_lock(&xpf_thread_lock);
  refresh.active = true;
  refresh.round++;
  refresh.waiting = 1; /* ours, so that the round cannot end while we still ask */
  pthread_mutex_unlock(&xpf_thread_lock);
  xpf_threads_each(ask, NULL);
  uv_update_time(xpf_core_loop());
  uv_timer_start(&refresh.timer, on_timeout, timeout_ms, 0);
  pthread_mutex_lock(&xpf_thread_lock);
  bool post = --refresh.waiting == 0 && !refresh.call_posted;
  refresh.call_posted |= post;
  pthread_mutex_unlock(&xpf_thread_lock);
  if (post)
    xpf_core_post(&refresh.call);
  return 0;
}

void xpf_threads_refresh_close(void) {
  refresh.active = false;
  if (refresh.timer_ready)
    uv_close((uv_handle_t *)&refresh.timer, NULL);
  refresh.timer_ready = false;
}

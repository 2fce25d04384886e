#include "core/heap_limit.h"

#include <stdint.h>
#include <stdlib.h>

#include "core/core.h"
#include "core/memory_room.h"
#include "core/thread.h"

struct apply_task {
  struct xpf_task task;
  uint64_t step_bytes, cap_bytes;
  bool wanted;
};

/* Of the one main thread; [js]. */
static uint64_t step_bytes, cap_bytes;

static uint64_t on_near_limit(void *arg, uint64_t current_bytes, uint64_t initial_bytes) {
  (void)arg;
  uint64_t raised = current_bytes + step_bytes;
  if (raised > cap_bytes)
    raised = cap_bytes > current_bytes ? cap_bytes : current_bytes;
  xpf_core_log(XPF_LOG_INFO, "heap_limit", 0,
               "current_heap_limit: %llu, initial_heap_limit: %llu, auto_incr_heap_limit_size: "
               "%llu, increased_heap: %llu",
               (unsigned long long)current_bytes, (unsigned long long)initial_bytes,
               (unsigned long long)(step_bytes >> 20), (unsigned long long)raised);
  return raised;
}

static void run_apply(struct xpf_task *task, struct xpf_thread *thread) {
  struct apply_task *apply = (struct apply_task *)task;
  step_bytes = apply->step_bytes;
  cap_bytes = apply->cap_bytes;
  if (!apply->wanted) {
    xpf_bridge_heap_limit_unwatch(xpf_thread_bridge(thread));
  } else if (xpf_bridge_heap_limit_watch(xpf_thread_bridge(thread), on_near_limit, NULL) == 0) {
    xpf_core_log(XPF_LOG_INFO, "heap_limit", 0, "auto increase heap limit hook.");
  }
  free(apply);
}

static void cancel_apply(struct xpf_task *task, const char *reason) {
  (void)reason;
  free(task);
}

static uint64_t cap(const struct xpf_config *config) {
  if (config->auto_incr_heap_limit_max > 0)
    return (uint64_t)(config->auto_incr_heap_limit_max * 1048576);
  uint64_t total = xpf_memory_room_total();
  return total ? total / 5 * 4 : UINT64_MAX;
}

void xpf_heap_limit_apply(void) {
  static bool applied; /* off is the state at start; [core] and the main JS thread's start */
  struct xpf_config config;
  xpf_core_config(&config);
  if (config.enable_auto_incr_heap_limit == __atomic_load_n(&applied, __ATOMIC_RELAXED))
    return;
  struct xpf_thread *main_thread = xpf_thread_find(0);
  struct apply_task *apply = main_thread ? calloc(1, sizeof *apply) : NULL;
  if (apply) {
    apply->task.run = run_apply;
    apply->task.cancel = cancel_apply;
    apply->wanted = config.enable_auto_incr_heap_limit;
    apply->step_bytes = (uint64_t)(config.auto_incr_heap_limit_size * 1048576);
    apply->cap_bytes = cap(&config);
    __atomic_store_n(&applied, apply->wanted, __ATOMIC_RELAXED);
    if (xpf_thread_post(main_thread, &apply->task) != 0)
      free(apply);
  }
  if (main_thread)
    xpf_thread_unref(main_thread);
}

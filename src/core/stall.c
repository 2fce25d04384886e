#include "core/stall.h"

#include <errno.h>
#include <stdlib.h>

#include "core/core.h"
#include "core/diag.h"
#include "core/local_client.h"
#include "core/thread_state.h"
#include "wire/reply.h"

#define FRAMES_MAX 32
#define LOOK_MS    20
/* An interrupt that came later waited for native code to return: its stack is of what came after.
 */
#define PROMPT_NS 20000000

struct xpf_stall {
  uint64_t threshold_ns; /* atomic; 0 = nobody wants to know */
  uint64_t client_id;    /* [js] */
  struct xpf_task sample;
  bool is_posted;              /* atomic */
  uint64_t posted_ns;          /* by the core thread, before it posts */
  uint64_t asked_turn;         /* [core] */
  uint64_t sampled_turn;       /* [js] */
  uint32_t frames_count;       /* [js] */
  struct xpf_js_frame *frames; /* [js] */
};

static uv_timer_t timer;
static bool timer_ready;

/* ---- on the JS thread ------------------------------------------------------------------------ */

static uint64_t turn_of(struct xpf_thread *thread) {
  return __atomic_load_n(&thread->handles->watch.turns, __ATOMIC_RELAXED);
}

static void sample_run(struct xpf_task *task, struct xpf_thread *thread) {
  struct xpf_stall *stall = thread->stall;
  enum xpf_vm_state state;
  (void)task;
  if (thread->in_interrupt && uv_hrtime() - stall->posted_ns < PROMPT_NS) {
    stall->frames_count = xpf_bridge_stack_read(thread->bridge, stall->frames, FRAMES_MAX, &state);
    stall->sampled_turn = turn_of(thread);
  }
  __atomic_store_n(&stall->is_posted, false, __ATOMIC_RELEASE);
}

static void sample_cancel(struct xpf_task *task, const char *reason) {
  (void)task;
  (void)reason;
}

/* The turn has just ended. */
static void on_long_turn(void *arg, uint64_t busy_ns) {
  struct xpf_thread *thread = arg;
  struct xpf_stall *stall = thread->stall;
  if (busy_ns < __atomic_load_n(&stall->threshold_ns, __ATOMIC_RELAXED))
    return;
  cJSON *params = cJSON_CreateObject();
  cJSON_AddNumberToObject(params, "duration_ms", (double)(busy_ns / 1000) / 1000);
  if (stall->frames_count > 0 && stall->sampled_turn == turn_of(thread))
    xpf_diag_add_frames(cJSON_AddArrayToObject(params, "stack"), stall->frames,
                        stall->frames_count);
  stall->frames_count = 0;
  char *line = xpf_notification("stall", params);
  if (line)
    xpf_local_client_deliver(stall->client_id, line, NULL, 0);
}

/* ---- on the core thread ---------------------------------------------------------------------- */

/* Some thread watches. */
static void look_at(void *arg, struct xpf_thread *thread) {
  bool *any = arg;
  struct xpf_stall *stall = __atomic_load_n(&thread->stall, __ATOMIC_ACQUIRE);
  uint64_t threshold = stall ? __atomic_load_n(&stall->threshold_ns, __ATOMIC_RELAXED) : 0;
  if (threshold == 0)
    return;
  *any = true;
  struct xpf_thread_turn turn;
  if (!xpf_thread_turn(thread, &turn) || turn.blocked_ns < threshold ||
      turn.number == stall->asked_turn || __atomic_load_n(&stall->is_posted, __ATOMIC_ACQUIRE))
    return;
  stall->asked_turn = turn.number; /* once a turn */
  stall->posted_ns = uv_hrtime();
  __atomic_store_n(&stall->is_posted, true, __ATOMIC_RELEASE);
  if (xpf_thread_post(thread, &stall->sample) != 0)
    __atomic_store_n(&stall->is_posted, false, __ATOMIC_RELEASE);
}

static void on_timer(uv_timer_t *handle) {
  bool any = false;
  xpf_threads_each(look_at, &any);
  if (!any)
    uv_timer_stop(handle);
}

static void start_timer(struct xpf_call *call) {
  free(call);
  if (!xpf_core_is_here())
    return;
  if (!timer_ready)
    timer_ready = uv_timer_init(xpf_core_loop(), &timer) == 0;
  if (timer_ready)
    uv_timer_start(&timer, on_timer, LOOK_MS, LOOK_MS);
}

void xpf_stall_close(void) {
  if (timer_ready)
    uv_close((uv_handle_t *)&timer, NULL);
  timer_ready = false;
}

/* ---- asking for it --------------------------------------------------------------------------- */

static struct xpf_stall *stall_new(void) {
  struct xpf_stall *stall = calloc(1, sizeof *stall);
  struct xpf_js_frame *frames = calloc(FRAMES_MAX, sizeof *frames);
  if (!stall || !frames) {
    free(stall);
    free(frames);
    return NULL;
  }
  stall->frames = frames;
  stall->asked_turn = UINT64_MAX;
  stall->sample.run = sample_run;
  stall->sample.cancel = sample_cancel;
  return stall;
}

void xpf_stall_free(struct xpf_stall *stall) {
  if (stall)
    free(stall->frames);
  free(stall);
}

int xpf_stall_watch(struct xpf_thread *thread, uint32_t threshold_ms, uint64_t client_id) {
  struct xpf_call *call = threshold_ms > 0 ? calloc(1, sizeof *call) : NULL;
  if (!thread->stall)
    __atomic_store_n(&thread->stall, stall_new(), __ATOMIC_RELEASE);
  if (!thread->stall || (threshold_ms > 0 && !call)) {
    free(call);
    return -ENOMEM;
  }
  uint64_t threshold_ns = threshold_ms * 1000000ull;
  thread->stall->client_id = client_id;
  __atomic_store_n(&thread->stall->threshold_ns, threshold_ns, __ATOMIC_RELAXED);
  xpf_loop_watch_long_turns(&thread->handles->watch, threshold_ns, on_long_turn, thread);
  if (call) {
    call->run = start_timer;
    xpf_core_post(call);
  }
  return 0;
}

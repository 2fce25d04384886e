#include "host/freeze.h"
#include <errno.h>

#if defined(__x86_64__)
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "host/freeze_signal_linux.h"
#include "host/freeze_unwind_linux.h"

#define DEFAULT_TIMEOUT_MS 100
#define ENTERED_LIMIT_NS   (10ull * 1000 * 1000 * 1000)
#define SLICE_NS           (2ull * 1000 * 1000)
#define ROUNDS_MAX         4
#define FP_STATE_MAX       (16 * 1024) /* with AVX-512 2.7 KB, with AMX 11 KB */
#define FP_MAGIC_AT        464         /* the kernel's mark in the unused end of the fxsave area */
#define FP_MAGIC           0x46505853

/* One thread at a time. Static, so that a late handler always finds it. */
static struct {
  _Atomic uint64_t word;
  struct xpf_freeze_options options;
  struct xpf_freeze_thread thread;
  ucontext_t context;
  _Alignas(64) unsigned char fp_state[FP_STATE_MAX];
} slot;

/* ---- in the handler ---------------------------------------------------------------------------
 */

/* The floating-point state: fxsave, then as much of the xsave area as the kernel says. */
static void copy_context(const ucontext_t *from) {
  const unsigned char *state = (const unsigned char *)from->uc_mcontext.fpregs;
  uint32_t mark[2], size = sizeof *from->uc_mcontext.fpregs;
  slot.context = *from;
  if (!state)
    return;
  memcpy(mark, state + FP_MAGIC_AT, sizeof mark);
  if (mark[0] == FP_MAGIC && mark[1] <= FP_STATE_MAX)
    size = mark[1];
  memcpy(slot.fp_state, state, size);
  slot.context.uc_mcontext.fpregs = (fpregset_t)slot.fp_state;
}

/* Cannot deadlock: it takes no lock and waits for nobody (xpf_unwind() neither), so the thread
 * leaves it as soon as it gets a processor, whatever it or another thread holds. */
static void visit(uint32_t generation, uint32_t index, const ucontext_t *context) {
  struct xpf_freeze_thread *thread = &slot.thread;
  (void)index;
  if (!xpf_freeze_move(&slot.word, generation, XPF_FREEZE_PENDING, XPF_FREEZE_ENTERED))
    return;
  uint64_t started = xpf_freeze_now_ns();
  copy_context(context);
  thread->state = XPF_FREEZE_STOPPED;
  thread->context = &slot.context;
  thread->pc = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
  thread->sp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
  thread->fp = (uint64_t)context->uc_mcontext.gregs[REG_RBP];
  xpf_freeze_bases(&thread->fs_base, &thread->gs_base);
  if (slot.options.native_stack)
    thread->frames_count = xpf_unwind(context, thread->frames, XPF_FREEZE_FRAMES_MAX);
  if (slot.options.in_handler)
    slot.options.in_handler(slot.options.arg, thread);
  thread->stopped_ns = xpf_freeze_now_ns() - started;
  xpf_freeze_move(&slot.word, generation, XPF_FREEZE_ENTERED, XPF_FREEZE_DONE);
  xpf_freeze_announce();
}

/* ---- on the calling thread ---------------------------------------------------------------------
 */

static void describe(const struct xpf_freeze_call *call, enum xpf_freeze_state state, char kernel) {
  struct xpf_freeze_place place;
  xpf_freeze_task_place(call->tasks_fd, slot.thread.tid, &place);
  slot.thread.state = state;
  slot.thread.kernel_state = kernel;
  slot.thread.syscall = place.syscall;
  slot.thread.pc = place.pc;
  slot.thread.sp = place.sp;
  memcpy(slot.thread.wait_channel, place.wait_channel, sizeof place.wait_channel);
}

/* Gives the thread up when it ended, will not hear, or time is over; true when it did. */
static bool give_up(const struct xpf_freeze_call *call, uint64_t deadline_ns) {
  struct xpf_freeze_task task;
  enum xpf_freeze_state state = XPF_FREEZE_TIMEOUT;
  if (xpf_freeze_task_read(call->tasks_fd, slot.thread.tid, &task) != 0)
    state = XPF_FREEZE_GONE;
  else if (xpf_freeze_is_deaf(call, &task))
    state = XPF_FREEZE_BLOCKED;
  else if (xpf_freeze_now_ns() <= deadline_ns)
    return false;
  if (!xpf_freeze_move(&slot.word, call->generation, XPF_FREEZE_PENDING, XPF_FREEZE_GIVEN_UP))
    return false;
  describe(call, state, task.state);
  return true;
}

/* 0 when the handler is done or the thread given up; -ETIMEDOUT when it entered and never left. */
static int await_visit(const struct xpf_freeze_call *call, uint64_t deadline_ns) {
  for (;;) {
    uint32_t seen = atomic_load(call->arrivals);
    uint64_t word = atomic_load(&slot.word);
    if (word == XPF_FREEZE_WORD(call->generation, XPF_FREEZE_DONE))
      return 0;
    xpf_freeze_futex_wait(call->arrivals, seen, SLICE_NS);
    if (atomic_load(call->arrivals) != seen)
      continue;
    if (word == XPF_FREEZE_WORD(call->generation, XPF_FREEZE_PENDING) && give_up(call, deadline_ns))
      return 0;
    if (xpf_freeze_now_ns() > deadline_ns + ENTERED_LIMIT_NS)
      return -ETIMEDOUT;
  }
}

/* 0; -ESRCH when there is nothing to report; -ETIMEDOUT. */
static int visit_thread(struct xpf_freeze_call *call, pid_t tid) {
  uint32_t timeout_ms = slot.options.timeout_ms ? slot.options.timeout_ms : DEFAULT_TIMEOUT_MS;
  struct xpf_freeze_task task;
  if (xpf_freeze_task_read(call->tasks_fd, tid, &task) != 0)
    return -ESRCH;
  memset(&slot.thread, 0, sizeof slot.thread);
  slot.thread.tid = tid;
  slot.thread.syscall = -1;
  slot.thread.kernel_state = task.state;
  memcpy(slot.thread.name, task.name, sizeof task.name);
  if (xpf_freeze_is_deaf(call, &task)) {
    describe(call, XPF_FREEZE_BLOCKED, task.state);
    return 0;
  }
  if (slot.options.native_stack)
    xpf_unwind_refresh();
  xpf_freeze_renew(call);
  atomic_store(&slot.word, XPF_FREEZE_WORD(call->generation, XPF_FREEZE_PENDING));
  int error = xpf_freeze_send(call, tid, 0);
  if (error == 0)
    return await_visit(call, xpf_freeze_now_ns() + timeout_ms * 1000000ull);
  atomic_store(&slot.word, XPF_FREEZE_WORD(call->generation, XPF_FREEZE_GIVEN_UP));
  if (error == -ESRCH)
    return error;
  describe(call, XPF_FREEZE_UNREACHABLE, task.state);
  slot.thread.error = error;
  return 0;
}

struct round {
  bool (*fn)(void *arg, const struct xpf_freeze_thread *thread);
  void *arg;
  pid_t after; /* the highest tid of the rounds before */
  bool ended;
  int seen;
};

/* The threads of the list that no earlier round had. Returns how many that were, or -errno. */
static int visit_list(struct xpf_freeze_call *call, int count, struct round *round) {
  int fresh = 0;
  pid_t highest = round->after;
  for (int i = 0; i < count && !round->ended; i++) {
    pid_t tid = call->tids[i], only = slot.options.only_tid;
    if (tid <= round->after || tid == call->self || (only && tid != only))
      continue;
    highest = tid > highest ? tid : highest;
    fresh++;
    int result = visit_thread(call, tid);
    if (result == -ETIMEDOUT)
      return result;
    if (result == 0) {
      round->seen++;
      round->ended = !round->fn(round->arg, &slot.thread);
    }
  }
  round->after = highest;
  return fresh;
}

static int visit_all(struct xpf_freeze_call *call, int count, struct round *round) {
  for (int i = 0; i < ROUNDS_MAX; i++) {
    int result = slot.options.native_stack ? xpf_unwind_prepare(false) : 0;
    if (result == 0)
      result = visit_list(call, count, round);
    if (result < 0)
      return result;
    if (result == 0 || round->ended || slot.options.only_tid)
      break;
    count = xpf_freeze_list(call);
    if (count < 0)
      return count;
  }
  return round->seen;
}

int xpf_freeze_each(const struct xpf_freeze_options *options,
                    bool (*fn)(void *arg, const struct xpf_freeze_thread *thread), void *arg) {
  struct xpf_freeze_call *call;
  struct round round = {fn, arg, 0, false, 0};
  if (options->only_tid && options->only_tid == (pid_t)syscall(SYS_gettid))
    return -EINVAL;
  int result = xpf_freeze_begin(visit, &call);
  if (result < 0)
    return result;
  /* The slot may be written only when no handler is in it any more. */
  if ((uint32_t)atomic_load(&slot.word) == XPF_FREEZE_ENTERED) {
    xpf_freeze_end(call);
    return -EBUSY;
  }
  slot.options = *options;
  result = visit_all(call, result, &round);
  xpf_freeze_end(call);
  return result;
}

#else
int xpf_freeze_each(const struct xpf_freeze_options *options,
                    bool (*fn)(void *arg, const struct xpf_freeze_thread *thread), void *arg) {
  (void)options, (void)fn, (void)arg;
  return -ENOTSUP;
}
#endif

#include "host/freeze_signal_linux.h"

#if defined(__x86_64__)
#include <asm/prctl.h>
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct {
  atomic_flag busy;
  _Atomic pid_t process; /* who used this last: a forked copy starts afresh */
  _Atomic(xpf_freeze_deliver) deliver;
  _Atomic uint32_t arrivals;
  struct xpf_freeze_call call;
} place = {.busy = ATOMIC_FLAG_INIT};

uint64_t xpf_freeze_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

void xpf_freeze_futex_wait(_Atomic uint32_t *word, uint32_t seen, uint64_t ns) {
  struct timespec timeout = {(time_t)(ns / 1000000000ull), (long)(ns % 1000000000ull)};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, &timeout, NULL, 0);
}

void xpf_freeze_futex_wake(_Atomic uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void xpf_freeze_bases(uint64_t *fs_base, uint64_t *gs_base) {
  syscall(SYS_arch_prctl, ARCH_GET_FS, fs_base);
  syscall(SYS_arch_prctl, ARCH_GET_GS, gs_base);
}

bool xpf_freeze_move(_Atomic uint64_t *word, uint32_t generation, enum xpf_freeze_progress from,
                     enum xpf_freeze_progress to) {
  uint64_t expected = XPF_FREEZE_WORD(generation, from);
  return atomic_compare_exchange_strong(word, &expected, XPF_FREEZE_WORD(generation, to));
}

void xpf_freeze_announce(void) {
  atomic_fetch_add(&place.arrivals, 1);
  xpf_freeze_futex_wake(&place.arrivals);
}

static void on_signal(int signal, siginfo_t *info, void *context) {
  int saved = errno;
  uint64_t ticket = (uint64_t)info->si_value.sival_ptr;
  (void)signal;
  if (info->si_code == SI_QUEUE && info->si_pid == atomic_load(&place.process) && ticket >> 32)
    atomic_load (&place.deliver)((uint32_t)(ticket >> 32), (uint32_t)ticket, context);
  errno = saved;
}

/* ---- the signal --------------------------------------------------------------------------------
 */

static bool is_default(const struct sigaction *action) {
  return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_DFL;
}

/* Installs the handler for `signal` when its disposition is still default. */
static bool claim_signal(int signal) {
  struct sigaction action, previous;
  if (sigaction(signal, NULL, &previous) != 0 || !is_default(&previous))
    return false;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  if (sigaction(signal, &action, &previous) != 0)
    return false;
  if (!is_default(&previous)) {
    sigaction(signal, &previous, NULL); /* somebody was faster */
    return false;
  }
  place.call.signal = signal;
  return true;
}

/* Takes the free real-time signal that the fewest threads block: one that only a few block is
 * waited for with sigwait(), and those pending would be lost. */
static int install(int threads) {
  uint16_t blocked_by[65] = {0};
  struct xpf_freeze_task task;
  uint64_t unfit = 0;
  for (int i = 0; i < threads; i++) {
    if (xpf_freeze_task_read(place.call.tasks_fd, place.call.tids[i], &task) != 0)
      continue;
    unfit |= task.pending_signals;
    for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
      if ((task.blocked_signals >> (s - 1) & 1) && blocked_by[s] < UINT16_MAX)
        blocked_by[s]++;
  }
  for (;;) {
    int best = 0;
    for (int s = SIGRTMAX; s >= SIGRTMIN; s--)
      if (!(unfit >> (s - 1) & 1) && (!best || blocked_by[s] < blocked_by[best]))
        best = s;
    if (!best)
      return -EAGAIN;
    if (claim_signal(best))
      return 0;
    unfit |= 1ull << (best - 1);
  }
}

static void uninstall(void) {
  struct sigaction action, current;
  int signal = place.call.signal;
  if (sigaction(signal, NULL, &current) != 0 || !(current.sa_flags & SA_SIGINFO) ||
      current.sa_sigaction != on_signal)
    return;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_IGN; /* the kernel drops what is pending in any thread */
  sigaction(signal, &action, NULL);
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, NULL);
}

int xpf_freeze_send(const struct xpf_freeze_call *call, pid_t tid, uint32_t index) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_code = SI_QUEUE;
  info.si_pid = call->process;
  info.si_uid = getuid();
  info.si_value.sival_ptr = (void *)XPF_FREEZE_WORD(call->generation, index);
  return syscall(SYS_rt_tgsigqueueinfo, call->process, tid, call->signal, &info) == 0 ? 0 : -errno;
}

bool xpf_freeze_is_deaf(const struct xpf_freeze_call *call, const struct xpf_freeze_task *task) {
  return (task->blocked_signals >> (call->signal - 1) & 1) && task->state != 'R';
}

/* ---- one call
 * ------------------------------------------------------------------------------------ */

static int reserve(uint32_t threads) {
  struct xpf_freeze_call *call = &place.call;
  uint32_t capacity = call->capacity ? call->capacity : 64;
  while (capacity < threads * 2 + 16)
    capacity *= 2;
  if (capacity == call->capacity)
    return 0;
  pid_t *tids = mmap(NULL, capacity * sizeof *tids, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (tids == MAP_FAILED)
    return -ENOMEM;
  if (call->tids)
    munmap(call->tids, call->capacity * sizeof *tids);
  call->tids = tids;
  call->capacity = capacity;
  return 0;
}

int xpf_freeze_list(struct xpf_freeze_call *call) {
  int count = xpf_freeze_tasks_list(call->tasks_fd, call->tids, call->capacity);
  return count > (int)call->capacity ? (int)call->capacity : count;
}

static int list_with_room(struct xpf_freeze_call *call) {
  int count, result = reserve(0);
  for (int attempt = 0; result == 0; attempt++) {
    count = xpf_freeze_tasks_list(call->tasks_fd, call->tids, call->capacity);
    if (count < 0)
      return count;
    if (call->capacity >= (uint32_t)count * 2)
      return count;
    if (attempt == 4)
      return count < (int)call->capacity ? count : (int)call->capacity;
    result = reserve((uint32_t)count);
  }
  return result;
}

void xpf_freeze_renew(struct xpf_freeze_call *call) {
  if (++call->generation == 0)
    call->generation = 1;
}

int xpf_freeze_begin(xpf_freeze_deliver deliver, struct xpf_freeze_call **out) {
  struct xpf_freeze_call *call = &place.call;
  pid_t process = getpid();
  if (atomic_exchange(&place.process, process) != process)
    atomic_flag_clear(&place.busy); /* a fork while another thread was busy here */
  if (atomic_flag_test_and_set(&place.busy))
    return -EBUSY;
  call->process = process;
  call->self = (pid_t)syscall(SYS_gettid);
  call->arrivals = &place.arrivals;
  xpf_freeze_renew(call);
  atomic_store(&place.deliver, deliver);
  call->tasks_fd = xpf_freeze_tasks_open();
  int count = call->tasks_fd < 0 ? call->tasks_fd : list_with_room(call);
  int result = count < 0 ? count : install(count);
  if (result == 0) {
    *out = call;
    return count;
  }
  if (call->tasks_fd >= 0)
    close(call->tasks_fd);
  atomic_flag_clear(&place.busy);
  return result;
}

void xpf_freeze_end(struct xpf_freeze_call *call) {
  uninstall();
  close(call->tasks_fd);
  atomic_flag_clear(&place.busy);
}
#endif

/* Stops threads of this process for a moment and reads where they are.
 *
 * A directed real-time signal, whose disposition was default and which (almost) no thread blocks,
 * gets a handler for the duration of one call. At the end the signal is first ignored, which makes
 * the kernel drop what is still pending anywhere, then default again: nothing is left behind, and a
 * thread that unblocks it later does not die of it. Every delivery carries the generation of its
 * call; a late one finds another generation and returns.
 *
 * A signal handler makes poll, epoll_wait, nanosleep and the like answer EINTR in the stopped
 * thread, SA_RESTART or not; other system calls are restarted.
 *
 * One call at a time in a process (-EBUSY). Linux x86_64; elsewhere -ENOTSUP. No call here may be
 * made from a signal handler. [any] thread; the calling thread itself is never stopped. */
#ifndef XPF_HOST_FREEZE_H
#define XPF_HOST_FREEZE_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define XPF_FREEZE_FRAMES_MAX 64

enum xpf_freeze_state {
  XPF_FREEZE_STOPPED,    /* its registers were read */
  XPF_FREEZE_BLOCKED,    /* it blocks the signal and sleeps */
  XPF_FREEZE_TIMEOUT,    /* the signal did not reach it in time (uninterruptible, no CPU) */
  XPF_FREEZE_GONE,       /* it ended meanwhile */
  XPF_FREEZE_UNREACHABLE /* the kernel refused to send (`error`) */
};

/* One thread. */
struct xpf_freeze_thread {
  pid_t tid;
  char name[32]; /* comm */
  enum xpf_freeze_state state;
  int error; /* -errno with XPF_FREEZE_UNREACHABLE */

  /* STOPPED: the interrupted registers. Otherwise pc and sp are what the kernel tells (0 =
   * nothing). */
  uint64_t pc, sp, fp;
  uint64_t fs_base, gs_base;
  const void *context; /* ucontext_t with its floating-point state; NULL unless STOPPED */
  uint32_t frames_count;
  uint64_t frames[XPF_FREEZE_FRAMES_MAX]; /* [0] = pc, then return addresses */
  uint64_t stopped_ns;                    /* time spent in the handler */

  /* Not STOPPED: what /proc/self/task/TID says. */
  char kernel_state; /* R S D T Z, '?' */
  int64_t syscall;   /* number; -1 = running or unknown */
  char wait_channel[64];
};

struct xpf_freeze_options {
  uint32_t timeout_ms; /* per thread; 0 = 100 */
  pid_t only_tid;      /* 0 = all others */
  bool native_stack;   /* fill frames */
  /* Runs in the signal handler, on the stopped thread, with everything above filled but stopped_ns:
   * async-signal-safe code only. May be NULL. */
  void (*in_handler)(void *arg, const struct xpf_freeze_thread *thread);
  void *arg;
};

/* One thread after the other: each is stopped for some ten microseconds, never two at once. fn runs
 * on the calling thread after that thread runs again; it may allocate and lock; false ends the
 * round. Returns the number of threads fn saw, or -EBUSY, -ENOTSUP, -EINVAL (only_tid is the
 * caller), -ENOMEM, -EAGAIN (no free signal), another -errno of /proc. -ETIMEDOUT: a thread that
 * entered the handler did not leave it within 10 s; in_handler and arg must then stay valid for
 * ever, and later calls answer -EBUSY until it left. */
int xpf_freeze_each(const struct xpf_freeze_options *options,
                    bool (*fn)(void *arg, const struct xpf_freeze_thread *thread), void *arg);

/* One thread while all are stopped. */
struct xpf_freeze_row {
  pid_t tid;
  enum xpf_freeze_state state;
  const void
      *context; /* STOPPED: ucontext_t on its stack, valid until released and in a forked copy */
  uint64_t fs_base, gs_base;
  uint64_t pc, sp; /* not STOPPED: what the kernel tells; 0 = nothing */
};

struct xpf_freeze_all {
  const struct xpf_freeze_row *rows; /* valid until the next freeze */
  uint32_t count;
  uint32_t missed;     /* threads there was no row for */
  uint64_t started_ns; /* CLOCK_MONOTONIC, just before the first signal */
};

/* Stops all other threads and keeps them stopped until xpf_freeze_release(), which must follow
 * within 5 s: then they go on by themselves. timeout_ms bounds the wait; 0 = 100. Threads that
 * could not be stopped are in the rows with their state; new threads are looked for until there are
 * none. Between the two calls the caller uses system calls and its own memory only: no malloc, no
 * stdio, no lock, no dl* function, for a stopped thread may hold any of their locks. All signals
 * are blocked in the caller meanwhile. Errors as above, with nothing stopped. */
int xpf_freeze_all(uint32_t timeout_ms, struct xpf_freeze_all *out);
/* Lets all run. Returns how long they were stopped, in ns. */
uint64_t xpf_freeze_release(void);
#endif

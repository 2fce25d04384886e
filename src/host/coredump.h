/* An ELF core of this very process that gdb and lldb open, while the process goes on.
 *
 * All other threads are stopped (freeze.h), the process is copied by a bare clone(), all run again:
 * the pause is some milliseconds plus the kernel's copying of page tables. The copy then writes the
 * core at low priority, with system calls only, and ends; it dies with this process. It has no exit
 * signal, so no SIGCHLD handler and no wait() of the application sees it. Memory that V8 hides from
 * children (MADV_DONTFORK) is shown for the moment of the copy and hidden again. RLIMIT_CORE does
 * not matter.
 *
 * While the copy lives, pages that the application writes are copied by the kernel: memory use may
 * grow by as much. Linux x86_64; elsewhere -ENOTSUP. */
#ifndef XPF_HOST_COREDUMP_H
#define XPF_HOST_COREDUMP_H
#include <stdbool.h>
#include <stdint.h>

struct xpf_coredump_options {
  uint32_t freeze_ms;   /* how long to wait for threads that cannot be stopped; 0 = 50 */
  uint32_t deadline_ms; /* for all; then the copy is killed; 0 = 120000 */
  uint64_t max_bytes;   /* data written (holes are free); 0 = no limit */
  int signal;           /* shown as the reason; 0 = none */
  bool caller_first;    /* the calling thread is the one gdb selects; else the main thread */
  /* ucontext_t of a signal handler on the calling thread; NULL: the calling thread is shown in the
   * call itself. */
  const void *context;
  /* Asked every few ms on the calling thread; true ends it with -ECANCELED. May be NULL. */
  bool (*is_cancelled)(void *arg);
  void *arg;
};

struct xpf_coredump_result {
  uint64_t paused_ns;  /* how long the other threads were stopped; also set on later errors */
  uint64_t bytes;      /* size of the file */
  uint64_t data_bytes; /* of it written; the rest are holes */
  uint32_t threads;    /* in the core */
  uint32_t unstopped;  /* of them shown with pc and sp only: they could not be stopped */
  uint64_t child_ms;   /* how long the copy lived */
};

/* Writes the core to out_fd: an empty regular file, from its beginning; not synced, not closed, not
 * truncated on errors (the caller removes it). [any] thread, not two at once; also from a
 * fatal-error handler: no malloc, no stdio, no lock of the application. 0; -EINVAL (not a regular
 * file), -EBUSY (another freeze), -ENOMEM, -EAGAIN, -ENOSPC, -EFBIG, -ETIMEDOUT, -ECANCELED, -EIO
 * (the copy died), other -errno. */
int xpf_coredump_write(int out_fd, const struct xpf_coredump_options *options,
                       struct xpf_coredump_result *result);
#endif

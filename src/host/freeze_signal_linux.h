/* The signal that stops threads: one call at a time takes it, sends it to single threads and gives
 * it back. Internal to freeze. Nothing here allocates or locks after xpf_freeze_begin(). */
#ifndef XPF_HOST_FREEZE_SIGNAL_LINUX_H
#define XPF_HOST_FREEZE_SIGNAL_LINUX_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <ucontext.h>
#include "host/freeze_task_linux.h"

/* Where one delivery stands. With the generation in the upper half, a late handler's
 * compare-and-swap fails. */
enum xpf_freeze_progress {
  XPF_FREEZE_IDLE,
  XPF_FREEZE_PENDING,
  XPF_FREEZE_ENTERED,
  XPF_FREEZE_DONE,
  XPF_FREEZE_GIVEN_UP
};
#define XPF_FREEZE_WORD(generation, progress) ((uint64_t)(generation) << 32 | (progress))

/* Runs in the handler, also for a delivery of an earlier call: the generation tells. */
typedef void (*xpf_freeze_deliver)(uint32_t generation, uint32_t index, const ucontext_t *context);

struct xpf_freeze_call {
  uint32_t generation; /* never 0; unique */
  pid_t process, self; /* self: the calling thread */
  int tasks_fd;        /* for xpf_freeze_task_* */
  int signal;
  pid_t *tids;                /* of the last listing */
  uint32_t capacity;          /* of tids; at least twice the threads seen at the beginning */
  _Atomic uint32_t *arrivals; /* futex; changes whenever a handler announced something */
};

/* Takes the place, lists the threads, installs the handler. Returns how many threads there are, or
 * -EBUSY, -ENOMEM, -EAGAIN (no free signal), another -errno. */
int xpf_freeze_begin(xpf_freeze_deliver deliver, struct xpf_freeze_call **out);
/* Drops what is still pending, restores the disposition, frees the place. */
void xpf_freeze_end(struct xpf_freeze_call *call);
/* A new generation: whatever was sent before is late from now on. */
void xpf_freeze_renew(struct xpf_freeze_call *call);
/* Lists again. Returns how many tids are filled or -errno. */
int xpf_freeze_list(struct xpf_freeze_call *call);
/* 0 or -errno. */
int xpf_freeze_send(const struct xpf_freeze_call *call, pid_t tid, uint32_t index);
/* It blocks the signal and sleeps: sending would be in vain. */
bool xpf_freeze_is_deaf(const struct xpf_freeze_call *call, const struct xpf_freeze_task *task);

/* [handler too] */
bool xpf_freeze_move(_Atomic uint64_t *word, uint32_t generation, enum xpf_freeze_progress from,
                     enum xpf_freeze_progress to);
void xpf_freeze_announce(void);
void xpf_freeze_futex_wait(_Atomic uint32_t *word, uint32_t seen, uint64_t ns);
void xpf_freeze_futex_wake(_Atomic uint32_t *word);
uint64_t xpf_freeze_now_ns(void);
void xpf_freeze_bases(uint64_t *fs_base, uint64_t *gs_base);
#endif

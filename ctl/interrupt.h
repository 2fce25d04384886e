/* Ctrl-C (also SIGTERM and SIGHUP) while xprofctl waits for jobs: the first one asks the targets to
 * end them, over connections of their own and from threads of their own; the second one ends
 * xprofctl. */
#ifndef XPF_CTL_INTERRUPT_H
#define XPF_CTL_INTERRUPT_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct xpf_interrupt_job {
  pid_t pid;
  unsigned thread_id;
  atomic_bool is_pending; /* not begun yet: it is cancelled, so that nobody waits for its thread */
  atomic_bool is_over;    /* nothing of ours is left to end there */
};

struct xpf_interrupt_plan {
  struct xpf_interrupt_job *jobs; /* they stay until xprofctl ends */
  size_t jobs_count;
  const char *stop;   /* the command that ends a job with its file, NULL when there is none */
  const char *action; /* the command to cancel, when there is no stop or the stop is refused */
  bool is_terminal;   /* standard error shows a progress line */
};

/* Once in a run; the plan is copied, its texts are constants. 0 or negative errno (then signals act
 * as always). */
int xpf_interrupt_begin(const struct xpf_interrupt_plan *plan);
/* Somebody pressed Ctrl-C. */
bool xpf_interrupt_is_asked(void);
/* The jobs are over: signals that come now end xprofctl. */
void xpf_interrupt_end(void);
#endif

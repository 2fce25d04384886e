/* Ctrl-C (also SIGTERM and SIGHUP) while xprofctl waits for a job: the first one asks the target to
 * end the job, over a connection of its own and from a thread of its own; the second one ends
 * xprofctl. */
#ifndef XPF_CTL_INTERRUPT_H
#define XPF_CTL_INTERRUPT_H
#include <stdbool.h>
#include <sys/types.h>

struct xpf_interrupt_plan {
  pid_t pid;
  unsigned thread_id;
  const char *stop;   /* the command that ends the job with its file, NULL when there is none */
  const char *action; /* the command to cancel, when there is no stop or the stop is refused */
  bool is_terminal;   /* standard error shows a progress line */
};

/* Once in a run; the plan is copied, its texts are constants. 0 or negative errno (then signals act
 * as always).
 */
int xpf_interrupt_begin(const struct xpf_interrupt_plan *plan);
/* The job is over: signals that come now end xprofctl. */
void xpf_interrupt_end(void);
#endif

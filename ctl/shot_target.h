/* Which threads of which processes a one-shot command is about. */
#ifndef XPF_CTL_SHOT_TARGET_H
#define XPF_CTL_SHOT_TARGET_H
#include <stddef.h>
#include <sys/types.h>
#include "command_table.h"
#include "verdict.h"

struct xpf_shot_target {
  pid_t pid;
  unsigned thread_id;
  char name[128]; /* what the process calls itself, "" when it was not asked */
};

struct xpf_shot_targets {
  struct xpf_shot_target *items; /* by pid, the main thread first */
  size_t count;
};

/* From -p, plain pids, --all, --title, --each-thread and -w. At least one when 0; else an exit
 * status and *verdict. Free in both cases. */
int xpf_shot_targets_choose(struct xpf_shot_targets *out, const struct xpf_invocation *invocation,
                            struct xpf_verdict *verdict);
void xpf_shot_targets_free(struct xpf_shot_targets *targets);
#endif

/* What a one-shot command says at its end: one part per target, then the sum. */
#ifndef XPF_CTL_SHOT_REPORT_H
#define XPF_CTL_SHOT_REPORT_H
#include "command_table.h"
#include "shot.h"
#include "shot_output.h"

/* Delivers the files, prints (people or JSON), and returns the exit status. A shot whose file
 * cannot be delivered becomes a failed one. */
int xpf_shot_report(const struct xpf_invocation *invocation, struct xpf_shots *shots,
                    const struct xpf_shot_output *output);
#endif

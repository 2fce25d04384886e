/* What a one-shot command says at its end: one part per target, then the sum. */
#ifndef XPF_CTL_SHOT_REPORT_H
#define XPF_CTL_SHOT_REPORT_H
#include "command_table.h"
#include "shot.h"

/* Delivers the files, prints (people or JSON), and returns the exit status. */
int xpf_shot_report(const struct xpf_invocation *invocation, const struct xpf_shots *shots);
#endif

/* From the words of the command line to a checked invocation. */
#ifndef XPF_CTL_USAGE_H
#define XPF_CTL_USAGE_H
#include "command_table.h"
#include "verdict.h"

/* Finds the command of the parsed options and checks that they fit it. 0, or XPF_EXIT_USAGE and
 * *verdict. */
int xpf_usage_check(struct xpf_invocation *invocation, struct xpf_verdict *verdict);
int xpf_usage_unknown_command(struct xpf_verdict *verdict, const char *name);
#endif

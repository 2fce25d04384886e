/* Help and usage. */
#ifndef XPF_CTL_HELP_H
#define XPF_CTL_HELP_H
#include <stdio.h>
#include "command_table.h"

void xpf_help_general(FILE *out);
/* "xprofctl cpu -p PID [options]". Returns buffer. */
const char *xpf_help_usage(const struct xpf_ctl_command *command, char *buffer, size_t size);
void xpf_help_command(FILE *out, const struct xpf_ctl_command *command);
#endif

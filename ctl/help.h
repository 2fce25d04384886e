/* Help and usage. */
#ifndef XPF_CTL_HELP_H
#define XPF_CTL_HELP_H
#include <stdio.h>
#include "command_table.h"

void xpf_help_general(FILE *out);
void xpf_help_command(FILE *out, const struct xpf_ctl_command *command);
#endif

/* The table of all commands, ended by a row without a name, and their functions: 0, or negative
 * with call->fault filled; the result belongs to the call. [core] */
#ifndef XPF_CORE_COMMAND_LIST_H
#define XPF_CORE_COMMAND_LIST_H
#include "core/command.h"

extern const struct xpf_command xpf_commands[];

/* command_info.c */
int xpf_command_check_version(struct xpf_command_call *call, const struct xpf_command *command);
int xpf_command_list_environments(struct xpf_command_call *call, const struct xpf_command *command);
int xpf_command_process_info(struct xpf_command_call *call, const struct xpf_command *command);
int xpf_command_metrics(struct xpf_command_call *call, const struct xpf_command *command);
/* command_config.c */
int xpf_command_get_config(struct xpf_command_call *call, const struct xpf_command *command);
int xpf_command_set_config(struct xpf_command_call *call, const struct xpf_command *command);
/* command_trace.c */
int xpf_command_list_trace_categories(struct xpf_command_call *call,
                                      const struct xpf_command *command);
#endif

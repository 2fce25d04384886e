/* The commands of xprofctl: one table, one row each. Adding a command is one function and one row.
 */
#ifndef XPF_CTL_COMMAND_TABLE_H
#define XPF_CTL_COMMAND_TABLE_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "options.h"
#include "suggest.h"

struct xpf_ctl_command;

/* One run of xprofctl, checked: the options fit the command and a pid is there when it needs one.
 */
struct xpf_invocation {
  const struct xpf_ctl_command *command;
  struct xpf_options options;
  pid_t pid;
  unsigned thread_id;
  bool json, wait;
  int timeout_ms; /* of one call; 0 = none */
};

struct xpf_ctl_command {
  const char *name, *alias; /* alias: NULL when none; `-` is the same as `_` */
  const char *summary_en, *summary_zh;
  uint64_t options; /* XPF_OPTION_BIT()s it takes */
  bool needs_pid;
  bool takes_many;   /* several processes, also as plain words */
  const char *words; /* what may follow the command, as the usage has it; NULL: nothing */
  int words_min, words_max;
  bool takes_config;                                    /* takes configuration keys as options */
  bool is_hidden;                                       /* for programs: not in help */
  bool is_job;                                          /* what `cancel --action` accepts */
  int (*exec)(const struct xpf_invocation *invocation); /* an exit status; prints */
  const void *argument;                                 /* for exec: which kind of the same work */
};

extern const struct xpf_ctl_command xpf_ctl_commands[];
extern const unsigned xpf_ctl_commands_count;

/* NULL when there is none of that name or alias. */
const struct xpf_ctl_command *xpf_ctl_command_find(const char *name);
void xpf_ctl_command_suggest(struct xpf_suggest *suggest);

int xpf_cmd_list(const struct xpf_invocation *invocation);
int xpf_cmd_check_version(const struct xpf_invocation *invocation);
int xpf_cmd_list_environments(const struct xpf_invocation *invocation);
int xpf_cmd_process_info(const struct xpf_invocation *invocation);
int xpf_cmd_metrics(const struct xpf_invocation *invocation);
int xpf_cmd_get_config(const struct xpf_invocation *invocation);
int xpf_cmd_set_config(const struct xpf_invocation *invocation);
int xpf_cmd_job(const struct xpf_invocation *invocation);
int xpf_cmd_profile(const struct xpf_invocation *invocation);
int xpf_cmd_trace(const struct xpf_invocation *invocation);
int xpf_cmd_cancel(const struct xpf_invocation *invocation);
int xpf_cmd_attach(const struct xpf_invocation *invocation);
int xpf_cmd_top(const struct xpf_invocation *invocation);
int xpf_cmd_watch(const struct xpf_invocation *invocation);
int xpf_cmd_logs(const struct xpf_invocation *invocation);
int xpf_cmd_convert(const struct xpf_invocation *invocation);
int xpf_cmd_top_functions(const struct xpf_invocation *invocation);
int xpf_cmd_diff(const struct xpf_invocation *invocation);
int xpf_cmd_completion(const struct xpf_invocation *invocation);
int xpf_cmd_complete(const struct xpf_invocation *invocation);
int xpf_cmd_help(const struct xpf_invocation *invocation);
#endif

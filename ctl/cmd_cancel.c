/* cancel: takes a queued or running job back. */
#include <stdio.h>
#include <string.h>
#include "ask.h"
#include "command_table.h"
#include "print.h"
#include "target/reply_field.h"
#include "text.h"

static int refuse_action(const struct xpf_invocation *invocation, const char *action) {
  struct xpf_verdict verdict;
  char names[512] = "";

  for (unsigned i = 0; i < xpf_ctl_commands_count; i++) {
    size_t used = strlen(names);
    if (xpf_ctl_commands[i].is_job)
      snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "",
               xpf_ctl_commands[i].name);
  }
  if (action == NULL)
    xpf_verdict_set(&verdict, XPF_REASON_USAGE, XPF_TEXT_ACTION_MISSING);
  else
    xpf_verdict_set(&verdict, XPF_REASON_USAGE, XPF_TEXT_ACTION_WRONG, names, action);
  xpf_verdict_hint(&verdict, XPF_TEXT_USAGE_HINT, invocation->command->name);
  xpf_verdict_print(&verdict, invocation->json);
  return verdict.status;
}

static int print_cancelled(const struct xpf_invocation *invocation, const char *action,
                           const cJSON *result) {
  double count = xpf_reply_field_number(result, "cancelled", 0);

  if (count < 1) {
    struct xpf_verdict verdict;
    int status = xpf_verdict_set(&verdict, XPF_REASON_NOTHING, XPF_TEXT_CANCELLED_NOTHING,
                                 (int)invocation->pid, action, invocation->thread_id);
    xpf_verdict_print(&verdict, invocation->json);
    return status;
  }
  if (invocation->json)
    xpf_print_json_done(result);
  else
    xpf_print_line(stdout, xpf_text(XPF_TEXT_CANCELLED), (int)invocation->pid, count, action);
  return 0;
}

int xpf_cmd_cancel(const struct xpf_invocation *invocation) {
  const char *text = invocation->options.values[XPF_OPTION_ACTION].text;
  const struct xpf_ctl_command *action = text != NULL ? xpf_ctl_command_find(text) : NULL;
  cJSON *params, *result;

  if (action == NULL || !action->is_job)
    return refuse_action(invocation, text);
  params = cJSON_CreateObject();
  cJSON_AddNumberToObject(params, "thread_id", invocation->thread_id);
  cJSON_AddStringToObject(params, "action", action->name);
  int status = xpf_ask(invocation, "cancel", params, &result);
  if (status == 0)
    status = print_cancelled(invocation, action->name, result);
  cJSON_Delete(result);
  return status;
}

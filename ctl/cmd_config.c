/* get_config, set_config. */
#include <stdio.h>
#include "ask.h"
#include "command_table.h"
#include "print.h"
#include "text.h"
#include "verdict.h"

static int print_config(const struct xpf_invocation *invocation, int status, cJSON *take_result,
                        enum xpf_text_id title) {
  if (status == 0 && invocation->json) {
    xpf_print_json_done(take_result);
  } else if (status == 0) {
    xpf_print_line(stdout, xpf_text(title), (int)invocation->pid);
    xpf_print_members(take_result, true);
  }
  cJSON_Delete(take_result);
  return status;
}

int xpf_cmd_get_config(const struct xpf_invocation *invocation) {
  cJSON *result;
  int status = xpf_ask(invocation, "get_config", NULL, &result);
  return print_config(invocation, status, result, XPF_TEXT_CONFIG);
}

int xpf_cmd_set_config(const struct xpf_invocation *invocation) {
  cJSON *result, *params;

  if (invocation->options.config == NULL) {
    struct xpf_verdict verdict;
    int status = xpf_verdict_set(&verdict, XPF_REASON_USAGE, XPF_TEXT_CONFIG_NOTHING);
    xpf_verdict_hint(&verdict, XPF_TEXT_USAGE_HINT, invocation->command->name);
    xpf_verdict_print(&verdict, invocation->json);
    return status;
  }
  params = cJSON_Duplicate(invocation->options.config, true);
  int status = xpf_ask(invocation, "set_config", params, &result);
  return print_config(invocation, status, result, XPF_TEXT_CONFIG_CHANGED);
}

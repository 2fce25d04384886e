/* trace: trace events as a one-shot command, and the list of their categories. */
#include "ask.h"
#include "command_table.h"
#include "print.h"
#include "target/reply_field.h"
#include "text.h"

static int list_categories(const struct xpf_invocation *invocation) {
  cJSON *result;
  int status = xpf_ask(invocation, "list_trace_categories", NULL, &result);

  if (status == 0 && invocation->json) {
    xpf_print_json_done(result);
  } else if (status == 0) {
    const cJSON *item;
    xpf_print_line(stdout, xpf_text(XPF_TEXT_CATEGORIES), (int)invocation->pid);
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(result, "categories")) {
      bool is_default = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "is_default"));
      xpf_print_line(stdout, "  %s %s", is_default ? "*" : "-",
                     xpf_reply_field_text(item, "name", "?"));
    }
  }
  cJSON_Delete(result);
  return status;
}

int xpf_cmd_trace(const struct xpf_invocation *invocation) {
  if (xpf_options_has(&invocation->options, XPF_OPTION_LIST_CATEGORIES))
    return list_categories(invocation);
  return xpf_cmd_profile(invocation);
}

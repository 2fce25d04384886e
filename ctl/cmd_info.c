/* check_version, list_environments, process_info, metrics. */
#include <stdio.h>
#include <string.h>
#include "ask.h"
#include "command_table.h"
#include "print.h"
#include "target/reply_field.h"
#include "text.h"

int xpf_cmd_check_version(const struct xpf_invocation *invocation) {
  cJSON *result;
  int status = xpf_ask(invocation, "check_version", NULL, &result);

  if (status == 0 && invocation->json)
    xpf_print_json_done(result);
  else if (status == 0)
    xpf_print_line(stdout, xpf_text(XPF_TEXT_ADDON_VERSION), (int)invocation->pid,
                   xpf_reply_field_text(result, "version", "?"));
  cJSON_Delete(result);
  return status;
}

/* That with the smallest id above `id`; NULL after the last. */
static const cJSON *next_environment(const cJSON *list, double id) {
  const cJSON *item, *next = NULL;

  cJSON_ArrayForEach(item, list) {
    double each = xpf_reply_field_number(item, "thread_id", 0);
    if (each > id && (!next || each < xpf_reply_field_number(next, "thread_id", 0)))
      next = item;
  }
  return next;
}

/* The main thread first; targets tell it last. */
static void print_environments(const struct xpf_invocation *invocation, const cJSON *result) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(result, "environments");
  const cJSON *item = next_environment(list, -1);

  xpf_print_line(stdout, xpf_text(XPF_TEXT_ENVIRONMENTS), (int)invocation->pid);
  for (; item; item = next_environment(list, xpf_reply_field_number(item, "thread_id", 0))) {
    bool is_main = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "is_main_thread"));
    xpf_print_line(
        stdout, xpf_text(is_main ? XPF_TEXT_ENVIRONMENT_MAIN : XPF_TEXT_ENVIRONMENT_WORKER),
        xpf_reply_field_number(item, "thread_id", 0), xpf_reply_field_number(item, "uptime", 0));
  }
}

int xpf_cmd_list_environments(const struct xpf_invocation *invocation) {
  cJSON *result;
  int status = xpf_ask(invocation, "list_environments", NULL, &result);

  if (status == 0 && invocation->json)
    xpf_print_json_done(result);
  else if (status == 0)
    print_environments(invocation, result);
  cJSON_Delete(result);
  return status;
}

int xpf_cmd_process_info(const struct xpf_invocation *invocation) {
  cJSON *result;
  int status = xpf_ask(invocation, "process_info", NULL, &result);

  if (status == 0 && invocation->json) {
    xpf_print_json_done(result);
  } else if (status == 0) {
    xpf_print_line(stdout, xpf_text(XPF_TEXT_INFO), (int)invocation->pid);
    xpf_print_members(result, false);
  }
  cJSON_Delete(result);
  return status;
}

static void print_metrics(const struct xpf_invocation *invocation, const cJSON *result) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(result, "threads"), *item;

  xpf_print_line(stdout, xpf_text(XPF_TEXT_METRICS_PROCESS), (int)invocation->pid);
  xpf_print_members(cJSON_GetObjectItemCaseSensitive(result, "process"), false);
  cJSON_ArrayForEach(item, list) {
    char id[24];
    snprintf(id, sizeof id, "%.0f", xpf_reply_field_number(item, "thread_id", 0));
    xpf_print_line(stdout, xpf_text(XPF_TEXT_METRICS_THREAD), id, (int)invocation->pid);
    xpf_print_members(item, false);
  }
}

int xpf_cmd_metrics(const struct xpf_invocation *invocation) {
  bool prometheus = xpf_options_has(&invocation->options, XPF_OPTION_PROMETHEUS);
  cJSON *params = NULL, *result;

  if (prometheus) {
    params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "format", "prometheus");
  }
  int status = xpf_ask(invocation, "metrics", params, &result);
  if (status == 0 && invocation->json) {
    xpf_print_json_done(result);
  } else if (status == 0 && prometheus) {
    const char *text = xpf_reply_field_text(result, "text", "");
    size_t size = strlen(text);
    xpf_print_text(stdout, text);
    if (size > 0 && text[size - 1] != '\n')
      xpf_print_text(stdout, "\n");
  } else if (status == 0) {
    print_metrics(invocation, result);
  }
  cJSON_Delete(result);
  return status;
}

/* attach: loads xprofiler into a process that runs without. */
#include <stdio.h>
#include <unistd.h>
#include "attach.h"
#include "command_table.h"
#include "print.h"
#include "text.h"

static void print_json(const struct xpf_invocation *invocation,
                       const struct xpf_attach_result *result) {
  cJSON *data = cJSON_CreateObject();

  cJSON_AddNumberToObject(data, "pid", invocation->pid);
  cJSON_AddStringToObject(data, "version", result->version);
  cJSON_AddBoolToObject(data, "was_there", result->was_there);
  if (!result->was_there) {
    cJSON_AddStringToObject(data, "node_version", result->node_version);
    cJSON_AddNumberToObject(data, "inspector_port", result->port);
    cJSON_AddBoolToObject(data, "inspector_was_open", result->inspector_was_open);
    cJSON_AddNumberToObject(data, "workers", result->workers);
    cJSON_AddNumberToObject(data, "workers_missed", result->workers_missed);
    cJSON_AddNumberToObject(data, "took_ms", (double)(long long)(result->took_ms * 10) / 10);
  }
  xpf_print_json_done(data);
  cJSON_Delete(data);
}

static void print_text(const struct xpf_invocation *invocation,
                       const struct xpf_attach_result *result) {
  int pid = (int)invocation->pid;

  if (result->was_there) {
    xpf_print_line(stdout, xpf_text(XPF_TEXT_ATTACH_ALREADY), pid, result->version);
    return;
  }
  xpf_print_line(stdout, xpf_text(XPF_TEXT_ATTACH_DONE), pid, result->node_version, result->version,
                 result->took_ms);
  if (result->workers > 0 || result->workers_missed > 0)
    xpf_print_line(stdout, xpf_text(XPF_TEXT_ATTACH_WORKERS), result->workers,
                   result->workers_missed);
  if (result->inspector_was_open)
    xpf_print_line(stdout, xpf_text(XPF_TEXT_ATTACH_LEFT_OPEN), result->port);
}

int xpf_cmd_attach(const struct xpf_invocation *invocation) {
  const struct xpf_options *given = &invocation->options;
  bool has_timeout = xpf_options_has(given, XPF_OPTION_TIMEOUT);
  bool is_terminal = !invocation->json && isatty(STDERR_FILENO) == 1;
  struct xpf_attach_options options = {.port = (unsigned)given->values[XPF_OPTION_PORT].number,
                                       .package = given->values[XPF_OPTION_PACKAGE].text,
                                       .log_dir = given->values[XPF_OPTION_LOG_DIR].text,
                                       .timeout_ms = has_timeout ? invocation->timeout_ms : 0,
                                       .asks = is_terminal && isatty(STDIN_FILENO) == 1 &&
                                               !xpf_options_has(given, XPF_OPTION_YES),
                                       .shows_steps = is_terminal};
  struct xpf_attach_result result;
  struct xpf_verdict verdict;

  int status = xpf_attach(invocation->pid, &options, &result, &verdict);
  if (status != 0)
    xpf_verdict_print(&verdict, invocation->json);
  else if (invocation->json)
    print_json(invocation, &result);
  else
    print_text(invocation, &result);
  return status;
}

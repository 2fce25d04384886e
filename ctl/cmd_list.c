/* list: every process with xprofiler. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "command_table.h"
#include "list_table.h"
#include "print.h"
#include "process_figures.h"
#include "process_list.h"
#include "target/reply_field.h"
#include "text.h"

#define DEADLINE_MS 1000

static void add_text(cJSON *object, const cJSON *info, const char *key) {
  const char *text = xpf_reply_field_text(info, key, NULL);
  if (text != NULL)
    cJSON_AddStringToObject(object, key, text);
  else
    cJSON_AddNullToObject(object, key);
}

static void add_number(cJSON *object, const char *key, double value) {
  if (isnan(value))
    cJSON_AddNullToObject(object, key);
  else
    cJSON_AddNumberToObject(object, key, value);
}

/* Every object has the same keys; what is not known is null. */
static cJSON *make_object(const struct xpf_process_row *row) {
  cJSON *object = cJSON_CreateObject();
  struct xpf_process_figures figures;
  const char *state = row->status == 0 ? "ok" : row->verdict.reason;
  if (row->is_plain)
    state = "not instrumented";

  xpf_process_figures_read(&figures, row);
  cJSON_AddNumberToObject(object, "pid", row->pid);
  cJSON_AddStringToObject(object, "state", strcmp(state, "timeout") == 0 ? "not answering" : state);
  cJSON_AddStringToObject(object, "command_line", row->command_line);
  add_text(object, row->info, "title");
  add_text(object, row->info, "script");
  add_text(object, row->info, "node_version");
  add_text(object, row->info, "version");
  add_number(object, "threads", figures.threads);
#define FIGURE_ADD(member, where, key) add_number(object, #member, figures.member);
  XPF_PROCESS_FIGURES(FIGURE_ADD)
#undef FIGURE_ADD
  return object;
}

static void print_objects(const struct xpf_process_list *list) {
  cJSON *array = cJSON_CreateArray();
  for (size_t i = 0; i < list->count; i++)
    cJSON_AddItemToArray(array, make_object(&list->rows[i]));
  xpf_print_json_done(array);
  cJSON_Delete(array);
}

static int print_table(const struct xpf_process_list *list) {
  bool has_plain = false;
  for (size_t i = 0; i < list->count; i++)
    has_plain |= list->rows[i].is_plain;
  int error = xpf_list_table_print(list);
  if (error == 0 && has_plain)
    xpf_print_line(stdout, "%s", xpf_text(XPF_TEXT_LIST_PLAIN_HINT));
  return error;
}

int xpf_cmd_list(const struct xpf_invocation *invocation) {
  struct xpf_process_list list;
  bool has_timeout = xpf_options_has(&invocation->options, XPF_OPTION_TIMEOUT);
  int error = xpf_process_list_read(&list, has_timeout ? invocation->timeout_ms : DEADLINE_MS,
                                    xpf_options_has(&invocation->options, XPF_OPTION_ALL));

  if (error == 0 && invocation->json)
    print_objects(&list);
  else if (error == 0 && list.count > 0)
    error = print_table(&list);
  else if (error == 0)
    xpf_print_line(stdout, "%s",
                   xpf_text(geteuid() == 0 ? XPF_TEXT_LIST_EMPTY : XPF_TEXT_LIST_EMPTY_USER));
  xpf_process_list_free(&list);
  if (error == 0)
    return 0;
  struct xpf_verdict verdict;
  xpf_verdict_set(&verdict, XPF_REASON_LOCAL, XPF_TEXT_LIST_FAILED, strerror(-error));
  xpf_verdict_print(&verdict, invocation->json);
  return verdict.status;
}

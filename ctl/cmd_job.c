/* The commands that make a file: start and stop of profiles, heapdump, diag_report,
 * generate_coredump. */
#include <stdio.h>
#include <string.h>
#include "command_table.h"
#include "interrupt.h"
#include "job_details.h"
#include "job_kind.h"
#include "print.h"
#include "progress_line.h"
#include "target/reply_field.h"
#include "target.h"
#include "text.h"

#define CONNECT_MS 5000
#define BUSY_MS    100

static void print_file(const struct xpf_job_kind *kind, const cJSON *result) {
  const char *path = xpf_reply_field_text(result, "filepath", "?");
  if (kind->label == NULL)
    xpf_print_line(stdout, xpf_text(kind->file), path);
  else
    xpf_print_line(stdout, xpf_text(XPF_TEXT_PROFILE_FILE), kind->label, path);
}

/* How long the thread of a pending job has kept it from beginning, or 0. A dump is answered when it
 * is accepted, and so is always pending then; that is worth a word only when its thread is busy. */
static double waited_ms(const cJSON *result) {
  const cJSON *pending = cJSON_GetObjectItemCaseSensitive(result, "pending");
  double since_ms = xpf_reply_field_number(pending, "since_ms", 0);
  double blocked_ms = xpf_reply_field_number(pending, "blocked_ms", 0);
  double longer_ms = since_ms > blocked_ms ? since_ms : blocked_ms;

  if (strcmp(xpf_reply_field_text(result, "state", ""), "pending") != 0)
    return 0;
  return longer_ms >= BUSY_MS ? longer_ms : 0;
}

static void print_pending(const struct xpf_invocation *invocation, const cJSON *result) {
  const cJSON *pending = cJSON_GetObjectItemCaseSensitive(result, "pending");
  unsigned thread_id =
      (unsigned)xpf_reply_field_number(result, "thread_id", (double)invocation->thread_id);
  char waited[64];

  xpf_print_duration(waited_ms(result) / 1e3, waited, sizeof waited);
  xpf_print_line(stdout, xpf_text(XPF_TEXT_PENDING), (int)invocation->pid, thread_id, waited,
                 xpf_reply_field_text(pending, "reason", xpf_text(XPF_TEXT_PENDING_UNKNOWN)));
  xpf_print_line(stdout, xpf_text(XPF_TEXT_PENDING_QUEUED), (int)invocation->pid, thread_id,
                 invocation->command->name);
}

static void print_started(const struct xpf_job_kind *kind, int pid) {
  if (kind->label == NULL)
    xpf_print_line(stdout, xpf_text(kind->started), pid);
  else
    xpf_print_line(stdout, xpf_text(XPF_TEXT_STARTED), pid, kind->sampling);
}

static void print_soon(const struct xpf_job_kind *kind, double seconds) {
  if (kind->label == NULL)
    xpf_print_line(stdout, xpf_text(kind->soon), seconds);
  else
    xpf_print_line(stdout, xpf_text(XPF_TEXT_PROFILE_SOON), seconds, kind->profile);
}

static void print_result(const struct xpf_invocation *invocation, const cJSON *result) {
  const struct xpf_job_kind *kind = invocation->command->argument;
  const struct xpf_option_value *time = &invocation->options.values[XPF_OPTION_TIME];
  bool is_timed = xpf_options_has(&invocation->options, XPF_OPTION_TIME);
  const char *state = xpf_reply_field_text(result, "state", "");

  if (waited_ms(result) > 0) {
    print_file(kind, result);
    print_pending(invocation, result);
  } else if (strcmp(state, "written") == 0) {
    print_file(kind, result);
    xpf_job_details_print(stdout, result);
  } else if (kind->role == XPF_JOB_START && !is_timed) {
    print_started(kind, (int)invocation->pid);
  } else {
    print_file(kind, result);
    if (kind->role == XPF_JOB_START)
      print_soon(kind, time->number / 1e3);
    else if (kind->role == XPF_JOB_DUMP)
      xpf_print_line(stdout, "%s", xpf_text(kind->soon));
  }
}

/* Waits for the reply, with the progress on the terminal and Ctrl-C understood. */
static int call(const struct xpf_invocation *invocation, struct xpf_client *client,
                cJSON *take_params, cJSON **result, struct xpf_verdict *verdict) {
  const struct xpf_job_kind *kind = invocation->command->argument;
  struct xpf_fault fault = {0};
  struct xpf_progress_line line;
  static struct xpf_interrupt_job job;
  struct xpf_interrupt_plan plan = {
      .jobs = &job, .jobs_count = 1, .stop = kind->stop, .action = invocation->command->name};

  job.pid = invocation->pid;
  job.thread_id = invocation->thread_id;
  xpf_progress_line_init(&line);
  plan.is_terminal = line.is_terminal;
  bool watches = invocation->wait && kind->role != XPF_JOB_STOP && xpf_interrupt_begin(&plan) == 0;
  int error =
      xpf_client_call(client, invocation->command->name, take_params, invocation->timeout_ms,
                      xpf_progress_line_update, &line, result, &fault);
  if (watches)
    xpf_interrupt_end();
  xpf_progress_line_clear(&line);
  if (error == 0)
    return 0;
  xpf_target_explain(verdict, invocation->pid, error, invocation->timeout_ms, &fault);
  if (invocation->wait && strcmp(verdict->reason, "timeout") == 0 && *line.filepath != '\0')
    xpf_verdict_hint(verdict, XPF_TEXT_TIMEOUT_WAIT_HINT, line.filepath);
  return verdict->status;
}

int xpf_cmd_job(const struct xpf_invocation *invocation) {
  struct xpf_verdict verdict;
  struct xpf_client *client;
  cJSON *params = xpf_options_params(&invocation->options), *result = NULL;
  int connect_ms = invocation->timeout_ms != 0 ? invocation->timeout_ms : CONNECT_MS;

  int status = xpf_target_open(&client, invocation->pid, connect_ms, &verdict);
  if (status == 0) {
    status = call(invocation, client, params, &result, &verdict);
    params = NULL;
    xpf_client_close(client);
  }
  cJSON_Delete(params);
  if (status != 0)
    xpf_verdict_print(&verdict, invocation->json);
  else if (invocation->json)
    xpf_print_json_done(result);
  else
    print_result(invocation, result);
  cJSON_Delete(result);
  return status;
}

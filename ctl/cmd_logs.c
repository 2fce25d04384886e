/* logs: the end of the log that the process writes, and what is added. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "ask.h"
#include "command_table.h"
#include "host/os.h"
#include "host/process_files.h"
#include "log_line.h"
#include "log_print.h"
#include "log_source.h"
#include "print.h"
#include "target/reply_field.h"
#include "style.h"
#include "text.h"

#define LINES   20
#define LOOK_MS 200

struct logs {
  const struct xpf_invocation *invocation;
  struct xpf_log_style style;
  long long pid; /* as the process knows itself */
  bool all_pids, one_thread, is_wanted;
  size_t printed;
  struct xpf_log_line line;
};

static bool is_wanted(struct logs *logs) {
  const struct xpf_log_line *line = &logs->line;
  if (!logs->all_pids && line->pid != logs->pid)
    return false;
  return !logs->one_thread || line->thread_id == (long long)logs->invocation->thread_id;
}

static bool counts(void *arg, char *text, size_t size) {
  struct logs *logs = arg;
  bool counts = xpf_log_line_parse(&logs->line, text, size) == 0 && is_wanted(logs);
  xpf_log_line_free(&logs->line);
  return counts;
}

/* Lines of no shape belong to the message above them. */
static void print(void *arg, char *text, size_t size) {
  struct logs *logs = arg;
  int error = xpf_log_line_parse(&logs->line, text, size);
  if (error == 0)
    logs->is_wanted = is_wanted(logs);
  if (logs->is_wanted && error == 0)
    xpf_log_print(&logs->line, &logs->style);
  else if (logs->is_wanted && size > 0)
    xpf_log_print_text(text, &logs->style);
  logs->printed += logs->is_wanted;
  xpf_log_line_free(&logs->line);
}

static void choose_style(struct logs *logs) {
  const struct xpf_invocation *invocation = logs->invocation;
  logs->all_pids = xpf_options_has(&invocation->options, XPF_OPTION_EVERYBODY);
  logs->one_thread = xpf_options_has(&invocation->options, XPF_OPTION_THREAD);
  logs->style.json = invocation->json;
  logs->style.shows_process = logs->all_pids;
  logs->style.colour = xpf_style_has_colour(stdout);
  if (isatty(STDOUT_FILENO) == 1)
    logs->style.width = xpf_style_columns(stdout);
}

/* ---- which log ---- */

static const char *stem_of(const cJSON *config, bool errors) {
  bool is_alinode = strcmp(xpf_reply_field_text(config, "log_format", ""), "alinode") == 0 ||
                    cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(config, "log_format_alinode"));
  if (is_alinode)
    return errors ? "node-error" : "node";
  return errors ? "xprofiler-error" : "xprofiler";
}

static int fail(const struct xpf_invocation *invocation, const struct xpf_verdict *verdict) {
  xpf_verdict_print(verdict, invocation->json);
  return verdict->status;
}

static int open_dir(pid_t pid, const char *log_dir) {
  struct xpf_process_files files;
  int error = xpf_process_files_open(&files, pid);
  int fd = error == 0 ? xpf_process_files_dir(&files, log_dir) : error;
  if (error == 0)
    xpf_process_files_close(&files);
  return fd;
}

/* An exit status. *source is open when it is 0, perhaps without a file. */
static int open_log(struct logs *logs, struct xpf_log_source *source) {
  const struct xpf_invocation *invocation = logs->invocation;
  struct xpf_verdict verdict;
  cJSON *info, *config;
  char log_dir[4096];

  int status = xpf_ask(invocation, "process_info", NULL, &info);
  if (status != 0)
    return status;
  logs->pid = (long long)xpf_reply_field_number(info, "pid", (double)invocation->pid);
  cJSON_Delete(info);
  status = xpf_ask(invocation, "get_config", NULL, &config);
  if (status != 0)
    return status;
  snprintf(log_dir, sizeof log_dir, "%s", xpf_reply_field_text(config, "log_dir", ""));
  const char *stem = stem_of(config, xpf_options_has(&invocation->options, XPF_OPTION_ERRORS));
  cJSON_Delete(config);
  if (log_dir[0] != '/') {
    xpf_verdict_set(&verdict, XPF_REASON_PROTOCOL, XPF_TEXT_LOGS_NO_DIR, (int)invocation->pid);
    return fail(invocation, &verdict);
  }
  int dir = open_dir(invocation->pid, log_dir);
  int error = dir < 0 ? dir : xpf_log_source_open(source, dir, stem);
  if (error == -ENOENT && dir >= 0 && xpf_options_has(&invocation->options, XPF_OPTION_FOLLOW))
    return 0; /* it will come */
  if (error == 0)
    return 0;
  if (dir >= 0)
    xpf_log_source_close(source);
  if (error == -ENOENT && dir >= 0)
    xpf_verdict_set(&verdict, XPF_REASON_NOTHING, XPF_TEXT_LOGS_NONE, log_dir);
  else
    xpf_verdict_set(&verdict, XPF_REASON_LOCAL, XPF_TEXT_LOGS_OPEN, log_dir, strerror(-error));
  return fail(invocation, &verdict);
}

static int follow(struct logs *logs, struct xpf_log_source *source) {
  const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
  for (;;) {
    /* Asked before the last look: nothing it wrote is missed. */
    bool is_alive = xpf_os_is_alive(logs->invocation->pid);
    int error = xpf_log_source_follow(source, print, logs);
    if (error != 0 || fflush(stdout) != 0 || !is_alive)
      return error;
    nanosleep(&pause, NULL);
  }
}

int xpf_cmd_logs(const struct xpf_invocation *invocation) {
  const struct xpf_options *options = &invocation->options;
  struct logs *logs = calloc(1, sizeof *logs);
  struct xpf_log_source source;
  struct xpf_verdict verdict;
  size_t count = xpf_options_has(options, XPF_OPTION_TIMES)
                     ? (size_t)options->values[XPF_OPTION_TIMES].number
                     : LINES;

  if (logs == NULL) {
    xpf_verdict_set(&verdict, XPF_REASON_LOCAL, XPF_TEXT_OUT_OF_MEMORY);
    return fail(invocation, &verdict);
  }
  logs->invocation = invocation;
  choose_style(logs);
  int status = open_log(logs, &source);
  if (status == 0) {
    bool follows = xpf_options_has(options, XPF_OPTION_FOLLOW);
    int error = xpf_log_source_tail(&source, count, counts, print, logs);
    if (error == 0 && follows)
      error = follow(logs, &source);
    if (error == 0 && !follows && logs->printed == 0 && count > 0 &&
        !xpf_options_has(options, XPF_OPTION_ERRORS)) {
      xpf_verdict_set(&verdict, XPF_REASON_NOTHING, XPF_TEXT_LOGS_EMPTY, (int)invocation->pid);
      status = fail(invocation, &verdict);
    } else if (error != 0) {
      xpf_verdict_set(&verdict, XPF_REASON_LOCAL, XPF_TEXT_LOGS_OPEN, source.name,
                      strerror(-error));
      status = fail(invocation, &verdict);
    }
    xpf_log_source_close(&source);
  }
  free(logs);
  return status;
}

#include "shot_target.h"
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "attach.h"
#include "process_list.h"
#include "target/reply_field.h"
#include "target.h"
#include "text.h"

#define LIST_MS    2000
#define THREADS_MS 5000

/* More than this many profiles at once are a mistake, such as a --title that matches everything. */
#define TARGETS_MAX 256

struct chooser {
  struct xpf_shot_targets *out;
  const struct xpf_invocation *invocation;
  struct xpf_verdict *verdict;
};

static int add(const struct chooser *chooser, pid_t pid, unsigned thread_id, const char *name) {
  struct xpf_shot_targets *out = chooser->out;

  for (size_t i = 0; i < out->count; i++)
    if (out->items[i].pid == pid && out->items[i].thread_id == thread_id)
      return 0;
  if (out->count == TARGETS_MAX)
    return xpf_verdict_set(chooser->verdict, XPF_REASON_USAGE, XPF_TEXT_TARGETS_MANY, TARGETS_MAX);
  struct xpf_shot_target *items = realloc(out->items, (out->count + 1) * sizeof *items);
  if (items == NULL)
    return xpf_verdict_set(chooser->verdict, XPF_REASON_LOCAL, XPF_TEXT_OUT_OF_MEMORY);
  out->items = items;
  struct xpf_shot_target *target = &items[out->count++];
  *target = (struct xpf_shot_target){.pid = pid, .thread_id = thread_id};
  snprintf(target->name, sizeof target->name, "%.127s", name);
  return 0;
}

/* What a person knows the process by. */
static const char *name_of(const struct xpf_process_row *row) {
  const char *script = xpf_reply_field_text(row->info, "script", "");
  return *script != '\0' ? script : row->command_line;
}

static bool matches(const regex_t *pattern, const struct xpf_process_row *row) {
  const char *texts[] = {xpf_reply_field_text(row->info, "title", ""),
                         xpf_reply_field_text(row->info, "script", ""), row->command_line};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (regexec(pattern, texts[i], 0, NULL, 0) == 0)
      return true;
  return false;
}

static int add_row(const struct chooser *chooser, const struct xpf_process_row *row,
                   const regex_t *pattern) {
  if (pattern != NULL && !matches(pattern, row))
    return 0;
  return add(chooser, row->pid, chooser->invocation->thread_id, name_of(row));
}

static int add_listed(const struct chooser *chooser, const regex_t *pattern) {
  struct xpf_process_list list;
  int status = 0, error = xpf_process_list_read(&list, LIST_MS, false);

  if (error != 0)
    status =
        xpf_verdict_set(chooser->verdict, XPF_REASON_LOCAL, XPF_TEXT_LIST_FAILED, strerror(-error));
  for (size_t i = 0; status == 0 && i < list.count; i++)
    status = add_row(chooser, &list.rows[i], pattern);
  xpf_process_list_free(&list);
  return status;
}

static int add_matching(const struct chooser *chooser) {
  const struct xpf_options *options = &chooser->invocation->options;
  const char *text = options->values[XPF_OPTION_TITLE].text;
  char wrong[128];
  regex_t pattern;

  if (!xpf_options_has(options, XPF_OPTION_TITLE))
    return add_listed(chooser, NULL);
  int error = regcomp(&pattern, text, REG_EXTENDED | REG_NOSUB);
  if (error != 0) {
    regerror(error, &pattern, wrong, sizeof wrong);
    return xpf_verdict_set(chooser->verdict, XPF_REASON_USAGE, XPF_TEXT_TITLE_WRONG, text, wrong);
  }
  int status = add_listed(chooser, &pattern);
  regfree(&pattern);
  return status;
}

/* A process that cannot be asked is one target, whose failure is reported like any other. */
static int add_threads(const struct chooser *chooser, const struct xpf_shot_target *target) {
  struct xpf_verdict ignored;
  struct xpf_client *client;
  cJSON *result = NULL;
  const cJSON *item;
  int status = 0;

  if (xpf_target_open(&client, target->pid, THREADS_MS, &ignored) == 0) {
    xpf_client_call(client, "list_environments", NULL, THREADS_MS, NULL, NULL, &result, NULL);
    xpf_client_close(client);
  }
  const cJSON *threads = cJSON_GetObjectItemCaseSensitive(result, "environments");
  status = add(chooser, target->pid, 0, target->name);
  cJSON_ArrayForEach(item, threads) {
    double thread_id = xpf_reply_field_number(item, "thread_id", 0);
    if (status == 0)
      status = add(chooser, target->pid, (unsigned)thread_id, target->name);
  }
  cJSON_Delete(result);
  return status;
}

static int by_place(const void *a, const void *b) {
  const struct xpf_shot_target *left = a, *right = b;
  if (left->pid != right->pid)
    return left->pid > right->pid ? 1 : -1;
  return (left->thread_id > right->thread_id) - (left->thread_id < right->thread_id);
}

static int spread_over_threads(struct chooser *chooser) {
  struct xpf_shot_targets processes = *chooser->out;
  int status = 0;

  *chooser->out = (struct xpf_shot_targets){0};
  for (size_t i = 0; status == 0 && i < processes.count; i++)
    status = add_threads(chooser, &processes.items[i]);
  xpf_shot_targets_free(&processes);
  return status;
}

/* --attach is the answer to the question whether to. */
static int attach_to_all(const struct chooser *chooser) {
  bool shows_steps = !chooser->invocation->json && isatty(STDERR_FILENO) == 1;
  const struct xpf_attach_options options = {.shows_steps = shows_steps};
  struct xpf_attach_result result;
  int status = 0;

  for (size_t i = 0; status == 0 && i < chooser->out->count; i++)
    status = xpf_attach(chooser->out->items[i].pid, &options, &result, chooser->verdict);
  return status;
}

int xpf_shot_targets_choose(struct xpf_shot_targets *out, const struct xpf_invocation *invocation,
                            struct xpf_verdict *verdict) {
  const struct xpf_options *options = &invocation->options;
  struct chooser chooser = {.out = out, .invocation = invocation, .verdict = verdict};
  bool each_thread = xpf_options_has(options, XPF_OPTION_EACH_THREAD);
  int status = 0;

  *out = (struct xpf_shot_targets){0};
  if (each_thread && xpf_options_has(options, XPF_OPTION_THREAD))
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_OPTIONS_APART, "--each-thread",
                           "--worker_thread_id");
  for (int i = 0; status == 0 && i < options->pids_count; i++)
    status = add(&chooser, options->pids[i], invocation->thread_id, "");
  if (status == 0 && xpf_options_has(options, XPF_OPTION_ATTACH))
    status = attach_to_all(&chooser); /* what is listed has xprofiler already */
  if (status == 0 &&
      (xpf_options_has(options, XPF_OPTION_ALL) || xpf_options_has(options, XPF_OPTION_TITLE)))
    status = add_matching(&chooser);
  if (status == 0 && each_thread)
    status = spread_over_threads(&chooser);
  if (status == 0 && out->count == 0)
    status = xpf_verdict_set(verdict, XPF_REASON_NO_PROCESS, XPF_TEXT_TARGETS_NONE);
  if (out->count > 1)
    qsort(out->items, out->count, sizeof *out->items, by_place);
  return status;
}

void xpf_shot_targets_free(struct xpf_shot_targets *targets) {
  free(targets->items);
  *targets = (struct xpf_shot_targets){0};
}

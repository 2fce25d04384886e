#include "shot_report.h"
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "job_details.h"
#include "open_file.h"
#include "print.h"
#include "target/reply_field.h"
#include "shot_file.h"
#include "style.h"

/* Shorter stalls are not worth a line. */
#define STALL_SHOWN_MS 20
#define STALLS_SHOWN   3
/* Nor are threads that do less. */
#define CPU_SHOWN_PERCENT 2

struct report {
  const struct xpf_invocation *invocation;
  const struct xpf_shots *shots;
  struct xpf_shot_file *files; /* one for each shot */
  FILE *out;                   /* for people */
};

/* ---- for people ---- */

static void print_head(const struct report *report, const struct xpf_shot *shot) {
  const char *title = xpf_text(report->shots->kind->title);
  char name[160] = "", line[320];

  if (*shot->target.name != '\0')
    snprintf(name, sizeof name, " (%.127s)", shot->target.name);
  if (shot->target.thread_id == 0)
    snprintf(line, sizeof line, xpf_text(XPF_TEXT_SHOT_HEAD_MAIN), title, (int)shot->target.pid,
             name);
  else
    snprintf(line, sizeof line, xpf_text(XPF_TEXT_SHOT_HEAD_WORKER), title, (int)shot->target.pid,
             shot->target.thread_id, name);
  fputs(xpf_style(XPF_COLOUR_BOLD, report->out), report->out);
  xpf_print_text(report->out, line);
  fprintf(report->out, "%s\n", xpf_style(XPF_COLOUR_PLAIN, report->out));
}

static void print_stalls(const struct report *report, const struct xpf_live *live) {
  char list[256] = "", blocked[32];
  size_t used = 0;

  for (size_t i = 0; i < live->stalls_count && i < STALLS_SHOWN; i++) {
    char stall[64];
    if (live->stalls[i].ms < STALL_SHOWN_MS)
      break;
    snprintf(stall, sizeof stall, xpf_text(XPF_TEXT_SHOT_STALL), live->stalls[i].ms,
             live->stalls[i].at_ms / 1e3);
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "", stall);
  }
  if (live->blocked_ms >= 1e3) {
    char stall[64];
    snprintf(stall, sizeof stall, xpf_text(XPF_TEXT_SHOT_BLOCKED),
             xpf_print_duration(live->blocked_ms / 1e3, blocked, sizeof blocked));
    snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? "; " : "", stall);
  }
  if (*list != '\0')
    xpf_print_line(report->out, xpf_text(XPF_TEXT_SHOT_STALLS), list);
}

/* What the thread waits for may be done by others: the pool of libuv, the collector's threads. */
static void print_cpu(const struct report *report, const struct xpf_live *live) {
  struct xpf_live_cpu cpu;
  char list[256];

  if (!xpf_live_cpu_used(live, &cpu))
    return;
  const struct {
    enum xpf_text_id id;
    double percent;
  } parts[] = {{XPF_TEXT_SHOT_CPU_WAITED, cpu.waited},
               {XPF_TEXT_SHOT_CPU_SCRIPTS, cpu.scripts},
               {XPF_TEXT_SHOT_CPU_HELPERS, cpu.helpers},
               {XPF_TEXT_SHOT_CPU_OTHERS, cpu.others}};
  size_t used = (size_t)snprintf(list, sizeof list, xpf_text(XPF_TEXT_SHOT_CPU_THREAD), cpu.thread);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (parts[i].percent >= CPU_SHOWN_PERCENT && used < sizeof list) {
      used += (size_t)snprintf(list + used, sizeof list - used, ", ");
      used += (size_t)snprintf(list + used, sizeof list - used, xpf_text(parts[i].id),
                               parts[i].percent);
    }
  xpf_print_line(report->out, xpf_text(XPF_TEXT_SHOT_CPU_USED), list);
}

static void show_page(const struct report *report, const char *page) {
  int error = xpf_open_file(page);
  if (error == 0)
    xpf_print_line(report->out, xpf_text(XPF_TEXT_OPEN_DONE), page);
  else if (error == -ENOTSUP)
    xpf_print_line(report->out, xpf_text(XPF_TEXT_OPEN_BY_HAND), page);
  else
    xpf_print_line(report->out, xpf_text(XPF_TEXT_OPEN_FAILED), page, strerror(-error));
}

static void print_done(const struct report *report, size_t index) {
  /* A file or a program behind a pipe has room for everything. */
  unsigned columns = isatty(fileno(report->out)) == 1 ? xpf_style_columns(report->out) : UINT_MAX;
  const struct xpf_shot *shot = &report->shots->items[index];
  const struct xpf_shot_file *file = &report->files[index];

  print_head(report, shot);
  if (strcmp(file->path, "-") != 0)
    xpf_print_line(report->out, "  %s", file->path);
  xpf_job_details_print(report->out, shot->result);
  if (report->shots->kind->default_ms > 0)
    print_cpu(report, &shot->live);
  print_stalls(report, &shot->live);
  if (*file->original != '\0')
    xpf_print_line(report->out, xpf_text(XPF_TEXT_SHOT_ORIGINAL), file->original);
  if (*file->page != '\0')
    show_page(report, file->page);
  if (file->summary != NULL)
    report->shots->kind->print(report->out, file->summary, columns);
  else if (*file->note != '\0')
    xpf_print_line(report->out, xpf_text(XPF_TEXT_SUM_NONE), file->note);
}

static void print_failed(const struct xpf_shot *shot) {
  char message[1200];
  snprintf(message, sizeof message, xpf_text(XPF_TEXT_SHOT_FAILED), (int)shot->target.pid,
           shot->target.thread_id, shot->verdict.message);
  xpf_print_line(stderr, "%s", message);
  if (*shot->verdict.hint != '\0')
    xpf_print_line(stderr, "  %s", shot->verdict.hint);
}

/* ---- for programs ---- */

static void add_number(cJSON *object, const char *key, double value) {
  if (isfinite(value))
    cJSON_AddNumberToObject(object, key, value);
}

static void add_file(cJSON *object, const struct xpf_shot_file *file) {
  cJSON_AddStringToObject(object, "format", file->format);
  if (*file->original != '\0')
    cJSON_AddStringToObject(object, "original", file->original);
  if (*file->page != '\0') {
    cJSON_AddStringToObject(object, "page", file->page);
    cJSON_AddBoolToObject(object, "is_opened", xpf_open_file(file->page) == 0);
  }
  if (file->summary != NULL)
    cJSON_AddItemReferenceToObject(object, "summary", file->summary);
  else if (*file->note != '\0')
    cJSON_AddStringToObject(object, "no_summary", file->note);
}

static void add_cpu(cJSON *object, const struct xpf_live *live) {
  struct xpf_live_cpu cpu;
  if (!xpf_live_cpu_used(live, &cpu))
    return;
  cJSON *percent = cJSON_AddObjectToObject(object, "cpu_percent");
  add_number(percent, "thread", cpu.thread);
  add_number(percent, "thread_waited", cpu.waited);
  add_number(percent, "js_threads", cpu.scripts);
  add_number(percent, "helper_threads", cpu.helpers);
  add_number(percent, "others", cpu.others);
}

static cJSON *make_object(const struct report *report, size_t index) {
  const struct xpf_shot *shot = &report->shots->items[index];
  cJSON *object = cJSON_CreateObject();
  const cJSON *member;

  cJSON_AddStringToObject(object, "command", report->shots->command);
  cJSON_AddNumberToObject(object, "pid", shot->target.pid);
  cJSON_AddNumberToObject(object, "thread_id", shot->target.thread_id);
  cJSON_AddStringToObject(object, "name", shot->target.name);
  cJSON_ArrayForEach(member, shot->result) {
    if (cJSON_GetObjectItemCaseSensitive(object, member->string) == NULL)
      cJSON_AddItemToObject(object, member->string, cJSON_Duplicate(member, true));
  }
  add_file(object, &report->files[index]);
  if (shot->live.is_known) {
    add_number(object, "rss_bytes", shot->live.rss_bytes);
    add_number(object, "rss_peak_bytes", shot->live.rss_peak_bytes);
    cJSON_AddItemToObject(object, "stalls", xpf_live_stalls(&shot->live));
    add_cpu(object, &shot->live);
  }
  return object;
}

static cJSON *make_entry(const struct report *report, size_t index) {
  const struct xpf_shot *shot = &report->shots->items[index];
  cJSON *object;
  if (shot->status != 0) {
    object = xpf_verdict_json(&shot->verdict);
    cJSON_AddNumberToObject(object, "pid", shot->target.pid);
    cJSON_AddNumberToObject(object, "thread_id", shot->target.thread_id);
    return object;
  }
  object = make_object(report, index);
  cJSON_AddTrueToObject(object, "ok");
  return object;
}

static void print_objects(const struct report *report, const struct xpf_verdict *sum) {
  const struct xpf_shots *shots = report->shots;
  cJSON *root = sum->status == 0 ? cJSON_CreateObject() : xpf_verdict_json(sum);
  cJSON *data = cJSON_CreateObject(), *results = cJSON_AddArrayToObject(data, "results");

  if (sum->status == 0)
    cJSON_AddTrueToObject(root, "ok");
  for (size_t i = 0; i < shots->count; i++)
    cJSON_AddItemToArray(results, make_entry(report, i));
  cJSON_AddItemToObject(root, "data", data);
  xpf_print_json(root);
  cJSON_Delete(root);
}

/* ---- all ---- */

/* The exit status of several: that of the failures when all fail alike, else that some failed. */
static void sum_up(const struct xpf_shots *shots, struct xpf_verdict *sum) {
  size_t failed = 0;
  int status = 0;

  *sum = (struct xpf_verdict){0};
  for (size_t i = 0; i < shots->count; i++) {
    if (shots->items[i].status == 0)
      continue;
    failed++;
    status =
        status == 0 || status == shots->items[i].status ? shots->items[i].status : XPF_EXIT_FAILED;
  }
  if (failed == 0)
    return;
  xpf_verdict_set(sum, XPF_REASON_PARTLY, XPF_TEXT_SHOT_SOME_FAILED, failed, shots->count);
  sum->status = sum->code = failed == shots->count ? status : XPF_EXIT_FAILED;
}

static int report_one(const struct report *report) {
  const struct xpf_shot *shot = &report->shots->items[0];
  if (shot->status != 0) {
    xpf_verdict_print(&shot->verdict, report->invocation->json);
  } else if (report->invocation->json) {
    cJSON *object = make_object(report, 0);
    xpf_print_json_done(object);
    cJSON_Delete(object);
  } else {
    print_done(report, 0);
  }
  return shot->status;
}

static int report_all(const struct report *report) {
  const struct xpf_shots *shots = report->shots;
  struct xpf_verdict sum;

  sum_up(shots, &sum);
  if (report->invocation->json) {
    print_objects(report, &sum);
    return sum.status;
  }
  for (size_t i = 0; i < shots->count; i++) {
    if (shots->items[i].status != 0)
      continue;
    print_done(report, i);
    fputc('\n', report->out);
  }
  fflush(report->out);
  for (size_t i = 0; i < shots->count; i++)
    if (shots->items[i].status != 0)
      print_failed(&shots->items[i]);
  if (sum.status != 0)
    xpf_verdict_print(&sum, false);
  return sum.status;
}

/* What the target said about its file, and what has become of it. */
static void correct(struct xpf_shot *shot, const struct xpf_shot_file *file) {
  cJSON_ReplaceItemInObjectCaseSensitive(shot->result, "filepath", cJSON_CreateString(file->path));
  cJSON_ReplaceItemInObjectCaseSensitive(shot->result, "bytes", cJSON_CreateNumber(file->bytes));
}

int xpf_shot_report(const struct xpf_invocation *invocation, struct xpf_shots *shots,
                    const struct xpf_shot_output *output) {
  struct report report = {.invocation = invocation,
                          .shots = shots,
                          .files = calloc(shots->count, sizeof *report.files),
                          .out = output->is_stdout ? stderr : stdout};
  struct xpf_verdict verdict;

  if (report.files == NULL) {
    xpf_verdict_set(&verdict, XPF_REASON_LOCAL, XPF_TEXT_OUT_OF_MEMORY);
    xpf_verdict_print(&verdict, invocation->json);
    return verdict.status;
  }
  for (size_t i = 0; i < shots->count; i++) {
    struct xpf_shot *shot = &shots->items[i];
    if (shot->status == 0)
      shot->status =
          xpf_shot_file_take(&report.files[i], output, shots->kind, shot, &shot->verdict);
    if (shot->status == 0)
      correct(shot, &report.files[i]);
  }
  int status = shots->count == 1 ? report_one(&report) : report_all(&report);
  for (size_t i = 0; i < shots->count; i++)
    xpf_shot_file_free(&report.files[i]);
  free(report.files);
  return status;
}

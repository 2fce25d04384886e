#include "shot.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "host/os.h"
#include "interrupt.h"
#include "live_line.h"
#include "print.h"
#include "target/reply_field.h"
#include "target.h"
#include "text.h"
#include "wire/client.h"
#include "xpf_protocol.h"

#define CONNECT_MS  5000
#define METRICS_MS  2000
#define LOOK_MS     500 /* between two readings of the metrics */
#define DRAW_MS     200
#define PATIENCE_MS 3000 /* a thread that is not free for longer is worth a word */

struct run {
  struct xpf_shots *shots;
  struct xpf_interrupt_job *jobs;
  pthread_mutex_t lock; /* of the items of shots, and of what follows */
  pthread_cond_t changed;
  size_t open; /* those that have not ended */
  double began_ms;
  bool is_terminal;
  bool has_told; /* that a thread is not free */
};

/* What a thread of this file is started with. */
struct errand {
  struct run *run;
  size_t index;
};

static double now_ms(void) {
  return (double)xpf_os_now_ns() / 1e6;
}

static void wait_changed(struct run *run, int ms) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until); /* what a condition waits by */
  until.tv_sec += ms / 1000;
  until.tv_nsec += (ms % 1000) * 1000000L;
  if (until.tv_nsec >= 1000000000L) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000L;
  }
  pthread_cond_timedwait(&run->changed, &run->lock, &until);
}

/* ---- one shot, on a thread of its own ---- */

static enum xpf_shot_state read_state(const cJSON *params) {
  const char *state = xpf_reply_field_text(params, "state", "");
  if (strcmp(state, "pending") == 0)
    return XPF_SHOT_PENDING;
  return strcmp(state, "running") == 0 ? XPF_SHOT_RUNNING : XPF_SHOT_WRITING;
}

static void on_progress(void *arg, const cJSON *params) {
  const struct errand *errand = arg;
  struct run *run = errand->run;
  struct xpf_shot *shot = &run->shots->items[errand->index];
  const cJSON *pending = cJSON_GetObjectItemCaseSensitive(params, "pending");
  double total = xpf_reply_field_number(params, "total", 0);

  pthread_mutex_lock(&run->lock);
  enum xpf_shot_state before = shot->state;
  shot->state = read_state(params);
  atomic_store(&run->jobs[errand->index].is_pending, shot->state == XPF_SHOT_PENDING);
  if (before == XPF_SHOT_PENDING && shot->state != XPF_SHOT_PENDING)
    shot->began_ms = now_ms();
  snprintf(shot->reason, sizeof shot->reason, "%.255s",
           xpf_reply_field_text(pending, "reason", ""));
  if (total > 0)
    shot->done = xpf_reply_field_number(params, "done", 0) / total;
  pthread_mutex_unlock(&run->lock);
}

static void name_target(struct xpf_shot *shot, struct xpf_client *client) {
  cJSON *info = NULL;
  if (*shot->target.name != '\0')
    return;
  xpf_client_call(client, "process_info", NULL, CONNECT_MS, NULL, NULL, &info, NULL);
  const char *script = xpf_reply_field_text(info, "script", "");
  snprintf(shot->target.name, sizeof shot->target.name, "%.127s",
           *script != '\0' ? script : xpf_reply_field_text(info, "title", ""));
  cJSON_Delete(info);
}

/* What runs already may be left from an xprofctl that was killed. */
static void hint_running(const struct xpf_shot_kind *kind, struct xpf_shot *shot) {
  char thread[24] = "";
  if (kind->stop == NULL || strstr(shot->verdict.message, " is running.") == NULL)
    return;
  if (shot->target.thread_id != 0)
    snprintf(thread, sizeof thread, " -w %.0f", (double)shot->target.thread_id);
  xpf_verdict_hint(&shot->verdict, XPF_TEXT_SHOT_RUNNING_HINT, kind->stop, (int)shot->target.pid,
                   thread);
}

static int explain(const struct xpf_shots *shots, struct xpf_shot *shot, int error,
                   const struct xpf_fault *fault) {
  int status =
      xpf_target_explain(&shot->verdict, shot->target.pid, error, shots->timeout_ms, fault);
  if (fault->code == XPF_RPC_REFUSED)
    hint_running(shots->kind, shot);
  if (error == -ETIMEDOUT && shot->state == XPF_SHOT_PENDING && *shot->reason != '\0')
    xpf_verdict_hint(&shot->verdict, XPF_TEXT_SHOT_PENDING_HINT, shot->reason);
  return status;
}

static int work(const struct errand *errand, struct xpf_client *client) {
  struct run *run = errand->run;
  const struct xpf_shots *shots = run->shots;
  struct xpf_shot *shot = &run->shots->items[errand->index];
  struct xpf_fault fault = {0};
  cJSON *params = cJSON_Duplicate(shots->params, true);

  name_target(shot, client);
  /* Now: what has ended by the time its file is there has no directory any more. */
  xpf_process_files_open(&shot->files, shot->target.pid);
  cJSON_AddNumberToObject(params, "thread_id", shot->target.thread_id);
  cJSON_AddTrueToObject(params, "wait");
  if (shots->kind->flag != NULL)
    cJSON_AddTrueToObject(params, shots->kind->flag);
  if (shots->total_ms > 0)
    cJSON_AddNumberToObject(params, "profiling_time", shots->total_ms);
  pthread_mutex_lock(&run->lock);
  shot->state = XPF_SHOT_RUNNING;
  shot->began_ms = now_ms();
  pthread_mutex_unlock(&run->lock);
  int error = xpf_client_call(client, shots->kind->start, params, shots->timeout_ms, on_progress,
                              (void *)errand, &shot->result, &fault);
  return error == 0 ? 0 : explain(shots, shot, error, &fault);
}

static void *shoot(void *arg) {
  const struct errand *errand = arg;
  struct run *run = errand->run;
  struct xpf_shot *shot = &run->shots->items[errand->index];
  struct xpf_client *client;

  int status = xpf_target_open(&client, shot->target.pid, CONNECT_MS, &shot->verdict);
  if (status == 0) {
    status = work(errand, client);
    xpf_client_close(client);
  }
  atomic_store(&run->jobs[errand->index].is_over, true);
  pthread_mutex_lock(&run->lock);
  shot->status = status;
  shot->state = XPF_SHOT_ENDED;
  run->open--;
  pthread_cond_broadcast(&run->changed);
  pthread_mutex_unlock(&run->lock);
  return NULL;
}

/* ---- the figures of one process, on a thread of its own ---- */

static bool has_open(const struct xpf_shots *shots, pid_t pid) {
  for (size_t i = 0; i < shots->count; i++)
    if (shots->items[i].target.pid == pid && shots->items[i].state != XPF_SHOT_ENDED)
      return true;
  return false;
}

static void take_figures(struct run *run, pid_t pid, const cJSON *metrics) {
  for (size_t i = 0; i < run->shots->count; i++) {
    struct xpf_shot *shot = &run->shots->items[i];
    if (shot->target.pid == pid)
      xpf_live_take(&shot->live, metrics, shot->target.thread_id, now_ms() - run->began_ms);
  }
}

static bool look(struct run *run, pid_t pid, struct xpf_client *client) {
  cJSON *params = cJSON_CreateObject(), *metrics = NULL;
  cJSON_AddTrueToObject(params, "histograms");
  int error = xpf_client_call(client, "metrics", params, METRICS_MS, NULL, NULL, &metrics, NULL);
  if (error == 0) {
    pthread_mutex_lock(&run->lock);
    take_figures(run, pid, metrics);
    pthread_mutex_unlock(&run->lock);
  }
  cJSON_Delete(metrics);
  return error == 0 || error == -ETIMEDOUT;
}

/* Until the shots of the process have ended, and once after that: their last moments count too. */
static void *look_on(void *arg) {
  const struct errand *errand = arg;
  struct run *run = errand->run;
  pid_t pid = run->shots->items[errand->index].target.pid;
  struct xpf_verdict ignored;
  struct xpf_client *client;
  bool is_open = true;

  if (xpf_target_open(&client, pid, METRICS_MS, &ignored) != 0)
    return NULL;
  while (is_open && look(run, pid, client)) {
    double next_ms = now_ms() + LOOK_MS;
    pthread_mutex_lock(&run->lock);
    for (double left = LOOK_MS; left > 1 && (is_open = has_open(run->shots, pid));
         left = next_ms - now_ms())
      wait_changed(run, (int)left);
    pthread_mutex_unlock(&run->lock);
  }
  if (!is_open)
    look(run, pid, client);
  xpf_client_close(client);
  return NULL;
}

/* ---- the line on the terminal ---- */

static double longest_stall(const struct xpf_live *live) {
  double ended_ms = live->stalls_count > 0 ? live->stalls[0].ms : 0;
  return fmax(ended_ms, live->blocked_ms);
}

static void add_figures(struct xpf_live_view *view, const struct xpf_live *live) {
  if (!live->is_known)
    return;
  view->stall_ms = fmax(view->stall_ms, longest_stall(live));
  view->heap_used_bytes = fmax(view->heap_used_bytes, 0) + live->heap_used_bytes;
  view->collections = fmax(view->collections, 0) + live->collections;
  view->gc_ms = fmax(view->gc_ms, 0) + live->gc_ms;
}

static void add_process(struct xpf_live_view *view, const struct xpf_live *live) {
  if (!live->is_known)
    return;
  view->rss_bytes = fmax(view->rss_bytes, 0) + live->rss_bytes;
  view->cpu_percent = fmax(view->cpu_percent, 0) + live->cpu_percent;
}

static bool is_first_of_process(const struct xpf_shots *shots, size_t index) {
  return index == 0 || shots->items[index - 1].target.pid != shots->items[index].target.pid;
}

static void make_label(const struct xpf_shots *shots, char *label, size_t size) {
  if (shots->count == 1)
    snprintf(label, size, "%s %d", shots->command, (int)shots->items[0].target.pid);
  else
    snprintf(label, size, xpf_text(XPF_TEXT_LIVE_TARGETS), shots->command, shots->count);
}

static void draw(struct run *run) {
  const struct xpf_shots *shots = run->shots;
  const double unknown = (double)NAN;
  char label[64];
  struct xpf_live_view view = {.label = label,
                               .reason = "",
                               .part = shots->kind->live,
                               .total_ms = shots->total_ms,
                               .is_writing = true,
                               .rss_bytes = unknown,
                               .cpu_percent = unknown,
                               .stall_ms = unknown,
                               .heap_used_bytes = unknown,
                               .collections = unknown,
                               .gc_ms = unknown};
  make_label(shots, label, sizeof label);
  for (size_t i = 0; i < shots->count; i++) {
    const struct xpf_shot *shot = &shots->items[i];
    add_figures(&view, &shot->live);
    if (is_first_of_process(shots, i))
      add_process(&view, &shot->live);
    if (shot->state == XPF_SHOT_ENDED)
      continue;
    view.is_begun |= shot->state >= XPF_SHOT_RUNNING;
    view.is_writing &= shot->state == XPF_SHOT_WRITING;
    view.done = fmax(view.done, shot->done);
    if (shot->state == XPF_SHOT_PENDING) {
      view.is_pending = true;
      view.reason = shot->reason;
    }
    if (shot->began_ms > 0)
      view.elapsed_ms = fmax(view.elapsed_ms, now_ms() - shot->began_ms);
  }
  xpf_live_line_draw(&view);
}

/* Where there is no line, one sentence says why nothing happens. */
static void tell_pending(struct run *run) {
  for (size_t i = 0; !run->has_told && i < run->shots->count; i++) {
    const struct xpf_shot *shot = &run->shots->items[i];
    char waited[32];
    if (shot->state != XPF_SHOT_PENDING || now_ms() - run->began_ms < PATIENCE_MS)
      continue;
    xpf_print_duration((now_ms() - run->began_ms) / 1e3, waited, sizeof waited);
    xpf_print_line(stderr, xpf_text(XPF_TEXT_PENDING), (int)shot->target.pid,
                   shot->target.thread_id, waited, shot->reason);
    run->has_told = true;
  }
}

/* ---- all together ---- */

static void watch(struct run *run) {
  pthread_mutex_lock(&run->lock);
  while (run->open > 0) {
    /* After Ctrl-C the sentence about it stays where it is. */
    if (run->is_terminal && !xpf_interrupt_is_asked())
      draw(run);
    else if (!run->is_terminal)
      tell_pending(run);
    wait_changed(run, DRAW_MS);
  }
  pthread_mutex_unlock(&run->lock);
  if (run->is_terminal)
    xpf_live_line_clear();
}

static void fail_thread(struct run *run, size_t index) {
  struct xpf_shot *shot = &run->shots->items[index];
  pthread_mutex_lock(&run->lock);
  shot->status = xpf_verdict_set(&shot->verdict, XPF_REASON_LOCAL, XPF_TEXT_OUT_OF_MEMORY);
  shot->state = XPF_SHOT_ENDED;
  run->open--;
  pthread_mutex_unlock(&run->lock);
}

static void run_threads(struct run *run, struct errand *errands, pthread_t *threads) {
  size_t started = 0, count = run->shots->count;

  for (size_t i = 0; i < count; i++) {
    errands[i] = (struct errand){run, i};
    if (is_first_of_process(run->shots, i) &&
        pthread_create(&threads[started], NULL, look_on, &errands[i]) == 0)
      started++;
  }
  for (size_t i = 0; i < count; i++) {
    if (pthread_create(&threads[started], NULL, shoot, &errands[i]) == 0)
      started++;
    else
      fail_thread(run, i);
  }
  watch(run);
  while (started > 0)
    pthread_join(threads[--started], NULL);
}

static void begin_interrupt(struct run *run) {
  const struct xpf_shots *shots = run->shots;
  struct xpf_interrupt_plan plan = {.jobs = run->jobs,
                                    .jobs_count = shots->count,
                                    .stop = shots->kind->stop,
                                    .action = shots->kind->start,
                                    .is_terminal = run->is_terminal};
  for (size_t i = 0; i < shots->count; i++) {
    run->jobs[i].pid = shots->items[i].target.pid;
    run->jobs[i].thread_id = shots->items[i].target.thread_id;
  }
  if (xpf_interrupt_begin(&plan) != 0)
    return; /* signals then act as always */
}

int xpf_shots_run(struct xpf_shots *shots) {
  struct run run = {.shots = shots,
                    .open = shots->count,
                    .began_ms = now_ms(),
                    .is_terminal = isatty(STDERR_FILENO) == 1};
  struct errand *errands = calloc(shots->count, sizeof *errands);
  pthread_t *threads = calloc(2 * shots->count, sizeof *threads);

  /* Never freed: the thread of interrupt.c may look at it until xprofctl ends. */
  run.jobs = calloc(shots->count, sizeof *run.jobs);
  if (errands != NULL && threads != NULL && run.jobs != NULL) {
    pthread_mutex_init(&run.lock, NULL);
    pthread_cond_init(&run.changed, NULL);
    begin_interrupt(&run);
    run_threads(&run, errands, threads);
    xpf_interrupt_end();
  }
  int error = errands != NULL && threads != NULL && run.jobs != NULL ? 0 : -ENOMEM;
  free(errands);
  free(threads);
  return error;
}

void xpf_shots_free(struct xpf_shots *shots) {
  for (size_t i = 0; i < shots->count; i++) {
    xpf_live_free(&shots->items[i].live);
    xpf_process_files_close(&shots->items[i].files);
    cJSON_Delete(shots->items[i].result);
  }
  free(shots->items);
  shots->items = NULL;
  shots->count = 0;
}

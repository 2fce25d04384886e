#include "board_job.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "host/os.h"
#include "print.h"
#include "progress_line.h"
#include "target/reply_field.h"
#include "target.h"
#include "text.h"

#define JOBS_MAX   16
#define TIME_MS    10000
#define CONNECT_MS 5000
#define STACK_SIZE (512 * 1024)
/* How long the note of an ended job is worth its line. */
#define KEPT_S 60.0

static const struct {
  const char *method, *stop; /* stop: NULL when it ends by itself */
  enum xpf_text_id name;
} kinds[] = {
    [XPF_BOARD_JOB_CPU] = {"start_cpu_profiling", "stop_cpu_profiling", XPF_TEXT_TOP_JOB_CPU},
    [XPF_BOARD_JOB_ALLOC] = {"start_heap_profiling", "stop_heap_profiling", XPF_TEXT_TOP_JOB_ALLOC},
    [XPF_BOARD_JOB_GC] = {"start_gc_profiling", "stop_gc_profiling", XPF_TEXT_TOP_JOB_GC},
    [XPF_BOARD_JOB_SNAPSHOT] = {"heapdump", NULL, XPF_TEXT_TOP_JOB_SNAPSHOT},
    [XPF_BOARD_JOB_REPORT] = {"diag_report", NULL, XPF_TEXT_TOP_JOB_REPORT},
};

struct job {
  bool is_used, is_working;
  enum xpf_board_job_id id;
  pid_t pid;
  unsigned thread_id;
  uint64_t serial, ended_ns;
  struct xpf_board_note note;
};

struct xpf_board_jobs {
  pthread_mutex_t lock; /* everything */
  struct job jobs[JOBS_MAX];
  unsigned owners; /* the view, and each thread that runs */
  uint64_t serial;
  int news[2];
};

struct work {
  struct xpf_board_jobs *jobs;
  struct job *job;
  bool stops; /* send the stop, instead of the start */
};

/* ---- notes ---- */

static void tell(struct xpf_board_jobs *jobs) {
  ssize_t written = write(jobs->news[1], "", 1);
  (void)written; /* full: it is readable anyhow */
}

static void note_progress(struct work *work, const char *how) {
  struct job *job = work->job;
  pthread_mutex_lock(&work->jobs->lock);
  if (job->is_working)
    snprintf(job->note.text, sizeof job->note.text, xpf_text(XPF_TEXT_TOP_JOB_RUNNING),
             xpf_text(kinds[job->id].name), (int)job->pid, how);
  pthread_mutex_unlock(&work->jobs->lock);
  tell(work->jobs);
}

static void note_end(struct work *work, enum xpf_board_job_state state, const char *text) {
  struct job *job = work->job;
  pthread_mutex_lock(&work->jobs->lock);
  job->is_working = false;
  job->ended_ns = xpf_os_now_ns();
  job->note.state = state;
  snprintf(job->note.text, sizeof job->note.text, "%s", text);
  pthread_mutex_unlock(&work->jobs->lock);
  tell(work->jobs);
}

static void on_progress(void *arg, const cJSON *params) {
  struct work *work = arg;
  double elapsed_s = xpf_reply_field_number(params, "elapsed_ms", 0) / 1e3;
  double done = xpf_reply_field_number(params, "done", -1);
  double total = xpf_reply_field_number(params, "total", 0);
  const char *state = xpf_progress_state(xpf_reply_field_text(params, "state", ""));
  char how[160];
  if (done >= 0 && total > 0)
    snprintf(how, sizeof how, "%.80s %.0f %%", state, 100 * done / total);
  else
    snprintf(how, sizeof how, "%.80s %.0f s", state, elapsed_s);
  note_progress(work, how);
}

static void note_failure(struct work *work, const char *message) {
  char text[1024];
  snprintf(text, sizeof text, xpf_text(XPF_TEXT_TOP_JOB_FAILED),
           xpf_text(kinds[work->job->id].name), (int)work->job->pid, message);
  note_end(work, XPF_BOARD_JOB_FAILED, text);
}

static void note_done(struct work *work, const cJSON *result) {
  char text[1024], size[32];
  snprintf(text, sizeof text, xpf_text(XPF_TEXT_TOP_JOB_DONE), xpf_text(kinds[work->job->id].name),
           (int)work->job->pid, xpf_reply_field_text(result, "filepath", "?"),
           xpf_print_bytes(xpf_reply_field_number(result, "bytes", 0), size, sizeof size));
  note_end(work, XPF_BOARD_JOB_DONE, text);
}

/* ---- the work of a thread ---- */

static void leave(struct xpf_board_jobs *jobs) {
  pthread_mutex_lock(&jobs->lock);
  bool is_last = --jobs->owners == 0;
  pthread_mutex_unlock(&jobs->lock);
  if (!is_last)
    return;
  pthread_mutex_destroy(&jobs->lock);
  close(jobs->news[0]);
  close(jobs->news[1]);
  free(jobs);
}

static cJSON *make_params(const struct work *work) {
  cJSON *params = cJSON_CreateObject();
  cJSON_AddNumberToObject(params, "thread_id", work->job->thread_id);
  if (work->stops)
    return params;
  cJSON_AddTrueToObject(params, "wait");
  if (kinds[work->job->id].stop != NULL)
    cJSON_AddNumberToObject(params, "profiling_time", TIME_MS);
  return params;
}

static void run(struct work *work) {
  const char *method = work->stops ? kinds[work->job->id].stop : kinds[work->job->id].method;
  struct xpf_verdict verdict;
  struct xpf_client *client;
  struct xpf_fault fault = {0};
  cJSON *result = NULL;

  int status = xpf_target_open(&client, work->job->pid, CONNECT_MS, &verdict);
  if (status == 0) {
    int error = xpf_client_call(client, method, make_params(work), work->stops ? CONNECT_MS : 0,
                                on_progress, work, &result, &fault);
    if (error != 0)
      status = xpf_target_explain(&verdict, work->job->pid, error, CONNECT_MS, &fault);
    xpf_client_close(client);
  }
  if (work->stops && status != 0)
    note_progress(work, verdict.message);
  else if (!work->stops && status != 0)
    note_failure(work, verdict.message);
  else if (!work->stops)
    note_done(work, result);
  cJSON_Delete(result);
}

static void *run_thread(void *arg) {
  struct work *work = arg;
  struct xpf_board_jobs *jobs = work->jobs;
  run(work);
  free(work);
  leave(jobs);
  return NULL;
}

/* Under the lock. */
static int begin(struct xpf_board_jobs *jobs, struct job *job, bool stops) {
  struct work *work = malloc(sizeof *work);
  pthread_attr_t attributes;
  pthread_t thread;
  if (work == NULL)
    return -ENOMEM;
  *work = (struct work){jobs, job, stops};
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_SIZE);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  int error = pthread_create(&thread, &attributes, run_thread, work);
  pthread_attr_destroy(&attributes);
  if (error != 0)
    free(work);
  else
    jobs->owners++;
  return -error;
}

/* ---- the view's side ---- */

int xpf_board_jobs_new(struct xpf_board_jobs **out, int *fd) {
  struct xpf_board_jobs *jobs = calloc(1, sizeof *jobs);
  *out = NULL;
  if (jobs == NULL)
    return -ENOMEM;
  if (pipe2(jobs->news, O_CLOEXEC | O_NONBLOCK) != 0) {
    free(jobs);
    return -errno;
  }
  pthread_mutex_init(&jobs->lock, NULL);
  jobs->owners = 1;
  *fd = jobs->news[0];
  *out = jobs;
  return 0;
}

void xpf_board_jobs_free(struct xpf_board_jobs *jobs) {
  if (jobs != NULL)
    leave(jobs);
}

/* Under the lock: a free place, else that of the job that ended first. */
static struct job *find_place(struct xpf_board_jobs *jobs) {
  struct job *best = NULL;
  for (size_t i = 0; i < JOBS_MAX; i++) {
    struct job *job = &jobs->jobs[i];
    if (!job->is_used)
      return job;
    if (!job->is_working && (best == NULL || job->ended_ns < best->ended_ns))
      best = job;
  }
  return best;
}

static int start(struct xpf_board_jobs *jobs, enum xpf_board_job_id id, pid_t pid,
                 unsigned thread_id) {
  struct job *job = find_place(jobs);
  if (job == NULL)
    return -EBUSY;
  *job = (struct job){.is_used = true,
                      .is_working = true,
                      .id = id,
                      .pid = pid,
                      .thread_id = thread_id,
                      .serial = ++jobs->serial};
  snprintf(job->note.text, sizeof job->note.text, xpf_text(XPF_TEXT_TOP_JOB_RUNNING),
           xpf_text(kinds[id].name), (int)pid, "...");
  int error = begin(jobs, job, false);
  if (error != 0)
    job->is_used = false;
  return error;
}

int xpf_board_jobs_toggle(struct xpf_board_jobs *jobs, enum xpf_board_job_id id, pid_t pid,
                          unsigned thread_id) {
  struct job *running = NULL;
  pthread_mutex_lock(&jobs->lock);
  for (size_t i = 0; i < JOBS_MAX; i++) {
    struct job *job = &jobs->jobs[i];
    if (job->is_used && job->is_working && job->id == id && job->pid == pid &&
        job->thread_id == thread_id)
      running = job;
  }
  int error = 0;
  if (running == NULL)
    error = start(jobs, id, pid, thread_id);
  else if (kinds[id].stop != NULL)
    error = begin(jobs, running, true);
  pthread_mutex_unlock(&jobs->lock);
  return error;
}

static int by_serial(const void *a, const void *b) {
  const struct job *left = *(const struct job *const *)a, *right = *(const struct job *const *)b;
  return (left->serial > right->serial) - (left->serial < right->serial);
}

size_t xpf_board_jobs_notes(struct xpf_board_jobs *jobs, struct xpf_board_note *out, size_t max) {
  const struct job *list[JOBS_MAX];
  size_t count = 0, used = 0;
  pthread_mutex_lock(&jobs->lock);
  for (size_t i = 0; i < JOBS_MAX; i++) {
    struct job *job = &jobs->jobs[i];
    job->note.age_s = job->is_working ? 0 : (double)(xpf_os_now_ns() - job->ended_ns) / 1e9;
    if (job->is_used && job->note.age_s <= KEPT_S)
      list[count++] = job;
  }
  qsort(list, count, sizeof *list, by_serial);
  for (size_t i = count > max ? count - max : 0; i < count; i++)
    out[used++] = list[i]->note;
  pthread_mutex_unlock(&jobs->lock);
  return used;
}

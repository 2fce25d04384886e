#include "core/job.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/job_flow.h"
#include "core/local_client.h"
#include "core/sigterm.h"
#include "core/snapshot_memory.h"
#include "xpf_protocol.h"

#define TICK_MS    100
#define RELEASE_MS 1000
#define CUT_MS     1000

struct xpf_job *xpf_jobs;
static pthread_mutex_t jobs_lock = PTHREAD_MUTEX_INITIALIZER; /* the list, for waiting threads */
static pthread_cond_t jobs_changed = PTHREAD_COND_INITIALIZER;
static uv_timer_t tick;
static bool tick_ready;
static struct {
  void (*done)(void *arg);
  void *arg;
  uint64_t since_ns, deadline_ns;
} ending;

#define JOB_OF(pointer, member)                                                                    \
  ((struct xpf_job *)((char *)(pointer)-offsetof(struct xpf_job, member)))

void xpf_job_unref(struct xpf_job *job) {
  if (__atomic_sub_fetch(&job->refs, 1, __ATOMIC_ACQ_REL) > 0)
    return;
  if (job->type->free)
    job->type->free(job);
  if (job->thread)
    xpf_thread_unref(job->thread);
  free(job->data);
  free(job);
}

void xpf_job_fail(struct xpf_job *job, int code, const char *message) {
  if (job->error)
    return;
  job->error = -ECANCELED;
  xpf_fault_set(&job->fault, code, "", "%s", message);
}

/* ---- the list -------------------------------------------------------------------------------- */

void xpf_job_list_add(struct xpf_job *job) {
  pthread_mutex_lock(&jobs_lock);
  struct xpf_job **link = &xpf_jobs;
  while (*link)
    link = &(*link)->next;
  *link = job;
  pthread_mutex_unlock(&jobs_lock);
}

static void list_remove(struct xpf_job *job) {
  pthread_mutex_lock(&jobs_lock);
  struct xpf_job **link = &xpf_jobs;
  while (*link && *link != job)
    link = &(*link)->next;
  if (*link)
    *link = job->next;
  pthread_cond_broadcast(&jobs_changed);
  pthread_mutex_unlock(&jobs_lock);
}

struct xpf_job *xpf_job_find(const struct xpf_job_type *type, uint32_t thread_id,
                             enum xpf_job_state from, enum xpf_job_state to) {
  for (struct xpf_job *job = xpf_jobs; job; job = job->next)
    if (job->type == type && job->thread_id == thread_id && job->state >= from && job->state <= to)
      return job;
  return NULL;
}

static bool is_any(const struct xpf_job *job, uint32_t thread_id) {
  (void)job;
  (void)thread_id;
  return true;
}

static bool is_of_thread(const struct xpf_job *job, uint32_t thread_id) {
  return job->thread_id == thread_id;
}

/* What xpf_thread_items_save has ended. */
static bool is_saved(const struct xpf_job *job, uint32_t thread_id) {
  return job->thread_id == thread_id && !job->type->streams &&
         __atomic_load_n(&job->ended_by, __ATOMIC_RELAXED) != NULL;
}

static bool any_left(bool (*is_awaited)(const struct xpf_job *job, uint32_t thread_id),
                     uint32_t thread_id) {
  for (struct xpf_job *job = xpf_jobs; job; job = job->next)
    if (is_awaited(job, thread_id))
      return true;
  return false;
}

static void wait_for(bool (*is_awaited)(const struct xpf_job *job, uint32_t thread_id),
                     uint32_t thread_id, unsigned limit_s) {
  struct timespec limit;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += limit_s;
  int err = 0;
  pthread_mutex_lock(&jobs_lock);
  while (err == 0 && any_left(is_awaited, thread_id))
    err = pthread_cond_timedwait(&jobs_changed, &jobs_lock, &limit);
  pthread_mutex_unlock(&jobs_lock);
}

void xpf_jobs_wait_thread(uint32_t thread_id, unsigned limit_s) {
  wait_for(is_of_thread, thread_id, limit_s);
}

void xpf_jobs_wait_saved(uint32_t thread_id, unsigned limit_s) {
  wait_for(is_saved, thread_id, limit_s);
}

void xpf_jobs_wait(unsigned limit_s) {
  wait_for(is_any, 0, limit_s);
}

/* ---- the end of a job ------------------------------------------------------------------------ */

static void on_timer_closed(uv_handle_t *handle) {
  free(handle);
}

static void timer_stop(struct xpf_job *job) {
  if (job->timer)
    uv_close((uv_handle_t *)job->timer, on_timer_closed);
  job->timer = NULL;
}

static void finish(struct xpf_job *job) {
  if (job->state == XPF_JOB_FINISHED)
    return;
  timer_stop(job);
  job->state = XPF_JOB_FINISHED;
  bool told = xpf_job_answer_all(job);
  if (job->error && !(told && job->fault.code == XPF_RPC_CANCELLED))
    xpf_core_log(XPF_LOG_ERROR, job->type->kind, job->thread_id, "%s: %s", job->name,
                 job->fault.message);
  else if (!job->error)
    xpf_core_log(XPF_LOG_DEBUG, "dump_action", job->thread_id, "%s: %s/%s, %llu bytes.",
                 job->type->action, job->dir, job->name, (unsigned long long)job->bytes);
  if (!job->error && !job->in_memory)
    xpf_local_clients_tell(xpf_job_written_line, job);
  list_remove(job);
  xpf_job_unref(job);
}

/* ---- steps on the JS thread ------------------------------------------------------------------ */

void xpf_job_add_pause(struct xpf_job *job, uint64_t spent_ns) {
  __atomic_add_fetch(&job->paused_ns, spent_ns, __ATOMIC_RELAXED);
}

static void add_pause(struct xpf_job *job, uint64_t since_ns) {
  xpf_job_add_pause(job, uv_hrtime() - since_ns);
}

/* False: it ends later. */
static bool end_on_thread(struct xpf_job *job, struct xpf_thread *thread, bool is_last) {
  uint64_t since = uv_hrtime();
  if (!job->ended_ns)
    job->ended_ns = since;
  int err = job->type->end(job, thread, is_last, &job->fault);
  if (err < 0)
    job->error = err;
  if (err != XPF_JOB_ENDS_LATER && !is_last)
    xpf_snapshot_memory_return_rest(job->began_ns);
  add_pause(job, since);
  return err != XPF_JOB_ENDS_LATER;
}

static void on_thread_end(struct xpf_thread_item *item, struct xpf_thread *thread,
                          const char *reason) {
  struct xpf_job *job = JOB_OF(item, item);
  job->item_added = false;
  if (job->type->stop_action) {
    __atomic_store_n(&job->ended_by, reason, __ATOMIC_RELAXED);
    end_on_thread(job, thread, true);
    xpf_core_post(&job->ended);
  } else {
    job->type->release(job, thread); /* the writer has returned what it borrowed */
    xpf_core_post(&job->released);
  }
}

static void run_begin(struct xpf_task *task, struct xpf_thread *thread) {
  struct xpf_job *job = JOB_OF(task, begin_task);
  uint64_t since = uv_hrtime();
  __atomic_store_n(&job->is_on_thread, 1, __ATOMIC_RELAXED);
  int err = job->type->begin(job, thread, &job->fault);
  add_pause(job, since);
  job->began_ns = uv_hrtime();
  if (err) {
    job->error = err;
  } else if (job->type->stop_action || job->type->release) {
    job->item.on_end = on_thread_end;
    job->item.survives_fatal = job->type->survives_fatal;
    job->item.is_profile = job->type->stop_action && !job->type->streams;
    job->item_added = true;
    xpf_thread_item_add(thread, &job->item);
    if (job->type->release) {
      job->is_borrowing = true;
      xpf_thread_borrow(thread);
    }
  }
  xpf_core_post(&job->begun);
}

static void cancel_begin(struct xpf_task *task, const char *reason) {
  struct xpf_job *job = JOB_OF(task, begin_task);
  char text[128];
  snprintf(text, sizeof text, "thread %u ended (%s) before %s began.", job->thread_id, reason,
           job->type->action);
  xpf_job_fail(job, XPF_RPC_THREAD, text);
  xpf_core_post(&job->begun);
}

static void leave_thread(struct xpf_job *job, struct xpf_thread *thread) {
  xpf_thread_item_remove(thread, &job->item);
  job->item_added = false;
  xpf_core_post(&job->ended);
}

static void run_end(struct xpf_task *task, struct xpf_thread *thread) {
  struct xpf_job *job = JOB_OF(task, end_task);
  if (job->item_added && end_on_thread(job, thread, false))
    leave_thread(job, thread);
  xpf_job_unref(job);
}

void xpf_job_end_now(struct xpf_job *job) {
  if (job->item_added && end_on_thread(job, job->thread, false))
    leave_thread(job, job->thread);
}

/* The thread ends: its item finishes the job, right after this. */
static void cancel_end(struct xpf_task *task, const char *reason) {
  (void)reason;
  xpf_job_unref(JOB_OF(task, end_task));
}

static void run_release(struct xpf_task *task, struct xpf_thread *thread) {
  struct xpf_job *job = JOB_OF(task, release_task);
  if (job->item_added) {
    xpf_thread_item_remove(thread, &job->item);
    job->item_added = false;
    uint64_t since = uv_hrtime();
    job->type->release(job, thread);
    add_pause(job, since);
    xpf_core_post(&job->released);
  }
  xpf_job_unref(job);
}

static void cancel_release(struct xpf_task *task, const char *reason) {
  (void)reason;
  xpf_job_unref(JOB_OF(task, release_task));
}

/* ---- steps on the core thread ---------------------------------------------------------------- */

void xpf_job_post_end(struct xpf_job *job) {
  timer_stop(job);
  if (job->end_posted)
    return;
  job->end_posted = true;
  if (job->state <= XPF_JOB_RUNNING)
    job->state = XPF_JOB_STOPPING;
  __atomic_add_fetch(&job->refs, 1, __ATOMIC_RELAXED);
  if (xpf_thread_post(job->thread, &job->end_task) != 0)
    xpf_job_unref(job); /* the thread's end finishes the job */
}

static void on_profiling_time(uv_timer_t *timer) {
  xpf_job_post_end(timer->data);
}

static void timer_start(struct xpf_job *job) {
  job->timer = calloc(1, sizeof *job->timer);
  if (!job->timer) {
    xpf_job_post_end(job); /* better a short profile than one that nobody ends */
    return;
  }
  uv_loop_t *loop = xpf_core_loop();
  uv_timer_init(loop, job->timer);
  job->timer->data = job;
  uv_update_time(loop);
  double passed = (double)(uv_hrtime() - job->began_ns) / 1e6;
  double left = job->profiling_ms > passed ? job->profiling_ms - passed : 0;
  /* The loop's clock is cut to whole ms: one more, so that a profile is never too short. */
  uv_timer_start(job->timer, on_profiling_time, (uint64_t)left + 1 + (left > (uint64_t)left), 0);
}

static void start_writer(struct xpf_job *job) {
  int err = xpf_core_thread_create(&job->writer, xpf_job_write, job);
  if (err) {
    job->error = err;
    xpf_fault_set(&job->fault, XPF_RPC_INTERNAL, "", "no thread for writing: %s", uv_strerror(err));
    xpf_job_return_borrowed(job);
    job->writer = 0;
    xpf_core_post(&job->written); /* later: our caller still uses the job */
  }
}

void xpf_job_start_writing(struct xpf_job *job) {
  job->state = XPF_JOB_WRITING;
  start_writer(job);
}

static void on_begun(struct xpf_call *call) {
  struct xpf_job *job = JOB_OF(call, begun);
  if (job->error) {
    xpf_job_finish_early(job);
    return;
  }
  if (!job->type->stop_action) {
    xpf_job_start_writing(job);
    return;
  }
  if (job->state == XPF_JOB_QUEUED)
    job->state = XPF_JOB_RUNNING;
  if (job->type->streams)
    start_writer(job);
  xpf_sigterm_arm(); /* first: who gets the answer may send the signal */
  xpf_job_answer_early(job);
  if (__atomic_load_n(&job->cancelled, __ATOMIC_RELAXED))
    xpf_job_post_end(job);
  else if (job->profiling_ms > 0 && !job->end_posted)
    timer_start(job);
}

static void on_ended(struct xpf_call *call) {
  struct xpf_job *job = JOB_OF(call, ended);
  if (job->is_cut)
    return;
  timer_stop(job);
  xpf_sigterm_disarm();
  if (job->type->streams) { /* the error is the writer's */
    job->state = XPF_JOB_WRITING;
    xpf_job_answer_early(job);
    if (job->is_written)
      finish(job);
    return;
  }
  if (job->error) {
    xpf_job_return_borrowed(job);
    finish(job);
    return;
  }
  xpf_job_start_writing(job); /* a cancelled one too: it discards what it has */
  xpf_job_answer_early(job);
}

static void on_written(struct xpf_call *call) {
  struct xpf_job *job = JOB_OF(call, written);
  if (job->writer)
    uv_thread_join(&job->writer);
  if (job->type->streams && job->state < XPF_JOB_WRITING) {
    job->is_written = true; /* the file is full, or cannot be written */
    xpf_job_post_end(job);
    return;
  }
  if (!job->type->release || job->without_thread || job->is_released) {
    finish(job);
    return;
  }
  job->state = XPF_JOB_RELEASING;
  job->releasing_ns = uv_hrtime();
  __atomic_add_fetch(&job->refs, 1, __ATOMIC_RELAXED);
  if (xpf_thread_post(job->thread, &job->release_task) != 0)
    xpf_job_unref(job); /* the thread's end releases */
}

static void on_released(struct xpf_call *call) {
  struct xpf_job *job = JOB_OF(call, released);
  job->is_released = true; /* at a thread's end this comes before `written` */
  if (job->state == XPF_JOB_RELEASING)
    finish(job);
  xpf_job_unref(job); /* the reference kept for this call */
}

void xpf_job_finish_early(struct xpf_job *job) {
  if (job->type->release)
    job->refs--; /* `released` will not come */
  finish(job);
}

static void go_on_without_thread(struct xpf_job *job) {
  if (!xpf_thread_take_back(job->thread, &job->begin_task))
    return;
  job->without_thread = true;
  job->began_ns = uv_hrtime();
  xpf_job_start_writing(job);
}

static void cut(struct xpf_job *job) {
  job->refs++; /* for good: the thread still has it among its items */
  job->is_cut = true;
  job->ended_ns = uv_hrtime();
  xpf_sigterm_disarm();
  job->state = XPF_JOB_WRITING;
  job->type->cut(job);
}

static bool waits_for_thread(const struct xpf_job *job) {
  return job->thread && (job->state == XPF_JOB_QUEUED || job->state == XPF_JOB_STOPPING ||
                         job->state == XPF_JOB_RELEASING);
}

static void look_after(struct xpf_job *job, uint64_t now) {
  uint64_t age_ms = (now - job->accepted_ns) / 1000000;
  if (job->state <= XPF_JOB_STOPPING && age_ms >= XPF_PENDING_MS && !xpf_job_is_beginning(job) &&
      xpf_job_has_early_waiter(job))
    xpf_job_answer_early(job);
  if (job->state == XPF_JOB_QUEUED && job->type->begin_deadline_ms &&
      age_ms >= job->type->begin_deadline_ms)
    go_on_without_thread(job);
  if (job->state == XPF_JOB_STOPPING && job->type->cut && ending.done &&
      now - ending.since_ns > CUT_MS * 1000000ull)
    cut(job);
  if (waits_for_thread(job))
    xpf_thread_urge(job->thread);
  if (now - job->progress_ns >= XPF_PROGRESS_MS * 1000000ull) {
    job->progress_ns = now;
    xpf_job_progress(job);
  }
  if (job->state == XPF_JOB_RELEASING && now - job->releasing_ns > RELEASE_MS * 1000000ull)
    xpf_job_answer_all(job); /* the file is there; the thread gives V8's memory back later */
}

static void ending_check(uint64_t now) {
  if (!ending.done || (xpf_jobs && now < ending.deadline_ns))
    return;
  void (*done)(void *) = ending.done;
  ending.done = NULL;
  done(ending.arg);
}

static void on_tick(uv_timer_t *timer) {
  (void)timer;
  uint64_t now = uv_hrtime();
  struct xpf_job *next;
  for (struct xpf_job *job = xpf_jobs; job; job = next) {
    next = job->next;
    look_after(job, now);
  }
  ending_check(now);
  if (!xpf_jobs && !ending.done)
    uv_timer_stop(&tick);
}

void xpf_job_tick_start(void) {
  if (!tick_ready) {
    uv_timer_init(xpf_core_loop(), &tick);
    tick_ready = true;
  }
  if (!uv_is_active((uv_handle_t *)&tick))
    uv_timer_start(&tick, on_tick, TICK_MS, TICK_MS);
}

void xpf_jobs_close(void) {
  for (struct xpf_job *job = xpf_jobs; job; job = job->next)
    timer_stop(job);
  if (tick_ready)
    uv_close((uv_handle_t *)&tick, NULL);
  tick_ready = false;
}

void xpf_jobs_end_all(const char *reason, unsigned limit_ms, void (*done)(void *arg), void *arg) {
  ending.done = done;
  ending.arg = arg;
  ending.since_ns = uv_hrtime();
  ending.deadline_ns = ending.since_ns + limit_ms * 1000000ull;
  for (struct xpf_job *job = xpf_jobs; job; job = job->next) {
    if (!job->type->stop_action || job->state > XPF_JOB_RUNNING)
      continue;
    __atomic_store_n(&job->ended_by, reason, __ATOMIC_RELAXED);
    xpf_job_post_end(job);
  }
  xpf_job_tick_start();
}

void xpf_job_set_steps(struct xpf_job *job) {
  job->begin_task.needs_loop = job->end_task.needs_loop = job->type->needs_loop;
  job->begin_task.run = run_begin;
  job->begin_task.cancel = cancel_begin;
  job->end_task.run = run_end;
  job->end_task.cancel = cancel_end;
  job->release_task.run = run_release;
  job->release_task.cancel = cancel_release;
  job->begun.run = on_begun;
  job->ended.run = on_ended;
  job->written.run = on_written;
  job->released.run = on_released;
}

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/job.h"
#include "core/local_client.h"
#include "core/server.h"
#include "host/os.h"
#include "wire/reply.h"
#include "xpf_protocol.h"

struct xpf_job_waiter {
  struct xpf_job_waiter *next;
  uint64_t client_id;
  cJSON *id; /* NULL: a notification, nobody to answer */
  bool wait, wants_data;
};

int xpf_job_waiter_add(struct xpf_job *job, const struct xpf_command_call *call, bool wait) {
  struct xpf_job_waiter *waiter = calloc(1, sizeof *waiter);
  if (!waiter)
    return -ENOMEM;
  waiter->client_id = call->client_id;
  waiter->wait = wait;
  waiter->wants_data = job->in_memory && !job->waiters; /* who started it */
  waiter->id = call->id ? cJSON_Duplicate(call->id, true) : NULL;
  if (call->id && !waiter->id) { /* an answer without it would find nobody */
    free(waiter);
    return -ENOMEM;
  }
  waiter->next = job->waiters;
  job->waiters = waiter;
  xpf_server_work_begin(call->client_id);
  return 0;
}

static void waiter_free(struct xpf_job_waiter *waiter) {
  xpf_server_work_end(waiter->client_id);
  cJSON_Delete(waiter->id);
  free(waiter);
}

static void waiters_free(struct xpf_job *job) {
  while (job->waiters) {
    struct xpf_job_waiter *waiter = job->waiters;
    job->waiters = waiter->next;
    waiter_free(waiter);
  }
}

/* Before, the error and the figures belong to the thread that works on the job. After, the file is
 * there, or never will be; only V8's memory may still have to be given back. */
static bool is_settled(const struct xpf_job *job) {
  return job->state >= XPF_JOB_RELEASING;
}

bool xpf_job_is_beginning(const struct xpf_job *job) {
  return job->state == XPF_JOB_QUEUED && __atomic_load_n(&job->is_on_thread, __ATOMIC_RELAXED);
}

/* While V8 makes a snapshot, its thread has begun. */
static const char *state_name(const struct xpf_job *job, bool is_pending) {
  if (is_pending)
    return "pending";
  switch (job->state) {
  case XPF_JOB_QUEUED:
    return job->type->stop_action ? "running" : "writing";
  case XPF_JOB_RUNNING:
    return "running";
  case XPF_JOB_RELEASING:
  case XPF_JOB_FINISHED:
    return "written";
  default:
    return "writing";
  }
}

static double ms(uint64_t ns) {
  return (double)(ns / 1000) / 1000;
}

/* What keeps the thread from beginning, in words and figures. */
static cJSON *pending_json(const struct xpf_job *job) {
  cJSON *pending = cJSON_CreateObject();
  char reason[256];
  struct xpf_os_task task;
  if (!job->thread)
    return pending;
  double blocked_ms = ms(xpf_thread_blocked_ns(job->thread));
  int err = xpf_os_task(0, xpf_thread_tid(job->thread), &task);
  if (err)
    snprintf(reason, sizeof reason, "thread %u cannot be looked at", job->thread_id);
  else if (task.state == 'R')
    snprintf(reason, sizeof reason,
             "thread %u computes and has not reached an interrupt check of V8 for %.0f ms",
             job->thread_id, blocked_ms);
  else
    snprintf(reason, sizeof reason,
             "thread %u is blocked in native code for %.0f ms (kernel state %c%s%s)",
             job->thread_id, blocked_ms, task.state, task.wait_channel[0] ? ", " : "",
             task.wait_channel);
  cJSON_AddNumberToObject(pending, "since_ms", ms(uv_hrtime() - job->accepted_ns));
  cJSON_AddNumberToObject(pending, "blocked_ms", blocked_ms);
  cJSON_AddStringToObject(pending, "reason", reason);
  return pending;
}

static void add_end(const struct xpf_job *job, cJSON *result) {
  cJSON_AddNumberToObject(result, "bytes", (double)job->bytes);
  if (job->type->stop_action && job->ended_ns > job->began_ns)
    cJSON_AddNumberToObject(result, "duration_ms", ms(job->ended_ns - job->began_ns));
  const char *ended_by = __atomic_load_n(&job->ended_by, __ATOMIC_RELAXED);
  if (ended_by)
    cJSON_AddStringToObject(result, "ended_by", ended_by);
  if (job->type->describe)
    job->type->describe(job, result);
}

static cJSON *result_json(const struct xpf_job *job) {
  char path[sizeof job->dir + sizeof job->name + 1];
  snprintf(path, sizeof path, "%s/%s", job->dir, job->name);
  cJSON *result = cJSON_CreateObject();
  bool is_pending = job->state == XPF_JOB_QUEUED && !xpf_job_is_beginning(job);
  if (!job->in_memory)
    cJSON_AddStringToObject(result, "filepath", path);
  cJSON_AddStringToObject(result, "state", state_name(job, is_pending));
  if (job->type->needs_thread)
    cJSON_AddNumberToObject(result, "thread_id", job->thread_id);
  cJSON_AddNumberToObject(result, "paused_ms",
                          ms(__atomic_load_n(&job->paused_ns, __ATOMIC_RELAXED)));
  if (is_pending)
    cJSON_AddItemToObject(result, "pending", pending_json(job));
  if (is_settled(job))
    add_end(job, result);
  else if (job->type->streams && job->type->describe)
    job->type->describe(job, result); /* its figures so far */
  return result;
}

/* NULL when there was no memory for what must be in it: no answer is better than half of one. */
static char *result_line(const struct xpf_job *job, const struct xpf_job_waiter *waiter) {
  cJSON *result = result_json(job);
  if (cJSON_HasObjectItem(result, "state") &&
      (job->in_memory || cJSON_HasObjectItem(result, "filepath")))
    return xpf_reply_result(waiter->id, result);
  cJSON_Delete(result);
  return NULL;
}

static void answer_with_data(struct xpf_job *job, struct xpf_job_waiter *waiter) {
  char *data = job->data;
  job->data = NULL;
  xpf_local_client_deliver(waiter->client_id, result_line(job, waiter), data, job->bytes);
}

static void answer(struct xpf_job *job, struct xpf_job_waiter *waiter) {
  if (!waiter->id)
    return;
  if (is_settled(job) && job->error)
    xpf_server_send(waiter->client_id, xpf_reply_error(waiter->id, &job->fault, NULL));
  else if (is_settled(job) && job->data && waiter->wants_data)
    answer_with_data(job, waiter);
  else
    xpf_server_send(waiter->client_id, result_line(job, waiter));
}

void xpf_job_answer_early(struct xpf_job *job) {
  struct xpf_job_waiter **link = &job->waiters;
  while (*link) {
    struct xpf_job_waiter *waiter = *link;
    if (waiter->wait) {
      link = &waiter->next;
      continue;
    }
    *link = waiter->next;
    answer(job, waiter);
    waiter_free(waiter);
  }
}

bool xpf_job_answer_all(struct xpf_job *job) {
  bool told = false;
  for (struct xpf_job_waiter *waiter = job->waiters; waiter; waiter = waiter->next) {
    answer(job, waiter);
    told = true;
  }
  waiters_free(job);
  return told;
}

bool xpf_job_has_early_waiter(const struct xpf_job *job) {
  for (const struct xpf_job_waiter *waiter = job->waiters; waiter; waiter = waiter->next)
    if (!waiter->wait)
      return true;
  return false;
}

/* A numeric id keeps its exact text; comparing doubles would take neighbours for equal. */
static bool same_id(const cJSON *a, const cJSON *b) {
  if (a->valuestring && b->valuestring)
    return strcmp(a->valuestring, b->valuestring) == 0;
  return cJSON_IsNumber(a) && cJSON_IsNumber(b) && a->valuedouble == b->valuedouble;
}

bool xpf_job_has_waiter(const struct xpf_job *job, uint64_t client_id, const cJSON *id) {
  for (const struct xpf_job_waiter *waiter = job->waiters; waiter; waiter = waiter->next)
    if (waiter->client_id == client_id && waiter->id && same_id(waiter->id, id))
      return true;
  return false;
}

static cJSON *progress_json(struct xpf_job *job, const struct xpf_job_waiter *waiter) {
  cJSON *params = result_json(job);
  cJSON_AddItemToObject(params, "id", cJSON_Duplicate(waiter->id, true));
  cJSON_AddNumberToObject(params, "elapsed_ms", ms(uv_hrtime() - job->accepted_ns));
  uint32_t total = __atomic_load_n(&job->total, __ATOMIC_RELAXED);
  if (total > 0) {
    cJSON_AddNumberToObject(params, "done", __atomic_load_n(&job->done, __ATOMIC_RELAXED));
    cJSON_AddNumberToObject(params, "total", total);
  }
  return params;
}

void xpf_job_progress(struct xpf_job *job) {
  for (struct xpf_job_waiter *waiter = job->waiters; waiter; waiter = waiter->next)
    if (waiter->wait && waiter->id) {
      char *line = xpf_notification("progress", progress_json(job, waiter));
      if (line) /* one that there was no memory for is no loss */
        xpf_server_send(waiter->client_id, line);
    }
}

char *xpf_job_written_line(void *arg) {
  struct xpf_job *job = arg;
  cJSON *params = result_json(job);
  cJSON_AddStringToObject(params, "command", job->type->command);
  return xpf_notification("written", params);
}

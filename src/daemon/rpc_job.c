#include "daemon/rpc_job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "host/os.h"
#include "xpf_protocol.h"

enum state { QUEUED, ON_POOL, BETWEEN, LATER };

struct xpf_rpc_job {
  uv_work_t work; /* first */
  uv_timer_t timer;
  struct xpf_rpc_call call;
  struct xpf_rpc_jobs *all;
  struct xpf_rpc_job *next;
  enum state state;
  cJSON *params;
  struct xpf_rpc_asker *askers;
  int64_t deadline_ms;
  bool is_cancelled;
};

struct xpf_rpc_jobs {
  struct xpf_daemon *daemon;
  struct xpf_rpc_job *first; /* in the order they came */
  unsigned count;            /* in memory: those that ended too, until their timer is closed */
  unsigned active;           /* in work */
  unsigned on_pool, later;
  bool is_running; /* run_next is at work */
  void (*closed)(void *arg);
  void *closed_arg;
};

int xpf_rpc_jobs_new(struct xpf_rpc_jobs **out, struct xpf_daemon *daemon) {
  *out = calloc(1, sizeof **out);
  if (!*out)
    return -ENOMEM;
  (*out)->daemon = daemon;
  return 0;
}

/* ---- the life of a job ---- */

static void run_next(struct xpf_rpc_jobs *all);

static void free_when_closed(struct xpf_rpc_jobs *all) {
  if (!all->closed || all->count > 0)
    return;
  void (*closed)(void *) = all->closed;
  void *arg = all->closed_arg;
  free(all);
  closed(arg);
}

static void on_timer_closed(uv_handle_t *handle) {
  struct xpf_rpc_job *job = handle->data;
  struct xpf_rpc_jobs *all = job->all;
  cJSON_Delete(job->params);
  xpf_memory_sink_free(&job->call.out);
  free(job);
  all->count--;
  free_when_closed(all);
}

static void unlink_job(struct xpf_rpc_job *job) {
  struct xpf_rpc_job **at = &job->all->first;
  while (*at != job)
    at = &(*at)->next;
  *at = job->next;
}

/* Nothing of it runs any more. */
static void end(struct xpf_rpc_job *job) {
  if (job->call.state && job->call.method->free_state)
    job->call.method->free_state(&job->call);
  unlink_job(job);
  job->all->active--;
  uv_close((uv_handle_t *)&job->timer, on_timer_closed);
}

static void answer(struct xpf_rpc_job *job, const struct xpf_rpc_call *call,
                   const struct xpf_fault *fault) {
  struct xpf_rpc_asker *asker;
  while ((asker = job->askers)) {
    job->askers = asker->next;
    asker->job = NULL;
    asker->answered(asker, call, fault);
  }
}

static void check_output(struct xpf_rpc_call *call) {
  if (call->fault.code || !call->out.sink.error)
    return;
  if (call->out.sink.error == -EFBIG)
    xpf_fault_set(&call->fault, XPF_RPC_REFUSED, "", "The answer of %s is longer than %zu bytes.",
                  call->method->name, XPF_RPC_ANSWER_MAX);
  else
    xpf_fault_set(&call->fault, XPF_RPC_INTERNAL, "", "Out of memory.");
}

static void finish(struct xpf_rpc_job *job) {
  check_output(&job->call);
  answer(job, &job->call, job->call.fault.code ? &job->call.fault : NULL);
  end(job);
}

static void on_pool(uv_work_t *work) {
  struct xpf_rpc_call *call = &((struct xpf_rpc_job *)work)->call;
  call->at_ms = xpf_world_now_ms();
  call->at_ns[call->round] = xpf_os_now_ns();
  call->method->run(call);
}

static void on_between(uv_timer_t *timer) {
  struct xpf_rpc_job *job = timer->data;
  job->call.round = 1;
  job->state = QUEUED;
  run_next(job->all);
}

static void on_pool_done(uv_work_t *work, int status) {
  struct xpf_rpc_job *job = (struct xpf_rpc_job *)work;
  struct xpf_rpc_jobs *all = job->all;
  struct xpf_rpc_call *call = &job->call;
  all->on_pool--;
  bool goes_on = status == 0 && !job->is_cancelled && job->askers && !call->fault.code;
  if (goes_on && call->method->how == XPF_RPC_TWICE && call->round == 0) {
    job->state = BETWEEN;
    uv_update_time(all->daemon->loop);
    uv_timer_start(&job->timer, on_between, (uint64_t)(call->seconds * 1000), 0);
  } else {
    finish(job);
  }
  run_next(all);
}

void xpf_rpc_call_done(struct xpf_rpc_call *call) {
  struct xpf_rpc_job *job =
      (struct xpf_rpc_job *)((char *)call - offsetof(struct xpf_rpc_job, call));
  struct xpf_rpc_jobs *all = job->all;
  all->later--;
  finish(job);
  run_next(all);
}

/* False when it has to wait for its turn. */
static bool start(struct xpf_rpc_job *job) {
  struct xpf_rpc_jobs *all = job->all;
  if (job->call.method->how == XPF_RPC_LATER) {
    if (all->later > 0)
      return false;
    all->later++;
    job->state = LATER;
    job->call.at_ms = xpf_world_now_ms();
    job->call.method->run(&job->call); /* the job may be gone now */
    return true;
  }
  if (all->on_pool == XPF_RPC_ON_POOL_MAX ||
      uv_queue_work(all->daemon->loop, &job->work, on_pool, on_pool_done) != 0)
    return false;
  all->on_pool++;
  job->state = ON_POOL;
  return true;
}

/* Jobs that began to measure first: their second look is due. */
static struct xpf_rpc_job *next_queued(const struct xpf_rpc_jobs *all, unsigned round) {
  for (struct xpf_rpc_job *job = all->first; job; job = job->next)
    if (job->state == QUEUED && job->call.round == round &&
        (job->call.method->how == XPF_RPC_LATER ? all->later == 0
                                                : all->on_pool < XPF_RPC_ON_POOL_MAX))
      return job;
  return NULL;
}

static void run_next(struct xpf_rpc_jobs *all) {
  if (all->is_running || all->closed)
    return;
  all->is_running = true;
  struct xpf_rpc_job *job;
  while ((job = next_queued(all, 1)) || (job = next_queued(all, 0)))
    if (!start(job))
      break;
  all->is_running = false;
}

/* ---- asking ---- */

static void refuse(struct xpf_rpc_asker *asker, int code, const char *sentence) {
  struct xpf_fault fault;
  xpf_fault_set(&fault, code, "", "%s", sentence);
  asker->answered(asker, NULL, &fault);
}

static struct xpf_rpc_job *make(struct xpf_rpc_jobs *all, const struct xpf_rpc_method *method,
                                const cJSON *params, bool is_raw) {
  struct xpf_rpc_job *job = calloc(1, sizeof *job);
  if (!job)
    return NULL;
  if (params && !(job->params = cJSON_Duplicate(params, true))) {
    free(job);
    return NULL;
  }
  job->all = all;
  uv_timer_init(all->daemon->loop, &job->timer);
  job->timer.data = job;
  struct xpf_rpc_call *call = &job->call;
  call->method = method;
  call->daemon = all->daemon;
  call->proc = xpf_settings_text(all->daemon->settings, XPF_SETTING_PROC_DIR);
  call->sys = xpf_settings_text(all->daemon->settings, XPF_SETTING_SYS_DIR);
  call->params = job->params;
  call->is_raw = is_raw;
  call->seconds = 1;
  xpf_memory_sink_init(&call->out, XPF_RPC_ANSWER_MAX);
  xpf_json_init(&call->json, &call->out.sink, false);
  job->deadline_ms = xpf_world_now_ms() + XPF_RPC_DEADLINE_MS;
  struct xpf_rpc_job **last = &all->first;
  while (*last)
    last = &(*last)->next;
  *last = job;
  all->count++;
  all->active++;
  return job;
}

/* How long between the looks. False with the fault filled. */
static bool read_seconds(struct xpf_rpc_call *call) {
  const cJSON *seconds = cJSON_GetObjectItemCaseSensitive(call->params, "seconds");
  if (!seconds || cJSON_IsNull(seconds))
    return true;
  if (cJSON_IsNumber(seconds) && seconds->valuedouble >= XPF_RPC_SECONDS_MIN &&
      seconds->valuedouble <= XPF_RPC_SECONDS_MAX) {
    call->seconds = seconds->valuedouble;
    return true;
  }
  xpf_fault_set(&call->fault, XPF_RPC_PARAMS, "seconds", "seconds must be a number from %g to %g.",
                XPF_RPC_SECONDS_MIN, XPF_RPC_SECONDS_MAX);
  return false;
}

static bool is_same(const struct xpf_rpc_job *job, const struct xpf_rpc_method *method,
                    const cJSON *params, bool is_raw) {
  if (job->call.method != method || job->call.is_raw != is_raw || job->is_cancelled)
    return false;
  /* A file that is being read may have been read before the question was asked. */
  if (method->how == XPF_RPC_POOL && job->state != QUEUED)
    return false;
  return (!job->params && !params) ||
         (job->params && params && cJSON_Compare(job->params, params, true));
}

void xpf_rpc_jobs_ask(struct xpf_rpc_jobs *all, const struct xpf_rpc_method *method,
                      const cJSON *params, bool is_raw, struct xpf_rpc_asker *asker) {
  asker->job = NULL;
  struct xpf_rpc_job *job = all->first;
  while (job && !is_same(job, method, params, is_raw))
    job = job->next;
  if (!job && all->active >= XPF_RPC_JOBS_MAX) {
    refuse(asker, XPF_RPC_BUSY, "Too many requests are in work; try again later.");
    return;
  }
  if (!job && !(job = make(all, method, params, is_raw))) {
    refuse(asker, XPF_RPC_INTERNAL, "Out of memory.");
    return;
  }
  asker->job = job;
  asker->next = job->askers;
  job->askers = asker;
  if (method->how == XPF_RPC_LOOP) {
    job->call.at_ms = xpf_world_now_ms();
    method->run(&job->call);
    finish(job);
  } else if (!read_seconds(&job->call)) {
    finish(job);
  } else {
    run_next(all);
  }
}

static void cancel(struct xpf_rpc_job *job) {
  if (job->is_cancelled)
    return;
  job->is_cancelled = true;
  if (job->state == ON_POOL)
    uv_cancel((uv_req_t *)&job->work); /* one that has begun goes on */
  else if (job->state == LATER && job->call.method->cancel)
    job->call.method->cancel(&job->call);
  else if (job->state == QUEUED || job->state == BETWEEN)
    end(job);
}

void xpf_rpc_asker_leave(struct xpf_rpc_asker *asker) {
  struct xpf_rpc_job *job = asker->job;
  if (!job)
    return;
  struct xpf_rpc_asker **at = &job->askers;
  while (*at != asker)
    at = &(*at)->next;
  *at = asker->next;
  asker->job = NULL;
  if (!job->askers)
    cancel(job);
}

void xpf_rpc_jobs_tick(struct xpf_rpc_jobs *all, int64_t now_ms) {
  struct xpf_rpc_job *next;
  for (struct xpf_rpc_job *job = all->first; job; job = next) {
    next = job->next;
    if (now_ms < job->deadline_ms || job->is_cancelled)
      continue;
    struct xpf_fault fault;
    xpf_fault_set(&fault, XPF_RPC_INTERNAL, "", "%s gave no answer within %d seconds.",
                  job->call.method->name, XPF_RPC_DEADLINE_MS / 1000);
    answer(job, NULL, &fault);
    cancel(job);
  }
  run_next(all);
}

void xpf_rpc_jobs_close(struct xpf_rpc_jobs *all, void (*closed)(void *arg), void *arg) {
  all->closed = closed;
  all->closed_arg = arg;
  struct xpf_fault fault;
  xpf_fault_set(&fault, XPF_RPC_REFUSED, "", "xprofd is ending.");
  struct xpf_rpc_job *next;
  for (struct xpf_rpc_job *job = all->first; job; job = next) {
    next = job->next;
    answer(job, NULL, &fault);
    cancel(job);
  }
  free_when_closed(all);
}

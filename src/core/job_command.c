#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/job.h"
#include "core/job_flow.h"
#include "core/local_client.h"
#include "xpf_protocol.h"

#define NAME_MAX_SIZE 200

void xpf_job_next_name(char *name, size_t size, const char *kind, const char *extension) {
  static unsigned counter;
  unsigned n = __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED);
  time_t now = time(NULL);
  struct tm day;
  localtime_r(&now, &day);
  snprintf(name, size, "x-%s-%d-%04d%02d%02d-%u.%s", kind, (int)getpid(), day.tm_year + 1900,
           day.tm_mon + 1, day.tm_mday, n, extension);
}

static int check_name(struct xpf_job *job, const char *name, struct xpf_fault *fault) {
  size_t size = strlen(name);
  if (size == 0 || size > NAME_MAX_SIZE || name[0] == '.' || strchr(name, '/')) {
    xpf_fault_set(fault, XPF_RPC_PARAMS, "name",
                  "name must be one file name of 1 to %d bytes without / and without a leading dot",
                  NAME_MAX_SIZE);
    return -EINVAL;
  }
  for (const char *c = name; *c; c++) {
    if ((unsigned char)*c < ' ' || *c == 127) {
      xpf_fault_set(fault, XPF_RPC_PARAMS, "name", "name must not contain control characters");
      return -EINVAL;
    }
  }
  size_t ext = strlen(job->extension);
  bool has = size > ext + 1 && name[size - ext - 1] == '.' &&
             strcmp(name + size - ext, job->extension) == 0;
  snprintf(job->name, sizeof job->name, has ? "%s" : "%s.%s", name, job->extension);
  return 0;
}

static int refuse_format(const struct xpf_job *job, struct xpf_fault *fault) {
  char names[200] = "";
  for (unsigned i = 0; i < xpf_formats_count; i++) {
    const struct xpf_format *format = &xpf_formats[i];
    if (!format->write || !(format->kinds & job->type->formats))
      continue;
    size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", format->name);
  }
  if (!names[0])
    snprintf(names, sizeof names, "%s", job->type->extension);
  xpf_fault_set(fault, XPF_RPC_PARAMS, "format", "format must be one of: %s", names);
  return -EINVAL;
}

static int parse_format(struct xpf_job *job, const cJSON *params, struct xpf_fault *fault) {
  const struct xpf_job_type *type = job->type;
  const char *name = NULL;
  int err = xpf_param_string(params, "format", 32, &name, fault);
  if (err)
    return err;
  snprintf(job->extension, sizeof job->extension, "%s", type->extension);
  if (type->format)
    job->format = xpf_format_find(type->format);
  if (!name || strcmp(name, type->extension) == 0)
    return 0;
  const struct xpf_format *format = xpf_format_find(name);
  if (!format || !format->write || !(format->kinds & type->formats))
    return refuse_format(job, fault);
  job->format = format;
  const char *extension = format->extensions + 1; /* the first, without its dot */
  snprintf(job->extension, sizeof job->extension, "%.*s", (int)strcspn(extension, " "), extension);
  return 0;
}

static int parse_name(struct xpf_job *job, const cJSON *params, struct xpf_fault *fault) {
  const char *name = NULL;
  struct xpf_config config;
  int err = xpf_param_string(params, "name", NAME_MAX_SIZE, &name, fault);
  if (err)
    return err;
  xpf_core_config(&config);
  if (!job->dir[0])
    snprintf(job->dir, sizeof job->dir, "%s", config.log_dir);
  if (name) {
    err = check_name(job, name, fault);
    if (!err && xpf_job_file_exists(job->dir, job->name)) {
      xpf_fault_set(fault, XPF_RPC_PARAMS, "name", "%s exists already in %s", job->name, job->dir);
      err = -EEXIST;
    }
    return err;
  }
  xpf_job_next_name(job->name, sizeof job->name, job->type->kind, job->extension);
  return 0;
}

/* What the process may ask of itself: another directory, or no file at all. */
static int parse_local(struct xpf_job *job, const cJSON *params, struct xpf_fault *fault) {
  const char *output = NULL, *directory = NULL;
  int err = xpf_param_string(params, "output", 16, &output, fault);
  if (!err)
    err = xpf_param_string(params, "directory", sizeof job->dir - 1, &directory, fault);
  if (err)
    return err;
  if (directory)
    snprintf(job->dir, sizeof job->dir, "%s", directory);
  job->in_memory = output && strcmp(output, "buffer") == 0 && !job->type->write_fd;
  return 0;
}

static int parse_job(struct xpf_job *job, const struct xpf_command_call *call,
                     struct xpf_fault *fault) {
  const cJSON *params = call->params;
  int err = xpf_local_client_is(call->client_id) ? parse_local(job, params, fault) : 0;
  if (!err)
    err = parse_format(job, params, fault);
  if (!err)
    err = parse_name(job, params, fault);
  if (!err && job->type->stop_action) {
    long long time_ms = 0;
    err = xpf_param_int(params, "profiling_time", -1, 7LL * 24 * 3600 * 1000, &time_ms, fault);
    job->profiling_ms = time_ms > 0 ? (double)time_ms : 0;
  }
  if (!err && job->type->parse)
    err = job->type->parse(job, params, fault);
  return err;
}

static int refuse_busy(struct xpf_command_call *call, const char *action) {
  xpf_fault_set(&call->fault, XPF_RPC_REFUSED, "", "%s is running.", action);
  return -EBUSY;
}

static int admit(struct xpf_job *job, struct xpf_command_call *call) {
  bool wait = false;
  /* One whose thread only has to give V8's memory back is no obstacle: that comes first. */
  enum xpf_job_state last = job->type->stop_action ? XPF_JOB_RUNNING : XPF_JOB_WRITING;
  int err = xpf_param_bool(call->params, "wait", &wait, &call->fault);
  if (err)
    return err;
  if (job->type->needs_thread) {
    job->thread = xpf_command_thread(call);
    if (!job->thread)
      return -ESRCH;
    job->thread_id = xpf_thread_id(job->thread);
  }
  if (xpf_job_find(job->type, job->thread_id, XPF_JOB_QUEUED, last))
    return refuse_busy(call, job->type->action);
  err = parse_job(job, call, &call->fault);
  if (!err && xpf_job_waiter_add(job, call, wait) != 0) {
    xpf_fault_set(&call->fault, XPF_RPC_INTERNAL, "", "out of memory");
    err = -ENOMEM;
  }
  return err;
}

int xpf_job_command_start(struct xpf_command_call *call, const struct xpf_command *command) {
  const struct xpf_job_type *type = command->argument;
  struct xpf_job *job = calloc(1, type->size);
  if (!job) {
    xpf_fault_set(&call->fault, XPF_RPC_INTERNAL, "", "out of memory");
    return -ENOMEM;
  }
  job->type = type;
  job->refs = type->release ? 2 : 1; /* the list's, and the one on_released gives back */
  job->accepted_ns = job->progress_ns = uv_hrtime();
  xpf_job_set_steps(job);
  int err = admit(job, call);
  if (err) {
    job->refs = 1;
    xpf_job_unref(job);
    return err;
  }
  call->is_deferred = true;
  xpf_job_list_add(job);
  xpf_job_tick_start();
  if (!type->needs_thread) {
    job->began_ns = job->accepted_ns;
    xpf_job_start_writing(job);
  } else if (xpf_thread_post(job->thread, &job->begin_task) != 0) {
    job->begin_task.cancel(&job->begin_task, "exit");
    return 0;
  }
  if (!type->stop_action)
    xpf_job_answer_early(job);
  return 0;
}

int xpf_job_command_stop(struct xpf_command_call *call, const struct xpf_command *command) {
  const struct xpf_job_type *type = command->argument;
  bool wait = false;
  if (xpf_param_bool(call->params, "wait", &wait, &call->fault) != 0)
    return -EINVAL;
  struct xpf_thread *thread = xpf_command_thread(call);
  if (!thread)
    return -ESRCH;
  uint32_t id = xpf_thread_id(thread);
  xpf_thread_unref(thread);
  struct xpf_job *job = xpf_job_find(type, id, XPF_JOB_QUEUED, XPF_JOB_RUNNING);
  if (!job && xpf_job_find(type, id, XPF_JOB_STOPPING, XPF_JOB_STOPPING))
    return refuse_busy(call, type->stop_action);
  if (!job) {
    xpf_fault_set(&call->fault, XPF_RPC_REFUSED, "", "%s dependent action %s is not running.",
                  type->stop_action, type->action);
    return -ENOENT;
  }
  xpf_job_answer_early(job); /* whoever asked for the start learns that it is still pending */
  if (xpf_job_waiter_add(job, call, wait) != 0) {
    xpf_fault_set(&call->fault, XPF_RPC_INTERNAL, "", "out of memory");
    return -ENOMEM;
  }
  call->is_deferred = true;
  job->accepted_ns = uv_hrtime();
  xpf_job_post_end(job);
  return 0;
}

/* ---- cancel
 * -------------------------------------------------------------------------------------------- */

/* False when it is too late, or has been done: a job may need its thread to end. */
static bool cancel(struct xpf_job *job) {
  if (job->state >= XPF_JOB_RELEASING || __atomic_load_n(&job->cancelled, __ATOMIC_RELAXED))
    return false;
  __atomic_store_n(&job->cancelled, true, __ATOMIC_RELAXED);
  if (job->state == XPF_JOB_QUEUED && xpf_thread_take_back(job->thread, &job->begin_task)) {
    xpf_job_fail(job, XPF_RPC_CANCELLED, "cancelled");
    xpf_job_finish_early(job);
  } else if (job->state == XPF_JOB_RUNNING) {
    xpf_job_post_end(job);
  }
  return true;
}

static bool is_meant(const struct xpf_job *job, const struct xpf_command_call *call,
                     const cJSON *id, const char *action, unsigned thread_id) {
  if (id)
    return xpf_job_has_waiter(job, call->client_id, id);
  return job->thread_id == thread_id && strcmp(job->type->command, action) == 0;
}

int xpf_job_command_cancel(struct xpf_command_call *call, const struct xpf_command *command) {
  (void)command;
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(call->params, "id");
  const char *action = NULL;
  unsigned thread_id = 0, count = 0;
  if (xpf_param_string(call->params, "action", 64, &action, &call->fault) != 0 ||
      xpf_param_thread_id(call->params, &thread_id, &call->fault) != 0)
    return -EINVAL;
  if (!id && !action) {
    xpf_fault_set(&call->fault, XPF_RPC_PARAMS, "id",
                  "cancel needs id (a request of this connection) or action (and thread_id)");
    return -EINVAL;
  }
  struct xpf_job *next;
  for (struct xpf_job *job = xpf_jobs; job; job = next) {
    next = job->next;
    if (is_meant(job, call, id, action, thread_id) && cancel(job))
      count++;
  }
  call->result = cJSON_CreateObject();
  cJSON_AddNumberToObject(call->result, "cancelled", count);
  return 0;
}

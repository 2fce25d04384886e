/* start_trace: Node's trace events as a Chrome trace. Unlike profiles it is written while it runs,
 * and it ends by itself when the file has its largest size. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/command.h"
#include "core/job.h"
#include "core/thread_room.h"
#include "core/trace_guard.h"
#include "core/tracer.h"
#include "xpf_protocol.h"
#include "xpf_version.h"

#define CATEGORIES_MAX   1024
#define FILE_MB          256
#define FILE_MB_MAX      16384
#define WAITING_BYTES    (64u << 20)
#define END_BYTES        (CATEGORIES_MAX * 2 + 1024) /* kept free for what follows the events */
#define SIZE_LIMIT_WORDS "size limit"

struct trace_job {
  struct xpf_job job;
  char categories[CATEGORIES_MAX + 1];
  uint64_t max_bytes;
  struct xpf_trace_stream *stream;
  uint64_t events, bytes; /* atomics: written so far */
};

static int parse(struct xpf_job *job, const cJSON *params, struct xpf_fault *fault) {
  struct trace_job *self = (struct trace_job *)job;
  const char *categories = NULL;
  long long max_mb = FILE_MB;
  if (!xpf_thread_is_main(job->thread)) {
    xpf_fault_set(
        fault, XPF_RPC_UNSUPPORTED, "thread_id",
        "Node.js gives trace events to the main thread only: thread 0 traces all threads");
    return -ENOTSUP;
  }
  int err = xpf_param_string(params, "categories", CATEGORIES_MAX, &categories, fault);
  if (!err)
    err = xpf_param_int(params, "max_file_mb", 1, FILE_MB_MAX, &max_mb, fault);
  if (err)
    return err;
  snprintf(self->categories, sizeof self->categories, "%s", categories ? categories : "");
  self->max_bytes = (uint64_t)max_mb << 20;
  self->stream = xpf_trace_stream_new(WAITING_BYTES);
  if (self->stream)
    return 0;
  xpf_fault_set(fault, XPF_RPC_INTERNAL, "", "out of memory");
  return -ENOMEM;
}

/* ---- on the JS thread ------------------------------------------------------------------------ */

static void on_worked(void *arg, uint64_t spent_ns) {
  xpf_job_add_pause(arg, spent_ns);
}

static void on_drained(void *arg) {
  xpf_job_end_now(arg);
}

static int begin(struct xpf_job *job, struct xpf_thread *thread, struct xpf_fault *fault) {
  struct trace_job *self = (struct trace_job *)job;
  struct xpf_tracer_options options = {.stream = self->stream,
                                       .categories = self->categories[0] ? self->categories : NULL,
                                       .worked = on_worked,
                                       .drained = on_drained,
                                       .arg = job};
  (void)thread;
  int err = xpf_thread_room_check("a trace", fault);
  if (err)
    return err;
  err = xpf_trace_guard_before_start();
  if (err) {
    xpf_fault_set(fault, XPF_RPC_UNSUPPORTED, "", "tracing is not possible here: %s",
                  strerror(-err));
    return err;
  }
  err = xpf_tracer_start(&options, fault);
  if (err)
    return err;
  err = xpf_trace_guard_after_start();
  if (err) {
    if (xpf_tracer_stop() == 1)
      xpf_tracer_abandon();
    xpf_fault_set(
        fault, XPF_RPC_REFUSED, "",
        "this process traces already (--trace-event-categories); together with that, this "
        "Node.js could end when tracing stops. Node.js 22 and later can do both");
  }
  return err;
}

static int end(struct xpf_job *job, struct xpf_thread *thread, bool is_last,
               struct xpf_fault *fault) {
  struct trace_job *self = (struct trace_job *)job;
  (void)thread;
  (void)fault; /* the writer's */
  if (is_last)
    xpf_tracer_abandon();
  else if (xpf_tracer_stop() == 1)
    return XPF_JOB_ENDS_LATER;
  xpf_trace_stream_close(self->stream);
  return 0;
}

/* ---- the file -------------------------------------------------------------------------------- */

static void write_chunk(struct trace_job *self, struct xpf_sink *sink,
                        const struct xpf_trace_chunk *chunk) {
  if (self->events > 0)
    xpf_sink_text(sink, ",\n");
  xpf_sink_write(sink, chunk->text, chunk->size);
  __atomic_store_n(&self->events, self->events + chunk->events, __ATOMIC_RELAXED);
  __atomic_store_n(&self->bytes, sink->bytes, __ATOMIC_RELAXED);
}

/* What chrome://tracing shows as metadata. */
static int write_end(const struct trace_job *self, struct xpf_sink *sink) {
  const char *ended_by = __atomic_load_n(&self->job.ended_by, __ATOMIC_RELAXED);
  cJSON *data = cJSON_CreateObject();
  cJSON_AddStringToObject(data, "tool", "xprofiler " XPF_VERSION);
  cJSON_AddStringToObject(data, "node", xpf_process_facts.node_version);
  if (self->categories[0])
    cJSON_AddStringToObject(data, "categories", self->categories);
  cJSON_AddNumberToObject(data, "events", (double)self->events);
  cJSON_AddNumberToObject(data, "dropped", (double)xpf_trace_stream_dropped(self->stream));
  if (ended_by)
    cJSON_AddStringToObject(data, "ended_by", ended_by);
  char *text = cJSON_PrintUnformatted(data);
  cJSON_Delete(data);
  xpf_sink_text(sink, "\n],\"displayTimeUnit\":\"ms\",\"otherData\":");
  xpf_sink_text(sink, text ? text : "{}");
  cJSON_free(text);
  return xpf_sink_text(sink, "}\n");
}

static int write_file(struct xpf_job *job, struct xpf_sink *sink, struct xpf_fault *fault) {
  struct trace_job *self = (struct trace_job *)job;
  struct xpf_trace_chunk *chunk;
  (void)fault;
  xpf_sink_text(sink, "{\"traceEvents\":[\n");
  while (!sink->error && (chunk = xpf_trace_stream_take(self->stream)) != NULL) {
    bool fits = sink->bytes + chunk->size + END_BYTES <= self->max_bytes;
    if (fits) {
      write_chunk(self, sink, chunk);
    } else {
      xpf_trace_stream_drop(self->stream, chunk->events);
      __atomic_store_n(&job->ended_by, SIZE_LIMIT_WORDS, __ATOMIC_RELAXED);
    }
    free(chunk);
    if (!fits)
      break;
  }
  xpf_trace_stream_close(self->stream);
  int err = write_end(self, sink);
  return xpf_job_is_unwanted(job) ? -ECANCELED : err;
}

/* What comes from now on is dropped. */
static void close_stream(struct xpf_job *job) {
  xpf_trace_stream_close(((struct trace_job *)job)->stream);
}

static void describe(const struct xpf_job *job, cJSON *result) {
  const struct trace_job *self = (const struct trace_job *)job;
  cJSON_AddNumberToObject(result, "events",
                          (double)__atomic_load_n(&self->events, __ATOMIC_RELAXED));
  cJSON_AddNumberToObject(result, "dropped", (double)xpf_trace_stream_dropped(self->stream));
  if (job->state < XPF_JOB_RELEASING)
    cJSON_AddNumberToObject(result, "bytes",
                            (double)__atomic_load_n(&self->bytes, __ATOMIC_RELAXED));
}

static void trace_free(struct xpf_job *job) {
  struct trace_job *self = (struct trace_job *)job;
  if (self->stream)
    xpf_trace_stream_unref(self->stream);
}

const struct xpf_job_type xpf_job_trace = {
    .command = "start_trace",
    .action = "start_trace",
    .stop_action = "stop_trace",
    .kind = "trace",
    .extension = "trace.json",
    .size = sizeof(struct trace_job),
    .needs_thread = true,
    .needs_loop = true,
    .streams = true,
    .survives_fatal = true,
    .parse = parse,
    .begin = begin,
    .end = end,
    .write = write_file,
    .discard = close_stream,
    .cut = close_stream,
    .describe = describe,
    .free = trace_free,
};

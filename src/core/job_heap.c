#include <errno.h>
#include <string.h>

#include "core/job.h"
#include "format/profile.h"
#include "xpf_protocol.h"

struct heap_job {
  struct xpf_job job;
  struct xpf_heap_sampling_options options;
  struct xpf_profile *profile;
};

static int parse(struct xpf_job *job, const cJSON *params, struct xpf_fault *fault) {
  struct heap_job *self = (struct heap_job *)job;
  long long interval = 512 * 1024, depth = 64;
  bool collected = false;
  int err = xpf_param_int(params, "sampling_interval_bytes", 1024, 1LL << 30, &interval, fault);
  if (!err)
    err = xpf_param_int(params, "stack_depth", 1, 512, &depth, fault);
  if (!err)
    err = xpf_param_bool(params, "include_collected", &collected, fault);
  self->options.interval_bytes = (uint64_t)interval;
  self->options.stack_depth = (uint32_t)depth;
  self->options.include_major_gc = self->options.include_minor_gc = collected;
  return err;
}

static int begin(struct xpf_job *job, struct xpf_thread *thread, struct xpf_fault *fault) {
  struct heap_job *self = (struct heap_job *)job;
  int err = xpf_bridge_heap_sampling_start(xpf_thread_bridge(thread), &self->options);
  if (err == -EALREADY)
    xpf_fault_set(fault, XPF_RPC_REFUSED, "",
                  "another tool (an inspector) already samples the heap of this thread; stop it "
                  "there first");
  else if (err == -ENOTSUP)
    xpf_fault_set(fault, XPF_RPC_UNSUPPORTED, "include_collected",
                  "include_collected needs Node.js 20 or newer");
  else if (err)
    xpf_fault_set(fault, XPF_RPC_INTERNAL, "", "V8 could not start heap sampling: %s",
                  strerror(-err));
  return err;
}

static int end(struct xpf_job *job, struct xpf_thread *thread, bool is_last,
               struct xpf_fault *fault) {
  (void)is_last;
  struct heap_job *self = (struct heap_job *)job;
  struct xpf_bridge *bridge = xpf_thread_bridge(thread);
  /* The names are JS strings: copied here, on the JS thread; it takes a few ms at most. */
  int err = xpf_bridge_heap_sampling_read(bridge, &self->profile);
  xpf_bridge_heap_sampling_stop(bridge);
  if (!err && self->options.include_major_gc)
    err = xpf_profile_alloc_set(self->profile);
  if (err)
    xpf_fault_set(fault, XPF_RPC_INTERNAL, "", "the heap profile could not be read: %s",
                  strerror(-err));
  return err;
}

static int write_file(struct xpf_job *job, struct xpf_sink *sink, struct xpf_fault *fault) {
  (void)fault;
  struct heap_job *self = (struct heap_job *)job;
  return xpf_job_profile_write(job, self->profile, sink);
}

static void describe(const struct xpf_job *job, cJSON *result) {
  const struct heap_job *self = (const struct heap_job *)job;
  cJSON_AddNumberToObject(result, "samples", self->profile->samples_count);
  cJSON_AddNumberToObject(result, "nodes", self->profile->nodes_count);
  cJSON_AddNumberToObject(result, "sampling_interval_bytes", (double)self->options.interval_bytes);
}

static void heap_free(struct xpf_job *job) {
  struct heap_job *self = (struct heap_job *)job;
  if (self->profile)
    xpf_profile_free(self->profile);
}

const struct xpf_job_type xpf_job_heap = {
    .command = "start_heap_profiling",
    .action = "start_sampling_heap_profiling",
    .stop_action = "stop_sampling_heap_profiling",
    .kind = "heapprofile",
    .extension = "heapprofile",
    .format = "heapprofile",
    .formats = XPF_KIND_BIT(HEAP),
    .size = sizeof(struct heap_job),
    .needs_thread = true,
    .parse = parse,
    .begin = begin,
    .end = end,
    .write = write_file,
    .describe = describe,
    .free = heap_free,
};

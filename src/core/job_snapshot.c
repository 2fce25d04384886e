#include <errno.h>
#include <string.h>

#include "core/job.h"
#include "core/memory_room.h"
#include "core/snapshot_memory.h"
#include "host/os.h"
#include "xpf_protocol.h"

#define LOOK_NS 20000000ull /* between two looks at RSS */

struct snapshot_job {
  struct xpf_job job;
  bool numeric_values, internals, over_budget;
  uint64_t max_rss_bytes, peak_rss_bytes, looked_ns, nodes;
  struct xpf_snapshot *snapshot;
};

static int parse(struct xpf_job *job, const cJSON *params, struct xpf_fault *fault) {
  struct snapshot_job *self = (struct snapshot_job *)job;
  long long max_rss_mb = 0;
  int err = xpf_param_bool(params, "numeric_values", &self->numeric_values, fault);
  if (!err)
    err = xpf_param_bool(params, "internals", &self->internals, fault);
  if (!err)
    err = xpf_param_int(params, "max_rss_mb", 1, 1 << 24, &max_rss_mb, fault);
  self->max_rss_bytes = (uint64_t)max_rss_mb << 20;
  return err;
}

static bool on_progress(void *arg, uint32_t done, uint32_t total) {
  struct snapshot_job *self = arg;
  __atomic_store_n(&self->job.done, done, __ATOMIC_RELAXED);
  __atomic_store_n(&self->job.total, total, __ATOMIC_RELAXED);
  if (xpf_job_is_unwanted(&self->job))
    return false;
  uint64_t now = xpf_os_now_ns();
  if (now - self->looked_ns < LOOK_NS)
    return true;
  self->looked_ns = now;
  uint64_t rss = xpf_os_rss_bytes();
  if (rss > self->peak_rss_bytes)
    self->peak_rss_bytes = rss;
  self->over_budget = self->max_rss_bytes && rss > self->max_rss_bytes;
  return !self->over_budget;
}

static int refuse(struct snapshot_job *self, int err, struct xpf_fault *fault) {
  if (self->over_budget)
    xpf_fault_set(fault, XPF_RPC_MEMORY, "max_rss_mb",
                  "the heapdump was given up at %llu MB RSS (budget %llu MB); a snapshot needs "
                  "about 500 bytes for each object",
                  (unsigned long long)(self->peak_rss_bytes >> 20),
                  (unsigned long long)(self->max_rss_bytes >> 20));
  else if (xpf_job_is_unwanted(&self->job))
    xpf_fault_set(fault, XPF_RPC_CANCELLED, "", "cancelled");
  else if (err == -ENOTSUP)
    xpf_fault_set(fault, XPF_RPC_UNSUPPORTED, "internals", "internals needs Node.js 20 or newer");
  else
    xpf_fault_set(fault, XPF_RPC_INTERNAL, "", "V8 could not take a heap snapshot: %s",
                  strerror(-err));
  return err;
}

static int begin(struct xpf_job *job, struct xpf_thread *thread, struct xpf_fault *fault) {
  struct snapshot_job *self = (struct snapshot_job *)job;
  if (self->max_rss_bytes == 0)
    self->max_rss_bytes = xpf_memory_room_rss_limit();
  struct xpf_snapshot_options options = {.numeric_values = self->numeric_values,
                                         .expose_internals = self->internals,
                                         .progress = on_progress,
                                         .arg = self};
  int err = xpf_bridge_snapshot_take(xpf_thread_bridge(thread), &options, &self->snapshot);
  if (err) {
    xpf_snapshot_memory_return();
    return refuse(self, err, fault);
  }
  self->nodes = xpf_bridge_snapshot_nodes(self->snapshot);
  return 0;
}

static int write_file(struct xpf_job *job, struct xpf_sink *sink, struct xpf_fault *fault) {
  (void)fault;
  struct snapshot_job *self = (struct snapshot_job *)job;
  return xpf_bridge_snapshot_write(self->snapshot, sink);
}

static void release(struct xpf_job *job, struct xpf_thread *thread) {
  (void)thread;
  struct snapshot_job *self = (struct snapshot_job *)job;
  xpf_bridge_snapshot_free(self->snapshot);
  self->snapshot = NULL;
  xpf_snapshot_memory_return();
}

static void describe(const struct xpf_job *job, cJSON *result) {
  const struct snapshot_job *self = (const struct snapshot_job *)job;
  cJSON_AddNumberToObject(result, "nodes", (double)self->nodes);
  cJSON_AddNumberToObject(result, "peak_rss_bytes", (double)self->peak_rss_bytes);
}

const struct xpf_job_type xpf_job_snapshot = {
    .command = "heapdump",
    .action = "heapdump",
    .kind = "heapdump",
    .extension = "heapsnapshot",
    .size = sizeof(struct snapshot_job),
    .needs_thread = true,
    .parse = parse,
    .begin = begin,
    .write = write_file,
    .release = release,
    .describe = describe,
};

#include <errno.h>
#include <string.h>

#include "core/http_details.h"
#include "core/job.h"
#include "core/thread_room.h"
#include "format/profile.h"
#include "xpf_protocol.h"

/* 44 bytes each: 88 MB; at 1 ms more than half an hour. */
#define MAX_SAMPLES 2000000

struct cpu_job {
  struct xpf_job job;
  struct xpf_cpu_options options;
  struct xpf_cpu *cpu;
  struct xpf_profile *profile;
  struct xpf_http_details details;
  bool with_http;
};

static int parse(struct xpf_job *job, const cJSON *params, struct xpf_fault *fault) {
  struct cpu_job *self = (struct cpu_job *)job;
  long long interval_us = 0;
  int err = xpf_param_int(params, "sampling_interval_us", 50, 1000000, &interval_us, fault);
  if (err)
    return err;
  struct xpf_config config;
  xpf_core_config(&config);
  self->with_http = config.enable_http_profiling;
  self->options.interval_us = interval_us ? (uint32_t)interval_us : 1000;
  self->options.max_samples = MAX_SAMPLES;
  return 0;
}

static int begin(struct xpf_job *job, struct xpf_thread *thread, struct xpf_fault *fault) {
  struct cpu_job *self = (struct cpu_job *)job;
  int err = xpf_thread_room_check("a CPU profile", fault);
  if (err)
    return err;
  err = xpf_bridge_cpu_start(xpf_thread_bridge(thread), &self->options, &self->cpu);
  if (err) {
    xpf_fault_set(fault, XPF_RPC_INTERNAL, "", "V8 could not start a CPU profile: %s",
                  strerror(-err));
    return err;
  }
  if (self->with_http) {
    xpf_http_details_init(&self->details);
    xpf_thread_http_details_set(thread, &self->details);
  }
  return 0;
}

static int read_profile(struct cpu_job *self, struct xpf_fault *fault) {
  int err = xpf_bridge_cpu_read(self->cpu, &self->profile);
  xpf_bridge_cpu_free(self->cpu);
  self->cpu = NULL;
  if (err)
    xpf_fault_set(fault, XPF_RPC_INTERNAL, "", "the CPU profile could not be read: %s",
                  strerror(-err));
  return err;
}

static int end(struct xpf_job *job, struct xpf_thread *thread, bool is_last,
               struct xpf_fault *fault) {
  struct cpu_job *self = (struct cpu_job *)job;
  int err = xpf_bridge_cpu_stop(self->cpu);
  if (self->with_http)
    xpf_thread_http_details_set(thread, NULL);
  if (err || is_last) {
    int read_err = read_profile(self, fault);
    return err ? err : read_err;
  }
  /* Reading is safe off the JS thread and takes as long as the tree is large. */
  job->is_borrowing = true;
  xpf_thread_borrow(thread);
  return 0;
}

static int write_file(struct xpf_job *job, struct xpf_sink *sink, struct xpf_fault *fault) {
  struct cpu_job *self = (struct cpu_job *)job;
  if (self->cpu) {
    int err = read_profile(self, fault);
    xpf_job_return_borrowed(job);
    if (err)
      return err;
  }
  for (uint32_t i = 0; i < self->details.count; i++) {
    int err = xpf_profile_detail_add(self->profile, self->details.lines[i]);
    if (err)
      return err;
  }
  return xpf_job_profile_write(job, self->profile, sink);
}

static void discard(struct xpf_job *job) {
  struct cpu_job *self = (struct cpu_job *)job;
  if (self->cpu)
    xpf_bridge_cpu_free(self->cpu);
  self->cpu = NULL;
}

static void describe(const struct xpf_job *job, cJSON *result) {
  const struct cpu_job *self = (const struct cpu_job *)job;
  cJSON_AddNumberToObject(result, "samples", self->profile->samples_count);
  cJSON_AddNumberToObject(result, "nodes", self->profile->nodes_count);
  cJSON_AddNumberToObject(result, "sampling_interval_us", self->options.interval_us);
  cJSON_AddNumberToObject(result, "effective_interval_us",
                          (double)(long long)xpf_profile_effective_interval_us(self->profile));
}

static void cpu_free(struct xpf_job *job) {
  struct cpu_job *self = (struct cpu_job *)job;
  if (self->profile)
    xpf_profile_free(self->profile);
  xpf_http_details_free(&self->details);
}

const struct xpf_job_type xpf_job_cpu = {
    .command = "start_cpu_profiling",
    .action = "start_cpu_profiling",
    .stop_action = "stop_cpu_profiling",
    .kind = "cpuprofile",
    .extension = "cpuprofile",
    .format = "cpuprofile",
    .formats = XPF_KIND_BIT(CPU),
    .size = sizeof(struct cpu_job),
    .needs_thread = true,
    .survives_fatal = true,
    .parse = parse,
    .begin = begin,
    .end = end,
    .write = write_file,
    .discard = discard,
    .describe = describe,
    .free = cpu_free,
};

#include <errno.h>

#include "core/core_file.h"
#include "core/freeze_turn.h"
#include "core/job.h"

struct core_job {
  struct xpf_job job;
  struct xpf_coredump_result result;
};

static bool is_cancelled(void *arg) {
  return xpf_job_is_unwanted(arg);
}

static int write_fd(struct xpf_job *job, int fd, uint64_t *bytes, struct xpf_fault *fault) {
  struct core_job *self = (struct core_job *)job;
  struct xpf_coredump_options options = {.is_cancelled = is_cancelled, .arg = job};
  xpf_freeze_turn_take();
  int err = xpf_coredump_write(fd, &options, &self->result);
  xpf_freeze_turn_give();
  __atomic_store_n(&job->paused_ns, self->result.paused_ns, __ATOMIC_RELAXED);
  *bytes = self->result.bytes;
  if (err)
    xpf_core_file_fault(err, job->dir, job->name, fault);
  return err;
}

static void describe(const struct xpf_job *job, cJSON *result) {
  const struct core_job *self = (const struct core_job *)job;
  cJSON_AddNumberToObject(result, "data_bytes", (double)self->result.data_bytes);
  cJSON_AddNumberToObject(result, "threads", self->result.threads);
  cJSON_AddNumberToObject(result, "unstopped_threads", self->result.unstopped);
}

const struct xpf_job_type xpf_job_core = {
    .command = "generate_coredump",
    .action = "coredump",
    .kind = "coredump",
    .extension = "core",
    .size = sizeof(struct core_job),
    .write_fd = write_fd,
    .describe = describe,
};

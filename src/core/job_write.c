#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/job_flow.h"
#include "core/outfile.h"
#include "format/profile.h"
#include "xpf_protocol.h"

/* Twice that while it grows. */
#define MEMORY_MAX_BYTES (512 << 20)

bool xpf_job_file_exists(const char *dir, const char *name) {
  char path[2048];
  struct stat st;
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return lstat(path, &st) == 0;
}

bool xpf_job_is_unwanted(const struct xpf_job *job) {
  return __atomic_load_n(&job->cancelled, __ATOMIC_RELAXED);
}

void xpf_job_return_borrowed(struct xpf_job *job) {
  if (job->is_borrowing)
    xpf_thread_return(job->thread);
  job->is_borrowing = false;
}

int xpf_job_profile_write(const struct xpf_job *job, struct xpf_profile *profile,
                          struct xpf_sink *sink) {
  struct timespec now;
  if (profile->start_us == profile->end_us && job->ended_ns > job->began_ns) {
    profile->start_us = (int64_t)(job->began_ns / 1000);
    profile->end_us = (int64_t)(job->ended_ns / 1000);
  }
  /* V8's clock is that of uv_hrtime(). */
  int64_t age_ns = (int64_t)uv_hrtime() - profile->start_us * 1000;
  clock_gettime(CLOCK_REALTIME, &now);
  profile->time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - age_ns;
  return xpf_format_write(job->format, profile, XPF_NO_INDEX, sink);
}

/* Passes bytes on to the file until the job is cancelled. */
struct job_sink {
  struct xpf_sink sink;
  struct xpf_sink *file;
  struct xpf_job *job;
};

static int write_unless_cancelled(struct xpf_sink *sink, const void *data, size_t size) {
  struct job_sink *out = (struct job_sink *)sink;
  if (xpf_job_is_unwanted(out->job))
    return -ECANCELED;
  return xpf_sink_write(out->file, data, size);
}

static const char *cure(int err) {
  switch (err) {
  case -ENOSPC:
  case -EDQUOT:
    return "; free some space or set another log_dir";
  case -EROFS:
  case -EACCES:
  case -EPERM:
  case -ENOENT:
  case -ENOTDIR:
    return "; log_dir must exist and be writable for this process";
  default:
    return "";
  }
}

static void io_fault(struct xpf_job *job, int err) {
  job->error = err;
  if (err == -ECANCELED || xpf_job_is_unwanted(job))
    xpf_fault_set(&job->fault, XPF_RPC_CANCELLED, "", "cancelled");
  else
    xpf_fault_set(&job->fault, XPF_RPC_IO, "", "%s/%s could not be written: %s%s", job->dir,
                  job->name, strerror(-err), cure(err));
}

static int fill(struct xpf_job *job, struct xpf_outfile *file) {
  if (job->type->write_fd)
    return job->type->write_fd(job, file->fd, &job->bytes, &job->fault);
  struct job_sink out = {.sink.write = write_unless_cancelled, .file = &file->sink, .job = job};
  return job->type->write(job, &out.sink, &job->fault);
}

static int make_memory(struct xpf_job *job) {
  struct xpf_memory_sink memory;
  xpf_memory_sink_init(&memory, MEMORY_MAX_BYTES);
  struct job_sink out = {.sink.write = write_unless_cancelled, .file = &memory.sink, .job = job};
  int err = xpf_job_is_unwanted(job) ? -ECANCELED : memory.sink.error;
  if (!err)
    err = job->type->write(job, &out.sink, &job->fault);
  if (!err)
    err = memory.sink.error;
  if (err == -EFBIG || err == -ENOMEM)
    xpf_fault_set(&job->fault, XPF_RPC_MEMORY, "output",
                  "%s does not fit in memory (at most %d MiB); write it to a file", job->type->kind,
                  MEMORY_MAX_BYTES >> 20);
  if (err) {
    xpf_memory_sink_free(&memory);
    return err;
  }
  job->bytes = memory.size;
  job->data = memory.data;
  return 0;
}

static int make_file(struct xpf_job *job) {
  struct xpf_outfile file;
  uint64_t bytes = 0;
  if (xpf_job_is_unwanted(job))
    return -ECANCELED;
  int err = xpf_outfile_open(&file, job->dir, job->name);
  if (err)
    return err;
  err = fill(job, &file);
  if (err)
    xpf_outfile_abort(&file);
  else
    err = xpf_outfile_commit(&file, &bytes);
  if (!job->type->write_fd)
    job->bytes = bytes;
  return err;
}

void xpf_job_write(void *arg) {
  struct xpf_job *job = arg;
  pthread_setname_np(pthread_self(), "xprofiler-write");
  job->fault.code = 0;
  int err = job->in_memory ? make_memory(job) : make_file(job);
  if (err && job->type->discard)
    job->type->discard(job);
  if (err && job->fault.code == 0)
    io_fault(job, err);
  else if (err)
    job->error = err;
  xpf_job_return_borrowed(job);
  xpf_core_post(&job->written);
}

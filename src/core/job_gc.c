#include <stdlib.h>
#include <string.h>

#include "core/job.h"
#include "format/gcprofile.h"
#include "xpf_protocol.h"

/* About 3.5 KB each; beyond this the last ones are only counted. */
#define MAX_RECORDS 16384

struct gc_job {
  struct xpf_job job;
  struct xpf_gc_profile profile;
  struct xpf_thread *watched;
  bool is_open; /* the record at `count` has its first half */
};

static struct xpf_gc_record *next_record(struct xpf_gc_profile *profile) {
  if (profile->count >= MAX_RECORDS)
    return NULL;
  if (profile->count == profile->capacity) {
    uint32_t capacity = profile->capacity ? profile->capacity * 2 : 64;
    struct xpf_gc_record *records = realloc(profile->records, capacity * sizeof *records);
    if (!records)
      return NULL;
    profile->records = records;
    profile->capacity = capacity;
  }
  return &profile->records[profile->count];
}

static void begin_record(struct gc_job *self, const struct xpf_gc_mark *mark) {
  struct xpf_gc_record *record = next_record(&self->profile);
  if (!record) {
    self->profile.dropped++;
    return;
  }
  struct xpf_bridge *bridge = xpf_thread_bridge(self->watched);
  record->kind = mark->kind;
  record->v8_type = mark->v8_type;
  record->start_ns = mark->now_ns;
  record->before_count = xpf_bridge_spaces_read(bridge, record->before, XPF_HEAP_SPACES_MAX);
  self->is_open = true;
}

static void end_record(struct gc_job *self, const struct xpf_gc_mark *mark) {
  if (!self->is_open)
    return;
  self->is_open = false;
  struct xpf_gc_record *record = &self->profile.records[self->profile.count++];
  struct xpf_gc_totals totals;
  xpf_thread_gc_totals(self->watched, &totals);
  record->end_ns = mark->now_ns;
  record->total_spent_ns = record->total_count = 0;
  for (int i = 0; i < XPF_GC_KINDS; i++) {
    record->total_spent_ns += totals.spent_ns[i];
    record->total_count += totals.count[i];
  }
  record->uptime_s = (mark->now_ns - xpf_thread_attached_ns(self->watched)) / 1000000000;
  record->after_count =
      xpf_bridge_spaces_read(xpf_thread_bridge(self->watched), record->after, XPF_HEAP_SPACES_MAX);
}

static void on_gc(void *arg, const struct xpf_gc_mark *mark) {
  if (mark->end)
    end_record(arg, mark);
  else
    begin_record(arg, mark);
}

static int begin(struct xpf_job *job, struct xpf_thread *thread, struct xpf_fault *fault) {
  struct gc_job *self = (struct gc_job *)job;
  self->watched = thread;
  self->profile.start_ns = uv_hrtime();
  int err = xpf_thread_gc_listen(thread, on_gc, self);
  if (err)
    xpf_fault_set(fault, XPF_RPC_REFUSED, "", "start_gc_profiling is running.");
  return err;
}

static int end(struct xpf_job *job, struct xpf_thread *thread, bool is_last,
               struct xpf_fault *fault) {
  (void)is_last;
  (void)fault;
  struct gc_job *self = (struct gc_job *)job;
  xpf_thread_gc_unlisten(thread);
  self->profile.stop_ns = uv_hrtime();
  self->watched = NULL;
  return 0;
}

static int write_file(struct xpf_job *job, struct xpf_sink *sink, struct xpf_fault *fault) {
  (void)fault;
  return xpf_gcprofile_write(&((struct gc_job *)job)->profile, sink);
}

static void describe(const struct xpf_job *job, cJSON *result) {
  const struct gc_job *self = (const struct gc_job *)job;
  cJSON_AddNumberToObject(result, "collections", self->profile.count);
  cJSON_AddNumberToObject(result, "dropped", (double)self->profile.dropped);
}

static void gc_free(struct xpf_job *job) {
  free(((struct gc_job *)job)->profile.records);
}

const struct xpf_job_type xpf_job_gc = {
    .command = "start_gc_profiling",
    .action = "start_gc_profiling",
    .stop_action = "stop_gc_profiling",
    .kind = "gcprofile",
    .extension = "gcprofile",
    .size = sizeof(struct gc_job),
    .needs_thread = true,
    .survives_fatal = true,
    .begin = begin,
    .end = end,
    .write = write_file,
    .describe = describe,
    .free = gc_free,
};

/* .gcprofile: every garbage collection with the heap spaces before and after it. */
#ifndef XPF_FORMAT_GCPROFILE_H
#define XPF_FORMAT_GCPROFILE_H
#include <stdint.h>
#include "format/profile.h"
#include "format/read_error.h"
#include "format/sink.h"
#include "format/source.h"
#include "xpf_bridge.h"

struct xpf_gc_record {
  enum xpf_gc_kind kind;
  uint32_t v8_type;
  uint64_t start_ns, end_ns;          /* CLOCK_MONOTONIC */
  uint64_t total_spent_ns;            /* GC time of the environment up to here */
  uint64_t total_count;               /* GCs of the environment up to here */
  uint64_t uptime_s;                  /* of the environment */
  uint32_t before_count, after_count; /* spaces filled */
  struct xpf_heap_space before[XPF_HEAP_SPACES_MAX], after[XPF_HEAP_SPACES_MAX];
};

struct xpf_gc_profile {
  uint64_t start_ns, stop_ns; /* CLOCK_MONOTONIC */
  uint64_t dropped;           /* records beyond the memory limit */
  struct xpf_gc_record *records;
  uint32_t count, capacity;
};

/* 0 or the sink's error. */
int xpf_gcprofile_write(const struct xpf_gc_profile *profile, struct xpf_sink *sink);
/* As a profile of XPF_PROFILE_GC: below the root one node a type, "(gc scavenge)", and a sample a
 * collection. 0: *out is the caller's; else negative, *error (zeroed by the caller) says why and
 * where. */
int xpf_gcprofile_read(struct xpf_source *source, struct xpf_profile **out,
                       struct xpf_read_error *error);
#endif

#include "format/gcprofile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"

/* Monotonic seconds, to the microsecond. */
static double seconds(uint64_t ns) {
  return (double)(ns / 1000) / 1e6;
}

/* ms since the start of profiling with the six significant digits this format has always had. */
static void write_offset(struct xpf_json *json, const char *key, uint64_t ns, uint64_t start_ns) {
  char text[48];
  snprintf(text, sizeof(text), "%.6g", ns > start_ns ? (double)(ns - start_ns) / 1e6 : 0.0);
  xpf_json_key(json, key);
  /* strtod follows the same locale as snprintf did. */
  xpf_json_double(json, strtod(text, NULL));
}

/* Kinds that old readers have no name for are V8's number. */
static void write_type(struct xpf_json *json, const struct xpf_gc_record *record) {
  xpf_json_key(json, "type");
  switch (record->kind) {
  case XPF_GC_SCAVENGE:
    xpf_json_string(json, "scavenge");
    return;
  case XPF_GC_MARKSWEEP:
    xpf_json_string(json, "marksweep");
    return;
  case XPF_GC_INCREMENTAL:
    xpf_json_string(json, "marking");
    return;
  case XPF_GC_WEAK_CALLBACKS:
    xpf_json_string(json, "weakcallbacks");
    return;
  case XPF_GC_MINOR_MARKSWEEP:
  case XPF_GC_KINDS:
    break;
  }
  xpf_json_uint(json, record->v8_type);
}

static void write_spaces(struct xpf_json *json, const char *key,
                         const struct xpf_heap_space *spaces, uint32_t count) {
  xpf_json_key(json, key);
  xpf_json_array_begin(json);
  for (uint32_t i = 0; i < count && i < XPF_HEAP_SPACES_MAX; i++) {
    const struct xpf_heap_space *space = &spaces[i];
    char name[sizeof(space->name) + 1];
    memcpy(name, space->name, sizeof(space->name));
    name[sizeof(space->name)] = '\0';
    xpf_json_object_begin(json);
    xpf_json_key(json, "name");
    xpf_json_string(json, name);
    xpf_json_key(json, "space_size");
    xpf_json_uint(json, space->size_bytes);
    xpf_json_key(json, "space_used_size");
    xpf_json_uint(json, space->used_bytes);
    xpf_json_key(json, "space_available_size");
    xpf_json_uint(json, space->available_bytes);
    xpf_json_key(json, "physical_space_size");
    xpf_json_uint(json, space->physical_bytes);
    xpf_json_object_end(json);
  }
  xpf_json_array_end(json);
}

static void write_record(struct xpf_json *json, const struct xpf_gc_record *record,
                         uint64_t start_ns) {
  xpf_json_object_begin(json);
  xpf_json_key(json, "totalSpentfromStart");
  xpf_json_uint(json, record->total_spent_ns / 1000000);
  xpf_json_key(json, "totalTimesfromStart");
  xpf_json_uint(json, record->total_count);
  xpf_json_key(json, "timeFromStart");
  xpf_json_uint(json, record->uptime_s);
  write_offset(json, "start", record->start_ns, start_ns);
  write_type(json, record);
  write_spaces(json, "before", record->before, record->before_count);
  write_offset(json, "end", record->end_ns, start_ns);
  write_spaces(json, "after", record->after, record->after_count);
  xpf_json_object_end(json);
}

int xpf_gcprofile_write(const struct xpf_gc_profile *profile, struct xpf_sink *sink) {
  struct xpf_json json;
  xpf_json_init(&json, sink, false);
  xpf_json_object_begin(&json);
  xpf_json_key(&json, "startTime");
  xpf_json_double(&json, seconds(profile->start_ns));
  xpf_json_key(&json, "gc");
  xpf_json_array_begin(&json);
  for (uint32_t i = 0; i < profile->count && sink->error == 0; i++)
    write_record(&json, &profile->records[i], profile->start_ns);
  xpf_json_array_end(&json);
  xpf_json_key(&json, "stopTime");
  xpf_json_double(&json, seconds(profile->stop_ns));
  if (profile->dropped > 0) {
    xpf_json_key(&json, "dropped");
    xpf_json_uint(&json, profile->dropped);
  }
  xpf_json_object_end(&json);
  return sink->error;
}

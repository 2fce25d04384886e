/* Reads .gcprofile, also with the key "type" twice in an entry. */
#include <stdlib.h>
#include <string.h>

#include "format/gcprofile.h"
#include "format/json_read.h"

#define TYPES_MAX 64  /* V8 has five */
#define S_MAX     1e9 /* 31 years */
#define MS_MAX    1e12

struct entry {
  char type[64];
  double start_ms, end_ms;
  int64_t used_before, used_after; /* bytes of all spaces */
  bool has_type, has_start, has_end;
};

struct reader {
  struct xpf_json_reader json;
  struct xpf_read_error *error;
  struct xpf_profile *profile;
  double start_s, stop_s;
  bool has_gc;
};

static int no_memory(struct reader *r) {
  return xpf_read_fail(r->error, XPF_READ_MEMORY, r->json.offset, "");
}

static int read_number(struct reader *r, const char *what, double max, double *out) {
  if (xpf_json_expect(&r->json, XPF_JSON_NUMBER, what) < 0)
    return -1;
  if (r->json.number < 0 || r->json.number > max)
    return xpf_read_fail(r->error, XPF_READ_OUT_OF_RANGE, r->json.offset, what);
  *out = r->json.number;
  return 0;
}

/* A name, or V8's number. */
static int read_type(struct reader *r, struct entry *entry) {
  enum xpf_json_event event = xpf_json_next(&r->json);
  entry->has_type = true;
  if (event == XPF_JSON_STRING)
    snprintf(entry->type, sizeof(entry->type), "%s", r->json.text);
  else if (event == XPF_JSON_NUMBER)
    snprintf(entry->type, sizeof(entry->type), "%lld", (long long)r->json.integer);
  else
    return event == XPF_JSON_ERROR
               ? -1
               : xpf_read_fail(r->error, XPF_READ_WRONG_TYPE, r->json.offset, "type");
  return 0;
}

static int read_space(struct reader *r, int64_t *used) {
  int more;
  while ((more = xpf_json_next_key(&r->json)) > 0) {
    if (strcmp(r->json.text, "space_used_size") != 0) {
      if (xpf_json_skip(&r->json) < 0)
        return -1;
      continue;
    }
    int64_t bytes;
    if (xpf_json_read_int(&r->json, 0, INT64_MAX / 64, "space_used_size", &bytes) < 0)
      return -1;
    if (__builtin_add_overflow(*used, bytes, used))
      return xpf_read_fail(r->error, XPF_READ_OUT_OF_RANGE, r->json.offset, "space_used_size");
  }
  return more;
}

static int read_spaces(struct reader *r, const char *what, int64_t *used) {
  *used = 0;
  if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, what) < 0)
    return -1;
  int rc;
  while ((rc = xpf_json_next_object(&r->json, what)) > 0)
    if (read_space(r, used) < 0)
      return -1;
  return rc;
}

static int read_entry_field(struct reader *r, struct entry *entry) {
  const char *key = r->json.text;
  if (strcmp(key, "type") == 0)
    return read_type(r, entry);
  if (strcmp(key, "start") == 0)
    return (entry->has_start = true, read_number(r, "start", MS_MAX, &entry->start_ms));
  if (strcmp(key, "end") == 0)
    return (entry->has_end = true, read_number(r, "end", MS_MAX, &entry->end_ms));
  if (strcmp(key, "before") == 0)
    return read_spaces(r, "before", &entry->used_before);
  if (strcmp(key, "after") == 0)
    return read_spaces(r, "after", &entry->used_after);
  return xpf_json_skip(&r->json);
}

/* The node of a type, made when it is not there: below the root, in the order they came. */
static int64_t type_node(struct reader *r, const char *type) {
  struct xpf_profile *p = r->profile;
  char name[80];
  snprintf(name, sizeof(name), "(gc %s)", type);
  for (uint32_t i = 1; i < p->nodes_count; i++)
    if (strcmp(xpf_profile_string(p, p->nodes[i].function_name), name) == 0)
      return i;
  if (p->nodes_count > TYPES_MAX)
    return xpf_read_fail(r->error, XPF_READ_OUT_OF_RANGE, r->json.offset, "type");
  struct xpf_profile_frame frame = {.function_name = name, .url = "", .bailout_reason = ""};
  int64_t index = xpf_profile_node_add(p, 0, p->nodes_count + 1, &frame);
  return index < 0 ? no_memory(r) : index;
}

static int add_entry(struct reader *r, const struct entry *entry, uint64_t offset) {
  struct xpf_profile *p = r->profile;
  if (!entry->has_type || !entry->has_start || !entry->has_end)
    return xpf_read_fail(r->error, XPF_READ_MISSING, offset,
                         !entry->has_type    ? "type"
                         : !entry->has_start ? "start"
                                             : "end");
  int64_t index = type_node(r, entry->type);
  if (index < 0)
    return -1;
  double pause_ns = entry->end_ms > entry->start_ms ? (entry->end_ms - entry->start_ms) * 1e6 : 0;
  int64_t *self = p->nodes[index].self;
  self[XPF_GC_COUNT]++;
  if (__builtin_add_overflow(self[XPF_GC_PAUSE], (int64_t)pause_ns, &self[XPF_GC_PAUSE]) ||
      __builtin_add_overflow(self[XPF_GC_FREED], entry->used_before - entry->used_after,
                             &self[XPF_GC_FREED]))
    return xpf_read_fail(r->error, XPF_READ_OUT_OF_RANGE, offset, "the sum of all entries");
  /* The start of profiling may come behind the entries: it is added at the end. */
  if (xpf_profile_sample_add(p, p->nodes[index].id, (int64_t)(entry->start_ms * 1e3),
                             (uint64_t)pause_ns) < 0)
    return no_memory(r);
  return 0;
}

static int read_entries(struct reader *r) {
  r->has_gc = true;
  if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, "gc") < 0)
    return -1;
  int rc;
  while ((rc = xpf_json_next_object(&r->json, "an entry of gc")) > 0) {
    uint64_t offset = r->json.offset;
    struct entry entry = {0};
    int more;
    while ((more = xpf_json_next_key(&r->json)) > 0)
      if (read_entry_field(r, &entry) < 0)
        return -1;
    if (more < 0 || add_entry(r, &entry, offset) < 0)
      return -1;
  }
  return rc;
}

static int read_document(struct reader *r) {
  if (xpf_json_expect(&r->json, XPF_JSON_OBJECT_BEGIN, "the file") < 0)
    return -1;
  int more;
  while ((more = xpf_json_next_key(&r->json)) > 0) {
    int rc;
    if (strcmp(r->json.text, "gc") == 0)
      rc = read_entries(r);
    else if (strcmp(r->json.text, "startTime") == 0)
      rc = read_number(r, "startTime", S_MAX, &r->start_s);
    else if (strcmp(r->json.text, "stopTime") == 0)
      rc = read_number(r, "stopTime", S_MAX, &r->stop_s);
    else
      rc = xpf_json_skip(&r->json);
    if (rc < 0)
      return -1;
  }
  if (more < 0)
    return -1;
  if (!r->has_gc)
    return xpf_read_fail(r->error, XPF_READ_MISSING, xpf_source_offset(r->json.source), "gc");
  return xpf_json_next(&r->json) == XPF_JSON_END ? 0 : -1;
}

static int set_times(struct reader *r) {
  struct xpf_profile *p = r->profile;
  p->start_us = (int64_t)(r->start_s * 1e6);
  p->end_us = (int64_t)(r->stop_s * 1e6);
  for (uint32_t i = 0; i < p->samples_count; i++) {
    p->samples[i].at_us += p->start_us;
    if (p->samples[i].at_us > p->end_us)
      p->end_us = p->samples[i].at_us;
  }
  return xpf_profile_sort(p) < 0 ? no_memory(r) : 0;
}

int xpf_gcprofile_read(struct xpf_source *source, struct xpf_profile **out,
                       struct xpf_read_error *error) {
  struct reader r = {.error = error, .profile = xpf_profile_new(XPF_PROFILE_GC)};
  struct xpf_profile_frame root = {.function_name = "(root)", .url = "", .bailout_reason = ""};
  xpf_json_reader_init(&r.json, source, error);
  int rc = 0;
  if (r.profile == NULL || xpf_profile_node_add(r.profile, XPF_NO_PARENT, 1, &root) < 0)
    rc = no_memory(&r);
  if (rc == 0)
    rc = read_document(&r);
  if (rc == 0)
    rc = set_times(&r);
  if (rc == 0)
    *out = r.profile;
  else
    xpf_profile_free(r.profile);
  xpf_json_reader_free(&r.json);
  return xpf_read_code(error);
}

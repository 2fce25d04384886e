#include "format/cpuprofile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/call_frame.h"
#include "format/json.h"

static void write_ticks(struct xpf_json *json, const struct xpf_profile *profile,
                        const struct xpf_profile_node *node) {
  if (node->ticks_count == 0)
    return;
  xpf_json_key(json, "positionTicks");
  xpf_json_array_begin(json);
  for (uint32_t i = 0; i < node->ticks_count; i++) {
    const struct xpf_profile_tick *tick = &profile->ticks[node->ticks_start + i];
    xpf_json_object_begin(json);
    xpf_json_key(json, "line");
    xpf_json_uint(json, tick->line);
    xpf_json_key(json, "ticks");
    xpf_json_uint(json, tick->ticks);
    xpf_json_object_end(json);
  }
  xpf_json_array_end(json);
}

static int write_nodes(struct xpf_json *json, const struct xpf_profile *profile) {
  size_t count = profile->nodes_count;
  uint32_t *first = malloc((2 * count + 1) * sizeof(*first));
  if (first == NULL)
    return -ENOMEM;
  uint32_t *next = first + count;
  xpf_profile_children(profile, first, next);
  xpf_json_key(json, "nodes");
  xpf_json_array_begin(json);
  for (uint32_t i = 0; i < count && json->sink->error == 0; i++) {
    const struct xpf_profile_node *node = &profile->nodes[i];
    xpf_json_object_begin(json);
    xpf_json_key(json, "id");
    xpf_json_uint(json, node->id);
    xpf_json_key(json, "hitCount");
    xpf_json_int(json, node->self[0] > 0 ? node->self[0] : 0);
    xpf_json_key(json, "callFrame");
    xpf_call_frame_write(json, profile, node, true);
    xpf_json_key(json, "children");
    xpf_json_array_begin(json);
    for (uint32_t child = first[i]; child != XPF_NO_PARENT; child = next[child])
      xpf_json_uint(json, profile->nodes[child].id);
    xpf_json_array_end(json);
    write_ticks(json, profile, node);
    xpf_json_object_end(json);
  }
  xpf_json_array_end(json);
  free(first);
  return json->sink->error;
}

/* µs of a node in a profile without samples (pprof, folded stacks): its time, or 1 ms a hit. */
static int64_t node_us(const struct xpf_profile *profile, const struct xpf_profile_node *node) {
  static const struct {
    const char *unit;
    int64_t multiply, divide;
  } units[] = {{"nanoseconds", 1, 1000}, {"microseconds", 1, 1}, {"milliseconds", 1000, 1}};
  uint32_t value = profile->default_value < profile->values_count ? profile->default_value : 0;
  const char *unit = xpf_profile_string(profile, profile->values[value].unit);
  int64_t self = node->self[value] > 0 ? node->self[value] : 0, us;
  for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
    if (strcmp(unit, units[i].unit) == 0)
      return __builtin_mul_overflow(self, units[i].multiply, &us) ? INT64_MAX
                                                                  : us / units[i].divide;
  return __builtin_mul_overflow(self, INT64_C(1000), &us) ? INT64_MAX : us;
}

/* One sample for each node that has a time; readers let a sample last until the next one. */
static void write_made_samples(struct xpf_json *json, const struct xpf_profile *profile) {
  xpf_json_key(json, "samples");
  xpf_json_array_begin(json);
  for (uint32_t i = 0; i < profile->nodes_count && json->sink->error == 0; i++)
    if (node_us(profile, &profile->nodes[i]) > 0)
      xpf_json_uint(json, profile->nodes[i].id);
  xpf_json_array_end(json);
  xpf_json_key(json, "timeDeltas");
  xpf_json_array_begin(json);
  int64_t last_us = 0;
  for (uint32_t i = 0; i < profile->nodes_count && json->sink->error == 0; i++) {
    int64_t us = node_us(profile, &profile->nodes[i]);
    if (us > 0) {
      xpf_json_int(json, last_us);
      last_us = us;
    }
  }
  xpf_json_array_end(json);
}

static int64_t made_end_us(const struct xpf_profile *profile) {
  int64_t end_us = profile->start_us;
  for (uint32_t i = 0; i < profile->nodes_count; i++)
    if (__builtin_add_overflow(end_us, node_us(profile, &profile->nodes[i]), &end_us))
      return INT64_MAX;
  return end_us > profile->end_us ? end_us : profile->end_us;
}

static void write_samples(struct xpf_json *json, const struct xpf_profile *profile) {
  uint32_t count = profile->samples_count;
  xpf_json_key(json, "samples");
  xpf_json_array_begin(json);
  for (uint32_t i = 0; i < count && json->sink->error == 0; i++)
    xpf_json_uint(json, profile->nodes[profile->samples[i].node].id);
  xpf_json_array_end(json);
  xpf_json_key(json, "timeDeltas");
  xpf_json_array_begin(json);
  int64_t last_us = profile->start_us;
  for (uint32_t i = 0; i < count && json->sink->error == 0; i++) {
    xpf_json_uint(json, (uint64_t)profile->samples[i].at_us - (uint64_t)last_us);
    last_us = profile->samples[i].at_us;
  }
  xpf_json_array_end(json);
}

/* Also kept in the sink, so that half a document cannot be taken for a whole one. */
static int fail(struct xpf_sink *sink, int error) {
  if (sink->error == 0)
    sink->error = error;
  return error;
}

static bool is_writable(const struct xpf_profile *profile) {
  if (profile->kind == XPF_PROFILE_CPU)
    return true;
  uint32_t value = profile->default_value;
  return profile->kind == XPF_PROFILE_OTHER && value < profile->values_count &&
         strcmp(xpf_profile_string(profile, profile->values[value].unit), "bytes") != 0;
}

int xpf_cpuprofile_write(const struct xpf_profile *profile, struct xpf_sink *sink) {
  if (!is_writable(profile))
    return -EINVAL;
  const char *title = xpf_profile_string(profile, profile->title);
  struct xpf_json json;
  xpf_json_init(&json, sink, false);
  xpf_json_object_begin(&json);
  xpf_json_key(&json, "typeId");
  xpf_json_string(&json, "xprofiler-cpu-profile");
  xpf_json_key(&json, "title");
  xpf_json_string(&json, *title != '\0' ? title : "xprofiler");
  int rc = write_nodes(&json, profile);
  if (rc < 0)
    return fail(sink, rc);
  xpf_json_key(&json, "startTime");
  xpf_json_int(&json, profile->start_us);
  xpf_json_key(&json, "endTime");
  xpf_json_int(&json, profile->samples_count > 0 ? profile->end_us : made_end_us(profile));
  if (profile->samples_count > 0)
    write_samples(&json, profile);
  else
    write_made_samples(&json, profile);
  xpf_json_key(&json, "httpDetail");
  xpf_json_array_begin(&json);
  for (uint32_t i = 0; i < profile->details_count; i++)
    xpf_json_string(&json, profile->details[i]);
  xpf_json_array_end(&json);
  xpf_json_object_end(&json);
  return sink->error;
}

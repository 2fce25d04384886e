#include "format/speedscope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/frame_class.h"
#include "format/json.h"
#include "format/stack.h"
#include "format/stack_tree.h"
#include "format/timeline.h"
#include "xpf_version.h"

#define PATH_BYTES 4096

struct writer {
  const struct xpf_profile *profile;
  struct xpf_json json;
  struct xpf_stack_tree functions; /* name, url, line, column: one number */
  struct xpf_id_table ids;         /* that number to a frame of the file */
  uint32_t *frame_of;              /* of each node */
  uint32_t *nodes;                 /* one of each frame */
  uint32_t frames_count;
};

/* ---- frames ------------------------------------------------------------------------------ */

static int frame_find(struct writer *w, uint32_t index) {
  const struct xpf_profile_node *node = &w->profile->nodes[index];
  const uint32_t parts[] = {node->function_name, node->url, (uint32_t)node->line,
                            (uint32_t)node->column};
  int64_t number = 0;
  for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && number >= 0; i++)
    number = xpf_stack_tree_child(&w->functions, (uint32_t)number, parts[i]);
  if (number < 0)
    return -ENOMEM;
  uint32_t frame = xpf_id_table_find(&w->ids, (uint64_t)number);
  if (frame == XPF_NO_INDEX) {
    frame = w->frames_count++;
    w->nodes[frame] = index;
    if (xpf_id_table_add(&w->ids, (uint64_t)number, frame) < 0)
      return -ENOMEM;
  }
  w->frame_of[index] = frame;
  return 0;
}

static int frames_find(struct writer *w) {
  size_t count = w->profile->nodes_count;
  w->frame_of = malloc((2 * count + 1) * sizeof(*w->frame_of));
  if (w->frame_of == NULL || xpf_stack_tree_init(&w->functions) < 0)
    return -ENOMEM;
  w->nodes = w->frame_of + count;
  for (uint32_t i = 0; i < count; i++)
    if (frame_find(w, i) < 0)
      return -ENOMEM;
  return 0;
}

static void write_frames(struct writer *w) {
  struct xpf_json *json = &w->json;
  char path[PATH_BYTES];
  xpf_json_key(json, "shared");
  xpf_json_object_begin(json);
  xpf_json_key(json, "frames");
  xpf_json_array_begin(json);
  for (uint32_t i = 0; i < w->frames_count && json->sink->error == 0; i++) {
    const struct xpf_profile_node *node = &w->profile->nodes[w->nodes[i]];
    const char *url = xpf_profile_string(w->profile, node->url);
    xpf_json_object_begin(json);
    xpf_json_key(json, "name");
    xpf_json_string(json, xpf_frame_name(xpf_profile_string(w->profile, node->function_name)));
    if (*url != '\0') {
      xpf_json_key(json, "file");
      xpf_json_string(json, xpf_frame_path(url, path, sizeof(path)));
    }
    if (node->line > 0) {
      xpf_json_key(json, "line");
      xpf_json_int(json, node->line);
    }
    if (node->column > 0) {
      xpf_json_key(json, "col");
      xpf_json_int(json, node->column);
    }
    xpf_json_object_end(json);
  }
  /* Stands for what is cut off very deep stacks; the last one. */
  xpf_json_object_begin(json);
  xpf_json_key(json, "name");
  xpf_json_string(json, XPF_STACK_CUT_NAME);
  xpf_json_object_end(json);
  xpf_json_array_end(json);
  xpf_json_object_end(json);
}

/* ---- profiles ---------------------------------------------------------------------------- */

static void profile_begin(struct writer *w, const char *type, const char *name, const char *unit) {
  xpf_json_object_begin(&w->json);
  xpf_json_key(&w->json, "type");
  xpf_json_string(&w->json, type);
  xpf_json_key(&w->json, "name");
  xpf_json_string(&w->json, name);
  xpf_json_key(&w->json, "unit");
  xpf_json_string(&w->json, unit);
}

static int64_t since_start(const struct xpf_profile *profile, int64_t at_us) {
  int64_t since_us;
  return __builtin_sub_overflow(at_us, profile->start_us, &since_us) ? INT64_MAX : since_us;
}

struct events {
  struct writer *writer;
  int64_t last_us;
};

static bool event_write(void *arg, uint32_t node, int64_t at_us, bool opens) {
  struct events *events = arg;
  struct xpf_json *json = &events->writer->json;
  events->last_us = since_start(events->writer->profile, at_us);
  xpf_json_object_begin(json);
  xpf_json_key(json, "type");
  xpf_json_string(json, opens ? "O" : "C");
  xpf_json_key(json, "frame");
  xpf_json_uint(json, events->writer->frame_of[node]);
  xpf_json_key(json, "at");
  xpf_json_int(json, events->last_us);
  xpf_json_object_end(json);
  return json->sink->error == 0;
}

static int write_evented(struct writer *w) {
  const struct xpf_profile *p = w->profile;
  struct events events = {.writer = w, .last_us = since_start(p, p->end_us)};
  profile_begin(w, "evented", xpf_profile_string(p, p->values[1].type), "microseconds");
  xpf_json_key(&w->json, "startValue");
  xpf_json_int(&w->json, 0);
  xpf_json_key(&w->json, "events");
  xpf_json_array_begin(&w->json);
  int rc = xpf_timeline_walk(p, event_write, &events);
  xpf_json_array_end(&w->json);
  xpf_json_key(&w->json, "endValue");
  xpf_json_int(&w->json, events.last_us);
  xpf_json_object_end(&w->json);
  return rc;
}

static const char *unit_of(const char *unit) {
  static const char *const units[] = {"nanoseconds", "microseconds", "milliseconds", "seconds",
                                      "bytes"};
  for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
    if (strcmp(unit, units[i]) == 0)
      return units[i];
  return "none";
}

static void write_stacks(struct writer *w, uint32_t value) {
  const struct xpf_profile *p = w->profile;
  struct xpf_stack stack;
  for (uint32_t i = 0; i < p->nodes_count && w->json.sink->error == 0; i++) {
    if (p->nodes[i].self[value] <= 0)
      continue;
    xpf_stack_of(&stack, p, i);
    xpf_json_array_begin(&w->json);
    if (stack.is_cut)
      xpf_json_uint(&w->json, w->frames_count);
    for (uint32_t at = stack.depth; at-- > 0;)
      xpf_json_uint(&w->json, w->frame_of[stack.nodes[at]]);
    xpf_json_array_end(&w->json);
  }
}

/* Negative values (of a difference) are nothing that speedscope can show. */
static void write_sampled(struct writer *w, uint32_t value) {
  const struct xpf_profile *p = w->profile;
  profile_begin(w, "sampled", xpf_profile_string(p, p->values[value].type),
                unit_of(xpf_profile_string(p, p->values[value].unit)));
  xpf_json_key(&w->json, "samples");
  xpf_json_array_begin(&w->json);
  write_stacks(w, value);
  xpf_json_array_end(&w->json);
  xpf_json_key(&w->json, "weights");
  xpf_json_array_begin(&w->json);
  int64_t sum = 0;
  for (uint32_t i = 0; i < p->nodes_count && w->json.sink->error == 0; i++) {
    int64_t self = p->nodes[i].self[value];
    if (self <= 0)
      continue;
    xpf_json_int(&w->json, self);
    if (__builtin_add_overflow(sum, self, &sum))
      sum = INT64_MAX;
  }
  xpf_json_array_end(&w->json);
  xpf_json_key(&w->json, "startValue");
  xpf_json_int(&w->json, 0);
  xpf_json_key(&w->json, "endValue");
  xpf_json_int(&w->json, sum);
  xpf_json_object_end(&w->json);
}

static int write_document(struct writer *w) {
  const struct xpf_profile *p = w->profile;
  struct xpf_json *json = &w->json;
  const char *title = xpf_profile_string(p, p->title);
  bool is_timed = p->samples_count > 0 && (p->kind == XPF_PROFILE_CPU || p->kind == XPF_PROFILE_GC);
  int rc = 0;
  xpf_json_object_begin(json);
  xpf_json_key(json, "$schema");
  xpf_json_string(json, "https://www.speedscope.app/file-format-schema.json");
  xpf_json_key(json, "exporter");
  xpf_json_string(json, "xprofiler@" XPF_VERSION);
  xpf_json_key(json, "name");
  xpf_json_string(json, *title != '\0' ? title : "xprofiler");
  xpf_json_key(json, "activeProfileIndex");
  xpf_json_uint(json, is_timed ? 0 : p->default_value);
  write_frames(w);
  xpf_json_key(json, "profiles");
  xpf_json_array_begin(json);
  if (is_timed)
    rc = write_evented(w);
  else
    for (uint32_t i = 0; i < p->values_count; i++)
      write_sampled(w, i);
  xpf_json_array_end(json);
  xpf_json_object_end(json);
  return rc;
}

int xpf_speedscope_write(const struct xpf_profile *profile, struct xpf_sink *sink) {
  struct writer w = {.profile = profile};
  xpf_json_init(&w.json, sink, false);
  int rc = frames_find(&w);
  if (rc == 0)
    rc = write_document(&w);
  /* Also kept in the sink, so that half a document cannot be taken for a whole one. */
  if (rc < 0 && sink->error == 0)
    sink->error = rc;
  xpf_stack_tree_free(&w.functions);
  xpf_id_table_free(&w.ids);
  free(w.frame_of);
  return sink->error;
}

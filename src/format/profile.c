#include "format/profile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "format/array.h"
#include "format/string_table.h"

static const struct {
  const char *type, *unit;
} kind_values[][3] = {
    [XPF_PROFILE_CPU] = {{"samples", "count"}, {"wall", "nanoseconds"}},
    [XPF_PROFILE_HEAP] = {{"inuse_objects", "count"}, {"inuse_space", "bytes"}},
    [XPF_PROFILE_GC] = {{"collections", "count"}, {"pause", "nanoseconds"}, {"freed", "bytes"}},
};

static int values_init(struct xpf_profile *profile) {
  if (profile->kind >= sizeof(kind_values) / sizeof(*kind_values))
    return 0;
  for (uint32_t i = 0; i < 3 && kind_values[profile->kind][i].type != NULL; i++) {
    int rc = xpf_profile_value_set(profile, i, kind_values[profile->kind][i].type,
                                   kind_values[profile->kind][i].unit);
    if (rc < 0)
      return rc;
  }
  profile->default_value = 1;
  if (profile->kind == XPF_PROFILE_CPU)
    profile->period_of = profile->values[XPF_CPU_WALL];
  return profile->kind == XPF_PROFILE_HEAP ? xpf_profile_period_set(profile, "space", "bytes", 0)
                                           : 0;
}

struct xpf_profile *xpf_profile_new(enum xpf_profile_kind kind) {
  struct xpf_profile *profile = calloc(1, sizeof(*profile));
  if (profile == NULL)
    return NULL;
  profile->kind = kind;
  profile->strings = xpf_string_table_new();
  if (profile->strings == NULL || values_init(profile) < 0) {
    xpf_profile_free(profile);
    return NULL;
  }
  return profile;
}

void xpf_profile_free(struct xpf_profile *profile) {
  if (profile == NULL)
    return;
  for (uint32_t i = 0; i < profile->details_count; i++)
    free(profile->details[i]);
  free(profile->details);
  free(profile->nodes);
  free(profile->ticks);
  free(profile->samples);
  xpf_id_table_free(&profile->ids);
  xpf_string_table_free(profile->strings);
  free(profile);
}

int64_t xpf_profile_string_add(struct xpf_profile *profile, const char *text) {
  if (text == NULL)
    text = "";
  return xpf_string_table_add(profile->strings, text, strlen(text));
}

const char *xpf_profile_string(const struct xpf_profile *profile, uint32_t index) {
  return xpf_string_table_text(profile->strings, index);
}

static int value_make(struct xpf_profile *profile, const char *type, const char *unit,
                      struct xpf_profile_value *out) {
  int64_t type_index = xpf_profile_string_add(profile, type);
  int64_t unit_index = xpf_profile_string_add(profile, unit);
  if (type_index < 0 || unit_index < 0)
    return -ENOMEM;
  *out = (struct xpf_profile_value){.type = (uint32_t)type_index, .unit = (uint32_t)unit_index};
  return 0;
}

int xpf_profile_value_set(struct xpf_profile *profile, uint32_t index, const char *type,
                          const char *unit) {
  if (index > profile->values_count || index >= XPF_PROFILE_VALUES_MAX)
    return -EINVAL;
  int rc = value_make(profile, type, unit, &profile->values[index]);
  if (rc == 0 && index == profile->values_count)
    profile->values_count++;
  return rc;
}

int xpf_profile_period_set(struct xpf_profile *profile, const char *type, const char *unit,
                           int64_t period) {
  profile->period = period;
  return value_make(profile, type, unit, &profile->period_of);
}

int xpf_profile_alloc_set(struct xpf_profile *profile) {
  int rc = xpf_profile_value_set(profile, XPF_HEAP_OBJECTS, "alloc_objects", "count");
  return rc < 0 ? rc : xpf_profile_value_set(profile, XPF_HEAP_SPACE, "alloc_space", "bytes");
}

uint32_t xpf_profile_value_find(const struct xpf_profile *profile, const char *type) {
  for (uint32_t i = 0; i < profile->values_count; i++)
    if (strcmp(xpf_profile_string(profile, profile->values[i].type), type) == 0)
      return i;
  return XPF_NO_INDEX;
}

int64_t xpf_profile_node_place(struct xpf_profile *profile, const struct xpf_profile_node *node) {
  uint32_t index = profile->nodes_count;
  if (index == 0 ? node->parent != XPF_NO_PARENT : node->parent >= index)
    return -EINVAL;
  struct xpf_profile_node *nodes =
      xpf_array_grow(profile->nodes, &profile->nodes_capacity, index, sizeof(*nodes));
  if (nodes == NULL)
    return -ENOMEM;
  profile->nodes = nodes;
  if (xpf_id_table_add(&profile->ids, node->id, index) < 0)
    return -ENOMEM;
  profile->nodes[index] = *node;
  profile->nodes_count = index + 1;
  return index;
}

int64_t xpf_profile_node_add(struct xpf_profile *profile, uint32_t parent, uint32_t id,
                             const struct xpf_profile_frame *frame) {
  int64_t function_name = xpf_profile_string_add(profile, frame->function_name);
  int64_t url = xpf_profile_string_add(profile, frame->url);
  int64_t bailout_reason = xpf_profile_string_add(profile, frame->bailout_reason);
  if (function_name < 0 || url < 0 || bailout_reason < 0)
    return -ENOMEM;
  struct xpf_profile_node node = {
      .id = id,
      .parent = parent,
      .function_name = (uint32_t)function_name,
      .url = (uint32_t)url,
      .bailout_reason = (uint32_t)bailout_reason,
      .script_id = frame->script_id,
      .line = frame->line,
      .column = frame->column,
      .ticks_start = profile->ticks_count,
  };
  return xpf_profile_node_place(profile, &node);
}

int xpf_profile_tick_add(struct xpf_profile *profile, uint32_t line, uint32_t ticks) {
  if (profile->nodes_count == 0)
    return -EINVAL;
  uint32_t index = profile->ticks_count;
  struct xpf_profile_tick *grown =
      xpf_array_grow(profile->ticks, &profile->ticks_capacity, index, sizeof(*grown));
  if (grown == NULL)
    return -ENOMEM;
  profile->ticks = grown;
  profile->ticks[index] = (struct xpf_profile_tick){.line = line, .ticks = ticks};
  profile->ticks_count = index + 1;
  profile->nodes[profile->nodes_count - 1].ticks_count++;
  return 0;
}

int xpf_profile_sample_add(struct xpf_profile *profile, uint32_t node_id, int64_t at_us,
                           uint64_t value) {
  uint32_t index = profile->samples_count, node = xpf_id_table_find(&profile->ids, node_id);
  if (node == XPF_NO_INDEX)
    return -ENOENT;
  struct xpf_profile_sample *samples =
      xpf_array_grow(profile->samples, &profile->samples_capacity, index, sizeof(*samples));
  if (samples == NULL)
    return -ENOMEM;
  profile->samples = samples;
  profile->samples[index] =
      (struct xpf_profile_sample){.node = node, .at_us = at_us, .value = value};
  profile->samples_count = index + 1;
  return 0;
}

int xpf_profile_detail_add(struct xpf_profile *profile, const char *text) {
  uint32_t index = profile->details_count;
  char **details =
      xpf_array_grow(profile->details, &profile->details_capacity, index, sizeof(*details));
  if (details == NULL)
    return -ENOMEM;
  profile->details = details;
  size_t size = strlen(text) + 1;
  char *copy = malloc(size);
  if (copy == NULL)
    return -ENOMEM;
  memcpy(copy, text, size);
  profile->details[index] = copy;
  profile->details_count = index + 1;
  return 0;
}

double xpf_profile_effective_interval_us(const struct xpf_profile *profile) {
  double hits = 0;
  if (profile->kind == XPF_PROFILE_CPU)
    for (uint32_t i = 0; i < profile->nodes_count; i++)
      hits += (double)profile->nodes[i].self[XPF_CPU_SAMPLES];
  if (hits <= 0)
    hits = profile->samples_count;
  if (hits <= 0 || profile->end_us <= profile->start_us)
    return 0;
  return ((double)profile->end_us - (double)profile->start_us) / hits;
}

void xpf_profile_children(const struct xpf_profile *profile, uint32_t *first, uint32_t *next) {
  memset(first, 0xff, (size_t)profile->nodes_count * sizeof(*first));
  memset(next, 0xff, (size_t)profile->nodes_count * sizeof(*next));
  /* Backwards, so that each list comes out in the order of the array. */
  for (uint32_t i = profile->nodes_count; i-- > 1;) {
    uint32_t parent = profile->nodes[i].parent;
    next[i] = first[parent];
    first[parent] = i;
  }
}

void xpf_profile_totals(const struct xpf_profile *profile, uint32_t value, int64_t *totals) {
  for (uint32_t i = 0; i < profile->nodes_count; i++)
    totals[i] = profile->nodes[i].self[value];
  for (uint32_t i = profile->nodes_count; i-- > 1;) {
    int64_t *parent = &totals[profile->nodes[i].parent];
    if (__builtin_add_overflow(*parent, totals[i], parent))
      *parent = totals[i] < 0 ? INT64_MIN : INT64_MAX;
  }
}

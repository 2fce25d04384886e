#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/array.h"
#include "format/pprof_raw.h"

#define NS_PER_US   1000
#define ANONYMOUS   "(anonymous)"
#define NO_FUNCTION 0x80000000u /* a frame that is a place without a function */
#define NO_SLOT     UINT32_MAX

int xpf_pprof_raw_init(struct xpf_pprof_raw *raw) {
  *raw = (struct xpf_pprof_raw){0};
  raw->texts = xpf_string_table_new();
  return raw->texts == NULL ? -ENOMEM : xpf_stack_tree_init(&raw->tree);
}

void xpf_pprof_raw_free(struct xpf_pprof_raw *raw) {
  xpf_stack_tree_free(&raw->tree);
  xpf_id_table_free(&raw->place_ids);
  xpf_id_table_free(&raw->function_ids);
  xpf_string_table_free(raw->texts);
  free(raw->values);
  free(raw->places);
  free(raw->lines);
  free(raw->functions);
  free(raw->strings);
}

int64_t xpf_pprof_place(struct xpf_pprof_raw *raw, uint64_t id) {
  uint32_t found = xpf_id_table_find(&raw->place_ids, id);
  if (found != XPF_NO_INDEX)
    return found;
  struct xpf_pprof_place *grown =
      xpf_array_grow(raw->places, &raw->places_capacity, raw->places_count, sizeof(*grown));
  if (grown == NULL)
    return -ENOMEM;
  raw->places = grown;
  if (xpf_id_table_add(&raw->place_ids, id, raw->places_count) < 0)
    return -ENOMEM;
  raw->places[raw->places_count] = (struct xpf_pprof_place){.id = id};
  return raw->places_count++;
}

/* A line that a leaf was on. */
struct leaf_line {
  uint32_t node, line;
  int64_t hits;
};

struct builder {
  const struct xpf_pprof_raw *raw;
  struct xpf_read_error *error;
  struct xpf_profile *profile;
  uint64_t end;
  uint32_t slots[XPF_PPROF_TYPES_MAX]; /* where a value of the file goes, or NO_SLOT */
  struct xpf_stack_tree tree;          /* its nodes are those of the profile */
  uint32_t *node_of;                   /* of the raw tree's nodes */
  struct leaf_line *leaf_lines;
  uint32_t leaf_lines_count, leaf_lines_capacity;
};

static int fail(struct builder *b, enum xpf_read_reason reason, uint64_t offset,
                const char *detail) {
  return xpf_read_fail(b->error, reason, offset, detail);
}

static int no_memory(struct builder *b) {
  return fail(b, XPF_READ_MEMORY, b->end, "");
}

/* NULL after an error. */
static const char *text_of(struct builder *b, int64_t index, uint64_t offset) {
  if (index >= 0 && index < b->raw->strings_count)
    return xpf_string_table_text(b->raw->texts, b->raw->strings[index]);
  if (index == 0)
    return "";
  fail(b, XPF_READ_OUT_OF_RANGE, offset, "an index of string_table");
  return NULL;
}

/* ---- what is counted --------------------------------------------------------------------- */

static uint32_t type_find(struct builder *b, const char *type, const char *unit) {
  for (uint32_t i = 0; i < b->raw->types_count && i < XPF_PPROF_TYPES_MAX; i++) {
    const char *a_type = text_of(b, b->raw->types[i].type, b->end);
    const char *a_unit = text_of(b, b->raw->types[i].unit, b->end);
    if (a_type != NULL && a_unit != NULL && strcmp(a_type, type) == 0 && strcmp(a_unit, unit) == 0)
      return i;
  }
  return NO_SLOT;
}

/* The two values that make a CPU or a heap profile, in the places of the model. */
static const struct {
  const char *first, *first_unit, *second, *second_unit;
  enum xpf_profile_kind kind;
} pairs[] = {
    {"samples", "count", "wall", "nanoseconds", XPF_PROFILE_CPU},
    {"sample", "count", "wall", "nanoseconds", XPF_PROFILE_CPU},
    {"samples", "count", "cpu", "nanoseconds", XPF_PROFILE_CPU},
    {"sample", "count", "cpu", "nanoseconds", XPF_PROFILE_CPU},
    {"inuse_objects", "count", "inuse_space", "bytes", XPF_PROFILE_HEAP},
    {"objects", "count", "space", "bytes", XPF_PROFILE_HEAP},
    {"alloc_objects", "count", "alloc_space", "bytes", XPF_PROFILE_HEAP},
    {"collections", "count", "pause", "nanoseconds", XPF_PROFILE_GC},
};

static enum xpf_profile_kind kind_find(struct builder *b, uint32_t *first, uint32_t *second) {
  for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
    *first = type_find(b, pairs[i].first, pairs[i].first_unit);
    *second = type_find(b, pairs[i].second, pairs[i].second_unit);
    if (*first != NO_SLOT && *second != NO_SLOT)
      return pairs[i].kind;
  }
  *first = *second = NO_SLOT;
  return XPF_PROFILE_OTHER;
}

static int value_put(struct builder *b, uint32_t from, uint32_t slot) {
  const char *type = text_of(b, b->raw->types[from].type, b->end);
  const char *unit = text_of(b, b->raw->types[from].unit, b->end);
  if (type == NULL || unit == NULL)
    return -1;
  if (xpf_profile_value_set(b->profile, slot, type, unit) < 0)
    return no_memory(b);
  b->slots[from] = slot;
  if (b->raw->default_type != 0 && b->raw->types[from].type == b->raw->default_type)
    b->profile->default_value = slot;
  return 0;
}

static int build_values(struct builder *b) {
  uint32_t first, second, used = 0;
  if (b->raw->types_count == 0)
    return fail(b, XPF_READ_MISSING, b->end, "sample_type");
  if (b->raw->samples_count > 0 && b->raw->sample_values != b->raw->types_count)
    return fail(b, XPF_READ_OUT_OF_RANGE, b->raw->sample_offset,
                "the number of values of a Sample");
  enum xpf_profile_kind kind = kind_find(b, &first, &second);
  b->profile = xpf_profile_new(kind);
  if (b->profile == NULL)
    return no_memory(b);
  b->profile->values_count = 0;
  for (uint32_t i = 0; i < XPF_PPROF_TYPES_MAX; i++)
    b->slots[i] = NO_SLOT;
  if (kind != XPF_PROFILE_OTHER) {
    if (value_put(b, first, used++) < 0 || value_put(b, second, used++) < 0)
      return -1;
  }
  for (uint32_t i = 0; i < b->raw->types_count && i < XPF_PPROF_TYPES_MAX; i++)
    if (b->slots[i] == NO_SLOT && used < XPF_PROFILE_VALUES_MAX && value_put(b, i, used++) < 0)
      return -1;
  if (kind == XPF_PROFILE_OTHER && b->raw->default_type == 0)
    b->profile->default_value = used - 1; /* as pprof does */
  return 0;
}

/* ---- frames ------------------------------------------------------------------------------ */

static int64_t child(struct builder *b, uint32_t parent, uint32_t frame,
                     const struct xpf_profile_frame *what) {
  uint32_t before = b->tree.count;
  int64_t index = xpf_stack_tree_child(&b->tree, parent, frame);
  if (index < 0)
    return no_memory(b);
  if (index < before)
    return index;
  int64_t added = xpf_profile_node_add(b->profile, parent, before + 1, what);
  return added < 0 ? no_memory(b) : added;
}

static int32_t line_of(int64_t line) {
  return line > 0 && line <= INT32_MAX ? (int32_t)line : 0;
}

static int64_t function_child(struct builder *b, uint32_t parent,
                              const struct xpf_pprof_line *line) {
  uint32_t index = xpf_id_table_find(&b->raw->function_ids, line->function_id);
  if (index == XPF_NO_INDEX) {
    char detail[64];
    snprintf(detail, sizeof(detail), "function_id %llu", (unsigned long long)line->function_id);
    return fail(b, XPF_READ_UNKNOWN_ID, b->end, detail);
  }
  const struct xpf_pprof_function *function = &b->raw->functions[index];
  const char *name = text_of(b, function->name, function->offset);
  const char *filename = text_of(b, function->filename, function->offset);
  if (name == NULL || filename == NULL)
    return -1;
  struct xpf_profile_frame frame = {
      .function_name = strcmp(name, ANONYMOUS) == 0 ? "" : name,
      .url = filename,
      .bailout_reason = "",
      .line = line_of(function->start_line),
  };
  return child(b, parent, index, &frame);
}

/* A place that nobody gave a name: its address. */
static int64_t address_child(struct builder *b, uint32_t parent, uint32_t place) {
  char name[24];
  snprintf(name, sizeof(name), "0x%llx", (unsigned long long)b->raw->places[place].address);
  struct xpf_profile_frame frame = {.function_name = name, .url = "", .bailout_reason = ""};
  return child(b, parent, NO_FUNCTION | place, &frame);
}

/* The node of the profile for a place below a parent: the outermost of inlined functions first. */
static int64_t place_child(struct builder *b, uint32_t parent, uint32_t place_index) {
  const struct xpf_pprof_place *place = &b->raw->places[place_index];
  if (!place->is_there) {
    char detail[64];
    snprintf(detail, sizeof(detail), "location_id %llu", (unsigned long long)place->id);
    return fail(b, XPF_READ_UNKNOWN_ID, b->end, detail);
  }
  if (place->lines_count == 0)
    return address_child(b, parent, place_index);
  int64_t at = parent;
  for (uint32_t i = place->lines_count; i-- > 0 && at >= 0;)
    at = function_child(b, (uint32_t)at, &b->raw->lines[place->lines_start + i]);
  return at;
}

static int leaf_line_add(struct builder *b, uint32_t node, uint32_t place_index, int64_t hits) {
  const struct xpf_pprof_place *place = &b->raw->places[place_index];
  if (place->lines_count == 0 || hits <= 0)
    return 0;
  int32_t line = line_of(b->raw->lines[place->lines_start].line);
  if (line == 0 || line == b->profile->nodes[node].line)
    return 0;
  struct leaf_line *grown =
      xpf_array_grow(b->leaf_lines, &b->leaf_lines_capacity, b->leaf_lines_count, sizeof(*grown));
  if (grown == NULL)
    return no_memory(b);
  b->leaf_lines = grown;
  b->leaf_lines[b->leaf_lines_count++] =
      (struct leaf_line){.node = node, .line = (uint32_t)line, .hits = hits};
  return 0;
}

static int values_add(struct builder *b, uint32_t raw_node, uint32_t node) {
  if (raw_node >= b->raw->values_count)
    return 0;
  const struct xpf_pprof_values *values = &b->raw->values[raw_node];
  int64_t *self = b->profile->nodes[node].self;
  for (uint32_t i = 0; i < XPF_PPROF_TYPES_MAX; i++) {
    if (b->slots[i] == NO_SLOT)
      continue;
    int64_t *sum = &self[b->slots[i]];
    if (__builtin_add_overflow(*sum, values->self[i], sum))
      *sum = values->self[i] < 0 ? INT64_MIN : INT64_MAX;
    if (b->slots[i] == 0 && raw_node > 0 &&
        leaf_line_add(b, node, b->raw->tree.nodes[raw_node].frame, values->self[i]) < 0)
      return -1;
  }
  return 0;
}

static int build_tree(struct builder *b) {
  struct xpf_profile_frame root = {.function_name = "(root)", .url = "", .bailout_reason = ""};
  const struct xpf_stack_tree *raw = &b->raw->tree;
  b->node_of = malloc(raw->count * sizeof(*b->node_of));
  if (b->node_of == NULL || xpf_stack_tree_init(&b->tree) < 0 ||
      xpf_profile_node_add(b->profile, XPF_NO_PARENT, 1, &root) < 0)
    return no_memory(b);
  b->node_of[0] = 0;
  for (uint32_t i = 0; i < raw->count; i++) {
    if (i > 0) {
      int64_t node = place_child(b, b->node_of[raw->nodes[i].parent], raw->nodes[i].frame);
      if (node < 0)
        return -1;
      b->node_of[i] = (uint32_t)node;
    }
    if (values_add(b, i, b->node_of[i]) < 0)
      return -1;
  }
  return 0;
}

/* ---- position ticks ---------------------------------------------------------------------- */

static int compare_leaf_lines(const void *left, const void *right) {
  const struct leaf_line *a = left, *b = right;
  if (a->node != b->node)
    return a->node < b->node ? -1 : 1;
  return a->line < b->line ? -1 : a->line > b->line;
}

static int build_ticks(struct builder *b) {
  struct xpf_profile *p = b->profile;
  if (p->kind != XPF_PROFILE_CPU || b->leaf_lines_count == 0)
    return 0;
  qsort(b->leaf_lines, b->leaf_lines_count, sizeof(*b->leaf_lines), compare_leaf_lines);
  for (uint32_t i = 0; i < b->leaf_lines_count; i++) {
    const struct leaf_line *at = &b->leaf_lines[i];
    struct xpf_profile_node *node = &p->nodes[at->node];
    uint32_t hits = at->hits > UINT32_MAX ? UINT32_MAX : (uint32_t)at->hits;
    struct xpf_profile_tick *last = p->ticks_count > 0 ? &p->ticks[p->ticks_count - 1] : NULL;
    if (i > 0 && at[-1].node == at->node && at[-1].line == at->line) {
      last->ticks = hits > UINT32_MAX - last->ticks ? UINT32_MAX : last->ticks + hits;
      continue;
    }
    struct xpf_profile_tick *grown =
        xpf_array_grow(p->ticks, &p->ticks_capacity, p->ticks_count, sizeof(*grown));
    if (grown == NULL)
      return no_memory(b);
    p->ticks = grown;
    if (node->ticks_count++ == 0)
      node->ticks_start = p->ticks_count;
    p->ticks[p->ticks_count++] = (struct xpf_profile_tick){.line = at->line, .ticks = hits};
  }
  return 0;
}

static int build_times(struct builder *b) {
  const struct xpf_pprof_raw *raw = b->raw;
  const char *type = text_of(b, raw->period_type.type, b->end);
  const char *unit = text_of(b, raw->period_type.unit, b->end);
  if (type == NULL || unit == NULL)
    return -1;
  if (*type != '\0' && xpf_profile_period_set(b->profile, type, unit, raw->period) < 0)
    return no_memory(b);
  b->profile->period = raw->period;
  b->profile->time_ns = raw->time_ns;
  b->profile->end_us = raw->duration_ns > 0 ? raw->duration_ns / NS_PER_US : 0;
  return 0;
}

struct xpf_profile *xpf_pprof_build(const struct xpf_pprof_raw *raw, uint64_t end,
                                    struct xpf_read_error *error) {
  struct builder b = {.raw = raw, .error = error, .end = end};
  bool is_good =
      build_values(&b) == 0 && build_tree(&b) == 0 && build_ticks(&b) == 0 && build_times(&b) == 0;
  /* A bad index of a value type is found while types are looked for, and is an error even when no
   * value of it would be kept. */
  if (!is_good || error->reason != XPF_READ_NONE) {
    xpf_profile_free(b.profile);
    b.profile = NULL;
  }
  free(b.node_of);
  free(b.leaf_lines);
  xpf_stack_tree_free(&b.tree);
  return b.profile;
}

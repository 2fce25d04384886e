#include "format/pprof.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/array.h"
#include "format/frame_class.h"
#include "format/gzip.h"
#include "format/pprof.pb-c.h"
#include "format/pprof_field.h"
#include "format/stack.h"
#include "format/stack_tree.h"
#include "format/string_table.h"

#define PATH_BYTES   4096
#define VARINT_BYTES 10
/* Larger than any message here: a stack of ids (and the cut one), and the values. */
#define MESSAGE_BYTES ((XPF_STACK_MAX + 1 + XPF_PROFILE_VALUES_MAX) * VARINT_BYTES + 256)
#define NS_PER_US     1000

struct function {
  uint32_t name, filename; /* in writer.strings */
  int32_t line;
};

struct location {
  uint32_t function; /* index */
  int32_t line;
};

struct writer {
  const struct xpf_profile *profile;
  struct xpf_sink *sink;
  struct xpf_string_table *strings;
  struct xpf_stack_tree names;      /* name, url and column of a function: one number */
  struct xpf_id_table function_ids; /* that number and the line, to an index */
  struct xpf_id_table location_ids; /* function and line, to an index */
  struct function *functions;
  uint32_t functions_count, functions_capacity;
  struct location *locations;
  uint32_t locations_count, locations_capacity;
  struct xpf_stack stack;
  uint64_t ids[XPF_STACK_MAX + 1];
  uint8_t message[MESSAGE_BYTES];
};

/* ---- fields of Profile ------------------------------------------------------------------- */

static int fail(struct writer *w, int error) {
  if (w->sink->error == 0)
    w->sink->error = error;
  return w->sink->error;
}

static size_t varint_put(uint8_t *out, uint64_t value) {
  size_t size = 0;
  while (value >= 0x80) {
    out[size++] = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  out[size++] = (uint8_t)value;
  return size;
}

static void write_number(struct writer *w, enum xpf_pprof_field field, int64_t value) {
  uint8_t bytes[2 * VARINT_BYTES];
  size_t size = varint_put(bytes, (uint64_t)field << 3 | XPF_PPROF_VARINT);
  size += varint_put(bytes + size, (uint64_t)value);
  if (value != 0)
    xpf_sink_write(w->sink, bytes, size);
}

static void write_bytes(struct writer *w, enum xpf_pprof_field field, const void *data,
                        size_t size) {
  uint8_t bytes[2 * VARINT_BYTES];
  size_t used = varint_put(bytes, (uint64_t)field << 3 | XPF_PPROF_BYTES);
  used += varint_put(bytes + used, size);
  xpf_sink_write(w->sink, bytes, used);
  xpf_sink_write(w->sink, data, size);
}

static void write_message(struct writer *w, enum xpf_pprof_field field,
                          const ProtobufCMessage *message) {
  if (protobuf_c_message_get_packed_size(message) > MESSAGE_BYTES) {
    fail(w, -EFBIG);
    return;
  }
  write_bytes(w, field, w->message, protobuf_c_message_pack(message, w->message));
}

static uint32_t text(struct writer *w, const char *chars) {
  int64_t index = xpf_string_table_add(w->strings, chars, strlen(chars));
  if (index < 0)
    fail(w, -ENOMEM);
  return index < 0 ? 0 : (uint32_t)index;
}

static void write_value_type(struct writer *w, enum xpf_pprof_field field,
                             const struct xpf_profile_value *value) {
  Perftools__Profiles__ValueType message = PERFTOOLS__PROFILES__VALUE_TYPE__INIT;
  message.type = text(w, xpf_profile_string(w->profile, value->type));
  message.unit = text(w, xpf_profile_string(w->profile, value->unit));
  write_message(w, field, &message.base);
}

/* ---- functions and locations ------------------------------------------------------------- */

static int64_t function_new(struct writer *w, const char *name, const char *url, int32_t line) {
  char path[PATH_BYTES];
  struct function *grown =
      xpf_array_grow(w->functions, &w->functions_capacity, w->functions_count, sizeof(*grown));
  if (grown == NULL)
    return fail(w, -ENOMEM);
  w->functions = grown;
  w->functions[w->functions_count] = (struct function){
      .name = text(w, xpf_frame_name(name)),
      .filename = text(w, xpf_frame_path(url, path, sizeof(path))),
      .line = line,
  };
  return w->functions_count++;
}

/* Index of the function of a node. */
static int64_t function_of(struct writer *w, const struct xpf_profile_node *node) {
  int64_t number = xpf_stack_tree_child(&w->names, 0, node->function_name);
  if (number >= 0)
    number = xpf_stack_tree_child(&w->names, (uint32_t)number, node->url);
  if (number >= 0)
    number = xpf_stack_tree_child(&w->names, (uint32_t)number, (uint32_t)node->column);
  if (number < 0)
    return fail(w, -ENOMEM);
  uint64_t key = (uint64_t)number << 32 | (uint32_t)node->line;
  uint32_t found = xpf_id_table_find(&w->function_ids, key);
  if (found != XPF_NO_INDEX)
    return found;
  int64_t index = function_new(w, xpf_profile_string(w->profile, node->function_name),
                               xpf_profile_string(w->profile, node->url), node->line);
  if (index >= 0 && xpf_id_table_add(&w->function_ids, key, (uint32_t)index) < 0)
    return fail(w, -ENOMEM);
  return index;
}

/* Id of a location, 0 after an error. */
static uint64_t location_id(struct writer *w, int64_t function, int32_t line) {
  if (function < 0)
    return 0;
  uint64_t key = (uint64_t)function << 32 | (uint32_t)line;
  uint32_t found = xpf_id_table_find(&w->location_ids, key);
  if (found != XPF_NO_INDEX)
    return found + UINT64_C(1);
  struct location *grown =
      xpf_array_grow(w->locations, &w->locations_capacity, w->locations_count, sizeof(*grown));
  if (grown == NULL || xpf_id_table_add(&w->location_ids, key, w->locations_count) < 0) {
    fail(w, -ENOMEM);
    if (grown != NULL)
      w->locations = grown;
    return 0;
  }
  w->locations = grown;
  w->locations[w->locations_count] =
      (struct location){.function = (uint32_t)function, .line = line};
  return ++w->locations_count;
}

static uint64_t cut_location_id(struct writer *w) {
  uint64_t key = UINT64_MAX; /* no node has it */
  uint32_t found = xpf_id_table_find(&w->function_ids, key);
  if (found != XPF_NO_INDEX)
    return location_id(w, found, 0);
  int64_t index = function_new(w, XPF_STACK_CUT_NAME, "", 0);
  if (index >= 0 && xpf_id_table_add(&w->function_ids, key, (uint32_t)index) < 0)
    return 0;
  return location_id(w, index, 0);
}

/* ---- samples ----------------------------------------------------------------------------- */

/* ids[0] is set by the caller: the same stack is written once for each line of its leaf. */
static size_t stack_ids(struct writer *w, uint32_t node) {
  const struct xpf_profile_node *nodes = w->profile->nodes;
  xpf_stack_of(&w->stack, w->profile, node);
  for (uint32_t i = 1; i < w->stack.depth; i++) {
    const struct xpf_profile_node *at = &nodes[w->stack.nodes[i]];
    w->ids[i] = location_id(w, function_of(w, at), at->line);
  }
  if (!w->stack.is_cut)
    return w->stack.depth;
  w->ids[w->stack.depth] = cut_location_id(w);
  return w->stack.depth + 1;
}

static void write_sample(struct writer *w, size_t depth, const int64_t *values) {
  Perftools__Profiles__Sample message = PERFTOOLS__PROFILES__SAMPLE__INIT;
  bool is_empty = true;
  for (uint32_t i = 0; i < w->profile->values_count; i++)
    is_empty = is_empty && values[i] == 0;
  if (is_empty)
    return;
  message.n_location_id = depth;
  message.location_id = w->ids;
  message.n_value = w->profile->values_count;
  message.value = (int64_t *)values;
  write_message(w, XPF_PPROF_SAMPLE, &message.base);
}

static int64_t part_of(int64_t whole, uint64_t part, uint64_t all) {
  return (int64_t)((double)whole * ((double)part / (double)all));
}

/* A sample for each line of the leaf. What the ticks do not explain stays on the function's line.
 */
static void write_lines(struct writer *w, const struct xpf_profile_node *node, int64_t function,
                        size_t depth) {
  const struct xpf_profile *p = w->profile;
  uint64_t ticks = 0;
  for (uint32_t i = 0; i < node->ticks_count; i++)
    ticks += p->ticks[node->ticks_start + i].ticks;
  if (node->self[0] > 0 && (uint64_t)node->self[0] > ticks)
    ticks = (uint64_t)node->self[0];
  int64_t rest[XPF_PROFILE_VALUES_MAX];
  memcpy(rest, node->self, sizeof(rest));
  for (uint32_t i = 0; i < node->ticks_count && ticks > 0; i++) {
    const struct xpf_profile_tick *tick = &p->ticks[node->ticks_start + i];
    int64_t values[XPF_PROFILE_VALUES_MAX];
    bool is_last = i + 1 == node->ticks_count && (uint64_t)rest[0] <= tick->ticks;
    for (uint32_t v = 0; v < p->values_count; v++) {
      values[v] = is_last ? rest[v] : part_of(node->self[v], tick->ticks, ticks);
      rest[v] -= values[v];
    }
    w->ids[0] = location_id(w, function, (int32_t)(tick->line & INT32_MAX));
    write_sample(w, depth, values);
  }
  w->ids[0] = location_id(w, function, node->line);
  write_sample(w, depth, rest);
}

static void write_samples(struct writer *w) {
  for (uint32_t i = 0; i < w->profile->nodes_count && w->sink->error == 0; i++) {
    const struct xpf_profile_node *node = &w->profile->nodes[i];
    bool is_empty = true;
    for (uint32_t v = 0; v < w->profile->values_count; v++)
      is_empty = is_empty && node->self[v] == 0;
    if (is_empty)
      continue;
    size_t depth = stack_ids(w, i);
    write_lines(w, node, function_of(w, node), depth);
  }
}

/* ---- the rest ---------------------------------------------------------------------------- */

/* One mapping that says that all is known: pprof then looks for no binary to ask. */
static void write_mapping(struct writer *w) {
  Perftools__Profiles__Mapping message = PERFTOOLS__PROFILES__MAPPING__INIT;
  const char *title = xpf_profile_string(w->profile, w->profile->title);
  message.id = 1;
  message.filename = text(w, *title != '\0' ? title : "node");
  message.has_functions = message.has_filenames = message.has_line_numbers = true;
  write_message(w, XPF_PPROF_MAPPING, &message.base);
}

static void write_locations(struct writer *w) {
  for (uint32_t i = 0; i < w->locations_count; i++) {
    Perftools__Profiles__Location message = PERFTOOLS__PROFILES__LOCATION__INIT;
    Perftools__Profiles__Line line = PERFTOOLS__PROFILES__LINE__INIT, *lines = &line;
    line.function_id = w->locations[i].function + UINT64_C(1);
    line.line = w->locations[i].line;
    message.id = i + UINT64_C(1);
    message.mapping_id = 1;
    message.n_line = 1;
    message.line = &lines;
    write_message(w, XPF_PPROF_LOCATION, &message.base);
  }
}

static void write_functions(struct writer *w) {
  for (uint32_t i = 0; i < w->functions_count; i++) {
    Perftools__Profiles__Function message = PERFTOOLS__PROFILES__FUNCTION__INIT;
    message.id = i + UINT64_C(1);
    message.name = message.system_name = w->functions[i].name;
    message.filename = w->functions[i].filename;
    message.start_line = w->functions[i].line;
    write_message(w, XPF_PPROF_FUNCTION, &message.base);
  }
}

/* The period that was asked for, else the one that was found. */
static int64_t period_of(const struct xpf_profile *profile) {
  if (profile->period != 0 || profile->kind != XPF_PROFILE_CPU)
    return profile->period;
  double period_ns = xpf_profile_effective_interval_us(profile) * NS_PER_US;
  return period_ns < 9e18 ? (int64_t)(period_ns + 0.5) : 0;
}

static void write_profile(struct writer *w) {
  const struct xpf_profile *p = w->profile;
  for (uint32_t i = 0; i < p->values_count; i++)
    write_value_type(w, XPF_PPROF_SAMPLE_TYPE, &p->values[i]);
  write_samples(w);
  write_mapping(w);
  write_locations(w);
  write_functions(w);
  /* Every text is known before the table is written, but these fields stand behind it. */
  uint32_t shown = 0;
  if (p->default_value < p->values_count)
    shown = text(w, xpf_profile_string(p, p->values[p->default_value].type));
  text(w, xpf_profile_string(p, p->period_of.type));
  text(w, xpf_profile_string(p, p->period_of.unit));
  for (uint32_t i = 0; i < xpf_string_table_count(w->strings); i++) {
    const char *chars = xpf_string_table_text(w->strings, i);
    write_bytes(w, XPF_PPROF_STRING_TABLE, chars, strlen(chars));
  }
  write_number(w, XPF_PPROF_TIME_NANOS, p->time_ns);
  int64_t duration_us;
  if (__builtin_sub_overflow(p->end_us, p->start_us, &duration_us) ||
      duration_us > INT64_MAX / NS_PER_US)
    duration_us = INT64_MAX / NS_PER_US;
  write_number(w, XPF_PPROF_DURATION_NANOS, duration_us * NS_PER_US);
  if (p->period_of.type != 0)
    write_value_type(w, XPF_PPROF_PERIOD_TYPE, &p->period_of);
  write_number(w, XPF_PPROF_PERIOD, period_of(p));
  write_number(w, XPF_PPROF_DEFAULT_SAMPLE_TYPE, shown);
}

int xpf_pprof_write(const struct xpf_profile *profile, struct xpf_sink *sink) {
  struct writer *w = calloc(1, sizeof(*w));
  struct xpf_sink *gzip = xpf_gzip_sink_new(sink);
  if (w != NULL)
    w->strings = xpf_string_table_new();
  if (w == NULL || gzip == NULL || w->strings == NULL || xpf_stack_tree_init(&w->names) < 0) {
    if (sink->error == 0)
      sink->error = -ENOMEM;
  } else {
    w->profile = profile;
    w->sink = gzip;
    write_profile(w);
    int rc = xpf_gzip_sink_finish(gzip);
    if (rc < 0 && sink->error == 0)
      sink->error = rc;
  }
  xpf_gzip_sink_free(gzip);
  if (w != NULL) {
    if (w->strings != NULL)
      xpf_string_table_free(w->strings);
    xpf_stack_tree_free(&w->names);
    xpf_id_table_free(&w->function_ids);
    xpf_id_table_free(&w->location_ids);
    free(w->functions);
    free(w->locations);
    free(w);
  }
  return sink->error;
}

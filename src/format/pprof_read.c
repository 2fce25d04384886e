/* Reads pprof, one field of the Profile after the other: what is kept does not grow with the number
 * of samples, and an error has an offset. Fields come in any order (Go writes the samples before
 * the texts they mean), so all references are resolved at the end, in pprof_build.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/array.h"
#include "format/pprof.h"
#include "format/pprof.pb-c.h"
#include "format/pprof_field.h"
#include "format/pprof_raw.h"

#define MESSAGE_MAX (16 << 20) /* bytes of one part: a stack of a million frames */
#define MEMBER_MAX  16
/* The tags of the fields of a ValueType. */
#define VALUE_TYPE_TYPE 0x08
#define VALUE_TYPE_UNIT 0x10

struct reader {
  struct xpf_source *source;
  struct xpf_read_error *error;
  struct xpf_pprof_raw *raw;
  uint64_t offset; /* of the present field */
  uint8_t *large;  /* a part that does not fit the source's buffer */
};

static int fail(struct reader *r, enum xpf_read_reason reason, const char *detail) {
  if (r->source->error != 0)
    return xpf_read_fail_source(r->error, r->source);
  return xpf_read_fail(r->error, reason, r->offset, detail);
}

static int no_memory(struct reader *r) {
  return fail(r, XPF_READ_MEMORY, "");
}

static int varint_read(struct reader *r, uint64_t *out) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (!xpf_source_has(r->source))
      return fail(r, XPF_READ_TRUNCATED, "");
    uint8_t byte = r->source->buffer[r->source->at++];
    if (shift < 64)
      value |= (uint64_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      *out = value;
      return 0;
    }
  }
  return fail(r, XPF_READ_SYNTAX, "a number of more than 64 bits");
}

/* The next `size` bytes in one piece, good until the next call. NULL after an error. */
static const uint8_t *bytes_read(struct reader *r, uint64_t size) {
  struct xpf_source *source = r->source;
  if (size > MESSAGE_MAX) {
    fail(r, XPF_READ_TOO_LARGE, "a part");
    return NULL;
  }
  if (size <= sizeof(source->buffer)) {
    if (xpf_source_need(source, (size_t)size) < size) {
      fail(r, XPF_READ_TRUNCATED, "");
      return NULL;
    }
    const uint8_t *data = source->buffer + source->at;
    source->at += (size_t)size;
    return data;
  }
  free(r->large);
  r->large = malloc((size_t)size);
  if (r->large == NULL) {
    no_memory(r);
    return NULL;
  }
  for (size_t used = 0; used < size;) {
    if (!xpf_source_has(source)) {
      fail(r, XPF_READ_TRUNCATED, "");
      return NULL;
    }
    size_t part = source->end - source->at;
    if (part > size - used)
      part = (size_t)size - used;
    memcpy(r->large + used, source->buffer + source->at, part);
    source->at += part;
    used += part;
  }
  return r->large;
}

/* ---- parts ------------------------------------------------------------------------------- */

static int take_value_type(struct reader *r, const uint8_t *data, size_t size, bool is_period) {
  struct xpf_pprof_raw *raw = r->raw;
  Perftools__Profiles__ValueType *message =
      perftools__profiles__value_type__unpack(NULL, size, data);
  if (message == NULL)
    return fail(r, XPF_READ_SYNTAX, "a ValueType");
  struct xpf_pprof_type type = {.type = message->type, .unit = message->unit};
  perftools__profiles__value_type__free_unpacked(message, NULL);
  if (is_period) {
    raw->period_type = type;
    return 0;
  }
  if (raw->types_count < XPF_PPROF_TYPES_MAX)
    raw->types[raw->types_count] = type;
  raw->types_count++;
  return 0;
}

/* The stack of the sample as a node of the raw tree, whose frames are places. */
static int64_t sample_node(struct reader *r, const Perftools__Profiles__Sample *message) {
  struct xpf_pprof_raw *raw = r->raw;
  int64_t node = 0;
  for (size_t i = message->n_location_id; i-- > 0 && node >= 0;) {
    int64_t place = xpf_pprof_place(raw, message->location_id[i]);
    if (place < 0)
      return -ENOMEM;
    node = xpf_stack_tree_child(&raw->tree, (uint32_t)node, (uint32_t)place);
  }
  while (node >= 0 && raw->values_count <= node) {
    struct xpf_pprof_values *grown =
        xpf_array_grow(raw->values, &raw->values_capacity, raw->values_count, sizeof(*grown));
    if (grown == NULL)
      return -ENOMEM;
    raw->values = grown;
    raw->values[raw->values_count++] = (struct xpf_pprof_values){0};
  }
  return node;
}

static int take_sample(struct reader *r, const uint8_t *data, size_t size) {
  struct xpf_pprof_raw *raw = r->raw;
  Perftools__Profiles__Sample *message = perftools__profiles__sample__unpack(NULL, size, data);
  if (message == NULL)
    return fail(r, XPF_READ_SYNTAX, "a Sample");
  int64_t node = sample_node(r, message);
  if (node >= 0)
    for (size_t i = 0; i < message->n_value && i < XPF_PPROF_TYPES_MAX; i++) {
      int64_t *sum = &raw->values[node].self[i];
      if (__builtin_add_overflow(*sum, message->value[i], sum))
        *sum = message->value[i] < 0 ? INT64_MIN : INT64_MAX;
    }
  if (raw->samples_count++ == 0) {
    raw->sample_values = message->n_value;
    raw->sample_offset = r->offset;
  }
  bool is_equal = raw->sample_values == message->n_value;
  perftools__profiles__sample__free_unpacked(message, NULL);
  if (node < 0)
    return no_memory(r);
  return is_equal ? 0 : fail(r, XPF_READ_OUT_OF_RANGE, "the number of values of a Sample");
}

static int lines_add(struct reader *r, const Perftools__Profiles__Location *message) {
  struct xpf_pprof_raw *raw = r->raw;
  for (size_t i = 0; i < message->n_line; i++) {
    struct xpf_pprof_line *grown =
        xpf_array_grow(raw->lines, &raw->lines_capacity, raw->lines_count, sizeof(*grown));
    if (grown == NULL)
      return no_memory(r);
    raw->lines = grown;
    raw->lines[raw->lines_count++] = (struct xpf_pprof_line){
        .function_id = message->line[i]->function_id, .line = message->line[i]->line};
  }
  return 0;
}

static int take_location(struct reader *r, const uint8_t *data, size_t size) {
  struct xpf_pprof_raw *raw = r->raw;
  Perftools__Profiles__Location *message = perftools__profiles__location__unpack(NULL, size, data);
  if (message == NULL)
    return fail(r, XPF_READ_SYNTAX, "a Location");
  int64_t index = xpf_pprof_place(raw, message->id);
  int rc = 0;
  if (index < 0)
    rc = no_memory(r);
  else if (message->id == 0)
    rc = fail(r, XPF_READ_OUT_OF_RANGE, "the id of a Location");
  else if (raw->places[index].is_there)
    rc = fail(r, XPF_READ_TWICE, "the id of a Location");
  if (rc == 0) {
    raw->places[index].is_there = true;
    raw->places[index].address = message->address;
    raw->places[index].lines_start = raw->lines_count;
    rc = lines_add(r, message);
    raw->places[index].lines_count = raw->lines_count - raw->places[index].lines_start;
  }
  perftools__profiles__location__free_unpacked(message, NULL);
  return rc;
}

static int take_function(struct reader *r, const uint8_t *data, size_t size) {
  struct xpf_pprof_raw *raw = r->raw;
  Perftools__Profiles__Function *message = perftools__profiles__function__unpack(NULL, size, data);
  if (message == NULL)
    return fail(r, XPF_READ_SYNTAX, "a Function");
  struct xpf_pprof_function function = {.name = message->name,
                                        .filename = message->filename,
                                        .start_line = message->start_line,
                                        .offset = r->offset};
  uint64_t id = message->id;
  perftools__profiles__function__free_unpacked(message, NULL);
  if (id == 0)
    return fail(r, XPF_READ_OUT_OF_RANGE, "the id of a Function");
  struct xpf_pprof_function *grown = xpf_array_grow(raw->functions, &raw->functions_capacity,
                                                    raw->functions_count, sizeof(*grown));
  if (grown == NULL)
    return no_memory(r);
  raw->functions = grown;
  int rc = xpf_id_table_add(&raw->function_ids, id, raw->functions_count);
  if (rc != 0)
    return rc < 0 ? no_memory(r) : fail(r, XPF_READ_TWICE, "the id of a Function");
  raw->functions[raw->functions_count++] = function;
  return 0;
}

static int take_string(struct reader *r, const uint8_t *data, size_t size) {
  struct xpf_pprof_raw *raw = r->raw;
  uint32_t *grown = xpf_array_grow(raw->strings, &raw->strings_capacity, raw->strings_count,
                                   sizeof(*raw->strings));
  if (grown == NULL)
    return no_memory(r);
  raw->strings = grown;
  int64_t index = xpf_string_table_add(raw->texts, (const char *)data, size);
  if (index < 0)
    return no_memory(r);
  raw->strings[raw->strings_count++] = (uint32_t)index;
  return 0;
}

static int take_bytes(struct reader *r, uint32_t field) {
  uint64_t size;
  if (varint_read(r, &size) < 0)
    return -1;
  const uint8_t *data = bytes_read(r, size);
  if (data == NULL)
    return -1;
  switch (field) {
  case XPF_PPROF_SAMPLE_TYPE:
    return take_value_type(r, data, (size_t)size, false);
  case XPF_PPROF_PERIOD_TYPE:
    return take_value_type(r, data, (size_t)size, true);
  case XPF_PPROF_SAMPLE:
    return take_sample(r, data, (size_t)size);
  case XPF_PPROF_LOCATION:
    return take_location(r, data, (size_t)size);
  case XPF_PPROF_FUNCTION:
    return take_function(r, data, (size_t)size);
  case XPF_PPROF_STRING_TABLE:
    return take_string(r, data, (size_t)size);
  default:
    return 0;
  }
}

static int take_number(struct reader *r, uint32_t field) {
  uint64_t number;
  if (varint_read(r, &number) < 0)
    return -1;
  int64_t value = (int64_t)number;
  if (field == XPF_PPROF_TIME_NANOS)
    r->raw->time_ns = value;
  else if (field == XPF_PPROF_DURATION_NANOS)
    r->raw->duration_ns = value;
  else if (field == XPF_PPROF_PERIOD)
    r->raw->period = value;
  else if (field == XPF_PPROF_DEFAULT_SAMPLE_TYPE)
    r->raw->default_type = value;
  return 0;
}

static int take_field(struct reader *r) {
  uint64_t tag;
  r->offset = xpf_source_offset(r->source);
  if (varint_read(r, &tag) < 0)
    return -1;
  uint64_t field = tag >> 3;
  unsigned type = tag & 7;
  if (field == 0 || field > UINT32_MAX)
    return fail(r, XPF_READ_SYNTAX, "the number of a field");
  if (type == XPF_PPROF_VARINT)
    return take_number(r, (uint32_t)field);
  if (type == XPF_PPROF_BYTES)
    return take_bytes(r, (uint32_t)field);
  if (type == XPF_PPROF_FIXED64 || type == XPF_PPROF_FIXED32)
    return bytes_read(r, type == XPF_PPROF_FIXED64 ? 8 : 4) != NULL ? 0 : -1;
  return fail(r, XPF_READ_SYNTAX, "the type of a field");
}

int xpf_pprof_read(struct xpf_source *source, struct xpf_profile **out,
                   struct xpf_read_error *error) {
  struct xpf_pprof_raw raw;
  struct reader r = {.source = source, .error = error, .raw = &raw};
  int rc = xpf_pprof_raw_init(&raw) < 0 ? no_memory(&r) : 0;
  while (rc == 0 && xpf_source_has(source))
    rc = take_field(&r);
  if (rc == 0 && source->error != 0)
    rc = xpf_read_fail_source(error, source);
  if (rc == 0)
    *out = xpf_pprof_build(&raw, xpf_source_offset(source), error);
  free(r.large);
  xpf_pprof_raw_free(&raw);
  return xpf_read_code(error);
}

/* ---- detection --------------------------------------------------------------------------- */

static bool varint_at(const unsigned char *head, size_t size, size_t *at, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; shift < 64 && *at < size; shift += 7) {
    unsigned char byte = head[(*at)++];
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0)
      return true;
  }
  return false;
}

/* Every field that begins in `head` is one of Profile, with the right type; the first is a message
 * of sample_type, or there are at least three fields: a text seldom looks like that. */
bool xpf_pprof_detect(const unsigned char *head, size_t size) {
  size_t at = 0;
  unsigned members = 0;
  bool has_sample_type = false;
  while (at < size && members < MEMBER_MAX) {
    uint64_t tag, value;
    if (!varint_at(head, size, &at, &tag) || !varint_at(head, size, &at, &value))
      break;
    uint64_t field = tag >> 3;
    bool is_number = (tag & 7) == XPF_PPROF_VARINT;
    bool is_message = field <= XPF_PPROF_STRING_TABLE || field == XPF_PPROF_PERIOD_TYPE;
    /* comment is a list of numbers, packed or not */
    if (field == 0 || field > XPF_PPROF_FIELD_LAST || (tag & 7) == 1 || (tag & 7) > 2 ||
        (is_number && is_message) || (!is_number && !is_message && field != 13))
      return false;
    members++;
    has_sample_type =
        has_sample_type || (field == XPF_PPROF_SAMPLE_TYPE && value <= 22 && at < size &&
                            (head[at] == VALUE_TYPE_TYPE || head[at] == VALUE_TYPE_UNIT));
    if (is_number)
      continue;
    if (value > size - at)
      break;
    at += (size_t)value;
  }
  return has_sample_type || members >= 3;
}

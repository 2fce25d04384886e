/* A streaming JSON writer over a sink: bounded memory, always valid UTF-8 and valid JSON.
 * Invalid UTF-8 in a string is written as U+FFFD. The caller nests objects and arrays correctly;
 * commas, escapes and (pretty) indentation are done here. One value at the top level.
 * Errors stay in the sink: check sink->error at the end. [any], one thread at a time. */
#ifndef XPF_FORMAT_JSON_H
#define XPF_FORMAT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include "format/sink.h"

struct xpf_json {
  struct xpf_sink *sink;
  bool pretty; /* two-space indentation */
  /* Any depth: a container that was just closed is an item of its parent, so one bit is enough. */
  uint32_t depth;
  bool has_item; /* the open container has an item already */
  bool after_key;
};

void xpf_json_init(struct xpf_json *json, struct xpf_sink *sink, bool pretty);
void xpf_json_object_begin(struct xpf_json *json);
void xpf_json_object_end(struct xpf_json *json);
void xpf_json_array_begin(struct xpf_json *json);
void xpf_json_array_end(struct xpf_json *json);
void xpf_json_key(struct xpf_json *json, const char *key);
void xpf_json_string(struct xpf_json *json, const char *text); /* NULL writes null */
void xpf_json_int(struct xpf_json *json, int64_t value);
void xpf_json_uint(struct xpf_json *json, uint64_t value);
/* Shortest form that reads back; NaN and infinities become 0. */
void xpf_json_double(struct xpf_json *json, double value);
void xpf_json_bool(struct xpf_json *json, bool value);
#endif

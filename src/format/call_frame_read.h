/* Reads the callFrame object of .cpuprofile and .heapprofile into a node. Inline: private to the
 * readers of this folder. */
#ifndef XPF_FORMAT_CALL_FRAME_READ_H
#define XPF_FORMAT_CALL_FRAME_READ_H

#include <stdlib.h>
#include <string.h>
#include "format/json_read.h"
#include "format/profile.h"

/* The value after a key: a string of the profile. null counts as "". 0 or -1. */
static inline int xpf_text_read(struct xpf_json_reader *json, struct xpf_profile *profile,
                                const char *what, uint32_t *out) {
  enum xpf_json_event event = xpf_json_next(json);
  if (event == XPF_JSON_NULL) {
    *out = 0;
    return 0;
  }
  if (event != XPF_JSON_STRING)
    return event == XPF_JSON_ERROR
               ? -1
               : xpf_read_fail(json->error, XPF_READ_WRONG_TYPE, json->offset, what);
  int64_t index = xpf_profile_string_add(profile, json->text);
  if (index < 0)
    return xpf_read_fail(json->error, XPF_READ_MEMORY, json->offset, "");
  *out = (uint32_t)index;
  return 0;
}

/* A string, as V8's inspector writes it, or a number: then the file has V8's own lines and columns,
 * which count from 1 (xprofiler 3, v8-profiler). */
static inline int xpf_script_id_read(struct xpf_json_reader *json, int32_t *out, bool *is_number) {
  enum xpf_json_event event = xpf_json_next(json);
  int64_t id = 0;
  *is_number = event == XPF_JSON_NUMBER;
  if (event == XPF_JSON_NUMBER)
    id = json->integer;
  else if (event == XPF_JSON_STRING)
    id = strtoll(json->text, NULL, 10);
  else
    return event == XPF_JSON_ERROR
               ? -1
               : xpf_read_fail(json->error, XPF_READ_WRONG_TYPE, json->offset, "scriptId");
  *out = id > INT32_MAX || id < 0 ? 0 : (int32_t)id;
  return 0;
}

static inline int xpf_place_read(struct xpf_json_reader *json, const char *what, int32_t *out) {
  int64_t number;
  if (xpf_json_read_int(json, -1, INT32_MAX - 1, what, &number) < 0)
    return -1;
  *out = (int32_t)number;
  return 0;
}

/* After the key callFrame. 0 or -1. */
static inline int xpf_call_frame_read(struct xpf_json_reader *json, struct xpf_profile *profile,
                                      struct xpf_profile_node *node) {
  bool counts_from_1 = false;
  int32_t line = -1, column = -1;
  if (xpf_json_expect(json, XPF_JSON_OBJECT_BEGIN, "callFrame") < 0)
    return -1;
  int more;
  while ((more = xpf_json_next_key(json)) > 0) {
    int rc;
    if (strcmp(json->text, "functionName") == 0)
      rc = xpf_text_read(json, profile, "functionName", &node->function_name);
    else if (strcmp(json->text, "url") == 0)
      rc = xpf_text_read(json, profile, "url", &node->url);
    else if (strcmp(json->text, "bailoutReason") == 0)
      rc = xpf_text_read(json, profile, "bailoutReason", &node->bailout_reason);
    else if (strcmp(json->text, "scriptId") == 0)
      rc = xpf_script_id_read(json, &node->script_id, &counts_from_1);
    else if (strcmp(json->text, "lineNumber") == 0)
      rc = xpf_place_read(json, "lineNumber", &line);
    else if (strcmp(json->text, "columnNumber") == 0)
      rc = xpf_place_read(json, "columnNumber", &column);
    else
      rc = xpf_json_skip(json);
    if (rc < 0)
      return -1;
  }
  if (more < 0)
    return -1;
  /* Frames without a script have 0 or -1 in both ways of counting. */
  if (node->url == 0 && node->script_id == 0 && line <= 0 && column <= 0)
    line = column = counts_from_1 ? 0 : -1;
  node->line = counts_from_1 ? (line > 0 ? line : 0) : line + 1;
  node->column = counts_from_1 ? (column > 0 ? column : 0) : column + 1;
  return 0;
}
#endif

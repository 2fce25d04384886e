/* A pull parser for JSON over a source: one event at a time, in memory that does not grow with the
 * file (the longest string, one bit for each level), so that 100 MB need no more than 100 KB.
 * A parser of our own because the kept ones do not fit: cJSON and Jansson build a tree (about ten
 * times the file), and yajl, the only streaming one of Debian, has had no release of its authors
 * since 2014, pushes instead of being asked, and cannot give the offset of a value.
 * Strict (RFC 8259), except that invalid UTF-8 is passed on as it is (writers replace it) and that
 * a key may occur twice, as it does in .gcprofile. Numbers need the "C" locale. [any], one thread
 * at a time. */
#ifndef XPF_FORMAT_JSON_READ_H
#define XPF_FORMAT_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "format/read_error.h"
#include "format/source.h"

#define XPF_JSON_DEPTH_MAX (1 << 20)
#define XPF_JSON_TEXT_MAX                                                                          \
  (16 << 20) /* longest string: functions made of a source text are long                           \
              */

enum xpf_json_event {
  XPF_JSON_ERROR, /* error says why; nothing follows */
  XPF_JSON_END,   /* the end of the only value at the top */
  XPF_JSON_OBJECT_BEGIN,
  XPF_JSON_OBJECT_END,
  XPF_JSON_ARRAY_BEGIN,
  XPF_JSON_ARRAY_END,
  XPF_JSON_KEY,    /* text */
  XPF_JSON_STRING, /* text */
  XPF_JSON_NUMBER, /* number, integer */
  XPF_JSON_TRUE,
  XPF_JSON_FALSE,
  XPF_JSON_NULL
};

struct xpf_json_reader {
  struct xpf_source *source;
  struct xpf_read_error *error;
  uint64_t offset; /* where the event began */
  char *text;      /* of a key or string, NUL-terminated; a NUL inside stays (text_size) */
  size_t text_size, text_capacity;
  double number;
  int64_t integer; /* the number, cut to whole and to the range */
  uint32_t depth;
  /* What may come next. */
  bool after_value, after_key, is_over;
  uint8_t *is_object; /* one bit for each open container */
  uint32_t is_object_bytes;
};

void xpf_json_reader_init(struct xpf_json_reader *reader, struct xpf_source *source,
                          struct xpf_read_error *error);
void xpf_json_reader_free(struct xpf_json_reader *reader);
enum xpf_json_event xpf_json_next(struct xpf_json_reader *reader);
/* After a KEY or before an element: goes past one whole value. 0 or -1. */
int xpf_json_skip(struct xpf_json_reader *reader);
/* After the event that begins it: goes past the rest of the value. 0 or -1. */
int xpf_json_skip_rest(struct xpf_json_reader *reader, enum xpf_json_event event);
/* The next event must be this one. 0 or -1: `what` has the wrong type. */
int xpf_json_expect(struct xpf_json_reader *reader, enum xpf_json_event event, const char *what);
/* In an array of objects: 1 when the next one has begun, 0 at the array's end, -1: `what` is none.
 */
int xpf_json_next_object(struct xpf_json_reader *reader, const char *what);
/* In an object: 1 when the next key was read (text), 0 at the object's end, -1: an error. */
int xpf_json_next_key(struct xpf_json_reader *reader);
/* A number from min to max. 0 or -1: it has the wrong type, or is out of range. */
int xpf_json_read_int(struct xpf_json_reader *reader, int64_t min, int64_t max, const char *what,
                      int64_t *out);
#endif

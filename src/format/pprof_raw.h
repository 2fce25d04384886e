/* A pprof file as it was read, its references not yet followed. Private to pprof_read.c, which
 * fills it, and pprof_build.c, which makes a profile of it. */
#ifndef XPF_FORMAT_PPROF_RAW_H
#define XPF_FORMAT_PPROF_RAW_H

#include <stdbool.h>
#include "format/id_table.h"
#include "format/profile.h"
#include "format/read_error.h"
#include "format/stack_tree.h"
#include "format/string_table.h"

#define XPF_PPROF_TYPES_MAX 8 /* sample types looked at */

struct xpf_pprof_type {
  int64_t type, unit; /* indices of string_table, as in the file */
};

struct xpf_pprof_values {
  int64_t self[XPF_PPROF_TYPES_MAX];
};

struct xpf_pprof_line {
  uint64_t function_id;
  int64_t line;
};

struct xpf_pprof_place { /* a Location */
  uint64_t id, address;
  uint32_t lines_start, lines_count;
  bool is_there; /* else only a sample has named it so far */
};

struct xpf_pprof_function {
  int64_t name, filename, start_line;
  uint64_t offset;
};

struct xpf_pprof_raw {
  struct xpf_pprof_type types[XPF_PPROF_TYPES_MAX], period_type;
  uint32_t types_count;            /* in the file: may be more than fit */
  struct xpf_stack_tree tree;      /* its frames are places */
  struct xpf_pprof_values *values; /* of the tree's nodes; may be shorter than it */
  uint32_t values_count, values_capacity;
  uint64_t samples_count, sample_offset;
  size_t sample_values; /* of each sample */
  struct xpf_id_table place_ids, function_ids;
  struct xpf_pprof_place *places;
  uint32_t places_count, places_capacity;
  struct xpf_pprof_line *lines;
  uint32_t lines_count, lines_capacity;
  struct xpf_pprof_function *functions;
  uint32_t functions_count, functions_capacity;
  struct xpf_string_table *texts;
  uint32_t *strings; /* string_table: indices into texts */
  uint32_t strings_count, strings_capacity;
  int64_t time_ns, duration_ns, period, default_type;
};

/* 0 or -ENOMEM; _free in both cases. */
int xpf_pprof_raw_init(struct xpf_pprof_raw *raw);
void xpf_pprof_raw_free(struct xpf_pprof_raw *raw);
/* Index of the place with that id, made when it is new, or -ENOMEM. */
int64_t xpf_pprof_place(struct xpf_pprof_raw *raw, uint64_t id);
/* `end` is the offset to blame for what is missing. NULL after an error. */
struct xpf_profile *xpf_pprof_build(const struct xpf_pprof_raw *raw, uint64_t end,
                                    struct xpf_read_error *error);
#endif

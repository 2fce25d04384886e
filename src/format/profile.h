/* Any profile as plain C: a tree of call frames with what was counted on them, and, where a file
 * has them, the samples in the order of time. The one model of CPU, heap and GC profiles, of pprof
 * and of folded stacks. Pure: no V8, no file. [any], one thread at a time.
 *
 * nodes[0] is the root; a parent stands before its children. Strings are stored once per profile.
 * Build: xpf_profile_new, then _node_add / _sample_add …, at last xpf_profile_sort (when there are
 * samples) and xpf_profile_wall_fill (CPU). Every adder returns an index or a negative code, and
 * the profile stays valid. */
#ifndef XPF_FORMAT_PROFILE_H
#define XPF_FORMAT_PROFILE_H

#include <stddef.h>
#include <stdint.h>
#include "format/id_table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is counted, and in which order, unless _value_set says otherwise. */
enum xpf_profile_kind {
  XPF_PROFILE_CPU,  /* samples/count, wall/nanoseconds */
  XPF_PROFILE_HEAP, /* inuse_objects/count, inuse_space/bytes */
  XPF_PROFILE_GC,   /* collections/count, pause/nanoseconds, freed/bytes */
  XPF_PROFILE_OTHER /* nothing yet: a file says what */
};
#define XPF_CPU_SAMPLES  0
#define XPF_CPU_WALL     1
#define XPF_HEAP_OBJECTS 0
#define XPF_HEAP_SPACE   1
#define XPF_GC_COUNT     0
#define XPF_GC_PAUSE     1
#define XPF_GC_FREED     2

#define XPF_PROFILE_VALUES_MAX 4
#define XPF_NO_PARENT          UINT32_MAX

struct xpf_profile_frame {
  const char *function_name; /* UTF-8, "" for anonymous */
  const char *url;
  const char *bailout_reason; /* CPU only; "" when none */
  int32_t script_id;
  int32_t line, column; /* V8's 1-based; 0 = none (meta nodes) */
};

struct xpf_profile_node {
  uint32_t id;                                 /* V8's node id, unique in the profile */
  uint32_t parent;                             /* index into nodes, XPF_NO_PARENT for the root */
  uint32_t function_name, url, bailout_reason; /* string indices */
  int32_t script_id, line, column;
  uint32_t ticks_start, ticks_count;    /* CPU: position ticks, in profile->ticks */
  int64_t self[XPF_PROFILE_VALUES_MAX]; /* without the children, one of each value type */
};

struct xpf_profile_tick {
  uint32_t line, ticks; /* 1-based line, as DevTools wants it */
};

struct xpf_profile_sample {
  uint32_t node;  /* index into nodes */
  int64_t at_us;  /* CPU, GC: when it began, on the clock of start_us; heap: ordinal */
  uint64_t value; /* heap: size × count; GC: nanoseconds; CPU: 0, it lasts until the next one */
};

struct xpf_profile_value {
  uint32_t type, unit; /* string indices, "wall" and "nanoseconds" */
};

struct xpf_profile {
  enum xpf_profile_kind kind;
  struct xpf_profile_value values[XPF_PROFILE_VALUES_MAX];
  uint32_t values_count;
  uint32_t default_value;             /* index of the value to show first */
  int64_t start_us, end_us;           /* V8's monotonic clock; equal when not known */
  int64_t time_ns;                    /* start since 1970; 0 = not known */
  struct xpf_profile_value period_of; /* what a sampling was taken for, "wall" and "nanoseconds" */
  int64_t period; /* the asked distance of samplings in that unit; 0 = not known */
  uint32_t title; /* string index */
  struct xpf_profile_node *nodes;
  uint32_t nodes_count, nodes_capacity;
  struct xpf_profile_tick *ticks;
  uint32_t ticks_count, ticks_capacity;
  struct xpf_profile_sample *samples;
  uint32_t samples_count, samples_capacity;
  char **details; /* CPU: httpDetail strings, owned */
  uint32_t details_count, details_capacity;
  struct xpf_string_table *strings;
  struct xpf_id_table ids; /* node ids to indices */
};

/* NULL when out of memory. */
struct xpf_profile *xpf_profile_new(enum xpf_profile_kind kind);
void xpf_profile_free(struct xpf_profile *profile);
/* Says what value number `index` (at most values_count) is. 0, -EINVAL, -ENOMEM. */
int xpf_profile_value_set(struct xpf_profile *profile, uint32_t index, const char *type,
                          const char *unit);
/* The same of the period. */
int xpf_profile_period_set(struct xpf_profile *profile, const char *type, const char *unit,
                           int64_t period);
/* Heap: what is counted was allocated, and may be collected by now: alloc_objects, alloc_space. */
int xpf_profile_alloc_set(struct xpf_profile *profile);
/* Index of the value of that type, or XPF_NO_INDEX. */
uint32_t xpf_profile_value_find(const struct xpf_profile *profile, const char *type);
/* Index of a copy of the text, or -ENOMEM. NULL counts as "". */
int64_t xpf_profile_string_add(struct xpf_profile *profile, const char *text);
/* The string behind an index, "" when out of range. */
const char *xpf_profile_string(const struct xpf_profile *profile, uint32_t index);
/* Index of the new node, or -ENOMEM, or -EINVAL for a parent that does not stand before it. Of two
 * nodes with one id the first keeps it. */
int64_t xpf_profile_node_add(struct xpf_profile *profile, uint32_t parent, uint32_t id,
                             const struct xpf_profile_frame *frame);
/* The same with strings of this profile and any other field; ticks and values as they are. */
int64_t xpf_profile_node_place(struct xpf_profile *profile, const struct xpf_profile_node *node);
/* Ticks belong to the node added last. */
int xpf_profile_tick_add(struct xpf_profile *profile, uint32_t line, uint32_t ticks);
/* The node with that id must be there: else -ENOENT. */
int xpf_profile_sample_add(struct xpf_profile *profile, uint32_t node_id, int64_t at_us,
                           uint64_t value);
/* Copies the text. */
int xpf_profile_detail_add(struct xpf_profile *profile, const char *text);

/* CPU, GC: puts the samples in the order of time, those of one moment as they came, and moves those
 * outside start … end to the border: a sample of V8 may be out of order or just outside, and
 * readers take the distances for a time axis. An end before the start becomes the start. 0 or
 * -ENOMEM. */
int xpf_profile_sort(struct xpf_profile *profile);
/* CPU, after _sort: self[XPF_CPU_WALL] of every node from the samples, each of which lasts until
 * the next; without samples its hits × the effective interval. */
void xpf_profile_wall_fill(struct xpf_profile *profile);

/* Mean distance of the samplings in µs: (end - start) / hits of all nodes, or / samples when no
 * node has hits; 0 without either. Since V8 13 the list of samples also has moments that no timer
 * chose. */
double xpf_profile_effective_interval_us(const struct xpf_profile *profile);
/* Links of the tree: first[i] is the first child of node i, next[i] its next sibling, in the order
 * of the array; XPF_NO_PARENT for none. Both arrays are the caller's, nodes_count long. */
void xpf_profile_children(const struct xpf_profile *profile, uint32_t *first, uint32_t *next);
/* One value of every node with all below it. The array is the caller's, nodes_count long. */
void xpf_profile_totals(const struct xpf_profile *profile, uint32_t value, int64_t *totals);

#ifdef __cplusplus
}
#endif
#endif

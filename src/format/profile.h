/* A sampled profile as plain C: a tree of call frames with what was counted on them.
 * One model for CPU and heap profiles. Pure: no V8, no file, no thread. [any], one thread at a
 * time.
 *
 * Nodes are stored in an array in pre-order; nodes[0] is the root; a parent stands before its
 * children. Strings are interned once per profile. Build: xpf_profile_new, then _node_add /
 * _sample_add …; every adder returns an index or a negative code, and the profile stays valid. */
#ifndef XPF_FORMAT_PROFILE_H
#define XPF_FORMAT_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum xpf_profile_kind { XPF_PROFILE_CPU, XPF_PROFILE_HEAP };

#define XPF_NO_PARENT UINT32_MAX

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
  uint32_t hit_count;                /* CPU: samples whose leaf this is */
  uint32_t ticks_start, ticks_count; /* CPU: position ticks, in profile->ticks */
  uint64_t self_bytes, self_count;   /* heap: live (or allocated) bytes and objects here */
};

struct xpf_profile_tick {
  uint32_t line, ticks; /* 1-based line, as DevTools wants it */
};

struct xpf_profile_sample {
  uint32_t node_id;
  int64_t at_us;  /* CPU: V8 time of the sample; heap: ordinal */
  uint64_t bytes; /* heap: size × count of the sample */
};

struct xpf_profile {
  enum xpf_profile_kind kind;
  int64_t start_us, end_us; /* V8's monotonic clock */
  uint32_t interval_us;     /* CPU: asked interval */
  uint64_t interval_bytes;  /* heap: asked interval */
  struct xpf_profile_node *nodes;
  uint32_t nodes_count, nodes_capacity;
  struct xpf_profile_tick *ticks;
  uint32_t ticks_count, ticks_capacity;
  struct xpf_profile_sample *samples;
  uint32_t samples_count, samples_capacity;
  char **details; /* CPU: httpDetail strings, owned */
  uint32_t details_count, details_capacity;
  struct xpf_strings *strings; /* opaque intern table */
};

/* NULL when out of memory. */
struct xpf_profile *xpf_profile_new(enum xpf_profile_kind kind);
void xpf_profile_free(struct xpf_profile *profile);
/* Index of the new node, or -ENOMEM, or -EINVAL for a parent that does not stand before it. */
int64_t xpf_profile_node_add(struct xpf_profile *profile, uint32_t parent, uint32_t id,
                             const struct xpf_profile_frame *frame);
/* Ticks belong to the node added last. */
int xpf_profile_tick_add(struct xpf_profile *profile, uint32_t line, uint32_t ticks);
int xpf_profile_sample_add(struct xpf_profile *profile, uint32_t node_id, int64_t at_us,
                           uint64_t bytes);
/* Copies the text. */
int xpf_profile_detail_add(struct xpf_profile *profile, const char *text);
/* The string behind an index, "" when out of range. */
const char *xpf_profile_string(const struct xpf_profile *profile, uint32_t index);
/* Mean distance of the samplings in µs: (end - start) / hits of all nodes, or / samples when no
 * node has hits; 0 without either. Since V8 13 the list of samples also has moments that no timer
 * chose. */
double xpf_profile_effective_interval_us(const struct xpf_profile *profile);
/* Links of the tree: first[i] is the first child of node i, next[i] its next sibling, in the order
 * of the array; XPF_NO_PARENT for none. Both arrays are the caller's, nodes_count long. */
void xpf_profile_children(const struct xpf_profile *profile, uint32_t *first, uint32_t *next);

#ifdef __cplusplus
}
#endif
#endif

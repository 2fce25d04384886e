/* One or two profiles as one tree for a flame graph: calls of the same functions by the same path
 * are one node, with the values of either side. Private to the writer of flame graphs. Pure. [any],
 * one thread at a time. */
#ifndef XPF_FORMAT_FLAME_TREE_H
#define XPF_FORMAT_FLAME_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include "format/frame_class.h"
#include "format/id_table.h"
#include "format/profile.h"
#include "format/string_table.h"

#define XPF_FLAME_SIDES 2

struct xpf_flame_frame {
  uint32_t name, url, package; /* indices of strings; package 0: none */
  int32_t line, column;
  enum xpf_frame_class frame_class;
};

struct xpf_flame_node {
  uint32_t parent; /* stands before the node; XPF_NO_PARENT for the root, which is node 0 */
  uint32_t frame;
  int64_t self[XPF_FLAME_SIDES][XPF_PROFILE_VALUES_MAX];
};

struct xpf_flame_tree {
  struct xpf_string_table *strings;
  struct xpf_flame_frame *frames;
  uint32_t frames_count, frames_capacity;
  uint32_t *slots; /* frames by what they are, open addressing; XPF_NO_INDEX: free */
  uint32_t slots_count;
  struct xpf_flame_node *nodes;
  uint32_t nodes_count, nodes_capacity;
  struct xpf_id_table children; /* parent << 32 | frame to node */
  bool ignores_lines; /* a function that has a name is the same wherever it moved in its file */
};

/* 0 or -ENOMEM; to be freed in both cases. */
int xpf_flame_tree_init(struct xpf_flame_tree *tree, bool ignores_lines);
/* Adds the nodes of a profile on one side: value i of the tree is the profile's value values[i].
 * node_of, nodes_count of the profile long or NULL, receives the place of each node. 0 or -ENOMEM.
 */
int xpf_flame_tree_add(struct xpf_flame_tree *tree, const struct xpf_profile *profile, int side,
                       const uint32_t *values, uint32_t values_count, uint32_t *node_of);
void xpf_flame_tree_free(struct xpf_flame_tree *tree);

#endif

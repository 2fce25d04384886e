/* Stacks to a tree: equal beginnings are stored once. A frame is a number that its reader chose.
 * Node 0 is the root; a parent stands before its children. Pure. [any], one thread at a time. */
#ifndef XPF_FORMAT_STACK_TREE_H
#define XPF_FORMAT_STACK_TREE_H
#include <stdint.h>

struct xpf_stack_node {
  uint32_t parent, frame;
};

struct xpf_stack_tree {
  struct xpf_stack_node *nodes;
  uint32_t count, capacity;
  uint32_t *slots; /* open addressing; a node's index, 0 = free (the root is never looked for) */
  uint32_t slots_count;
};

/* 0 or -ENOMEM. */
int xpf_stack_tree_init(struct xpf_stack_tree *tree);
void xpf_stack_tree_free(struct xpf_stack_tree *tree);
/* The child of `parent` with that frame, made when it is not there; -ENOMEM. A new one has the
 * index that count had before. */
int64_t xpf_stack_tree_child(struct xpf_stack_tree *tree, uint32_t parent, uint32_t frame);
#endif

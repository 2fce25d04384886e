#include "format/stack_tree.h"

#include <errno.h>
#include <stdlib.h>

#include "format/array.h"

#define SLOTS_FIRST 1024 /* a power of two */

static uint32_t slot_find(const struct xpf_stack_tree *tree, const uint32_t *slots, uint32_t mask,
                          uint32_t parent, uint32_t frame) {
  uint64_t key = (uint64_t)parent << 32 | frame;
  uint32_t slot = (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & mask;
  while (slots[slot] != 0) {
    const struct xpf_stack_node *node = &tree->nodes[slots[slot]];
    if (node->parent == parent && node->frame == frame)
      break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

static int tree_rehash(struct xpf_stack_tree *tree, uint32_t slots_count) {
  uint32_t *slots = calloc(slots_count, sizeof(*slots));
  if (slots == NULL)
    return -ENOMEM;
  for (uint32_t i = 1; i < tree->count; i++) {
    const struct xpf_stack_node *node = &tree->nodes[i];
    slots[slot_find(tree, slots, slots_count - 1, node->parent, node->frame)] = i;
  }
  free(tree->slots);
  tree->slots = slots;
  tree->slots_count = slots_count;
  return 0;
}

static int node_add(struct xpf_stack_tree *tree, uint32_t parent, uint32_t frame) {
  struct xpf_stack_node *grown =
      xpf_array_grow(tree->nodes, &tree->capacity, tree->count, sizeof(*grown));
  if (grown == NULL)
    return -ENOMEM;
  tree->nodes = grown;
  tree->nodes[tree->count++] = (struct xpf_stack_node){.parent = parent, .frame = frame};
  return 0;
}

int xpf_stack_tree_init(struct xpf_stack_tree *tree) {
  *tree = (struct xpf_stack_tree){0};
  int rc = node_add(tree, UINT32_MAX, 0);
  return rc < 0 ? rc : tree_rehash(tree, SLOTS_FIRST);
}

void xpf_stack_tree_free(struct xpf_stack_tree *tree) {
  free(tree->nodes);
  free(tree->slots);
  *tree = (struct xpf_stack_tree){0};
}

int64_t xpf_stack_tree_child(struct xpf_stack_tree *tree, uint32_t parent, uint32_t frame) {
  /* At most half full, so that a search always ends and stays short. */
  if (tree->count >= tree->slots_count / 2 &&
      (tree->slots_count > UINT32_MAX / 2 || tree_rehash(tree, tree->slots_count * 2) < 0))
    return -ENOMEM;
  uint32_t slot = slot_find(tree, tree->slots, tree->slots_count - 1, parent, frame);
  if (tree->slots[slot] == 0) {
    if (node_add(tree, parent, frame) < 0)
      return -ENOMEM;
    tree->slots[slot] = tree->count - 1;
  }
  return tree->slots[slot];
}

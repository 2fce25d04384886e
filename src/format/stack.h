/* The stack of a node, the leaf first, in bounded room: a tree may be so deep that all its stacks
 * together have no end. Pure. [any] */
#ifndef XPF_FORMAT_STACK_H
#define XPF_FORMAT_STACK_H
#include <stdbool.h>
#include "format/profile.h"

#define XPF_STACK_MAX 1024 /* V8 itself samples at most 255 frames */

/* Stands for what was cut off nearest the root. */
#define XPF_STACK_CUT_NAME "(truncated)"

struct xpf_stack {
  uint32_t nodes[XPF_STACK_MAX]; /* the root is in it only as the leaf */
  uint32_t depth;
  bool is_cut;
};

void xpf_stack_of(struct xpf_stack *stack, const struct xpf_profile *profile, uint32_t node);
#endif

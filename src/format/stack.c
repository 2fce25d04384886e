#include "format/stack.h"

void xpf_stack_of(struct xpf_stack *stack, const struct xpf_profile *profile, uint32_t node) {
  stack->depth = 0;
  stack->is_cut = false;
  do {
    if (stack->depth == XPF_STACK_MAX) {
      stack->is_cut = true;
      return;
    }
    stack->nodes[stack->depth++] = node;
    node = profile->nodes[node].parent;
  } while (node != 0 && node != XPF_NO_PARENT);
}

#include "format/timeline.h"

#include <errno.h>
#include <stdlib.h>

#include "format/stack.h"

#define NS_PER_US 1000

struct walk {
  const struct xpf_profile *profile;
  xpf_timeline_fn *fn;
  void *arg;
  uint32_t *depth; /* of each node; the root has 0 */
  uint32_t at;     /* the node that is open, with all above it */
  bool is_over;
};

static void tell(struct walk *walk, uint32_t node, int64_t at_us, bool opens) {
  if (!walk->is_over)
    walk->is_over = !walk->fn(walk->arg, node, at_us, opens);
}

/* The deepest node of the stack that is shown. */
static uint32_t shown(const struct walk *walk, uint32_t node) {
  while (walk->depth[node] > XPF_STACK_MAX)
    node = walk->profile->nodes[node].parent;
  return node;
}

/* Closes what the other stack does not have, and opens what it has more. */
static void move_to(struct walk *walk, uint32_t node, int64_t at_us) {
  const struct xpf_profile_node *nodes = walk->profile->nodes;
  uint32_t opening[XPF_STACK_MAX], count = 0;
  uint32_t to = node;
  while (walk->at != to) {
    if (walk->depth[walk->at] >= walk->depth[to]) {
      tell(walk, walk->at, at_us, false);
      walk->at = nodes[walk->at].parent;
    } else {
      opening[count++] = to;
      to = nodes[to].parent;
    }
  }
  while (count > 0)
    tell(walk, opening[--count], at_us, true);
  walk->at = node;
}

static void walk_samples(struct walk *walk) {
  const struct xpf_profile *p = walk->profile;
  int64_t last_us = p->start_us;
  for (uint32_t i = 0; i < p->samples_count && !walk->is_over; i++) {
    const struct xpf_profile_sample *sample = &p->samples[i];
    int64_t at_us = sample->at_us > last_us ? sample->at_us : last_us;
    move_to(walk, shown(walk, sample->node), at_us);
    last_us = at_us;
    if (p->kind != XPF_PROFILE_GC)
      continue;
    if (__builtin_add_overflow(at_us, (int64_t)(sample->value / NS_PER_US), &last_us))
      last_us = INT64_MAX;
    move_to(walk, 0, last_us);
  }
  move_to(walk, 0, p->end_us > last_us ? p->end_us : last_us);
}

int xpf_timeline_walk(const struct xpf_profile *profile, xpf_timeline_fn *fn, void *arg) {
  bool is_timed = profile->kind == XPF_PROFILE_CPU || profile->kind == XPF_PROFILE_GC;
  if (!is_timed || profile->samples_count == 0 || profile->nodes_count == 0)
    return -EINVAL;
  struct walk walk = {.profile = profile, .fn = fn, .arg = arg};
  walk.depth = calloc(profile->nodes_count, sizeof(*walk.depth));
  if (walk.depth == NULL)
    return -ENOMEM;
  for (uint32_t i = 1; i < profile->nodes_count; i++)
    walk.depth[i] = walk.depth[profile->nodes[i].parent] + 1;
  walk_samples(&walk);
  free(walk.depth);
  return 0;
}

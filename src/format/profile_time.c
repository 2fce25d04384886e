/* The samples of a profile in time. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "format/profile.h"

#define NS_PER_US 1000

struct timed {
  struct xpf_profile_sample sample;
  uint32_t order;
};

static int compare_timed(const void *left, const void *right) {
  const struct timed *a = left, *b = right;
  if (a->sample.at_us != b->sample.at_us)
    return a->sample.at_us < b->sample.at_us ? -1 : 1;
  return a->order < b->order ? -1 : a->order > b->order;
}

static int order_by_time(struct xpf_profile_sample *samples, uint32_t count) {
  struct timed *timed = malloc((size_t)count * sizeof(*timed));
  if (timed == NULL)
    return -ENOMEM;
  for (uint32_t i = 0; i < count; i++)
    timed[i] = (struct timed){.sample = samples[i], .order = i};
  qsort(timed, count, sizeof(*timed), compare_timed);
  for (uint32_t i = 0; i < count; i++)
    samples[i] = timed[i].sample;
  free(timed);
  return 0;
}

int xpf_profile_sort(struct xpf_profile *profile) {
  bool sorted = true;
  if (profile->end_us < profile->start_us)
    profile->end_us = profile->start_us;
  for (uint32_t i = 0; i < profile->samples_count; i++) {
    int64_t *at_us = &profile->samples[i].at_us;
    if (*at_us > profile->end_us)
      *at_us = profile->end_us;
    if (*at_us < profile->start_us)
      *at_us = profile->start_us;
    sorted = sorted && (i == 0 || profile->samples[i - 1].at_us <= *at_us);
  }
  return sorted ? 0 : order_by_time(profile->samples, profile->samples_count);
}

static int64_t limited_ns(uint64_t us) {
  return us > INT64_MAX / NS_PER_US ? INT64_MAX : (int64_t)(us * NS_PER_US);
}

static void add_limited(int64_t *sum, int64_t more) {
  if (__builtin_add_overflow(*sum, more, sum))
    *sum = INT64_MAX;
}

void xpf_profile_wall_fill(struct xpf_profile *profile) {
  double interval_ns = 0;
  if (profile->samples_count == 0)
    interval_ns = xpf_profile_effective_interval_us(profile) * NS_PER_US;
  for (uint32_t i = 0; i < profile->nodes_count; i++) {
    struct xpf_profile_node *node = &profile->nodes[i];
    double wall_ns = (double)node->self[XPF_CPU_SAMPLES] * interval_ns;
    node->self[XPF_CPU_WALL] = wall_ns < 9e18 ? (int64_t)wall_ns : INT64_MAX;
  }
  for (uint32_t i = 0; i < profile->samples_count; i++) {
    int64_t end_us = profile->end_us;
    if (i + 1 < profile->samples_count)
      end_us = profile->samples[i + 1].at_us;
    uint64_t lasts_us = (uint64_t)end_us - (uint64_t)profile->samples[i].at_us;
    add_limited(&profile->nodes[profile->samples[i].node].self[XPF_CPU_WALL], limited_ns(lasts_us));
  }
}

#include "core/histogram.h"

#define EXACT      32u /* values below have a bucket of their own */
#define EXACT_BITS 5u  /* 2^5 = 32 */
#define STEP_BITS  4u  /* 2^4 = XPF_HISTOGRAM_STEPS */

static uint32_t count_of(const struct xpf_histogram *h, uint32_t bucket) {
  return __atomic_load_n(&h->counts[bucket], __ATOMIC_RELAXED);
}

uint32_t xpf_histogram_bucket(uint32_t value_us) {
  if (value_us < EXACT)
    return value_us;
  uint32_t power = 31u - (uint32_t)__builtin_clz(value_us);
  uint32_t step = (value_us >> (power - STEP_BITS)) & (XPF_HISTOGRAM_STEPS - 1);
  return EXACT + (power - EXACT_BITS) * XPF_HISTOGRAM_STEPS + step;
}

static uint32_t bucket_width_us(uint32_t bucket) {
  return bucket < EXACT ? 1u : 1u << ((bucket - EXACT) / XPF_HISTOGRAM_STEPS + 1);
}

uint32_t xpf_histogram_bucket_limit_us(uint32_t bucket) {
  if (bucket < EXACT)
    return bucket;
  if (bucket >= XPF_HISTOGRAM_BUCKETS)
    return UINT32_MAX;
  uint32_t step = (bucket - EXACT) % XPF_HISTOGRAM_STEPS;
  uint32_t width_us = bucket_width_us(bucket);
  /* The last bucket ends at 2^32 - 1: the sum before it is done in a form that cannot wrap. */
  return (XPF_HISTOGRAM_STEPS + step) * width_us + (width_us - 1);
}

void xpf_histogram_add(struct xpf_histogram *h, uint32_t value_us) {
  __atomic_fetch_add(&h->counts[xpf_histogram_bucket(value_us)], 1, __ATOMIC_RELAXED);
}

void xpf_histogram_since(const struct xpf_histogram *now, const struct xpf_histogram *before,
                         struct xpf_histogram *out) {
  /* Modulo 2^32, so a counter that has wrapped still gives the right difference. */
  for (uint32_t i = 0; i < XPF_HISTOGRAM_BUCKETS; i++)
    out->counts[i] = count_of(now, i) - count_of(before, i);
}

uint64_t xpf_histogram_count(const struct xpf_histogram *h) {
  uint64_t total = 0;
  for (uint32_t i = 0; i < XPF_HISTOGRAM_BUCKETS; i++)
    total += count_of(h, i);
  return total;
}

uint32_t xpf_histogram_percentile_us(const struct xpf_histogram *h, double percent) {
  struct xpf_histogram copy; /* one state for both passes, whatever is counted meanwhile */
  uint64_t total = 0, seen = 0;
  for (uint32_t i = 0; i < XPF_HISTOGRAM_BUCKETS; i++)
    total += copy.counts[i] = count_of(h, i);
  if (total == 0)
    return 0;
  /* The rank is rounded up; the tolerance keeps 99.9 % of 1000 at 999 in binary arithmetic. */
  double exact = percent / 100 * (double)total;
  uint64_t rank = 1;
  if (exact >= (double)total)
    rank = total;
  else if (exact > 1)
    rank = (uint64_t)exact + (exact - (double)(uint64_t)exact > 1e-9 * exact ? 1 : 0);
  for (uint32_t i = 0; i < XPF_HISTOGRAM_BUCKETS; i++) {
    seen += copy.counts[i];
    if (seen >= rank)
      return xpf_histogram_bucket_limit_us(i);
  }
  return UINT32_MAX;
}

double xpf_histogram_mean_us(const struct xpf_histogram *h) {
  uint64_t total = 0;
  double sum_us = 0;
  for (uint32_t i = 0; i < XPF_HISTOGRAM_BUCKETS; i++) {
    uint32_t count = count_of(h, i);
    double middle_us =
        (double)xpf_histogram_bucket_limit_us(i) - (double)(bucket_width_us(i) - 1) / 2;
    total += count;
    sum_us += middle_us * count;
  }
  return total == 0 ? 0 : sum_us / (double)total;
}

/* A log-linear histogram of durations in µs: 16 steps per power of two, so a percentile is at most
 * 1/16 (6.25 %) too high. Fixed size. Two threads: one counts, any reads (relaxed atomics; a reader
 * may see a count a moment late). The same bucket rule is computed in lib/http.js.
 * xpf_histogram_add: [js], the thread it counts for; all others: [any]. */
#ifndef XPF_CORE_HISTOGRAM_H
#define XPF_CORE_HISTOGRAM_H
#include <stdint.h>

#define XPF_HISTOGRAM_STEPS 16
/* Values from 0 to 2^32 - 1 µs: 32 exact ones, then 16 for each of the 27 higher powers of two. */
#define XPF_HISTOGRAM_BUCKETS 464

struct xpf_histogram {
  uint32_t counts[XPF_HISTOGRAM_BUCKETS];
};

uint32_t xpf_histogram_bucket(uint32_t value_us);
/* Largest value that falls into the bucket. */
uint32_t xpf_histogram_bucket_limit_us(uint32_t bucket);
void xpf_histogram_add(struct xpf_histogram *h, uint32_t value_us);
/* out = now - before, bucket by bucket. */
void xpf_histogram_since(const struct xpf_histogram *now, const struct xpf_histogram *before,
                         struct xpf_histogram *out);
uint64_t xpf_histogram_count(const struct xpf_histogram *h);
/* The value below or at which `percent` % of the values lie, in µs; 0 when empty. */
uint32_t xpf_histogram_percentile_us(const struct xpf_histogram *h, double percent);
double xpf_histogram_mean_us(const struct xpf_histogram *h);
#endif

/* CPU use of the process as a series of one-second samples, and means over the last of them. Pure.
 * [any, one thread at a time] */
#ifndef XPF_CORE_CPU_SERIES_H
#define XPF_CORE_CPU_SERIES_H
#include <stdint.h>
#include "core/metric.h"

#define XPF_CPU_SERIES_LENGTH 600 /* the longest window, s */

struct xpf_cpu_series {
  float percent[XPF_CPU_SERIES_LENGTH]; /* a ring; 100 is one core */
  uint32_t next, count;
  uint64_t cpu_ns, at_ns; /* at the last sample */
};

/* Where the first sample counts from. */
void xpf_cpu_series_begin(struct xpf_cpu_series *series, uint64_t cpu_ns, uint64_t now_ns);
/* CPU time used since the last call, over the time that really passed. */
void xpf_cpu_series_add(struct xpf_cpu_series *series, uint64_t cpu_ns, uint64_t now_ns);
/* For each window the mean of what exists of it; NaN without a sample. */
void xpf_cpu_series_means(const struct xpf_cpu_series *series, double out[XPF_CPU_WINDOWS_COUNT]);
#endif

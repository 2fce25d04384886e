#include "core/cpu_series.h"

#include <math.h>
#include <string.h>

void xpf_cpu_series_begin(struct xpf_cpu_series *series, uint64_t cpu_ns, uint64_t now_ns) {
  memset(series, 0, sizeof *series);
  series->cpu_ns = cpu_ns;
  series->at_ns = now_ns;
}

void xpf_cpu_series_add(struct xpf_cpu_series *series, uint64_t cpu_ns, uint64_t now_ns) {
  if (now_ns <= series->at_ns)
    return;
  uint64_t used_ns = cpu_ns > series->cpu_ns ? cpu_ns - series->cpu_ns : 0;
  series->percent[series->next] =
      (float)(100.0 * (double)used_ns / (double)(now_ns - series->at_ns));
  series->next = (series->next + 1) % XPF_CPU_SERIES_LENGTH;
  if (series->count < XPF_CPU_SERIES_LENGTH)
    series->count++;
  series->cpu_ns = cpu_ns;
  series->at_ns = now_ns;
}

static double mean(const struct xpf_cpu_series *series, uint32_t seconds) {
  uint32_t count = seconds < series->count ? seconds : series->count;
  double sum = 0;
  for (uint32_t i = 1; i <= count; i++)
    sum += series->percent[(series->next + XPF_CPU_SERIES_LENGTH - i) % XPF_CPU_SERIES_LENGTH];
  return count > 0 ? sum / count : NAN;
}

void xpf_cpu_series_means(const struct xpf_cpu_series *series, double out[XPF_CPU_WINDOWS_COUNT]) {
#define WINDOW(name, seconds) out[XPF_CPU_WINDOW_##name] = mean(series, seconds);
  XPF_CPU_WINDOWS(WINDOW)
}

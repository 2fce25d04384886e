/* One answer to `metrics` as numbers, and what two of them say about the time between. Pure but for
 * memory. One thread at a time. */
#ifndef XPF_CTL_BOARD_READING_H
#define XPF_CTL_BOARD_READING_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cjson/cJSON.h>
#include "board_figure.h"

/* Keys of docs/metrics.md. */
#define XPF_BOARD_PROCESS_KEYS(X)                                                                  \
  X(cpu_now) X(rss) X(run_queue_wait_ms) X(cgroup_cpu_throttled_ms) X(interval_ms)
/* They add up to the CPU time of the process. */
#define XPF_BOARD_CPU_KEYS(X)                                                                      \
  X(cpu_js_main_ms)                                                                                \
  X(cpu_js_workers_ms) X(cpu_libuv_ms) X(cpu_v8_ms) X(cpu_xprofiler_ms) X(cpu_other_ms)
#define XPF_BOARD_THREAD_KEYS(X)                                                                   \
  X(thread_id)                                                                                     \
  X(tid)                                                                                           \
  X(uptime)                                                                                        \
  X(heap_used)                                                                                     \
  X(heap_limit)                                                                                    \
  X(active_handles)                                                                                \
  X(loop_blocked_ms)                                                                               \
  X(sample_age_ms)                                                                                 \
  X(total_gc_duration)                                                                             \
  X(loop_idle_total_ms)                                                                            \
  X(thread_cpu_ms)                                                                                 \
  X(thread_run_queue_wait_ms)                                                                      \
  X(http_responses_total)                                                                          \
  X(loop_delay_p99_ms) X(loop_utilization) X(gc_time_during_last_record) X(http_p99_ms)

/* How many durations fell into buckets since the thread began; ascending. */
struct xpf_board_bucket {
  uint32_t limit_us, count;
};
struct xpf_board_buckets {
  struct xpf_board_bucket *items;
  size_t count;
  bool is_known; /* targets older than 4.0.0 do not tell */
};

struct xpf_board_thread_reading {
#define XPF_BOARD_KEY_FIELD(key) double key;
  XPF_BOARD_THREAD_KEYS(XPF_BOARD_KEY_FIELD)
  bool is_main;
  struct xpf_board_buckets loop_delay, http_duration;
};

struct xpf_board_reading {
  uint64_t at_ns; /* CLOCK_MONOTONIC, when the answer arrived */
  XPF_BOARD_PROCESS_KEYS(XPF_BOARD_KEY_FIELD)
  double cpu_ms; /* sum of XPF_BOARD_CPU_KEYS */
#undef XPF_BOARD_KEY_FIELD
  struct xpf_board_thread_reading *threads; /* main first, then ascending */
  size_t threads_count;
};

/* The result of `metrics`. Unknown figures are NaN. 0, -EPROTO or -ENOMEM; free in all cases. */
int xpf_board_reading_parse(struct xpf_board_reading *out, const cJSON *result, uint64_t at_ns);
void xpf_board_reading_free(struct xpf_board_reading *reading);

struct xpf_board_values {
  double of[XPF_BOARD_FIGURE_COUNT]; /* NaN: not known, or not of a thread */
};
/* before may be NULL: then what counts since the last log record stands for the rates. */
void xpf_board_thread_values(struct xpf_board_values *out, const struct xpf_board_reading *now,
                             size_t thread, const struct xpf_board_reading *before);
/* Sums of its threads (heap, requests, handles) or the worst of them (GC, delay, loop utilization,
 * latency, how full the heap is). threads: their values, in the order of the reading. */
void xpf_board_process_values(struct xpf_board_values *out, const struct xpf_board_reading *now,
                              const struct xpf_board_reading *before,
                              const struct xpf_board_values *threads);
/* The smallest limit below which `part` (0 … 1) of the durations between two readings lie, in ms;
 * NaN when there were none. before may be NULL. */
double xpf_board_buckets_quantile_ms(const struct xpf_board_buckets *now,
                                     const struct xpf_board_buckets *before, double part);
#endif

/* The metric flow: a timer on the core loop reads host, threads and HTTP counters into structs of
 * numbers (metric.h), writes the log record through metric_format and keeps the last one for
 * `metrics`.
 *
 * Period: exactly log_interval (absolute deadlines, no drift); the CPU series samples each second.
 * A record: [cpu] … process-wide components, then for each worker and last for the main thread
 * memory, gc, uv, http, loop … (CONTRACT order inside a component). */
#ifndef XPF_CORE_SAMPLER_H
#define XPF_CORE_SAMPLER_H
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>
#include "core/config.h"
#include "core/log.h"
#include "core/metric.h"

struct xpf_sampler;

/* [core] Starts the timers. The log outlives the sampler. */
int xpf_sampler_new(struct xpf_sampler **out, uv_loop_t *loop, struct xpf_log *log,
                    const struct xpf_config *config);
void xpf_sampler_configure(struct xpf_sampler *sampler,
                           const struct xpf_config *config); /* [core] */
/* [core] Stops timers; freed in the close callback, then done(arg). */
void xpf_sampler_close(struct xpf_sampler *sampler, void (*done)(void *arg), void *arg);
/* [any] The numbers now: process-wide ones at most 1 s old (sampler keeps them under a lock),
 * thread ones computed from views; intervals count since the last log record. Threads are appended
 * in the order of xpf_threads_each. 0, -ENOMEM. Free with xpf_metrics_free. */
int xpf_sampler_metrics(struct xpf_sampler *sampler, struct xpf_metrics *out);
void xpf_metrics_free(struct xpf_metrics *metrics);
#endif

/* Metrics as text: log lines, the body of JSON log lines, Prometheus text, and cJSON for replies.
 * Driven by the lists of metric.h; knows no metric by name. Numbers are plain unsigned decimals
 * (no exponent, sign or NaN). Pure. [any] */
#ifndef XPF_CORE_METRIC_FORMAT_H
#define XPF_CORE_METRIC_FORMAT_H
#include <stdbool.h>
#include <cjson/cJSON.h>
#include "core/metric.h"
#include "format/sink.h"

/* The res__<status> keys come first on an http line, until it is this long. */
#define XPF_STATUS_KEYS_MAX_BYTES 1536

struct xpf_metric_line {
  enum xpf_component component;
  const struct xpf_process_metrics *process; /* for components of the process */
  const struct xpf_thread_metrics *thread;   /* for components of a thread */
  bool uv_handles;                           /* enable_log_uv_handles */
};

/* The text after the prefix of a log line; nothing when the component has no keys (spaces). Returns
 * the sink's error or 0. */
int xpf_metric_text(struct xpf_sink *sink, const struct xpf_metric_line *line);
/* The same keys as `"a":1,"b":2`; unknown values are null. */
int xpf_metric_json_body(struct xpf_sink *sink, const struct xpf_metric_line *line);
/* Text format 0.0.4: counters end in _total, base units, one HELP and TYPE a family. */
int xpf_metric_prometheus(struct xpf_sink *sink, const struct xpf_metrics *metrics);
/* {"process":{key: number|null …},"threads":[{"thread_id","is_main",…,"spaces":[…],
 * "http_status":{"200":n},"http_status_total":{…}}]}. Keys are flat. NULL when out of memory. */
cJSON *xpf_metric_cjson(const struct xpf_metrics *metrics);
/* Adds to each thread of such a tree "loop_delay_histogram" and "http_duration_histogram":
 * [[largest µs of the bucket, count], …] since the thread began, empty buckets left out. False when
 * out of memory. */
bool xpf_metric_cjson_histograms(cJSON *result, const struct xpf_metrics *metrics);

/* `value` as the format says into out (at least 32 bytes): never an exponent or a sign. */
#define XPF_NUMBER_MAX 400
void xpf_metric_number(char out[XPF_NUMBER_MAX], enum xpf_metric_format format, double value);
#endif

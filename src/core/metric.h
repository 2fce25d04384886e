/* The metrics of a process and of its JS threads (xpf_metrics.h) as structs and tables. Values are
 * doubles; NaN = unknown here, or "no limit" for a limit. */
#ifndef XPF_CORE_METRIC_H
#define XPF_CORE_METRIC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/thread.h"
#include "host/cgroup.h"
#include "host/os.h"
#include "xpf_bridge.h"
#include "xpf_metrics.h"

#define XPF_METRIC_FIELD(component, key, format, unit, kind, where, prom, labels, help, source)    \
  double key;

struct xpf_process_metrics {
  XPF_PROCESS_METRICS(XPF_METRIC_FIELD)
};

struct xpf_status_count {
  uint16_t code; /* HTTP status */
  uint32_t interval;
  uint32_t total;
};

struct xpf_thread_metrics {
  uint32_t thread_id;
  bool is_main, is_started;
  int64_t tid;
  uint32_t spaces_count;
  struct xpf_heap_space spaces[XPF_HEAP_SPACES_MAX]; /* all of V8's, 0 before the first reading */
  struct xpf_status_count *statuses;                 /* ascending; owned, NULL when none */
  uint32_t statuses_count;
  struct xpf_histogram loop_delay, http_duration; /* since the thread began, µs */
  XPF_THREAD_METRICS(XPF_METRIC_FIELD)
};
#undef XPF_METRIC_FIELD

struct xpf_metrics {
  struct xpf_process_metrics process;
  struct xpf_thread_metrics *threads; /* workers first, main last */
  uint32_t count;
};

/* ---- the lists as tables ------------------------------------------------------------------------
 */

enum xpf_component {
#define XPF_COMPONENT_ENUM(id, name, prefix, scope, format) XPF_COMPONENT_##id,
  XPF_COMPONENTS(XPF_COMPONENT_ENUM)
#undef XPF_COMPONENT_ENUM
      XPF_COMPONENTS_COUNT
};
enum xpf_metric_unit {
#define XPF_UNIT_ENUM(id, name, factor) XPF_UNIT_##id,
  XPF_UNITS(XPF_UNIT_ENUM)
#undef XPF_UNIT_ENUM
};
enum xpf_metric_scope { XPF_SCOPE_PROCESS, XPF_SCOPE_THREAD };
enum xpf_metric_format { XPF_METRIC_INT, XPF_METRIC_F2, XPF_METRIC_F6, XPF_METRIC_SHORT };
enum xpf_metric_kind { XPF_METRIC_GAUGE, XPF_METRIC_COUNTER, XPF_METRIC_INTERVAL };
enum xpf_metric_where { XPF_METRIC_LINE, XPF_METRIC_LINE_UV, XPF_METRIC_METRICS };

struct xpf_metric {
  enum xpf_component component;
  const char *key;
  size_t offset; /* in struct xpf_process_metrics or xpf_thread_metrics */
  enum xpf_metric_format format;
  enum xpf_metric_unit unit;
  enum xpf_metric_kind kind;
  enum xpf_metric_where where;
  const char *prometheus, *labels; /* or NULL */
  const char *help, *source;
};

struct xpf_metric_alias {
  enum xpf_component component;
  const char *key;
  const struct xpf_metric *metric;
};

struct xpf_component_info {
  const char *name, *prefix;
  enum xpf_metric_scope scope;
  bool is_alinode;
};

extern const struct xpf_component_info xpf_components[XPF_COMPONENTS_COUNT];
/* By scope. */
const struct xpf_metric *xpf_metric_list(enum xpf_metric_scope scope, size_t *count);
const struct xpf_metric_alias *xpf_metric_aliases(enum xpf_metric_scope scope, size_t *count);
const char *xpf_metric_unit_name(enum xpf_metric_unit unit);
double xpf_metric_unit_factor(enum xpf_metric_unit unit);
/* base: the struct of the metric's scope. */
double xpf_metric_value(const struct xpf_metric *metric, const void *base);
/* V8 space names that have keys of their own in `memory`. */
bool xpf_metric_is_log_space(const char *v8_name);

/* ---- readers: what was measured -> metrics [any]
 * ------------------------------------------------- */

/* Classes of operating system threads whose CPU time is told apart. */
#define XPF_TASK_CLASSES(X) X(js_main) X(js_workers) X(libuv) X(v8) X(xprofiler) X(other)
enum xpf_task_class {
#define XPF_TASK_CLASS_ENUM(name) XPF_TASK_##name,
  XPF_TASK_CLASSES(XPF_TASK_CLASS_ENUM)
#undef XPF_TASK_CLASS_ENUM
      XPF_TASK_CLASSES_COUNT
};

/* Windows of the CPU series: seconds of cpu_now, cpu_15, … */
#define XPF_CPU_WINDOWS(X)                                                                         \
  X(now, 1) X(15, 15) X(30, 30) X(60, 60) X(180, 180) X(300, 300) X(600, 600)
enum xpf_cpu_window {
#define XPF_CPU_WINDOW_ENUM(name, seconds) XPF_CPU_WINDOW_##name,
  XPF_CPU_WINDOWS(XPF_CPU_WINDOW_ENUM)
#undef XPF_CPU_WINDOW_ENUM
      XPF_CPU_WINDOWS_COUNT
};

/* Process-wide figures as read at one moment; counters cumulative. */
struct xpf_process_reading {
  uint64_t at_ns;
  struct xpf_os_process os;
  bool has_host;
  struct xpf_os_host host;
  struct xpf_cgroup_figures cgroup;
  uint64_t class_cpu_ns[XPF_TASK_CLASSES_COUNT];
  bool has_wait;
  uint64_t run_queue_wait_ns;
  uint32_t js_threads;
};

/* `before` is what the last log record saw; before the first one, what was read when the sampler
 * started. `now` may be a little older than now_ns (CLOCK_MONOTONIC), and then even be `before`.
 * cpu: percent by window, NaN without a sample. */
void xpf_process_metrics_read(struct xpf_process_metrics *out, uint64_t now_ns,
                              const struct xpf_process_reading *now,
                              const struct xpf_process_reading *before,
                              const double cpu[XPF_CPU_WINDOWS_COUNT]);
/* `before`: the view the last log record saw, NULL when there was none (then since attach).
 * rss_bytes 0 = unknown. 0 or -ENOMEM; out->statuses is the caller's to free. */
int xpf_thread_metrics_read(struct xpf_thread_metrics *out, const struct xpf_thread_view *now,
                            const struct xpf_thread_view *before, uint64_t rss_bytes,
                            double patch_timeout_s);
#endif

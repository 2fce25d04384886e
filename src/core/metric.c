#include "core/metric.h"

#include <string.h>

/* ---- tables ---- */

const struct xpf_component_info xpf_components[XPF_COMPONENTS_COUNT] = {
#define IS_ALINODE_XPROFILER false
#define IS_ALINODE_ALINODE   true
#define COMPONENT(id, name, prefix, scope, format)                                                 \
  {name, prefix, XPF_SCOPE_##scope, IS_ALINODE_##format},
    XPF_COMPONENTS(COMPONENT)};

#define METRIC(owner, component, key, format, unit, kind, where, prom, labels, help, source)       \
  {XPF_COMPONENT_##component,                                                                      \
   #key,                                                                                           \
   offsetof(struct owner, key),                                                                    \
   XPF_METRIC_##format,                                                                            \
   XPF_UNIT_##unit,                                                                                \
   XPF_METRIC_##kind,                                                                              \
   XPF_METRIC_##where,                                                                             \
   prom,                                                                                           \
   labels,                                                                                         \
   help,                                                                                           \
   source},
#define PROCESS_METRIC(...) METRIC(xpf_process_metrics, __VA_ARGS__)
#define THREAD_METRIC(...)  METRIC(xpf_thread_metrics, __VA_ARGS__)

static const struct xpf_metric process_metrics[] = {XPF_PROCESS_METRICS(PROCESS_METRIC)};
static const struct xpf_metric thread_metrics[] = {XPF_THREAD_METRICS(THREAD_METRIC)};

/* Where a metric stands in its table. */
enum {
#define PROCESS_INDEX(component, key, ...) PROCESS_INDEX_##key,
  XPF_PROCESS_METRICS(PROCESS_INDEX)
};
enum {
#define THREAD_INDEX(component, key, ...) THREAD_INDEX_##key,
  XPF_THREAD_METRICS(THREAD_INDEX)
};

static const struct xpf_metric_alias process_aliases[] = {
#define PROCESS_ALIAS(component, key, metric)                                                      \
  {XPF_COMPONENT_##component, #key, &process_metrics[PROCESS_INDEX_##metric]},
    XPF_PROCESS_ALIASES(PROCESS_ALIAS)};
static const struct xpf_metric_alias thread_aliases[] = {
#define THREAD_ALIAS(component, key, metric)                                                       \
  {XPF_COMPONENT_##component, #key, &thread_metrics[THREAD_INDEX_##metric]},
    XPF_THREAD_ALIASES(THREAD_ALIAS)};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

const struct xpf_metric *xpf_metric_list(enum xpf_metric_scope scope, size_t *count) {
  bool process = scope == XPF_SCOPE_PROCESS;
  *count = process ? LENGTH(process_metrics) : LENGTH(thread_metrics);
  return process ? process_metrics : thread_metrics;
}

const struct xpf_metric_alias *xpf_metric_aliases(enum xpf_metric_scope scope, size_t *count) {
  bool process = scope == XPF_SCOPE_PROCESS;
  *count = process ? LENGTH(process_aliases) : LENGTH(thread_aliases);
  return process ? process_aliases : thread_aliases;
}

static const struct {
  const char *name;
  double factor;
} units[] = {
#define UNIT(id, name, factor) {name, factor},
    XPF_UNITS(UNIT)};

const char *xpf_metric_unit_name(enum xpf_metric_unit unit) {
  return units[unit].name;
}

double xpf_metric_unit_factor(enum xpf_metric_unit unit) {
  return units[unit].factor;
}

double xpf_metric_value(const struct xpf_metric *metric, const void *base) {
  double value;
  memcpy(&value, (const char *)base + metric->offset, sizeof value);
  return value;
}

bool xpf_metric_is_log_space(const char *v8_name) {
#define IS_SPACE(short_name, name)                                                                 \
  if (strcmp(v8_name, name) == 0)                                                                  \
    return true;
  XPF_LOG_SPACES(IS_SPACE)
  return false;
}

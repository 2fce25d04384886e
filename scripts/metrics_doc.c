/* Prints docs/metrics.md from the lists of include/xpf_metrics.h. Run by scripts/metrics_doc.js. */
#include <stdio.h>
#include <string.h>

#include "core/metric.h"

static const char *format_name(enum xpf_metric_format format) {
  switch (format) {
  case XPF_METRIC_INT:
    return "whole";
  case XPF_METRIC_F2:
    return "2 decimals";
  case XPF_METRIC_F6:
    return "6 decimals";
  default:
    return "up to 6 decimals";
  }
}

static const char *kind_name(enum xpf_metric_kind kind) {
  switch (kind) {
  case XPF_METRIC_GAUGE:
    return "now";
  case XPF_METRIC_COUNTER:
    return "counter";
  default:
    return "interval";
  }
}

static const char *where_note(enum xpf_metric_where where) {
  switch (where) {
  case XPF_METRIC_LINE_UV:
    return " (line: only with `enable_log_uv_handles`)";
  case XPF_METRIC_METRICS:
    return " (not on log lines)";
  default:
    return "";
  }
}

static void print_metric(const struct xpf_metric *metric) {
  const char *unit = xpf_metric_unit_name(metric->unit);
  printf("| `%s` | %s%s%s | %s | %s%s | ", metric->key, unit, unit[0] ? ", " : "",
         format_name(metric->format), kind_name(metric->kind), metric->help,
         where_note(metric->where));
  printf("%s | ", metric->source);
  if (metric->prometheus)
    printf("`xprofiler_%s%s%s%s`", metric->prometheus, metric->labels ? "{" : "",
           metric->labels ? metric->labels : "", metric->labels ? "}" : "");
  printf(" |\n");
}

static void print_component(enum xpf_component component) {
  const struct xpf_component_info *info = &xpf_components[component];
  size_t count, aliases;
  const struct xpf_metric *list = xpf_metric_list(info->scope, &count);
  const struct xpf_metric_alias *alias = xpf_metric_aliases(info->scope, &aliases);
  printf("\n### `%s`: %s\n\n", info->name,
         info->scope == XPF_SCOPE_PROCESS ? "the process" : "each JS thread");
  if (component == XPF_COMPONENT_SPACES) {
    printf("V8's heap spaces beyond the eight of `memory`, under V8's names: `<space>_size`, "
           "`<space>_used`, `<space>_available`, `<space>_committed` (bytes). No line when there "
           "are none.\n");
    return;
  }
  if (component == XPF_COMPONENT_HTTP)
    printf("The line begins with `res__<status>`, how many responses of each status were finished "
           "since the last record, ascending, until it is 1536 bytes long.\n\n");
  printf("| key | unit | kind | meaning | source | Prometheus |\n|---|---|---|---|---|---|\n");
  for (size_t i = 0; i < count; i++)
    if (list[i].component == component)
      print_metric(&list[i]);
  for (size_t i = 0; i < aliases; i++)
    if (alias[i].component == component)
      printf("| `%s` | | | `%s` of `%s` once more | | |\n", alias[i].key, alias[i].metric->key,
             xpf_components[alias[i].metric->component].name);
}

static void print_alinode(void) {
  printf("\n## The alinode format\n\nThe same numbers, of the main thread only.\n\n"
         "| component | key | is |\n|---|---|---|\n"
         "| `heap` | all keys of `memory` | the same |\n");
  for (int scope = XPF_SCOPE_PROCESS; scope <= XPF_SCOPE_THREAD; scope++) {
    size_t count;
    const struct xpf_metric_alias *alias = xpf_metric_aliases((enum xpf_metric_scope)scope, &count);
    for (size_t i = 0; i < count; i++)
      if (xpf_components[alias[i].component].is_alinode)
        printf("| `%s` | `%s` | `%s` |\n", xpf_components[alias[i].component].name, alias[i].key,
               alias[i].metric->key);
  }
}

static void print_head(void) {
  printf(
      "# Metrics\n\n"
      "Made by `node scripts/metrics_doc.js` from the lists in `include/xpf_metrics.h`; do not "
      "edit.\n\n"
      "Every `log_interval` one record is written: first the lines of the process, then those of "
      "each "
      "worker, last those of the main thread. The command `metrics` gives the same numbers at "
      "once, as one flat object for the process and one a thread, with `thread_id`, `is_main`, "
      "`is_started`, `tid` (of the kernel), `spaces` (all V8 heap spaces: `name`, `size`, `used`, "
      "`available`, `committed`), `http_status` (since the last record) and `http_status_total`; "
      "it "
      "does not disturb the intervals of the record.\n\n"
      "* Kinds: *now* is the value at the moment; *counter* counts since the process or thread "
      "began; "
      "*interval* counts since the last log record.\n"
      "* A number that is not known here, and a limit that does not exist, is 0 on a log line, "
      "`null` "
      "in JSON and absent in Prometheus text.\n"
      "* Prometheus text has base units: seconds, bytes, ratios. Figures of a thread carry "
      "`thread_id`. There are also "
      "`xprofiler_heap_space_{size,used,available,committed}_bytes{space}` "
      "and `xprofiler_http_responses_total{code}`.\n"
      "* On Node 18 and 20 most threads have no name: there the classes `v8` and `libuv` are "
      "told apart by whether a thread began before xprofiler.\n\n"
      "## Components\n");
}

int main(void) {
  print_head();
  for (int component = 0; component < XPF_COMPONENTS_COUNT; component++)
    if (!xpf_components[component].is_alinode)
      print_component((enum xpf_component)component);
  print_alinode();
  return 0;
}

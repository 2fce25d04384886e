#include "core/metric_format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- numbers ---- */

void xpf_metric_number(char out[XPF_NUMBER_MAX], enum xpf_metric_format format, double value) {
  if (!(value > 0))
    value = 0; /* NaN and negatives too */
  if (isinf(value))
    value = (double)UINT64_MAX;
  int digits = format == XPF_METRIC_INT ? 0 : format == XPF_METRIC_F2 ? 2 : 6;
  snprintf(out, XPF_NUMBER_MAX, "%.*f", digits, value);
  if (format != XPF_METRIC_SHORT)
    return;
  size_t size = strlen(out);
  while (size > 0 && out[size - 1] == '0')
    out[--size] = '\0';
  if (size > 0 && out[size - 1] == '.')
    out[size - 1] = '\0';
}

/* ---- log lines ---- */

/* One key and its value, in the style of the line. */
struct pairs {
  struct xpf_sink *sink;
  bool json;
  bool comma_after; /* `memory`: a ", " follows every pair, the last one too */
  uint64_t count;
};

static void pair_text(struct pairs *pairs, const char *key, const char *suffix, const char *value) {
  struct xpf_sink *sink = pairs->sink;
  if (pairs->count++ > 0 && (pairs->json || !pairs->comma_after))
    xpf_sink_text(sink, pairs->json ? "," : ", ");
  if (pairs->json)
    xpf_sink_text(sink, "\"");
  xpf_sink_text(sink, key);
  xpf_sink_text(sink, suffix);
  xpf_sink_text(sink, pairs->json ? "\":" : ": ");
  xpf_sink_text(sink, value);
  if (!pairs->json && pairs->comma_after)
    xpf_sink_text(sink, ", ");
}

static void pair_number(struct pairs *pairs, const char *key, const char *suffix,
                        enum xpf_metric_format format, double value) {
  char text[XPF_NUMBER_MAX];
  if (pairs->json && isnan(value)) {
    pair_text(pairs, key, suffix, "null");
    return;
  }
  xpf_metric_number(text, format, value);
  pair_text(pairs, key, suffix, text);
}

static void write_statuses(struct pairs *pairs, const struct xpf_thread_metrics *thread) {
  uint64_t begin = pairs->sink->bytes;
  for (uint32_t i = 0; i < thread->statuses_count; i++) {
    const struct xpf_status_count *status = &thread->statuses[i];
    char code[8];
    if (status->interval == 0)
      continue;
    if (pairs->sink->bytes - begin > XPF_STATUS_KEYS_MAX_BYTES)
      return;
    snprintf(code, sizeof code, "%u", status->code);
    pair_number(pairs, "res__", code, XPF_METRIC_INT, status->interval);
  }
}

static void write_spaces(struct pairs *pairs, const struct xpf_thread_metrics *thread) {
  for (uint32_t i = 0; i < thread->spaces_count; i++) {
    const struct xpf_heap_space *space = &thread->spaces[i];
    if (xpf_metric_is_log_space(space->name))
      continue;
    pair_number(pairs, space->name, "_size", XPF_METRIC_INT, (double)space->size_bytes);
    pair_number(pairs, space->name, "_used", XPF_METRIC_INT, (double)space->used_bytes);
    pair_number(pairs, space->name, "_available", XPF_METRIC_INT, (double)space->available_bytes);
    pair_number(pairs, space->name, "_committed", XPF_METRIC_INT, (double)space->physical_bytes);
  }
}

static void write_list(struct pairs *pairs, const struct xpf_metric_line *line,
                       enum xpf_component component, const void *base) {
  size_t count;
  const struct xpf_metric *list = xpf_metric_list(xpf_components[component].scope, &count);
  for (size_t i = 0; i < count; i++) {
    const struct xpf_metric *metric = &list[i];
    bool shown = metric->where == XPF_METRIC_LINE ||
                 (metric->where == XPF_METRIC_LINE_UV && line->uv_handles);
    if (metric->component == component && shown)
      pair_number(pairs, metric->key, "", metric->format, xpf_metric_value(metric, base));
  }
}

static void write_aliases(struct pairs *pairs, const struct xpf_metric_line *line,
                          const void *base) {
  size_t count;
  const struct xpf_metric_alias *list =
      xpf_metric_aliases(xpf_components[line->component].scope, &count);
  for (size_t i = 0; i < count; i++) {
    if (list[i].component != line->component)
      continue;
    const struct xpf_metric *metric = list[i].metric;
    bool counted = metric->where != XPF_METRIC_LINE_UV || line->uv_handles;
    pair_number(pairs, list[i].key, "", metric->format,
                counted ? xpf_metric_value(metric, base) : 0);
  }
}

static int write_line(struct pairs *pairs, const struct xpf_metric_line *line) {
  enum xpf_component component = line->component;
  const void *base = xpf_components[component].scope == XPF_SCOPE_PROCESS
                         ? (const void *)line->process
                         : (const void *)line->thread;
  /* alinode's heap is the memory record under another name */
  enum xpf_component list =
      component == XPF_COMPONENT_ALINODE_HEAP ? XPF_COMPONENT_MEMORY : component;
  pairs->comma_after = list == XPF_COMPONENT_MEMORY;
  if (!pairs->json)
    xpf_sink_text(pairs->sink, xpf_components[component].prefix);
  if (component == XPF_COMPONENT_HTTP)
    write_statuses(pairs, line->thread);
  if (component == XPF_COMPONENT_SPACES)
    write_spaces(pairs, line->thread);
  write_list(pairs, line, list, base);
  write_aliases(pairs, line, base);
  return pairs->sink->error;
}

int xpf_metric_text(struct xpf_sink *sink, const struct xpf_metric_line *line) {
  struct pairs pairs = {.sink = sink};
  return write_line(&pairs, line);
}

int xpf_metric_json_body(struct xpf_sink *sink, const struct xpf_metric_line *line) {
  struct pairs pairs = {.sink = sink, .json = true};
  return write_line(&pairs, line);
}

/* ---- Prometheus ---- */

/* is_split: the family has several labels; the words after ';' are about the first of them only. */
static void write_family(struct xpf_sink *sink, const char *name, const char *type,
                         const char *help, bool is_split) {
  char text[1024];
  size_t size = is_split ? strcspn(help, ";") : strlen(help);
  snprintf(text, sizeof text, "# HELP xprofiler_%s %.*s\n# TYPE xprofiler_%s %s\n", name, (int)size,
           help, name, type);
  xpf_sink_text(sink, text);
}

/* labels: without braces, "" for none. thread may be NULL. */
static void write_sample(struct xpf_sink *sink, const char *name,
                         const struct xpf_thread_metrics *thread, const char *labels,
                         double value) {
  char text[512], id[40] = "";
  if (isnan(value))
    return;
  if (thread)
    snprintf(id, sizeof id, "thread_id=\"%u\"%s", thread->thread_id, labels[0] ? "," : "");
  bool braces = thread || labels[0];
  snprintf(text, sizeof text, "xprofiler_%s%s%s%s%s %.15g\n", name, braces ? "{" : "", id, labels,
           braces ? "}" : "", value > 0 ? value : 0);
  xpf_sink_text(sink, text);
}

/* NaN when the thread or process does not know it. */
static double base_value(const struct xpf_metric *metric, const void *base) {
  return xpf_metric_value(metric, base) * xpf_metric_unit_factor(metric->unit);
}

static bool is_first_of_family(const struct xpf_metric *list, size_t index) {
  for (size_t i = 0; i < index; i++)
    if (list[i].prometheus && strcmp(list[i].prometheus, list[index].prometheus) == 0)
      return false;
  return true;
}

static void write_metric(struct xpf_sink *sink, const struct xpf_metric *metric,
                         const struct xpf_metrics *metrics, enum xpf_metric_scope scope) {
  const char *labels = metric->labels ? metric->labels : "";
  if (scope == XPF_SCOPE_PROCESS)
    write_sample(sink, metric->prometheus, NULL, labels, base_value(metric, &metrics->process));
  for (uint32_t t = 0; scope == XPF_SCOPE_THREAD && t < metrics->count; t++)
    write_sample(sink, metric->prometheus, &metrics->threads[t], labels,
                 base_value(metric, &metrics->threads[t]));
}

static void write_families(struct xpf_sink *sink, const struct xpf_metrics *metrics,
                           enum xpf_metric_scope scope) {
  size_t count;
  const struct xpf_metric *list = xpf_metric_list(scope, &count);
  for (size_t i = 0; i < count; i++) {
    if (!list[i].prometheus || !is_first_of_family(list, i))
      continue;
    write_family(sink, list[i].prometheus, list[i].kind == XPF_METRIC_COUNTER ? "counter" : "gauge",
                 list[i].help, list[i].labels != NULL);
    /* Samples of a family must stand together. */
    for (size_t j = i; j < count; j++)
      if (list[j].prometheus && strcmp(list[j].prometheus, list[i].prometheus) == 0)
        write_metric(sink, &list[j], metrics, scope);
  }
}

static void write_space_family(struct xpf_sink *sink, const struct xpf_metrics *metrics,
                               const char *name, const char *help, size_t offset) {
  write_family(sink, name, "gauge", help, false);
  for (uint32_t t = 0; t < metrics->count; t++)
    for (uint32_t s = 0; s < metrics->threads[t].spaces_count; s++) {
      const struct xpf_heap_space *space = &metrics->threads[t].spaces[s];
      uint64_t bytes;
      char label[64];
      memcpy(&bytes, (const char *)space + offset, sizeof bytes);
      snprintf(label, sizeof label, "space=\"%s\"", space->name);
      write_sample(sink, name, &metrics->threads[t], label, (double)bytes);
    }
}

static void write_status_family(struct xpf_sink *sink, const struct xpf_metrics *metrics) {
  static const char name[] = "http_responses_total";
  write_family(sink, name, "counter", "responses finished, by status", false);
  for (uint32_t t = 0; t < metrics->count; t++)
    for (uint32_t s = 0; s < metrics->threads[t].statuses_count; s++) {
      char label[32];
      snprintf(label, sizeof label, "code=\"%u\"", metrics->threads[t].statuses[s].code);
      write_sample(sink, name, &metrics->threads[t], label, metrics->threads[t].statuses[s].total);
    }
}

int xpf_metric_prometheus(struct xpf_sink *sink, const struct xpf_metrics *metrics) {
  write_families(sink, metrics, XPF_SCOPE_PROCESS);
  write_families(sink, metrics, XPF_SCOPE_THREAD);
#define SPACE(field) offsetof(struct xpf_heap_space, field)
  write_space_family(sink, metrics, "heap_space_size_bytes", "V8 space: reserved",
                     SPACE(size_bytes));
  write_space_family(sink, metrics, "heap_space_used_bytes", "V8 space: used", SPACE(used_bytes));
  write_space_family(sink, metrics, "heap_space_available_bytes", "V8 space: free",
                     SPACE(available_bytes));
  write_space_family(sink, metrics, "heap_space_committed_bytes", "V8 space: in physical memory",
                     SPACE(physical_bytes));
  write_status_family(sink, metrics);
  return sink->error;
}

/* ---- cJSON ---- */

/* The number that the line would show, or null. */
static bool add_number(cJSON *object, const char *key, enum xpf_metric_format format,
                       double value) {
  double scale = format == XPF_METRIC_INT ? 1 : format == XPF_METRIC_F2 ? 1e2 : 1e6;
  if (isnan(value))
    return cJSON_AddNullToObject(object, key) != NULL;
  return cJSON_AddNumberToObject(object, key, value > 0 ? round(value * scale) / scale : 0) != NULL;
}

static bool add_list(cJSON *object, enum xpf_metric_scope scope, const void *base) {
  size_t count;
  const struct xpf_metric *list = xpf_metric_list(scope, &count);
  for (size_t i = 0; i < count; i++)
    if (!add_number(object, list[i].key, list[i].format, xpf_metric_value(&list[i], base)))
      return false;
  return true;
}

static bool add_spaces(cJSON *object, const struct xpf_thread_metrics *thread) {
  cJSON *array = cJSON_AddArrayToObject(object, "spaces");
  for (uint32_t i = 0; array && i < thread->spaces_count; i++) {
    const struct xpf_heap_space *space = &thread->spaces[i];
    cJSON *item = cJSON_CreateObject();
    if (!item || !cJSON_AddItemToArray(array, item)) {
      cJSON_Delete(item);
      return false;
    }
    if (!cJSON_AddStringToObject(item, "name", space->name) ||
        !cJSON_AddNumberToObject(item, "size", (double)space->size_bytes) ||
        !cJSON_AddNumberToObject(item, "used", (double)space->used_bytes) ||
        !cJSON_AddNumberToObject(item, "available", (double)space->available_bytes) ||
        !cJSON_AddNumberToObject(item, "committed", (double)space->physical_bytes))
      return false;
  }
  return array != NULL;
}

static bool add_statuses(cJSON *object, const struct xpf_thread_metrics *thread) {
  cJSON *interval = cJSON_AddObjectToObject(object, "http_status");
  cJSON *total = cJSON_AddObjectToObject(object, "http_status_total");
  for (uint32_t i = 0; interval && total && i < thread->statuses_count; i++) {
    const struct xpf_status_count *status = &thread->statuses[i];
    char code[8];
    snprintf(code, sizeof code, "%u", status->code);
    if (status->interval > 0 && !cJSON_AddNumberToObject(interval, code, status->interval))
      return false;
    if (!cJSON_AddNumberToObject(total, code, status->total))
      return false;
  }
  return interval && total;
}

static cJSON *thread_json(const struct xpf_thread_metrics *thread) {
  cJSON *object = cJSON_CreateObject();
  if (object && cJSON_AddNumberToObject(object, "thread_id", thread->thread_id) &&
      cJSON_AddBoolToObject(object, "is_main", thread->is_main) &&
      cJSON_AddBoolToObject(object, "is_started", thread->is_started) &&
      cJSON_AddNumberToObject(object, "tid", (double)thread->tid) &&
      add_list(object, XPF_SCOPE_THREAD, thread) && add_spaces(object, thread) &&
      add_statuses(object, thread))
    return object;
  cJSON_Delete(object);
  return NULL;
}

static bool add_histogram(cJSON *object, const char *key, const struct xpf_histogram *histogram) {
  cJSON *array = cJSON_AddArrayToObject(object, key);
  for (uint32_t i = 0; array && i < XPF_HISTOGRAM_BUCKETS; i++) {
    if (histogram->counts[i] == 0)
      continue;
    double pair[] = {xpf_histogram_bucket_limit_us(i), histogram->counts[i]};
    cJSON *item = cJSON_CreateDoubleArray(pair, 2);
    if (!item || !cJSON_AddItemToArray(array, item)) {
      cJSON_Delete(item);
      return false;
    }
  }
  return array != NULL;
}

bool xpf_metric_cjson_histograms(cJSON *result, const struct xpf_metrics *metrics) {
  const cJSON *threads = cJSON_GetObjectItemCaseSensitive(result, "threads");
  cJSON *thread = threads ? threads->child : NULL;
  for (uint32_t i = 0; thread && i < metrics->count; i++, thread = thread->next)
    if (!add_histogram(thread, "loop_delay_histogram", &metrics->threads[i].loop_delay) ||
        !add_histogram(thread, "http_duration_histogram", &metrics->threads[i].http_duration))
      return false;
  return true;
}

cJSON *xpf_metric_cjson(const struct xpf_metrics *metrics) {
  cJSON *root = cJSON_CreateObject();
  cJSON *process = cJSON_AddObjectToObject(root, "process");
  cJSON *threads = cJSON_AddArrayToObject(root, "threads");
  bool ok = process && threads && add_list(process, XPF_SCOPE_PROCESS, &metrics->process);
  for (uint32_t i = 0; ok && i < metrics->count; i++) {
    cJSON *thread = thread_json(&metrics->threads[i]);
    ok = thread && cJSON_AddItemToArray(threads, thread);
    if (!ok)
      cJSON_Delete(thread);
  }
  if (ok)
    return root;
  cJSON_Delete(root);
  return NULL;
}

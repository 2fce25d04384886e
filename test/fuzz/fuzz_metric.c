// clang-format off
// links: src/core/metric_format.c src/core/metric.c src/core/metric_read.c src/core/histogram.c src/format/sink.c
// links: src/wire/document.c src/wire/utf8.c -lcjson -lm
// clang-format on
/* Any numbers in place of what was measured: log lines have only plain decimals, JSON lines parse,
 * Prometheus text has a name and a number a line. Input: doubles, one after the other, again and
 * again. */
#include <math.h>

#include "core/metric_format.h"
#include "fuzz.h"
#include "wire/document.h"

/* Nothing that is measured has more than forty digits. */
static void fill(void *base, enum xpf_metric_scope scope, const uint8_t *data, size_t size) {
  size_t count, at = 0;
  const struct xpf_metric *list = xpf_metric_list(scope, &count);
  for (size_t i = 0; i < count; i++) {
    double value;
    memcpy(&value, data + at, sizeof value);
    if (isfinite(value) && fabs(value) > 1e40)
      value = 1e40;
    memcpy((char *)base + list[i].offset, &value, sizeof value);
    at = at + 16 <= size ? at + 8 : 0;
  }
}

static char *line_of(const struct xpf_metrics *metrics, enum xpf_component component, bool json) {
  struct xpf_memory_sink sink;
  struct xpf_metric_line line = {component, &metrics->process, &metrics->threads[0], true};
  xpf_memory_sink_init(&sink, 1 << 20);
  if (json)
    xpf_sink_text(&sink.sink, "{");
  require((json ? xpf_metric_json_body : xpf_metric_text)(&sink.sink, &line) == 0);
  if (json)
    xpf_sink_text(&sink.sink, "}");
  return sink.data;
}

/* "key: digits[.digits]" again and again, ", " between, behind the first words. */
static void check_text(const char *text, const char *first_words) {
  size_t size = strlen(first_words);
  if (text == NULL || *text == '\0')
    return;
  require(strncmp(text, first_words, size) == 0);
  for (text += size; *text != '\0';) {
    size_t key = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");
    require(key > 0 && strncmp(text + key, ": ", 2) == 0);
    text += key + 2;
    size_t digits = strspn(text, "0123456789");
    require(digits > 0);
    text += digits;
    if (*text == '.') {
      digits = strspn(++text, "0123456789");
      require(digits > 0);
      text += digits;
    }
    require(*text == '\0' || (strncmp(text, ", ", 2) == 0));
    text += *text == '\0' ? 0 : 2;
  }
}

static void check_json(const char *text) {
  struct xpf_document document;
  require(xpf_document_parse(&document, text, strlen(text), 10000) == 0);
  cJSON_Delete(document.root);
}

static void check_prometheus(const struct xpf_metrics *metrics) {
  struct xpf_memory_sink sink;
  xpf_memory_sink_init(&sink, 1 << 22);
  require(xpf_metric_prometheus(&sink.sink, metrics) == 0);
  char *rest = sink.data, *line;
  while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
    if (*line == '#' || *line == '\0')
      continue;
    char *number = strrchr(line, ' '), *end;
    require(strncmp(line, "xprofiler_", 10) == 0 && number != NULL);
    double value = strtod(number + 1, &end);
    require(*end == '\0' && !isnan(value));
  }
  xpf_memory_sink_free(&sink);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_thread_metrics thread = {.is_main = true};
  struct xpf_metrics metrics = {.threads = &thread, .count = 1};
  if (size < sizeof(double))
    return 0;
  fill(&metrics.process, XPF_SCOPE_PROCESS, data, size);
  fill(&thread, XPF_SCOPE_THREAD, data, size);
  for (int i = 0; i < XPF_COMPONENTS_COUNT; i++) {
    char *text = line_of(&metrics, (enum xpf_component)i, false);
    check_text(text, xpf_components[i].prefix);
    free(text);
    text = line_of(&metrics, (enum xpf_component)i, true);
    check_json(text);
    free(text);
  }
  check_prometheus(&metrics);
  cJSON *json = xpf_metric_cjson(&metrics);
  require(json != NULL);
  cJSON_Delete(json);
  return 0;
}

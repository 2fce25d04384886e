// clang-format off
// links: src/core/metric_format.c src/core/metric.c src/core/metric_read.c src/core/histogram.c src/format/sink.c -lcjson -lm
// clang-format on
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/metric_format.h"

/* A metric set whose every number is `value`. */
static void fill(struct xpf_metrics *metrics, uint32_t threads, double value) {
  memset(metrics, 0, sizeof *metrics);
  metrics->threads = calloc(threads, sizeof metrics->threads[0]);
  metrics->count = threads;
  for (int scope = XPF_SCOPE_PROCESS; scope <= XPF_SCOPE_THREAD; scope++) {
    size_t count;
    const struct xpf_metric *list = xpf_metric_list((enum xpf_metric_scope)scope, &count);
    for (size_t i = 0; i < count; i++)
      if (scope == XPF_SCOPE_PROCESS)
        memcpy((char *)&metrics->process + list[i].offset, &value, sizeof value);
      else
        for (uint32_t t = 0; t < threads; t++)
          memcpy((char *)&metrics->threads[t] + list[i].offset, &value, sizeof value);
  }
  for (uint32_t t = 0; t < threads; t++) {
    metrics->threads[t].thread_id = t + 1 == threads ? 0 : t + 1;
    metrics->threads[t].is_main = t + 1 == threads;
  }
}

static void free_metrics(struct xpf_metrics *metrics) {
  for (uint32_t i = 0; i < metrics->count; i++)
    free(metrics->threads[i].statuses);
  free(metrics->threads);
}

static char *line_of(const struct xpf_metrics *metrics, enum xpf_component component, bool json,
                     bool uv_handles) {
  struct xpf_memory_sink sink;
  struct xpf_metric_line line = {component, &metrics->process, &metrics->threads[0], uv_handles};
  xpf_memory_sink_init(&sink, 1 << 20);
  assert_int_equal(
      json ? xpf_metric_json_body(&sink.sink, &line) : xpf_metric_text(&sink.sink, &line), 0);
  return sink.data;
}

static void assert_line(const struct xpf_metrics *metrics, enum xpf_component component,
                        const char *wanted_start) {
  char *text = line_of(metrics, component, false, true);
  char start[2048];
  snprintf(start, sizeof start, "%.*s", (int)strlen(wanted_start), text);
  assert_string_equal(start, wanted_start);
  free(text);
}

static void lines_begin_as_they_always_did(void **state) {
  (void)state;
  struct xpf_metrics m;
  fill(&m, 1, 7);
  m.process.cpu_now = 11.25;
  m.threads[0].rss = 115335168;
  m.threads[0].http_patch_timeout = 30;
  m.threads[0].http_rt = 7.2777777;
  assert_line(&m, XPF_COMPONENT_CPU, "cpu_usage(%) cpu_now: 11.250000, cpu_15: 7.000000, cpu_30: ");
  assert_line(&m, XPF_COMPONENT_MEMORY,
              "memory_usage(byte) rss: 115335168, heap_used: 7, heap_available: 7, ");
  assert_line(&m, XPF_COMPONENT_GC, "uptime: 7, total_gc_times: 7, total_gc_duration: 7, ");
  assert_line(&m, XPF_COMPONENT_UV,
              "active_handles: 7, active_file_handles: 7, active_and_ref_file_handles: 7, ");
  assert_line(&m, XPF_COMPONENT_HTTP,
              "live_http_request: 7, http_response_close: 7, http_response_sent: 7, "
              "http_request_timeout: 7, http_patch_timeout: 30, http_rt: 7.277778, ");
  assert_line(&m, XPF_COMPONENT_ALINODE_OTHER, "cpu_usage(%) now: 11.250000, cpu_15: 7.000000");
  assert_line(&m, XPF_COMPONENT_ALINODE_HEAP, "rss: 115335168, heap_used: 7, ");
  assert_line(&m, XPF_COMPONENT_ALINODE_GC,
              "gc_time_during_last_min: 7, total: 7, scavange_duration: 7, marksweep_duration: 7");
  assert_line(&m, XPF_COMPONENT_ALINODE_TIMER, "total_timer: 7, active_handles: 7");
  assert_line(&m, XPF_COMPONENT_ALINODE_HTTP,
              "live_http_request: 7, http_request_handled: 7, http_response_sent: 7, http_rt: 7.2");
  free_metrics(&m);
}

static void a_memory_line_ends_in_a_comma_and_others_do_not(void **state) {
  (void)state;
  struct xpf_metrics m;
  fill(&m, 1, 7);
  for (int c = 0; c < XPF_COMPONENTS_COUNT; c++) {
    char *text = line_of(&m, (enum xpf_component)c, false, true);
    bool memory = c == XPF_COMPONENT_MEMORY || c == XPF_COMPONENT_ALINODE_HEAP;
    size_t size = strlen(text);
    if (c == XPF_COMPONENT_SPACES) {
      assert_int_equal(size, 0);
    } else {
      assert_true(size > 10);
      assert_int_equal(strcmp(text + size - 2, ", ") == 0, memory);
    }
    free(text);
  }
  free_metrics(&m);
}

/* What the agents' pattern wants: `key: digits[.digits]`, whatever the value is. */
static void assert_plain(const char *text) {
  const char *at = text;
  while ((at = strstr(at, ": "))) {
    at += 2;
    size_t digits = strspn(at, "0123456789");
    assert_true(digits > 0);
    at += digits;
    if (*at == '.')
      at += 1 + strspn(at + 1, "0123456789");
    assert_true(*at == ',' || *at == '\0');
  }
  assert_null(strpbrk(text, "\n\r\t"));
}

static void numbers_are_plain_unsigned_decimals(void **state) {
  (void)state;
  static const double values[] = {NAN, INFINITY, -INFINITY, -5, -0.0, 1e-9, 1e300, 1.8e19, 0.5};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    struct xpf_metrics m;
    fill(&m, 1, values[i]);
    size_t keys = 0;
    for (int c = 0; c < XPF_COMPONENTS_COUNT; c++) {
      char *text = line_of(&m, (enum xpf_component)c, false, true);
      assert_plain(text);
      for (const char *at = text; (at = strstr(at, ": ")); at++)
        keys++;
      free(text);
    }
    assert_true(keys > 200); /* every record carries all its keys */
    free_metrics(&m);
  }
}

static void formats_round_as_they_say(void **state) {
  (void)state;
  static const struct {
    enum xpf_metric_format format;
    double value;
    const char *text;
  } cases[] = {
      {XPF_METRIC_INT, 2.6, "3"},         {XPF_METRIC_F2, 2.675001, "2.68"},
      {XPF_METRIC_F6, 1, "1.000000"},     {XPF_METRIC_SHORT, 30, "30"},
      {XPF_METRIC_SHORT, 0.5, "0.5"},     {XPF_METRIC_SHORT, 0, "0"},
      {XPF_METRIC_SHORT, 86400, "86400"}, {XPF_METRIC_INT, 9007199254740991., "9007199254740991"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[XPF_NUMBER_MAX];
    xpf_metric_number(text, cases[i].format, cases[i].value);
    assert_string_equal(text, cases[i].text);
  }
}

static void uv_types_can_be_switched_off(void **state) {
  (void)state;
  struct xpf_metrics m;
  fill(&m, 1, 7);
  char *text = line_of(&m, XPF_COMPONENT_UV, false, false);
  assert_string_equal(text, "active_handles: 7, active_requests: 7");
  free(text);
  text = line_of(&m, XPF_COMPONENT_ALINODE_TIMER, false, false);
  assert_string_equal(text, "total_timer: 0, active_handles: 7");
  free(text);
  free_metrics(&m);
}

static void statuses_come_first_and_are_bounded(void **state) {
  (void)state;
  struct xpf_metrics m;
  fill(&m, 1, 7);
  struct xpf_thread_metrics *thread = &m.threads[0];
  thread->statuses = calloc(1000, sizeof thread->statuses[0]);
  thread->statuses_count = 3;
  thread->statuses[0] = (struct xpf_status_count){200, 36, 40};
  thread->statuses[1] = (struct xpf_status_count){302, 0, 9}; /* none in this interval */
  thread->statuses[2] = (struct xpf_status_count){500, 1, 1};
  assert_line(&m, XPF_COMPONENT_HTTP, "res__200: 36, res__500: 1, live_http_request: 7, ");
  char *json = line_of(&m, XPF_COMPONENT_HTTP, true, true);
  assert_ptr_equal(strstr(json, "\"res__200\":36,\"res__500\":1,\"live_http_request\":7,"), json);
  free(json);
  thread->statuses_count = 1000;
  for (uint32_t i = 0; i < 1000; i++)
    thread->statuses[i] = (struct xpf_status_count){(uint16_t)i, UINT32_MAX, UINT32_MAX};
  char *text = line_of(&m, XPF_COMPONENT_HTTP, false, true);
  long statuses = strstr(text, "live_http_request") - text;
  assert_true(statuses > XPF_STATUS_KEYS_MAX_BYTES && statuses < XPF_STATUS_KEYS_MAX_BYTES + 40);
  assert_plain(text);
  free(text);
  free_metrics(&m);
}

static void other_spaces_have_a_line_of_their_own(void **state) {
  (void)state;
  struct xpf_metrics m;
  fill(&m, 1, 7);
  m.threads[0].spaces_count = 2;
  m.threads[0].spaces[0] = (struct xpf_heap_space){"old_space", 1, 2, 3, 4};
  m.threads[0].spaces[1] = (struct xpf_heap_space){"trusted_space", 5, 6, 7, 8};
  char *text = line_of(&m, XPF_COMPONENT_SPACES, false, true);
  assert_string_equal(text, "trusted_space_size: 5, trusted_space_used: 6, "
                            "trusted_space_available: 7, trusted_space_committed: 8");
  free(text);
  free_metrics(&m);
}

static void json_bodies_are_valid_and_honest(void **state) {
  (void)state;
  struct xpf_metrics m;
  fill(&m, 1, NAN);
  m.threads[0].loop_utilization = 12.5;
  for (int c = 0; c < XPF_COMPONENTS_COUNT; c++) {
    char *body = line_of(&m, (enum xpf_component)c, true, true);
    size_t size = strlen(body) + 3;
    char *text = malloc(size);
    snprintf(text, size, "{%s}", body);
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    if (c == XPF_COMPONENT_MEMORY)
      assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, "heap_used")));
    if (c == XPF_COMPONENT_LOOP)
      assert_true(cJSON_GetObjectItemCaseSensitive(json, "loop_utilization")->valuedouble == 12.5);
    cJSON_Delete(json);
    free(text);
    free(body);
  }
  free_metrics(&m);
}

/* ---- Prometheus ---- */

static char *prometheus(const struct xpf_metrics *metrics) {
  struct xpf_memory_sink sink;
  xpf_memory_sink_init(&sink, 1 << 22);
  assert_int_equal(xpf_metric_prometheus(&sink.sink, metrics), 0);
  return sink.data;
}

static void prometheus_text_has_one_head_a_family(void **state) {
  (void)state;
  struct xpf_metrics m;
  char family[128] = "", seen[256][64], line[512];
  size_t families = 0, samples = 0;
  fill(&m, 2, 3);
  m.threads[1].spaces_count = 1;
  m.threads[1].spaces[0] = (struct xpf_heap_space){"old_space", 1, 2, 3, 4};
  char *text = prometheus(&m);
  for (char *at = text; *at; at = strchr(at, '\n') + 1) {
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
    if (sscanf(line, "# HELP %127s", family) == 1) {
      for (size_t i = 0; i < families; i++)
        assert_string_not_equal(seen[i], family);
      snprintf(seen[families++], sizeof seen[0], "%.63s", family);
      char type[300];
      size_t total = strlen(family) > 6 ? strlen(family) - 6 : 0;
      snprintf(type, sizeof type, "\n# TYPE %s %s\n", family,
               strcmp(family + total, "_total") == 0 ? "counter" : "gauge");
      assert_ptr_equal(strstr(at, type), at + strcspn(at, "\n"));
    } else if (line[0] != '#') {
      assert_int_equal(strncmp(line, family, strlen(family)), 0); /* stands below its own head */
      assert_int_equal(strcspn(line, "{ "), strlen(family));
      samples++;
    }
  }
  assert_true(families > 60 && samples > 100);
  free(text);
  free_metrics(&m);
}

static void prometheus_uses_base_units_and_labels(void **state) {
  (void)state;
  struct xpf_metrics m;
  fill(&m, 2, 3);
  m.threads[0].thread_id = 4;
  m.threads[0].total_scavange_duration = 1500;
  m.threads[0].statuses = calloc(1, sizeof m.threads[0].statuses[0]);
  m.threads[0].statuses[0] = (struct xpf_status_count){404, 0, 12};
  m.threads[0].statuses_count = 1;
  m.threads[0].heap_used = NAN;
  m.process.cpu_now = 150;
  m.threads[1].spaces_count = 1;
  m.threads[1].spaces[0] = (struct xpf_heap_space){"trusted_space", 1099511627776, 2, 3, 4};
  char *text = prometheus(&m);
  assert_non_null(strstr(text, "\nxprofiler_cpu_usage_ratio{window=\"1s\"} 1.5\n"));
  assert_non_null(
      strstr(text, "\nxprofiler_gc_seconds_total{thread_id=\"4\",kind=\"scavenge\"} 1.5\n"));
  assert_non_null(strstr(text, "\nxprofiler_heap_used_bytes{thread_id=\"0\"} 3\n"));
  assert_null(strstr(text, "xprofiler_heap_used_bytes{thread_id=\"4\"}")); /* unknown: left out */
  assert_non_null(
      strstr(text, "\nxprofiler_http_responses_total{thread_id=\"4\",code=\"404\"} 12\n"));
  assert_non_null(strstr(text, "\nxprofiler_heap_space_size_bytes{thread_id=\"0\",space=\"trusted_"
                               "space\"} 1099511627776\n"));
  assert_non_null(strstr(text, "\nxprofiler_open_fds 3\n"));
  assert_non_null(strstr(text, "# HELP xprofiler_gc_seconds_total GC time by kind\n"));
  free(text);
  free_metrics(&m);
}

/* ---- cJSON ---- */

static void the_reply_has_flat_objects(void **state) {
  (void)state;
  struct xpf_metrics m;
  fill(&m, 2, 2.123456789);
  m.threads[0].heap_limit = NAN;
  m.threads[1].spaces_count = 1;
  m.threads[1].spaces[0] = (struct xpf_heap_space){"old_space", 1, 2, 3, 4};
  cJSON *json = xpf_metric_cjson(&m);
  cJSON *process = cJSON_GetObjectItemCaseSensitive(json, "process");
  cJSON *threads = cJSON_GetObjectItemCaseSensitive(json, "threads");
  assert_int_equal(cJSON_GetArraySize(threads), 2);
  cJSON *worker = cJSON_GetArrayItem(threads, 0), *main_thread = cJSON_GetArrayItem(threads, 1);
  assert_true(cJSON_GetObjectItemCaseSensitive(process, "cpu_now")->valuedouble == 2.123457);
  assert_true(cJSON_GetObjectItemCaseSensitive(process, "host_load1")->valuedouble == 2.12);
  assert_true(cJSON_GetObjectItemCaseSensitive(worker, "heap_used")->valuedouble == 2);
  assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(worker, "heap_limit")));
  assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(main_thread, "is_main")));
  assert_true(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(main_thread, "http_status")));
  cJSON *space = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(main_thread, "spaces"), 0);
  assert_string_equal(cJSON_GetObjectItemCaseSensitive(space, "name")->valuestring, "old_space");
  assert_true(cJSON_GetObjectItemCaseSensitive(space, "committed")->valuedouble == 4);
  for (cJSON *a = main_thread->child; a; a = a->next)
    for (cJSON *b = a->next; b; b = b->next)
      assert_string_not_equal(a->string, b->string);
  cJSON_Delete(json);
  free_metrics(&m);
}

static void histograms_are_pairs_of_what_is_not_empty(void **state) {
  (void)state;
  struct xpf_metrics m;
  fill(&m, 2, 1);
  m.threads[1].loop_delay.counts[xpf_histogram_bucket(5)] = 3;
  m.threads[1].loop_delay.counts[xpf_histogram_bucket(1000)] = 1;
  cJSON *json = xpf_metric_cjson(&m);
  assert_true(xpf_metric_cjson_histograms(json, &m));
  cJSON *thread = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "threads"), 1);
  char *delay =
      cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(thread, "loop_delay_histogram"));
  assert_string_equal(delay, "[[5,3],[1023,1]]");
  cJSON_free(delay);
  char *http =
      cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(thread, "http_duration_histogram"));
  assert_string_equal(http, "[]");
  cJSON_free(http);
  cJSON_Delete(json);
  free_metrics(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(histograms_are_pairs_of_what_is_not_empty),
      cmocka_unit_test(lines_begin_as_they_always_did),
      cmocka_unit_test(a_memory_line_ends_in_a_comma_and_others_do_not),
      cmocka_unit_test(numbers_are_plain_unsigned_decimals),
      cmocka_unit_test(formats_round_as_they_say),
      cmocka_unit_test(uv_types_can_be_switched_off),
      cmocka_unit_test(statuses_come_first_and_are_bounded),
      cmocka_unit_test(other_spaces_have_a_line_of_their_own),
      cmocka_unit_test(json_bodies_are_valid_and_honest),
      cmocka_unit_test(prometheus_text_has_one_head_a_family),
      cmocka_unit_test(prometheus_uses_base_units_and_labels),
      cmocka_unit_test(the_reply_has_flat_objects),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

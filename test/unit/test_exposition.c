// clang-format off
// links: src/daemon/exposition.c src/daemon/world.c src/wire/utf8.c src/format/sink.c -lm
// clang-format on
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "daemon/exposition.h"

static const struct xpf_field THREAD_FIELDS[] = {
    {"used", "heap_bytes", "space=\"all\"", XPF_FIELD_GAUGE, "bytes", "a \\ and a \"", "here"},
    {"turns", "turns_total", NULL, XPF_FIELD_COUNTER, "", "turns", "here"},
    {"hidden", NULL, NULL, XPF_FIELD_GAUGE, "", "hidden", "here"},
};
static const char *const INFO[] = {"name", "version", "pid", NULL};
static const struct xpf_kind THREAD = {.name = "thread",
                                       .help = "a thread",
                                       .labels = {"pid", NULL},
                                       .fields = THREAD_FIELDS,
                                       .fields_count = XPF_ROWS(THREAD_FIELDS),
                                       .info = INFO,
                                       .info_family = "thread_info",
                                       .stale_after_ms = 3000};
static const struct xpf_field HOST_FIELDS[] = {
    {"free", "heap_bytes", "space=\"free\"", XPF_FIELD_GAUGE, "bytes", "not the first", "here"},
    {"load", "aload", NULL, XPF_FIELD_GAUGE, "", "load", "here"},
};
static const struct xpf_kind HOST = {
    .name = "host", .help = "host", .fields = HOST_FIELDS, .fields_count = XPF_ROWS(HOST_FIELDS)};

static struct xpf_world *make_world(int64_t now_ms) {
  struct xpf_world *world = xpf_world_new();
  const char *labels[] = {"4\"7\\1\n1"};
  struct xpf_entity *thread = xpf_world_entity(world, &THREAD, NULL, labels, NULL);
  xpf_entity_set(thread, 0, 12.5);
  xpf_entity_set(thread, 1, 1e15);
  xpf_entity_set(thread, 2, 7);
  xpf_entity_set_info(thread, 0, "shop");
  xpf_entity_set_info(thread, 2, "a label of that name is there");
  xpf_entity_updated(thread, now_ms);
  struct xpf_entity *host = xpf_world_entity(world, &HOST, NULL, NULL, NULL);
  xpf_entity_set(host, 0, 0.1);
  xpf_entity_mark(host, 1, XPF_QUALITY_DENIED);
  xpf_entity_updated(host, now_ms);
  return world;
}

static char *text_of(const struct xpf_world *world, int64_t now_ms, bool is_openmetrics,
                     struct xpf_memory_sink *sink) {
  xpf_memory_sink_init(sink, 64u * 1024 * 1024);
  struct xpf_exposition *exposition = xpf_exposition_new(world, now_ms);
  assert_non_null(exposition);
  assert_int_equal(xpf_exposition_write(exposition, is_openmetrics, &sink->sink), 0);
  xpf_exposition_free(exposition);
  return sink->data;
}

static void prometheus_text(void **state) {
  (void)state;
  struct xpf_memory_sink sink;
  struct xpf_world *world = make_world(100000);
  assert_string_equal(text_of(world, 100000, false, &sink),
                      "# HELP heap_bytes a \\\\ and a \"\n"
                      "# TYPE heap_bytes gauge\n"
                      "heap_bytes{pid=\"4\\\"7\\\\1\\n1\",space=\"all\"} 12.5\n"
                      "heap_bytes{space=\"free\"} 0.1\n"
                      "# HELP thread_info a thread\n"
                      "# TYPE thread_info gauge\n"
                      "thread_info{pid=\"4\\\"7\\\\1\\n1\",name=\"shop\"} 1\n"
                      "# HELP turns_total turns\n"
                      "# TYPE turns_total counter\n"
                      "turns_total{pid=\"4\\\"7\\\\1\\n1\"} 1e+15\n");
  xpf_memory_sink_free(&sink);
  xpf_world_free(world);
}

static void openmetrics_text(void **state) {
  (void)state;
  struct xpf_memory_sink sink;
  struct xpf_world *world = make_world(100000);
  assert_string_equal(text_of(world, 100000, true, &sink),
                      "# HELP heap_bytes a \\\\ and a \\\"\n"
                      "# TYPE heap_bytes gauge\n"
                      "heap_bytes{pid=\"4\\\"7\\\\1\\n1\",space=\"all\"} 12.5\n"
                      "heap_bytes{space=\"free\"} 0.1\n"
                      "# HELP thread a thread\n"
                      "# TYPE thread info\n"
                      "thread_info{pid=\"4\\\"7\\\\1\\n1\",name=\"shop\"} 1\n"
                      "# HELP turns turns\n"
                      "# TYPE turns counter\n"
                      "turns_total{pid=\"4\\\"7\\\\1\\n1\"} 1e+15\n"
                      "# EOF\n");
  xpf_memory_sink_free(&sink);
  xpf_world_free(world);
}

static void old_values_are_left_out(void **state) {
  (void)state;
  struct xpf_memory_sink sink;
  struct xpf_world *world = make_world(100000);
  const int64_t last_ms = 100000 + 3000 + XPF_EXPOSITION_STALE_MS;
  assert_non_null(strstr(text_of(world, last_ms, false, &sink), "turns_total{"));
  xpf_memory_sink_free(&sink);
  const char *text = text_of(world, last_ms + 1, false, &sink);
  assert_null(strstr(text, "turns"));
  assert_null(strstr(text, "space=\"all\""));
  assert_non_null(strstr(text, "space=\"free\"")); /* that kind never gets old */
  xpf_memory_sink_free(&sink);
  xpf_world_free(world);
}

static double seconds_since(const struct timespec *begin) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - begin->tv_sec) + (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

static void a_snapshot_of_80000_lines_stands_when_the_world_goes_on(void **state) {
  (void)state;
  struct xpf_world *world = xpf_world_new();
  for (int i = 0; i < 40000; i++) {
    char pid[16];
    snprintf(pid, sizeof pid, "%d", i);
    const char *labels[] = {pid};
    struct xpf_entity *entity = xpf_world_entity(world, &THREAD, NULL, labels, NULL);
    xpf_entity_set(entity, 0, i + 0.123);
    xpf_entity_set(entity, 1, i);
    xpf_entity_updated(entity, 100000);
  }
  struct timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  struct xpf_exposition *exposition = xpf_exposition_new(world, 100000);
  print_message("snapshot: %.1f ms\n", seconds_since(&begin) * 1000);
  assert_non_null(exposition);
  xpf_world_free(world); /* all its entities are gone */
  struct xpf_memory_sink sink;
  xpf_memory_sink_init(&sink, 64u * 1024 * 1024);
  assert_int_equal(xpf_exposition_write(exposition, false, &sink.sink), 0);
  print_message("with the text: %.1f ms\n", seconds_since(&begin) * 1000);
  size_t lines = 0;
  for (const char *at = sink.data; (at = strchr(at, '\n')) != NULL; at++)
    lines++;
  assert_int_equal(lines, 40000 * 2 + 4);
  assert_non_null(strstr(sink.data, "heap_bytes{pid=\"39999\",space=\"all\"} 39999.123\n"));
  xpf_memory_sink_free(&sink);
  xpf_exposition_free(exposition);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(prometheus_text),
      cmocka_unit_test(openmetrics_text),
      cmocka_unit_test(old_values_are_left_out),
      cmocka_unit_test(a_snapshot_of_80000_lines_stands_when_the_world_goes_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

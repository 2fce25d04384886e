// links: ctl/live.c ctl/live_line.c ctl/print.c src/target/reply_field.c ctl/style.c ctl/text.c
// links: src/wire/utf8.c -lcjson -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>

#include "../../ctl/live.h"
#include "../../ctl/live_line.h"
#include "../../ctl/print.h"

/* A reply to `metrics`: of the thread 0 what the words say, of the thread 1 nothing special. */
static void take(struct xpf_live *live, double at_ms, const char *format, ...) {
  char thread[512], text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(thread, sizeof thread, format, args);
  va_end(args);
  snprintf(text, sizeof text,
           "{\"process\":{\"rss\":%d,\"cpu_now\":12.5},\"threads\":[{\"thread_id\":1,"
           "\"loop_delay_histogram\":[[999999,50]]},{\"thread_id\":0,%s}]}",
           (int)(1000 - at_ms / 10), thread);
  cJSON *metrics = cJSON_Parse(text);
  assert_non_null(metrics);
  xpf_live_take(live, metrics, 0, at_ms);
  cJSON_Delete(metrics);
}

static void test_figures(void **state) {
  struct xpf_live live = {0};
  (void)state;
  take(&live, 0, "\"heap_used\":100,\"total_gc_times\":40,\"total_gc_duration\":7");
  assert_true(live.is_known);
  assert_true(live.collections == 0 && live.gc_ms == 0);
  take(&live, 1000, "\"heap_used\":120,\"total_gc_times\":43,\"total_gc_duration\":9");
  assert_true(live.rss_bytes == 900 && live.rss_peak_bytes == 1000 && live.cpu_percent == 12.5);
  assert_true(live.heap_used_bytes == 120);
  assert_true(live.collections == 3 && live.gc_ms == 2);
  assert_int_equal(live.stalls_count, 0);
  xpf_live_free(&live);
}

static void take_cpu(struct xpf_live *live, double at_ms, const char *thread, const char *process) {
  char text[512];
  snprintf(text, sizeof text, "{\"process\":{%s},\"threads\":[{\"thread_id\":0,%s}]}", process,
           thread);
  cJSON *metrics = cJSON_Parse(text);
  assert_non_null(metrics);
  xpf_live_take(live, metrics, 0, at_ms);
  cJSON_Delete(metrics);
}

static void test_cpu_by_whose_it_was(void **state) {
  static const char before[] =
      "\"cpu_js_main_ms\":1000,\"cpu_js_workers_ms\":50,\"cpu_libuv_ms\":7,"
      "\"cpu_v8_ms\":3,\"cpu_xprofiler_ms\":1,\"cpu_other_ms\":4";
  static const char after[] = "\"cpu_js_main_ms\":1100,\"cpu_js_workers_ms\":250,\"cpu_libuv_ms\":"
                              "3007,\"cpu_v8_ms\":103,\"cpu_xprofiler_ms\":2,\"cpu_other_ms\":13";
  struct xpf_live live = {0};
  struct xpf_live_cpu cpu;
  (void)state;
  take_cpu(&live, 100, "\"thread_cpu_ms\":1000,\"thread_run_queue_wait_ms\":20", before);
  assert_false(xpf_live_cpu_used(&live, &cpu));
  take_cpu(&live, 300, "\"thread_cpu_ms\":1010,\"thread_run_queue_wait_ms\":20", before);
  assert_false(xpf_live_cpu_used(&live, &cpu)); /* too near */
  take_cpu(&live, 2100, "\"thread_cpu_ms\":1100,\"thread_run_queue_wait_ms\":520", after);
  assert_true(xpf_live_cpu_used(&live, &cpu));
  assert_true(cpu.thread == 5 && cpu.waited == 25 && cpu.scripts == 10 && cpu.helpers == 155 &&
              cpu.others == 0.5);
  take_cpu(&live, 4100, "\"thread_cpu_ms\":1100", "\"rss\":1"); /* does not tell */
  assert_false(xpf_live_cpu_used(&live, &cpu));
  xpf_live_free(&live);
}

static void test_stalls_are_turns_that_ended_meanwhile(void **state) {
  struct xpf_live live = {0};
  (void)state;
  take(&live, 0, "\"loop_delay_histogram\":[[1000,90],[400000,2]]");
  assert_int_equal(live.stalls_count, 0); /* those were before */
  take(&live, 500, "\"loop_delay_histogram\":[[1000,95],[50000,1],[400000,2]]");
  take(&live, 1000, "\"loop_delay_histogram\":[[1000,99],[50000,1],[120000,2],[400000,3]]");
  assert_int_equal(live.stalls_count, 4); /* 1 ms is none */
  assert_true(live.stalls[0].ms == 400 && live.stalls[0].at_ms == 1000);
  assert_true(live.stalls[1].ms == 120 && live.stalls[2].ms == 120);
  assert_true(live.stalls[3].ms == 50 && live.stalls[3].at_ms == 500);
  take(&live, 1500,
       "\"loop_delay_histogram\":[[1000,99],[50000,9],[120000,2],[400000,3],[700000,1]]");
  assert_int_equal(live.stalls_count, XPF_STALLS_MAX);
  assert_true(live.stalls[0].ms == 700 && live.stalls[4].ms == 50);
  cJSON *stalls = xpf_live_stalls(&live);
  char *text = cJSON_PrintUnformatted(stalls);
  assert_non_null(strstr(text, "[{\"ms\":700,\"at_ms\":1500},{\"ms\":400,\"at_ms\":1000},"));
  free(text);
  cJSON_Delete(stalls);
  xpf_live_free(&live);
}

static void test_stalls_of_a_target_without_histograms(void **state) {
  struct xpf_live live = {0};
  (void)state;
  take(&live, 0, "\"loop_delay_max_ms\":300");
  take(&live, 500, "\"loop_delay_max_ms\":300");
  take(&live, 1000, "\"loop_delay_max_ms\":450,\"loop_blocked_ms\":450"); /* goes on */
  assert_int_equal(live.stalls_count, 0);
  take(&live, 1500, "\"loop_delay_max_ms\":800,\"loop_blocked_ms\":0");
  take(&live, 2000, "\"loop_delay_max_ms\":20"); /* a new record */
  take(&live, 2500, "\"loop_delay_max_ms\":60");
  assert_int_equal(live.stalls_count, 2);
  assert_true(live.stalls[0].ms == 800 && live.stalls[0].at_ms == 1500);
  assert_true(live.stalls[1].ms == 60);
  xpf_live_free(&live);
}

static void test_replies_without_the_figures(void **state) {
  struct xpf_live live = {0};
  (void)state;
  take(&live, 0, "\"x\":1");
  take(&live, 1, "\"loop_delay_histogram\":[[1],\"x\",[1,\"y\"],[70000,1]]");
  assert_true(isnan(live.heap_used_bytes));
  cJSON *empty = cJSON_CreateObject();
  xpf_live_take(&live, empty, 0, 2);
  cJSON_Delete(empty);
  assert_true(isnan(live.rss_bytes) && live.stalls_count == 0);
  xpf_live_free(&live);
}

/* ---- the line ---- */

static struct xpf_live_view view(void) {
  return (struct xpf_live_view){.label = "cpu 4127",
                                .is_begun = true,
                                .elapsed_ms = 4200,
                                .total_ms = 10000,
                                .reason = "",
                                .rss_bytes = 154.0 * 1048576,
                                .cpu_percent = 85,
                                .stall_ms = 12,
                                .heap_used_bytes = NAN,
                                .collections = NAN};
}

static void expect_line(const struct xpf_live_view *shown, unsigned columns, const char *expected) {
  char line[512];
  xpf_live_line_format(shown, columns, line, sizeof line);
  assert_string_equal(line, expected);
}

static int plain_locale(void **state) {
  (void)state;
  xpf_text_set_chinese(false);
  return setenv("LC_ALL", "C", 1);
}

static void test_time_left_and_figures(void **state) {
  struct xpf_live_view shown = view();
  (void)state;
  expect_line(&shown, 120,
              "cpu 4127  ########............  4.2 s / 10 s, 6 s left  RSS 154 MiB  CPU 85 %  loop "
              "delay 12 ms");
  setenv("LC_ALL", "C.UTF-8", 1);
  expect_line(&shown, 120,
              "cpu 4127  ████████▍░░░░░░░░░░░  4.2 s / 10 s, 6 s left  RSS 154 MiB  CPU 85 %  loop "
              "delay 12 ms");
}

static void test_parts_of_the_kinds(void **state) {
  struct xpf_live_view shown = view();
  (void)state;
  shown.part = XPF_LIVE_GC;
  shown.collections = 17;
  shown.gc_ms = 23.4;
  expect_line(&shown, 120,
              "cpu 4127  ########............  4.2 s / 10 s, 6 s left  RSS 154 MiB  17 GCs, 23 ms  "
              "CPU 85 %  loop delay 12 ms");
}

static void test_states(void **state) {
  struct xpf_live_view shown = view();
  (void)state;
  shown.rss_bytes = shown.cpu_percent = shown.stall_ms = NAN;
  shown.is_writing = true;
  expect_line(&shown, 80, "cpu 4127  ####################  writing the file");
  shown.is_begun = shown.is_writing = false;
  expect_line(&shown, 80, "cpu 4127  connecting");
  shown.is_pending = true;
  shown.reason = "thread 0 is blocked";
  expect_line(&shown, 50, "cpu 4127  waiting for the thread: thread 0 is blo");
  expect_line(&shown, 80, "cpu 4127  waiting for the thread: thread 0 is blocked");
  shown = view();
  shown.total_ms = 0;
  shown.done = 0.5;
  shown.rss_bytes = shown.cpu_percent = shown.stall_ms = NAN;
  expect_line(&shown, 80, "cpu 4127  ##########..........  4.2 s");
}

static void test_never_wider_than_the_terminal(void **state) {
  struct xpf_live_view shown = view();
  char line[512];
  (void)state;
  for (int chinese = 0; chinese < 2; chinese++) {
    xpf_text_set_chinese(chinese);
    setenv("LC_ALL", chinese ? "zh_CN.UTF-8" : "C", 1);
    for (unsigned columns = 1; columns < 130; columns++) {
      xpf_live_line_format(&shown, columns, line, sizeof line);
      assert_true(xpf_print_width(line) < columns || columns == 1);
    }
  }
}

#define TEST(name) cmocka_unit_test_setup(name, plain_locale)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_figures),
      TEST(test_cpu_by_whose_it_was),
      TEST(test_stalls_are_turns_that_ended_meanwhile),
      TEST(test_stalls_of_a_target_without_histograms),
      TEST(test_replies_without_the_figures),
      TEST(test_time_left_and_figures),
      TEST(test_parts_of_the_kinds),
      TEST(test_states),
      TEST(test_never_wider_than_the_terminal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

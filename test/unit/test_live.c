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

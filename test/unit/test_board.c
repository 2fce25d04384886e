// clang-format off
// links: ctl/board_reading.c ctl/board_history.c ctl/board_figure.c ctl/board_table.c ctl/sparkline.c ctl/cell_text.c
// links: src/target/reply_field.c ctl/print.c ctl/text.c ctl/suggest.c src/wire/utf8.c -lcjson -lm
// clang-format on
/* The live view without a terminal: rates between two answers, figures as text, sparklines, order.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../ctl/board_history.h"
#include "../../ctl/board_reading.h"
#include "../../ctl/board_table.h"
#include "../../ctl/cell_text.h"
#include "../../ctl/print.h"
#include "../../ctl/sparkline.h"

#define S 1000000000ull

#define assert_near(a, b, distance) assert_true(fabs((a) - (b)) <= (distance))

/* ---- readings ---- */

static struct xpf_board_reading read_text(const char *text, uint64_t at_ns) {
  struct xpf_board_reading reading;
  cJSON *json = cJSON_Parse(text);
  assert_non_null(json);
  assert_int_equal(xpf_board_reading_parse(&reading, json, at_ns), 0);
  cJSON_Delete(json);
  return reading;
}

static const char first[] =
    "{\"process\":{\"cpu_now\":7,\"rss\":1000,\"cpu_js_main_ms\":100,\"cpu_js_workers_ms\":0,"
    "\"cpu_libuv_ms\":50,\"cpu_v8_ms\":0,\"cpu_xprofiler_ms\":0,\"cpu_other_ms\":0,"
    "\"run_queue_wait_ms\":10,\"cgroup_cpu_throttled_ms\":null,\"interval_ms\":1000},"
    "\"threads\":[{\"thread_id\":1,\"tid\":12,\"uptime\":5,\"heap_used\":5,\"heap_limit\":100,"
    "\"active_handles\":1,\"loop_blocked_ms\":0,\"total_gc_duration\":0,\"loop_idle_total_ms\":0,"
    "\"thread_cpu_ms\":0,\"http_responses_total\":0,\"loop_delay_histogram\":[],"
    "\"http_duration_histogram\":[]},"
    "{\"thread_id\":0,\"tid\":11,\"uptime\":9,\"heap_used\":50,\"heap_limit\":100,"
    "\"active_handles\":3,\"loop_blocked_ms\":0,\"total_gc_duration\":20,"
    "\"loop_idle_total_ms\":1000,\"thread_cpu_ms\":90,\"thread_run_queue_wait_ms\":1,"
    "\"http_responses_total\":10,\"loop_delay_p99_ms\":4,\"loop_utilization\":33,"
    "\"loop_delay_histogram\":[[1000,100],[500000,1]],\"http_duration_histogram\":[[2000,10]]}]}";

static const char second[] =
    "{\"process\":{\"cpu_now\":8,\"rss\":3000,\"cpu_js_main_ms\":600,\"cpu_js_workers_ms\":100,"
    "\"cpu_libuv_ms\":150,\"cpu_v8_ms\":0,\"cpu_xprofiler_ms\":0,\"cpu_other_ms\":0,"
    "\"run_queue_wait_ms\":110,\"cgroup_cpu_throttled_ms\":null,\"interval_ms\":3000},"
    "\"threads\":[{\"thread_id\":1,\"tid\":12,\"uptime\":7,\"heap_used\":90,\"heap_limit\":100,"
    "\"active_handles\":2,\"loop_blocked_ms\":1500,\"total_gc_duration\":400,"
    "\"loop_idle_total_ms\":200,\"thread_cpu_ms\":100,\"http_responses_total\":6,"
    "\"loop_delay_histogram\":[[3000,4]],\"http_duration_histogram\":[[9000,6]]},"
    "{\"thread_id\":0,\"tid\":11,\"uptime\":11,\"heap_used\":60,\"heap_limit\":100,"
    "\"active_handles\":3,\"loop_blocked_ms\":0,\"total_gc_duration\":220,"
    "\"loop_idle_total_ms\":2500,\"thread_cpu_ms\":590,\"thread_run_queue_wait_ms\":201,"
    "\"http_responses_total\":50,\"loop_delay_p99_ms\":400,"
    "\"loop_delay_histogram\":[[1000,197],[2000,2],[7000,1],[500000,1]],"
    "\"http_duration_histogram\":[[2000,10],[3000,40]]}]}";

static void rates_are_of_the_time_between_two_answers(void **state) {
  (void)state;
  struct xpf_board_reading before = read_text(first, 10 * S), now = read_text(second, 12 * S);
  struct xpf_board_values threads[2], process;
  assert_true(now.threads[0].is_main);
  for (size_t i = 0; i < 2; i++)
    xpf_board_thread_values(&threads[i], &now, i, &before);
  xpf_board_process_values(&process, &now, &before, threads);

  const double *main = threads[0].of, *worker = threads[1].of, *all = process.of;
  assert_near(main[XPF_BOARD_CPU], 25, 1e-9);  /* 500 of 2000 ms */
  assert_near(main[XPF_BOARD_GC], 10, 1e-9);   /* 200 of 2000 ms */
  assert_near(main[XPF_BOARD_ELU], 25, 1e-9);  /* idle 1500 of 2000 ms */
  assert_near(main[XPF_BOARD_RATE], 20, 1e-9); /* 40 in 2 s */
  assert_near(main[XPF_BOARD_WAIT], 10, 1e-9);
  assert_near(main[XPF_BOARD_FULL], 60, 1e-9);
  /* 97 turns of 1 ms, 2 of 2 ms, 1 of 7 ms; the one of 500 ms was before. */
  assert_near(main[XPF_BOARD_DELAY], 2, 1e-9);
  assert_near(main[XPF_BOARD_LATENCY], 3, 1e-9);
  assert_true(isnan(main[XPF_BOARD_RSS]) && isnan(main[XPF_BOARD_THROTTLED]));
  assert_near(worker[XPF_BOARD_DELAY], 1500, 1e-9); /* it is in a turn since then */
  assert_true(isnan(worker[XPF_BOARD_WAIT]));       /* not told by this target */

  assert_near(all[XPF_BOARD_CPU], 35, 1e-9); /* 700 of 2000 ms, all classes */
  assert_near(all[XPF_BOARD_RSS], 3000, 1e-9);
  assert_near(all[XPF_BOARD_HEAP], 150, 1e-9);
  assert_near(all[XPF_BOARD_LIMIT], 100, 1e-9);
  assert_near(all[XPF_BOARD_FULL], 90, 1e-9);
  assert_near(all[XPF_BOARD_GC], 20, 1e-9);
  assert_near(all[XPF_BOARD_ELU], 90, 1e-9);
  assert_near(all[XPF_BOARD_RATE], 23, 1e-9);
  assert_near(all[XPF_BOARD_HANDLES], 5, 1e-9);
  assert_near(all[XPF_BOARD_DELAY], 1500, 1e-9);
  assert_near(all[XPF_BOARD_LATENCY], 9, 1e-9);
  assert_near(all[XPF_BOARD_WAIT], 5, 1e-9);
  assert_true(isnan(all[XPF_BOARD_THROTTLED])); /* no cgroup: unknown, not 0 */
  xpf_board_reading_free(&before);
  xpf_board_reading_free(&now);
}

static void the_first_answer_has_what_needs_no_second(void **state) {
  (void)state;
  struct xpf_board_reading now = read_text(first, 10 * S);
  struct xpf_board_values threads[2], process;
  for (size_t i = 0; i < 2; i++)
    xpf_board_thread_values(&threads[i], &now, i, NULL);
  xpf_board_process_values(&process, &now, NULL, threads);
  assert_near(process.of[XPF_BOARD_CPU], 7, 1e-9);
  assert_near(process.of[XPF_BOARD_ELU], 33, 1e-9);
  assert_near(process.of[XPF_BOARD_DELAY], 4, 1e-9);
  assert_true(isnan(process.of[XPF_BOARD_RATE]) && isnan(process.of[XPF_BOARD_WAIT]));
  xpf_board_reading_free(&now);
}

static void another_thread_with_the_same_id_has_no_rates(void **state) {
  (void)state;
  struct xpf_board_reading before = read_text(first, 10 * S), now = read_text(second, 12 * S);
  struct xpf_board_values values;
  before.threads[1].tid = 99;
  xpf_board_thread_values(&values, &now, 1, &before);
  assert_true(isnan(values.of[XPF_BOARD_CPU]) && isnan(values.of[XPF_BOARD_RATE]));
  before.threads[1].tid = 12;
  before.threads[1].uptime = 100; /* the kernel gave the tid again */
  xpf_board_thread_values(&values, &now, 1, &before);
  assert_true(isnan(values.of[XPF_BOARD_CPU]));
  /* Counters that step back: no negative rate. */
  before.threads[0].thread_cpu_ms = 10000;
  xpf_board_thread_values(&values, &now, 0, &before);
  assert_true(isnan(values.of[XPF_BOARD_CPU]));
  xpf_board_reading_free(&before);
  xpf_board_reading_free(&now);
}

static void quantiles_take_wrapped_counters(void **state) {
  (void)state;
  struct xpf_board_bucket a[] = {{10, UINT32_MAX}, {20, 5}}, b[] = {{10, 98}, {15, 1}, {20, 5}};
  struct xpf_board_buckets before = {a, 2, true}, now = {b, 3, true}, none = {0};
  assert_near(xpf_board_buckets_quantile_ms(&now, &before, 0.99), 0.010, 1e-12);
  assert_near(xpf_board_buckets_quantile_ms(&now, &before, 1), 0.015, 1e-12);
  assert_near(xpf_board_buckets_quantile_ms(&now, NULL, 1), 0.020, 1e-12);
  assert_true(isnan(xpf_board_buckets_quantile_ms(&now, &now, 0.5)));
  assert_true(isnan(xpf_board_buckets_quantile_ms(&none, NULL, 0.5)));
}

static void refuses(const char *text) {
  struct xpf_board_reading reading;
  cJSON *json = cJSON_Parse(text);
  assert_int_equal(xpf_board_reading_parse(&reading, json, 1), -EPROTO);
  xpf_board_reading_free(&reading);
  cJSON_Delete(json);
}

static void hostile_answers_are_refused(void **state) {
  (void)state;
  refuses("[]");
  refuses("{\"process\":{}}");
  refuses("{\"process\":{},\"threads\":[1]}");
  refuses("{\"process\":{},\"threads\":[{\"thread_id\":-1}]}");
  refuses(
      "{\"process\":{},\"threads\":[{\"thread_id\":0,\"loop_delay_histogram\":[[5,1],[5,1]]}]}");
  refuses("{\"process\":{},\"threads\":[{\"thread_id\":0,\"loop_delay_histogram\":[[1e12,1]]}]}");
  refuses("{\"process\":{},\"threads\":[{\"thread_id\":0,\"http_duration_histogram\":[1]}]}");
}

/* ---- figures ---- */

static void cell_is(enum xpf_board_figure_id id, double value, const char *expected) {
  char cell[64];
  assert_string_equal(xpf_board_figure_cell(id, value, cell, sizeof cell), expected);
}

static void cells_are_short(void **state) {
  (void)state;
  cell_is(XPF_BOARD_CPU, NAN, "-");
  cell_is(XPF_BOARD_CPU, 0, "0.0");
  cell_is(XPF_BOARD_CPU, 99.96, "100");
  cell_is(XPF_BOARD_RSS, 0, "0B");
  cell_is(XPF_BOARD_RSS, 154140672, "147M");
  cell_is(XPF_BOARD_RSS, 1023 * 1024.0, "1.0M");
  cell_is(XPF_BOARD_LIMIT, 4345298944, "4.0G");
  cell_is(XPF_BOARD_DELAY, 0.31, "0.3ms");
  cell_is(XPF_BOARD_DELAY, 9.96, "10ms");
  cell_is(XPF_BOARD_DELAY, 999.6, "1.0s");
  cell_is(XPF_BOARD_DELAY, 72000, "72s");
  cell_is(XPF_BOARD_RATE, 12345, "12k");
  cell_is(XPF_BOARD_HANDLES, 1234, "1234");
  cell_is(XPF_BOARD_UPTIME, 59, "59s");
  cell_is(XPF_BOARD_UPTIME, 192, "3m12s");
  cell_is(XPF_BOARD_UPTIME, 11520, "3h12m");
  cell_is(XPF_BOARD_UPTIME, 90000, "1d01h");
}

static void text_is(enum xpf_board_figure_id id, double value, const char *expected) {
  char text[64];
  assert_string_equal(xpf_board_figure_text(id, value, text, sizeof text), expected);
}

static void texts_have_units(void **state) {
  (void)state;
  text_is(XPF_BOARD_DELAY, NAN, "-");
  text_is(XPF_BOARD_DELAY, 22.5, "22.5 ms");
  text_is(XPF_BOARD_DELAY, 119.4, "119 ms");
  text_is(XPF_BOARD_DELAY, 15923, "15.9 s");
  text_is(XPF_BOARD_DELAY, 72000, "1m 12s");
  text_is(XPF_BOARD_CPU, 57.83, "57.8 %");
  text_is(XPF_BOARD_RATE, 309.4, "309/s");
  text_is(XPF_BOARD_RSS, 154140672, "147 MiB");
  text_is(XPF_BOARD_HANDLES, 20, "20");
}

static void no_cell_is_wider_than_its_column(void **state) {
  (void)state;
  char cell[64];
  for (int id = 0; id < XPF_BOARD_FIGURE_COUNT; id++) {
    /* Percentages of a share stay below 1000; what counts threads or time may be large. */
    double top = id == XPF_BOARD_GC || id == XPF_BOARD_ELU ? 150 : 1e13;
    for (double value = 1e-3; value < top; value *= 1.017) {
      xpf_board_figure_cell((enum xpf_board_figure_id)id, value, cell, sizeof cell);
      assert_true((int)strlen(cell) <= xpf_board_figures[id].width);
    }
  }
}

static void columns_give_way(void **state) {
  (void)state;
  enum xpf_board_figure_id columns[XPF_BOARD_FIGURE_COUNT];
  assert_int_equal(xpf_board_columns(columns, 200, XPF_BOARD_CPU), XPF_BOARD_FIGURE_COUNT);
  for (int width = 30; width < 130; width++) {
    int count = xpf_board_columns(columns, width, XPF_BOARD_UPTIME);
    int used = XPF_BOARD_PID_COLUMNS + 1;
    bool has_sorted = false;
    for (int i = 0; i < count; i++) {
      used += xpf_board_figures[columns[i]].width + 1;
      has_sorted |= columns[i] == XPF_BOARD_UPTIME;
    }
    assert_true(used + 12 <= width && has_sorted);
  }
  /* In 80 columns: the most wanted ones. */
  int count = xpf_board_columns(columns, 80, XPF_BOARD_CPU);
  assert_true(count >= 9);
  assert_int_equal(columns[0], XPF_BOARD_CPU);
  assert_int_equal(columns[count - 1], XPF_BOARD_LATENCY);
}

/* ---- history and sparklines ---- */

static void history_keeps_the_newest(void **state) {
  (void)state;
  struct xpf_board_history *history = calloc(1, sizeof *history);
  struct xpf_board_values values = {{0}};
  double out[XPF_BOARD_HISTORY_MAX];
  for (int i = 0; i < XPF_BOARD_HISTORY_MAX + 7; i++) {
    values.of[XPF_BOARD_CPU] = i;
    xpf_board_history_add(history, &values);
  }
  xpf_board_history_add(history, NULL);
  assert_int_equal(xpf_board_history_last(history, XPF_BOARD_CPU, out, 3), 3);
  assert_near(out[1], XPF_BOARD_HISTORY_MAX + 6, 1e-9);
  assert_true(isnan(out[2]));
  values.of[XPF_BOARD_CPU] = 5; /* it came after all */
  xpf_board_history_amend(history, &values);
  assert_int_equal(xpf_board_history_last(history, XPF_BOARD_CPU, out, 1000),
                   XPF_BOARD_HISTORY_MAX);
  assert_near(out[XPF_BOARD_HISTORY_MAX - 1], 5, 1e-9);
  free(history);
}

static void chart_is(const double *values, size_t count, double top, unsigned width,
                     unsigned height, unsigned line, bool utf8, const char *expected) {
  char text[256];
  assert_string_equal(
      xpf_sparkline(text, sizeof text, values, count, top, width, height, line, utf8), expected);
}

static void sparklines(void **state) {
  (void)state;
  const double rising[] = {0, 1, 2, 3, 4, 5, 6, 7, 8}, gap[] = {8, NAN, 1e-9};
  chart_is(rising, 9, 0, 9, 1, 0, true, "▁▁▂▃▄▅▆▇█");
  chart_is(rising, 9, 0, 4, 1, 0, true, "▅▆▇█"); /* the newest; scaled to them */
  chart_is(rising, 9, 16, 9, 1, 0, true, "▁▁▁▂▂▃▃▄▄");
  chart_is(gap, 3, 0, 5, 1, 0, true, "  █ ▁");
  chart_is(rising + 7, 2, 0, 2, 2, 0, true, "▆█");
  chart_is(rising + 3, 2, 8, 2, 2, 1, true, "▆█");
  chart_is(rising + 3, 2, 8, 2, 2, 0, true, "  ");
  chart_is(rising, 0, 0, 3, 1, 0, true, "   ");
  chart_is(rising, 9, 0, 9, 1, 0, false, "..:-=+*##");
  char small[6]; /* whole characters only */
  assert_string_equal(xpf_sparkline(small, sizeof small, rising, 9, 0, 9, 1, 0, true), "▁");
}

/* ---- rows ---- */

static struct xpf_board_process process_of(pid_t pid, const char *name, double cpu,
                                           struct xpf_board_thread *threads, size_t count) {
  struct xpf_board_process process = {
      .pid = pid, .state = XPF_BOARD_OK, .threads = threads, .threads_count = count};
  for (int i = 0; i < XPF_BOARD_FIGURE_COUNT; i++)
    process.values.of[i] = NAN;
  process.values.of[XPF_BOARD_CPU] = cpu;
  snprintf(process.name, sizeof process.name, "%s", name);
  return process;
}

static void order_is(const struct xpf_board_order *order, struct xpf_board_process **processes,
                     size_t count, const char *expected) {
  struct xpf_board_row *rows;
  size_t rows_count, used = 0;
  char text[256] = "";
  assert_int_equal(xpf_board_rows(&rows, &rows_count, order, processes, count), 0);
  for (size_t i = 0; i < rows_count; i++)
    used +=
        (size_t)(rows[i].thread == NULL
                     ? snprintf(text + used, sizeof text - used, "%d ", (int)rows[i].process->pid)
                     : snprintf(text + used, sizeof text - used, "%s%u ",
                                rows[i].is_last ? "`" : "|", rows[i].thread->thread_id));
  assert_string_equal(text, expected);
  free(rows);
}

static void rows_are_sorted_filtered_and_folded(void **state) {
  (void)state;
  struct xpf_board_thread threads[2] = {{.thread_id = 0}, {.thread_id = 3}};
  struct xpf_board_process a = process_of(10, "web /srv/Shop.js", 5, threads, 2);
  struct xpf_board_process b = process_of(2, "mail", 70, threads, 1);
  struct xpf_board_process c = process_of(30, "cron", NAN, threads, 2);
  struct xpf_board_process d = process_of(4, "batch", 5, NULL, 0);
  struct xpf_board_process *all[] = {&b, &d, &a, &c};
  struct xpf_board_order order = {.sort = XPF_BOARD_CPU};
  pid_t toggled[] = {10};

  /* Equal ones by pid, unknown ones last, also when reversed. One thread alone needs no row. */
  order_is(&order, all, 4, "2 4 10 |0 `3 30 |0 `3 ");
  order.is_reversed = true;
  order_is(&order, all, 4, "4 10 |0 `3 2 30 |0 `3 ");
  order.hides_threads = true;
  order_is(&order, all, 4, "4 10 2 30 ");
  order.toggled = toggled;
  order.toggled_count = 1;
  order_is(&order, all, 4, "4 10 |0 `3 2 30 ");
  order.sort = XPF_BOARD_SORT_NAME;
  order.is_reversed = false;
  order_is(&order, all, 4, "4 30 2 10 |0 `3 ");
  order.sort = XPF_BOARD_SORT_PID;
  strcpy(order.filter, "shop");
  order_is(&order, all, 4, "10 |0 `3 ");
  strcpy(order.filter, "30");
  order_is(&order, all, 4, "30 ");
  strcpy(order.filter, "BLOCK");
  order_is(&order, all, 4, "");
  a.state = XPF_BOARD_BLOCKED;
  order_is(&order, all, 4, "10 |0 `3 ");
  order_is(&order, all, 0, "");
}

static void sort_names(void **state) {
  (void)state;
  struct xpf_suggest suggest;
  assert_int_equal(xpf_board_sort_find("elu", &suggest), XPF_BOARD_ELU);
  assert_int_equal(xpf_board_sort_find("PID", &suggest), XPF_BOARD_SORT_PID);
  assert_int_equal(xpf_board_sort_find("latenci", &suggest), -1);
  assert_string_equal(xpf_suggest_result(&suggest), "latency");
  /* No key sorts by two columns, and each stands in its title, where it is underlined. */
  for (int i = 0; i < XPF_BOARD_SORT_COUNT; i++) {
    assert_non_null(strchr(xpf_board_sort_title(i), xpf_board_sort_key(i)));
    for (int j = 0; j < i; j++)
      assert_int_not_equal(xpf_board_sort_key(i), xpf_board_sort_key(j));
  }
}

static void names(void **state) {
  (void)state;
  struct xpf_board_process process = process_of(1, "/home/ada/shop/server.js", 1, NULL, 0);
  struct xpf_board_row row = {.process = &process};
  char text[700];
  assert_string_equal(xpf_board_row_name(&row, true, 0, text, sizeof text),
                      "/home/ada/shop/server.js");
  assert_string_equal(xpf_board_row_name(&row, true, 20, text, sizeof text),
                      "…/ada/shop/server.js");
  process.state = XPF_BOARD_BLOCKED;
  process.state_s = 12.3;
  assert_string_equal(xpf_board_row_name(&row, false, 26, text, sizeof text),
                      "blocked 12 s  ~/server.js");
  struct xpf_board_thread thread = {.thread_id = 4, .blocked_ms = 2000};
  row.thread = &thread;
  assert_string_equal(xpf_board_row_name(&row, false, 80, text, sizeof text),
                      "| worker 4  blocked 2 s");
}

static void fits(const char *text, unsigned width, bool utf8, const char *expected) {
  char out[64];
  assert_string_equal(xpf_cell_fit(out, sizeof out, text, width, utf8), expected);
}

static void text_is_cut_to_columns(void **state) {
  (void)state;
  fits("abc", 3, true, "abc");
  fits("abcd", 3, true, "ab…");
  fits("abcd", 3, false, "ab~");
  fits("a\033[2J", 9, true, "a?[2J"); /* nothing that the terminal would obey */
  fits("\xc2\x9b"
       "5m",
       9, true, "?5m");
  fits("\xff\xe4\xb8", 9, true, "???");
  fits("购物车", 6, true, "购物车");
  fits("购物车", 5, true, "购物…");
  fits("购物", 9, false, "??");
  fits("abc", 0, true, "");
  fits("", 4, true, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rates_are_of_the_time_between_two_answers),
      cmocka_unit_test(the_first_answer_has_what_needs_no_second),
      cmocka_unit_test(another_thread_with_the_same_id_has_no_rates),
      cmocka_unit_test(quantiles_take_wrapped_counters),
      cmocka_unit_test(hostile_answers_are_refused),
      cmocka_unit_test(cells_are_short),
      cmocka_unit_test(texts_have_units),
      cmocka_unit_test(no_cell_is_wider_than_its_column),
      cmocka_unit_test(columns_give_way),
      cmocka_unit_test(history_keeps_the_newest),
      cmocka_unit_test(sparklines),
      cmocka_unit_test(rows_are_sorted_filtered_and_folded),
      cmocka_unit_test(sort_names),
      cmocka_unit_test(names),
      cmocka_unit_test(text_is_cut_to_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

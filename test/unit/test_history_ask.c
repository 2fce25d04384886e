// clang-format off
// links: src/daemon/history_ask.c src/format/sink.c
// clang-format on
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "asked.h"
#include "daemon/history_ask.h"

#define NOW_MS 1764087600000

int64_t xpf_world_now_ms(void) {
  return NOW_MS;
}

static char taken[64];

void xpf_exchange_reply_take(struct xpf_exchange *exchange, int status, const char *content_type,
                             char *take, size_t size) {
  (void)exchange;
  snprintf(taken, sizeof taken, "%d %s %.*s", status, content_type, (int)size, take);
  free(take);
}

static void (*on_left)(void *arg);
static void *on_left_arg;

void xpf_exchange_on_left(struct xpf_exchange *exchange, void (*left)(void *arg), void *arg) {
  (void)exchange;
  on_left = left;
  on_left_arg = arg;
}

static void test_numbers(void **state) {
  static const struct {
    const char *text;
    int64_t value; /* -1: refused */
  } cases[] = {
      {"7", 7},    {"0", 0},
      {"10", 10},  {"", 5},
      {"11", -1},  {"-1", -1},
      {"1.5", -1}, {"1s", -1},
      {" ", -1},   {"x", -1},
      {"0x7", -1}, {"7 ", -1},
      {"1e1", -1}, {"99999999999999999999", -1},
  };
  int64_t value;
  (void)state;
  assert_true(xpf_history_ask_number(ask(NULL), "step", 5, 0, 10, &value));
  assert_int_equal(value, 5);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bool good = xpf_history_ask_number(ask("step", cases[i].text, NULL), "step", 5, 0, 10, &value);
    if (good != (cases[i].value >= 0) || (good && value != cases[i].value))
      fail_msg("\"%s\": %d, %lld", cases[i].text, good, (long long)value);
    assert_int_equal(good, asked_answer[0] == '\0');
  }
  xpf_history_ask_number(ask("step", "1s", NULL), "step", 5, 0, 10, &value);
  assert_string_equal(asked_answer, "400 step step: `1s` is no whole number from 0 to 10");
}

static void check_range(const char *from, const char *to, int64_t from_ms, int64_t to_ms) {
  int64_t got_from, got_to;
  struct xpf_exchange *exchange = ask("from", from, "to", to, NULL);
  assert_true(xpf_history_ask_range(exchange, 60000, &got_from, &got_to));
  assert_int_equal(got_from, from_ms);
  assert_int_equal(got_to, to_ms);
  assert_string_equal(asked_answer, "");
}

static void check_no_range(const char *from, const char *to, const char *expected) {
  int64_t from_ms, to_ms;
  struct xpf_exchange *exchange = ask("from", from, "to", to, NULL);
  assert_false(xpf_history_ask_range(exchange, 60000, &from_ms, &to_ms));
  assert_string_equal(asked_answer, expected);
}

static void test_ranges(void **state) {
  (void)state;
  check_range("", "", NOW_MS - 60000, NOW_MS);
  check_range("-1000", "0", NOW_MS - 1000, NOW_MS);
  check_range("-5000", "-1000", NOW_MS - 5000, NOW_MS - 1000);
  check_range("1000", "2000", 1000, 2000);
  check_range("-253402300799999", "", 0, NOW_MS); /* before 1970 nothing was kept */
  check_no_range("2000", "2000", "400 from from: must be before `to`");
  check_no_range("0", "-1", "400 from from: must be before `to`");
  check_no_range("now", "",
                 "400 from from: `now` is no whole number from -253402300799999 to "
                 "253402300799999");
  check_no_range("", "253402300800000",
                 "400 to to: `253402300800000` is no whole number from -253402300799999 to "
                 "253402300799999");
}

static void test_failures_say_what_to_do(void **state) {
  static const struct {
    int error;
    const char *answer;
  } cases[] = {
      {-E2BIG, "400 step step: that would be too many values; give a larger step"},
      {-EBUSY, "503 - too many ask the history; try again"},
      {-ETIMEDOUT, "504 - the history took too long; ask for a shorter range"},
      {-ECANCELED, "503 - xprofd is ending"},
      {-EIO, "503 - the history cannot be read; see /healthz"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    xpf_history_ask_fail(ask(NULL), cases[i].error);
    assert_memory_equal(asked_answer, cases[i].answer, strlen(cases[i].answer));
  }
}

static void test_answers(void **state) {
  struct xpf_memory_sink sink;
  (void)state;
  xpf_memory_sink_init(&sink, 4);
  xpf_sink_text(&sink.sink, "[1]");
  xpf_history_ask_reply(ask(NULL), &sink);
  assert_string_equal(taken, "200 application/json; charset=utf-8 [1]");
  xpf_memory_sink_init(&sink, 4);
  xpf_sink_text(&sink.sink, "[1,2,3]");
  taken[0] = '\0';
  xpf_history_ask_reply(ask(NULL), &sink);
  assert_string_equal(taken, "");
  assert_memory_equal(asked_answer, "400 step ", 9);
}

static const void *cancelled;

static void cancel(struct xpf_store *store, void *arg) {
  (void)store;
  cancelled = arg;
}

static void test_a_client_that_leaves_cancels(void **state) {
  static const struct xpf_store_engine engine = {.cancel = cancel};
  struct xpf_history_ask history;
  (void)state;
  asked_daemon.store = NULL;
  assert_false(xpf_history_ask_begin(&history, ask(NULL)));
  assert_string_equal(asked_answer,
                      "404 - no history is kept: xprofd was started with --store none");
  asked_daemon.store_engine = &engine;
  asked_daemon.store = (struct xpf_store *)&asked_daemon; /* never looked into */
  assert_true(xpf_history_ask_begin(&history, ask(NULL)));
  assert_ptr_equal(history.exchange, &asked);
  xpf_history_ask_wait(&history);
  on_left(on_left_arg);
  assert_ptr_equal(cancelled, &history);
  assert_null(history.exchange);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_ranges),
      cmocka_unit_test(test_failures_say_what_to_do),
      cmocka_unit_test(test_answers),
      cmocka_unit_test(test_a_client_that_leaves_cancels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

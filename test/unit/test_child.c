// clang-format off
// links: src/daemon/child.c -luv
// threads: not useful, the loop is the only thread
// clang-format on
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <uv.h>
#include <cmocka.h>

#include "daemon/child.h"

static struct {
  int calls;
  struct xpf_child_end end;
  char output[256], errors[8192];
} seen;

static void ended(void *arg, const struct xpf_child_end *end) {
  assert_ptr_equal(arg, &seen);
  seen.calls++;
  seen.end = *end;
  snprintf(seen.output, sizeof seen.output, "%s", end->output);
  snprintf(seen.errors, sizeof seen.errors, "%s", end->errors);
}

static uv_loop_t loop;

static struct xpf_child *start(const char *script, size_t output_max, uint64_t deadline_ms) {
  const char *argv[] = {"/bin/sh", "-c", script, NULL};
  struct xpf_child_options options = {.argv = argv,
                                      .output_max = output_max,
                                      .deadline_ms = deadline_ms,
                                      .ended = ended,
                                      .arg = &seen};
  struct xpf_child *child = NULL;
  memset(&seen, 0, sizeof seen);
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(xpf_child_start(&child, &loop, &options), 0);
  return child;
}

static void run(void) {
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0); /* nothing is left open */
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
  assert_int_equal(errno, ECHILD); /* no zombie */
  assert_int_equal(seen.calls, 1);
}

static void test_output_errors_and_status(void **state) {
  (void)state;
  start("printf out; printf err >&2; exit 7", 100, 20000);
  run();
  assert_string_equal(seen.output, "out");
  assert_string_equal(seen.errors, "err");
  assert_int_equal(seen.end.status, 7);
  assert_int_equal(seen.end.output_size, 3);
  assert_false(seen.end.is_late || seen.end.is_too_long);
}

static void test_input_is_empty_and_signals_are_as_new(void **state) {
  (void)state;
  signal(SIGPIPE, SIG_IGN);
  start("cat; kill -PIPE $$; echo survived", 100, 20000);
  run();
  assert_string_equal(seen.output, "");
  assert_int_equal(seen.end.signal, SIGPIPE);
  assert_int_equal(seen.end.status, -1);
}

static void test_too_much_output_ends_it(void **state) {
  (void)state;
  start("while :; do echo 0123456789; done", 50, 20000);
  run();
  assert_true(seen.end.is_too_long);
  assert_int_equal(seen.end.signal, SIGTERM);
  assert_true(seen.end.output_size <= 50);
}

static void test_of_errors_the_end_is_kept(void **state) {
  (void)state;
  start("i=0; while [ $i -lt 2000 ]; do echo line $i >&2; i=$((i+1)); done", 50, 20000);
  run();
  assert_int_equal(seen.end.errors_size, 4096);
  assert_non_null(strstr(seen.errors, "line 1999\n"));
  assert_false(seen.end.is_too_long);
}

static void test_the_deadline_ends_it(void **state) {
  (void)state;
  start("sleep 60", 50, 100);
  run();
  assert_true(seen.end.is_late);
  assert_int_equal(seen.end.signal, SIGTERM);
}

static void test_one_that_ignores_sigterm_is_killed(void **state) {
  (void)state;
  start("trap '' TERM; while :; do sleep 1; done", 50, 100);
  run();
  assert_true(seen.end.is_late);
  assert_int_equal(seen.end.signal, SIGKILL);
}

static void test_a_grandchild_that_keeps_the_pipes_does_not_keep_us(void **state) {
  (void)state;
  start("echo there; sleep 20 & exit 3", 50, 20000);
  uint64_t before = uv_hrtime();
  run();
  assert_true(uv_hrtime() - before < UINT64_C(15000000000));
  assert_int_equal(seen.end.status, 3);
  assert_string_equal(seen.output, "there\n");
}

static void test_one_that_closes_its_output_is_still_awaited(void **state) {
  (void)state;
  start("exec >&- 2>&-; sleep 0.3; exit 4", 50, 20000);
  run();
  assert_int_equal(seen.end.status, 4);
}

static void send_interrupt(uv_timer_t *timer) {
  xpf_child_signal(timer->data, SIGINT);
  uv_close((uv_handle_t *)timer, NULL);
}

static void test_a_signal_reaches_it(void **state) {
  (void)state;
  struct xpf_child *child =
      start("trap 'echo early; exit 0' INT; while :; do sleep 0.1; done", 50, 20000);
  uv_timer_t timer;
  uv_timer_init(&loop, &timer);
  timer.data = child;
  uv_timer_start(&timer, send_interrupt, 500, 0);
  run();
  assert_string_equal(seen.output, "early\n");
  assert_int_equal(seen.end.status, 0);
}

static void test_what_cannot_be_started_is_told_at_once(void **state) {
  (void)state;
  const char *argv[] = {"/nowhere/program", NULL};
  struct xpf_child_options options = {.argv = argv, .ended = ended, .deadline_ms = 1000};
  struct xpf_child *child = NULL;
  memset(&seen, 0, sizeof seen);
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(xpf_child_start(&child, &loop, &options), -ENOENT);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  assert_int_equal(seen.calls, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_output_errors_and_status),
      cmocka_unit_test(test_input_is_empty_and_signals_are_as_new),
      cmocka_unit_test(test_too_much_output_ends_it),
      cmocka_unit_test(test_of_errors_the_end_is_kept),
      cmocka_unit_test(test_the_deadline_ends_it),
      cmocka_unit_test(test_one_that_ignores_sigterm_is_killed),
      cmocka_unit_test(test_a_grandchild_that_keeps_the_pipes_does_not_keep_us),
      cmocka_unit_test(test_one_that_closes_its_output_is_still_awaited),
      cmocka_unit_test(test_a_signal_reaches_it),
      cmocka_unit_test(test_what_cannot_be_started_is_told_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

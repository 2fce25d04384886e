// links: ctl/job_details.c ctl/progress_line.c ctl/print.c ctl/text.c src/target/reply_field.c
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

#include "../../ctl/job_details.h"
#include "../../ctl/progress_line.h"
#include "../../ctl/text.h"
#include "printed.h"

static void check_details(const char *result, const char *expected) {
  cJSON *object = cJSON_Parse(result);
  assert_non_null(object);
  printed_begin(STDOUT_FILENO);
  xpf_job_details_print(stdout, object);
  assert_string_equal(printed_end(), expected);
  cJSON_Delete(object);
}

static void test_details(void **state) {
  (void)state;
  check_details("{\"bytes\":98919,\"samples\":1135,\"nodes\":0,\"events\":3,\"dropped\":2,"
                "\"duration_ms\":10001.26,\"paused_ms\":1.005,\"ended_by\":\"the thread\\u001b\"}",
                "  size: 96.6 KiB, samples: 1135, nodes: 0, events: 3, dropped: 2, "
                "covers: 10.001 s, thread paused: 1.00 ms\n"
                "  ended early by: the thread?\n");
  check_details("{\"dropped\":0}", "");
  check_details("{\"bytes\":0,\"samples\":\"many\"}", "  size: 0 B\n");
  check_details("{\"samples\":1e15}", "  samples: 1000000000000000\n");
  check_details("{}", "");
}

static void check_line(const char *params, const char *expected) {
  struct xpf_progress_line line = {.is_terminal = true};
  cJSON *object = cJSON_Parse(params);
  assert_non_null(object);
  printed_begin(STDERR_FILENO);
  xpf_progress_line_update(&line, object);
  assert_string_equal(printed_end(), expected);
  assert_true(line.is_shown);
  cJSON_Delete(object);
}

#define ERASE "\r\033[K"
#define TEN   "0123456789"
#define YOU   "\xe4\xbd\xa0"

static void test_progress(void **state) {
  (void)state;
  check_line("{\"state\":\"running\",\"elapsed_ms\":4200,\"done\":1,\"total\":3}",
             ERASE "4.2 s  running 33%");
  check_line("{\"state\":\"writing\",\"elapsed_ms\":100,\"done\":5,\"total\":0}",
             ERASE "0.1 s  writing the file");
  check_line("{\"state\":\"pending\",\"pending\":{\"reason\":\"busy\\n\\u001b[2J\\u009b\"}}",
             ERASE "0 s  waiting for the thread: busy??[2J?");
  check_line("{\"state\":\"dreaming\"}", ERASE "0 s  dreaming");
  check_line("{}", ERASE "0 s  ");
}

/* The line stays one: cut at a character, not within one. */
static void test_long_progress(void **state) {
  (void)state;
  check_line("{\"state\":\"x\",\"pending\":{\"reason\":\"" TEN TEN TEN TEN TEN TEN TEN TEN "\"}}",
             ERASE "0 s  x: " TEN TEN TEN TEN TEN TEN "01234567");
  check_line("{\"state\":\"xx\",\"pending\":{\"reason\":\"" TEN TEN TEN TEN TEN TEN "012345" YOU YOU
             "\"}}",
             ERASE "0 s  xx: " TEN TEN TEN TEN TEN TEN "012345");
}

static void test_without_a_terminal(void **state) {
  struct xpf_progress_line line;
  (void)state;
  printed_begin(STDERR_FILENO);
  xpf_progress_line_init(&line); /* standard error is a file here */
  cJSON *params =
      cJSON_Parse("{\"state\":\"running\",\"filepath\":\"/tmp/\xe4\xbd\xa0.cpuprofile\"}");
  xpf_progress_line_update(&line, params);
  cJSON *later = cJSON_Parse("{\"state\":\"writing\"}");
  xpf_progress_line_update(&line, later);
  xpf_progress_line_clear(&line);
  assert_string_equal(printed_end(), "");
  assert_string_equal(line.filepath, "/tmp/\xe4\xbd\xa0.cpuprofile"); /* the last one named */
  cJSON_Delete(params);
  cJSON_Delete(later);
}

static void test_cleared_once(void **state) {
  struct xpf_progress_line line = {.is_terminal = true, .is_shown = true};
  (void)state;
  printed_begin(STDERR_FILENO);
  xpf_progress_line_clear(&line);
  xpf_progress_line_clear(&line);
  assert_string_equal(printed_end(), ERASE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_details),       cmocka_unit_test(test_progress),
      cmocka_unit_test(test_long_progress), cmocka_unit_test(test_without_a_terminal),
      cmocka_unit_test(test_cleared_once),
  };
  setenv("LC_ALL", "C", 1);
  xpf_text_choose();
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: ctl/duration.c -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../ctl/duration.h"

static void expect(const char *text, double expected) {
  double ms = -1;
  assert_int_equal(xpf_duration_parse(text, &ms), 0);
  assert_true(ms == expected);
}

static void test_units(void **state) {
  (void)state;
  expect("250", 250);
  expect("500ms", 500);
  expect("10s", 10000);
  expect("0.5s", 500);
  expect("1.2345s", 1235); /* whole milliseconds */
  expect("2m", 120000);
  expect("1.5h", 5400000);
  expect("7d", 604800000);
  expect("0", 0);
}

static void test_what_is_no_time(void **state) {
  static const char *const texts[] = {
      "",     "s",   "ms",   "1.5", "-1s",  "+1s", " 1s",  "1 s", "1s ",   "10se",
      "1e3s", "0x1", "infs", "nan", "1..s", ".s",  "1,5s", "1S",  "10min", "1234567890123456789s"};
  double ms = 7;
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_true(xpf_duration_parse(texts[i], &ms) < 0);
  assert_true(ms == 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_units),
      cmocka_unit_test(test_what_is_no_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

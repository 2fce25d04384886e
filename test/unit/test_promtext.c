// links: src/format/promtext.c
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/promtext.h"

static char line[512];
static struct xpf_promtext parsed;

static int parse(const char *text) {
  const char *wrong = NULL;
  snprintf(line, sizeof line, "%s", text);
  int result = xpf_promtext_parse(&parsed, line, &wrong);
  if (result != 0)
    assert_non_null(wrong);
  return result;
}

static void test_samples(void **state) {
  (void)state;
  assert_int_equal(parse("up 1"), 0);
  assert_int_equal(parsed.kind, XPF_PROMTEXT_SAMPLE);
  assert_string_equal(parsed.name, "up");
  assert_int_equal(parsed.labels_count, 0);
  assert_true(parsed.value == 1);
  assert_int_equal(parse("\tx:y_z{a=\"1\", b = \"p\\\"q\\\\r\\ns\",} -2.5e3 1700000000000\r"), 0);
  assert_string_equal(parsed.name, "x:y_z");
  assert_int_equal(parsed.labels_count, 2);
  assert_string_equal(parsed.labels[1].name, "b");
  assert_string_equal(parsed.labels[1].value, "p\"q\\r\ns");
  assert_true(parsed.value == -2500);
  assert_int_equal(parse("x{}NaN"), 0);
  assert_true(isnan(parsed.value));
  assert_int_equal(parse("x_bucket{le=\"+Inf\"} +Inf # {trace_id=\"a\"} 0.5 1.2"), 0);
  assert_true(isinf(parsed.value));
}

static void test_comments(void **state) {
  (void)state;
  assert_int_equal(parse("# HELP queue_depth jobs \\\\ that\\nwait"), 0);
  assert_int_equal(parsed.kind, XPF_PROMTEXT_HELP);
  assert_string_equal(parsed.name, "queue_depth");
  assert_string_equal(parsed.text, "jobs \\ that wait");
  assert_int_equal(parse("#TYPE x counter"), 0);
  assert_int_equal(parsed.kind, XPF_PROMTEXT_TYPE);
  assert_string_equal(parsed.text, "counter");
  assert_int_equal(parse("# UNIT x_seconds seconds"), 0);
  assert_int_equal(parsed.kind, XPF_PROMTEXT_UNIT);
  assert_int_equal(parse("# EOF"), 0);
  assert_int_equal(parsed.kind, XPF_PROMTEXT_END);
  const char *const nothing[] = {"",           "   ",    "#",          "# a comment",
                                 "# HELPER x", "# TYPE", "# HELP 5x y"};
  for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
    assert_int_equal(parse(nothing[i]), 0);
    assert_int_equal(parsed.kind, XPF_PROMTEXT_NOTHING);
  }
}

static void test_what_is_wrong(void **state) {
  (void)state;
  const char *const wrong[] = {
      "5x 1",
      "x",
      "x y",
      "x{a=\"1\" 2",
      "x{a=1} 2",
      "x{a=\"1} 2",
      "x{=\"1\"} 2",
      "x{a=\"1\"b=\"2\"} 3",
      "x{a=\"1\",a=\"2\"} 3",
      "x 1 y",
      "x 1 2 3",
      "x-y 1",
      "x 0x10",
      "x 1_000",
      "x{a:b=\"1\"} 2",
      "x{a=\"1\"}",
      "\"x\" 1",
      "x 1e",
      "x ++1",
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    if (parse(wrong[i]) == 0)
      fail_msg("taken: %s", wrong[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_samples),
      cmocka_unit_test(test_comments),
      cmocka_unit_test(test_what_is_wrong),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

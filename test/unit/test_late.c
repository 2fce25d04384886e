// links: src/daemon/late.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/late.h"

#define MS UINT64_C(1000000)

static void test_seconds(void **state) {
  (void)state;
  assert_int_equal(xpf_late_seconds(5000 * MS, 4990 * MS), 0); /* a timer that is early */
  assert_int_equal(xpf_late_seconds(5000 * MS, 5000 * MS), 0);
  assert_int_equal(xpf_late_seconds(5000 * MS, 5500 * MS), 0);
  assert_int_equal(xpf_late_seconds(5000 * MS, 5501 * MS), 1);
  assert_int_equal(xpf_late_seconds(5000 * MS, 6020 * MS), 1); /* on a whole second, but the next */
  assert_int_equal(xpf_late_seconds(5000 * MS, 25000 * MS), 20);
  assert_int_equal(xpf_late_seconds(0, UINT64_MAX / 2), 3600);
}

static void test_minute(void **state) {
  (void)state;
  struct xpf_late_minute minute = {0};
  assert_int_equal(xpf_late_minute_add(&minute, 1000, 0), 0);
  assert_int_equal(xpf_late_minute_add(&minute, 1001, 1), 1);
  assert_int_equal(xpf_late_minute_add(&minute, 1002, 1), 2);
  assert_int_equal(xpf_late_minute_add(&minute, 1002, 1), 3); /* twice in a second */
  assert_int_equal(xpf_late_minute_add(&minute, 1020, 18), 21);
  assert_int_equal(xpf_late_minute_add(&minute, 1060, 0), 21);
  assert_int_equal(xpf_late_minute_add(&minute, 1061, 0), 20); /* the first is a minute ago */
  assert_int_equal(xpf_late_minute_add(&minute, 1062, 0), 18);
  assert_int_equal(xpf_late_minute_add(&minute, 1079, 0), 18); /* seconds without a call */
  assert_int_equal(xpf_late_minute_add(&minute, 1080, 0), 0);
  assert_int_equal(xpf_late_minute_add(&minute, 1081, 3600), 60);
  assert_int_equal(xpf_late_minute_add(&minute, 9000, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_seconds),
      cmocka_unit_test(test_minute),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: src/daemon/oom_kills.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/oom_kills.h"

static struct xpf_oom_kills kills;

/* Seconds in which the host counts no more; gives what it tells in them. */
static uint64_t quiet(int64_t from_ms, int seconds) {
  uint64_t told = 0;
  for (int i = 0; i < seconds; i++)
    told += xpf_oom_kills_counted(&kills, 0, from_ms + i * 1000);
  return told;
}

static int setup(void **state) {
  (void)state;
  kills = (struct xpf_oom_kills){0};
  return 0;
}

static void test_host_alone(void **state) {
  (void)state;
  assert_int_equal(quiet(1000, 5), 0);
  assert_int_equal(xpf_oom_kills_counted(&kills, 2, 6000), 0);
  assert_int_equal(xpf_oom_kills_counted(&kills, 1, 7000), 0);
  assert_int_equal(quiet(8000, 2), 0);
  assert_int_equal(xpf_oom_kills_counted(&kills, 0, 10000), 3);
  assert_int_equal(quiet(11000, 20), 0);
}

static void test_cgroup_tells(void **state) {
  (void)state;
  xpf_oom_kills_told(&kills, 1, 5500); /* before the host counts it */
  assert_int_equal(xpf_oom_kills_counted(&kills, 1, 6000), 0);
  assert_int_equal(quiet(7000, 20), 0);
  assert_int_equal(xpf_oom_kills_counted(&kills, 1, 30000), 0);
  xpf_oom_kills_told(&kills, 1, 32500); /* after it */
  assert_int_equal(quiet(33000, 20), 0);
}

static void test_both(void **state) {
  (void)state;
  xpf_oom_kills_told(&kills, 1, 5500);
  assert_int_equal(xpf_oom_kills_counted(&kills, 3, 6000), 0);
  assert_int_equal(quiet(7000, 20), 2); /* the others were of no cgroup that is known */
}

/* One that the host never counts takes no later one away. */
static void test_old_tale(void **state) {
  (void)state;
  xpf_oom_kills_told(&kills, 1, 5500);
  assert_int_equal(quiet(6000, 11), 0);
  assert_int_equal(xpf_oom_kills_counted(&kills, 1, 17000), 0);
  assert_int_equal(quiet(18000, 10), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_host_alone, setup),
      cmocka_unit_test_setup(test_cgroup_tells, setup),
      cmocka_unit_test_setup(test_both, setup),
      cmocka_unit_test_setup(test_old_tale, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

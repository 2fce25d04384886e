// clang-format off
// links: src/daemon/collect_load.c
// links: src/daemon/world.c src/host/proc_file.c src/wire/utf8.c -lm
// clang-format on
#include "collect.h"
#include "daemon/collector_list.h"

static void test_values(void **state) {
  (void)state;
  collect_put(&c, "proc/loadavg", "14.60 8.06 1234567.05 3/98765 4194304\n");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_load", "", "load1", 14.6);
  assert_value(&c, "host_load", "", "load5", 8.06);
  assert_value(&c, "host_load", "", "load15", 1234567.05);
  assert_value(&c, "host_load", "", "runnable", 3);
  assert_value(&c, "host_load", "", "tasks", 98765);
}

/* Old values do not stay when the file has none. */
static void test_a_file_that_is_cut_or_gone(void **state) {
  (void)state;
  static const char *const texts[] = {"", "1.0 2.0 3.0", "1.0 2.0 3.0 4 5", "a b c d/e", "\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    collect_put(&c, "proc/loadavg", "1.00 2.00 3.00 4/5 6\n");
    assert_int_equal(collect_run(&c), 0);
    assert_value(&c, "host_load", "", "tasks", 5);
    collect_put(&c, "proc/loadavg", texts[i]);
    assert_int_equal(collect_run(&c), -EPROTO);
    assert_quality(&c, "host_load", "", "load1", "absent");
    assert_quality(&c, "host_load", "", "tasks", "absent");
  }
  char path[128];
  snprintf(path, sizeof path, "%s/loadavg", c.proc);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(collect_run(&c), -ENOENT);
  assert_quality(&c, "host_load", "", "load1", "absent");
}

#define TEST(name) collect_test(name, xpf_collector_load)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(test_values), TEST(test_a_file_that_is_cut_or_gone)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

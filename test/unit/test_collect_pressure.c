// clang-format off
// links: src/daemon/collect_pressure.c src/host/pressure.c
// links: src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c src/host/proc_text.c
// links: src/host/proc_file.c src/wire/utf8.c -lm
// clang-format on
#include "collect.h"
#include "daemon/collector_list.h"

static void test_values(void **state) {
  (void)state;
  collect_put(&c, "proc/pressure/cpu",
              "some avg10=46.92 avg60=81.11 avg300=46.37 total=6893045731\n"
              "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  collect_put(&c, "proc/pressure/memory",
              "some avg10=0.00 avg60=0.00 avg300=0.25 total=10326768\n"
              "full avg10=0.00 avg60=0.12 avg300=0.00 total=3543406\n");
  collect_put(&c, "proc/pressure/irq", "full avg10=1.50 avg60=0.00 avg300=0.00 total=2000000\n");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_pressure", "", "cpu_some", 6893.045731);
  assert_value(&c, "host_pressure", "", "cpu_some_avg10", 0.4692);
  assert_value(&c, "host_pressure", "", "cpu_some_avg300", 0.4637);
  assert_value(&c, "host_pressure", "", "cpu_full", 0);
  assert_value(&c, "host_pressure", "", "memory_some_avg300", 0.0025);
  assert_value(&c, "host_pressure", "", "memory_full", 3.543406);
  assert_value(&c, "host_pressure", "", "memory_full_avg60", 0.0012);
  assert_value(&c, "host_pressure", "", "irq_full", 2);
  assert_value(&c, "host_pressure", "", "irq_full_avg10", 0.015);
  assert_quality(&c, "host_pressure", "", "io_some", "absent");
  assert_quality(&c, "host_pressure", "", "io_full_avg300", "absent");
}

/* A kernel without pressure, or with psi=0: no value, and nobody is told of a failure. */
static void test_missing(void **state) {
  (void)state;
  assert_int_equal(collect_run(&c), 0);
  assert_quality(&c, "host_pressure", "", "cpu_some", "absent");
  assert_quality(&c, "host_pressure", "", "irq_full_avg300", "absent");
}

/* Linux before 5.13 has no full of the processor; a file cut in the middle has no value at all. */
static void test_partly(void **state) {
  (void)state;
  collect_put(&c, "proc/pressure/cpu", "some avg10=1.00 avg60=0.00 avg300=0.00 total=5\n");
  collect_put(&c, "proc/pressure/io", "some avg10=1.00 avg60=0.0");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_pressure", "", "cpu_some", 5e-6);
  assert_quality(&c, "host_pressure", "", "cpu_full", "absent");
  assert_quality(&c, "host_pressure", "", "io_some_avg10", "absent");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      collect_test(test_values, xpf_collector_pressure),
      collect_test(test_missing, xpf_collector_pressure),
      collect_test(test_partly, xpf_collector_pressure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

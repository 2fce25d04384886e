// clang-format off
// links: src/daemon/collect_softirqs.c 
// links: src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c src/host/proc_text.c
// links: src/host/proc_file.c src/wire/utf8.c -lm
// clang-format on
#include "collect.h"
#include "daemon/collector_list.h"

static void test_values(void **state) {
  (void)state;
  collect_put(&c, "proc/softirqs",
              "                    CPU0       CPU1       CPU2       CPU3\n"
              "          HI:          0          5          0          0\n"
              "      NET_TX:         16         18          0          0\n"
              "      NET_RX:   36974625   37262866          0          0\n"
              "     TASKLET:          3          1          0          0\n"
              "     HRTIMER:        251         42          0          0\n"
              "     NEWTYPE:          9          9          0          0\n"
              "         RCU:    4335199\n");
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_softirq"), 2); /* 2 and 3 could be there, and are not */
  assert_value(&c, "host_softirq", "0", "net_tx", 16);
  assert_value(&c, "host_softirq", "1", "net_rx", 37262866);
  assert_value(&c, "host_softirq", "1", "tasklet", 1);
  assert_value(&c, "host_softirq", "0", "hrtimer", 251);
  assert_value(&c, "host_softirq", "0", "hi", 0);
  assert_value(&c, "host_softirq", "0", "rcu", 4335199);
  assert_quality(&c, "host_softirq", "1", "rcu", "absent");
  assert_quality(&c, "host_softirq", "0", "irq_poll", "absent");
}

static void test_large(void **state) {
  (void)state;
  size_t size = 0;
  char *text = malloc(1024 * 12 * 3 + 100);
  assert_non_null(text);
  for (int cpu = 0; cpu < 1024; cpu++)
    size += (size_t)sprintf(text + size, " CPU%d", cpu);
  size += (size_t)sprintf(text + size, "\n  NET_RX:");
  for (int cpu = 0; cpu < 1024; cpu++)
    size += (size_t)sprintf(text + size, " %10d", cpu + 1);
  sprintf(text + size, "\n");
  collect_put(&c, "proc/softirqs", text);
  free(text);
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_softirq"), 1024);
  assert_value(&c, "host_softirq", "1023", "net_rx", 1024);
}

static void test_bad(void **state) {
  (void)state;
  assert_int_equal(collect_run(&c), -ENOENT);
  collect_put(&c, "proc/softirqs", "");
  assert_int_equal(collect_run(&c), -EPROTO);
  collect_put(&c, "proc/softirqs", "no such head\n NET_TX: 1\n");
  assert_int_equal(collect_run(&c), -EPROTO);
  collect_put(&c, "proc/softirqs", " CPU0\n:\n NET_TX\n NET_TX: x\n NET_RX: 4 5 6\n");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_softirq", "0", "net_rx", 4);
  assert_quality(&c, "host_softirq", "0", "net_tx", "absent");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      collect_test(test_values, xpf_collector_softirqs),
      collect_test(test_large, xpf_collector_softirqs),
      collect_test(test_bad, xpf_collector_softirqs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

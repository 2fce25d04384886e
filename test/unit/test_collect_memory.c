// links: src/daemon/collect_memory.c src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c
// links: src/host/proc_text.c src/host/proc_file.c src/wire/utf8.c -lm
#include "collect.h"
#include "daemon/collector_list.h"

/* Linux 6.18, shortened, and one line no version has. */
static void test_values(void **state) {
  (void)state;
  collect_put(
      &c, "proc/meminfo",
      "MemTotal:       24684084 kB\nMemFree:        16170988 kB\n"
      "MemAvailable:   23872600 kB\nBuffers:          164860 kB\nCached:          7163884 kB\n"
      "Active(anon):       1656 kB\nSwapTotal:          2000 kB\nSwapFree:            500 kB\n"
      "Shmem:              8872 kB\nSReclaimable:     783168 kB\nSUnreclaim:        90060 kB\n"
      "Committed_AS:     495212 kB\nSomethingNew:          7 kB\n"
      "HugePages_Total:       3\nHugepagesize:       2048 kB\n");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_memory", "", "total", 24684084.0 * 1024);
  assert_value(&c, "host_memory", "", "used", (24684084.0 - 23872600) * 1024);
  assert_value(&c, "host_memory", "", "page_cache", (164860.0 + 7163884 - 8872) * 1024);
  assert_value(&c, "host_memory", "", "swap_used", 1500.0 * 1024);
  assert_value(&c, "host_memory", "", "active_anon", 1656.0 * 1024);
  assert_value(&c, "host_memory", "", "slab_reclaimable", 783168.0 * 1024);
  assert_value(&c, "host_memory", "", "committed", 495212.0 * 1024);
  assert_value(&c, "host_memory", "", "huge_pages_total", 3);
  assert_value(&c, "host_memory", "", "huge_page_size", 2048.0 * 1024);
  assert_quality(&c, "host_memory", "", "zswap", "absent");
}

/* Linux before 3.14 does not say what is available: then used is not known, not wrong. */
static void test_not_available(void **state) {
  (void)state;
  collect_put(&c, "proc/meminfo", "MemTotal: 100 kB\nMemFree: 50 kB\nCached: 20");
  collect_run(&c);
  assert_value(&c, "host_memory", "", "free", 51200);
  assert_quality(&c, "host_memory", "", "used", "absent");
  assert_quality(&c, "host_memory", "", "page_cache", "absent");
}

static void test_missing(void **state) {
  (void)state;
  assert_int_equal(collect_run(&c), -ENOENT);
  assert_quality(&c, "host_memory", "", "total", "absent");
  collect_put(&c, "proc/meminfo", "");
  assert_int_equal(collect_run(&c), 0);
  assert_quality(&c, "host_memory", "", "total", "absent");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      collect_test(test_values, xpf_collector_memory),
      collect_test(test_not_available, xpf_collector_memory),
      collect_test(test_missing, xpf_collector_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

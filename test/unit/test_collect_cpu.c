// links: src/daemon/collect_cpu.c src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c
// links: src/host/proc_text.c src/host/proc_file.c src/host/proc_stat_linux.c src/wire/utf8.c -lm
#include "collect.h"
#include "daemon/collector_list.h"

#define REST                                                                                       \
  "intr 24462829 0 0 7\nctxt 80563169\nbtime 1763618165\nprocesses 54321\nprocs_running 3\n"       \
  "procs_blocked 1\nsoftirq 86142 0 14 30\n"

static void test_states(void **state) {
  (void)state;
  collect_put(&c, "proc/stat",
              "cpu  300 20 100 1000 50 4 6 20 30 10\n"
              "cpu0 100 20 60 600 40 4 6 20 30 10\n"
              "cpu1 200 0 40 400 10 0 0 0 0 0\n" REST);
  collect_put(&c, "proc/uptime", "13605.96 8008.35\n");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_cpu_total", "", "user", 3);
  assert_value(&c, "host_cpu_total", "", "guest_nice", 0.1);
  assert_value(&c, "host_cpu_total", "", "cpus", 2);
  assert_quality(&c, "host_cpu_total", "", "busy", "absent"); /* needs two readings */
  assert_value(&c, "host_cpu", "0", "steal", 0.2);
  assert_value(&c, "host_cpu", "1", "idle", 4);
  assert_value(&c, "host_system", "", "interrupts", 24462829);
  assert_value(&c, "host_system", "", "softirqs", 86142);
  assert_value(&c, "host_system", "", "context_switches", 80563169);
  assert_value(&c, "host_system", "", "forks", 54321);
  assert_value(&c, "host_system", "", "running", 3);
  assert_value(&c, "host_system", "", "blocked", 1);
  assert_value(&c, "host_system", "", "boot_time", 1763618165);
  assert_value(&c, "host_system", "", "uptime", 13605.96);

  collect_put(&c, "proc/stat", /* guest is within user: it does not count twice */
              "cpu  330 20 120 1040 60 4 6 20 60 10\n"
              "cpu0 130 20 60 620 40 4 6 20 60 10\n" REST);
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_cpu_total", "", "busy", 0.5);
  assert_value(&c, "host_cpu_total", "", "cpus", 1);
  assert_value(&c, "host_cpu", "0", "busy", 0.6);
  assert_null(collect_entity(&c, "host_cpu", "1")); /* taken offline */
}

/* Idle time is estimated and goes back at times; a CPU that comes back begins anew. */
static void test_back(void **state) {
  (void)state;
  collect_put(&c, "proc/stat", "cpu  1 1 1 5000 700 1 1 1 0 0\ncpu0 9000 1 1 5000 700 1 1 1 0 0\n");
  collect_run(&c);
  collect_put(&c, "proc/stat", "cpu  2 1 1 4990 699 1 1 1 0 0\ncpu0 10 1 1 5000 700 1 1 1 0 0\n");
  collect_run(&c);
  assert_value(&c, "host_cpu_total", "", "idle", 50);
  assert_value(&c, "host_cpu_total", "", "iowait", 7);
  assert_value(&c, "host_cpu_total", "", "busy", 1);
  assert_value(&c, "host_cpu", "0", "user", 0.1);
}

static void test_old_kernel(void **state) {
  (void)state;
  collect_put(&c, "proc/stat", "cpu  100 20 100 1000\nctxt 5\n");
  collect_run(&c);
  assert_value(&c, "host_cpu_total", "", "idle", 10);
  assert_quality(&c, "host_cpu_total", "", "steal", "absent");
  assert_quality(&c, "host_system", "", "boot_time", "absent");
  assert_quality(&c, "host_system", "", "uptime", "absent");
  collect_put(&c, "proc/stat", "cpu  110 20 100 1030\nctxt 5\n");
  collect_run(&c);
  assert_value(&c, "host_cpu_total", "", "busy", 0.25);
}

/* 512 CPUs and a line of interrupts that is longer than any buffer of other tools. */
static void test_large(void **state) {
  (void)state;
  size_t size = 0, room = 512 * 64 + 60000 * 2 + 1000;
  char *text = malloc(room);
  assert_non_null(text);
  size += (size_t)sprintf(text, "cpu  1 2 3 4 5 6 7 8 9 10\n");
  for (int cpu = 0; cpu < 512; cpu++)
    size += (size_t)sprintf(text + size, "cpu%d %d 2 3 4 5 6 7 8 9 10\n", cpu, cpu * 100);
  size += (size_t)sprintf(text + size, "intr 77");
  for (int i = 0; i < 60000; i++)
    size += (size_t)sprintf(text + size, " 0");
  sprintf(text + size, "\nctxt 42\n");
  collect_put(&c, "proc/stat", text);
  free(text);
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_cpu"), 512);
  assert_value(&c, "host_cpu_total", "", "cpus", 512);
  assert_value(&c, "host_cpu", "511", "user", 511);
  assert_value(&c, "host_system", "", "interrupts", 77);
  assert_value(&c, "host_system", "", "context_switches", 42);
}

static void test_missing(void **state) {
  (void)state;
  assert_int_equal(collect_run(&c), -ENOENT);
  assert_quality(&c, "host_cpu_total", "", "user", "absent");
  collect_put(&c, "proc/stat", "cpu  100 20 100 1000 0 0 0 0 0 0\ncpu0 1 1");
  assert_int_equal(collect_run(&c), 0); /* cut within a line */
  assert_value(&c, "host_cpu_total", "", "user", 1);
  assert_value(&c, "host_cpu", "0", "nice", 0.01);
  assert_quality(&c, "host_cpu", "0", "idle", "absent");
  assert_quality(&c, "host_system", "", "context_switches", "absent");
}

/* What is not read any more says so: first stale, and denied when the system begins to refuse. */
static void test_quality(void **state) {
  (void)state;
  collect_put(&c, "proc/stat", "cpu  100 20 100 1000 0 0 0 0 0 0\ncpu0 1 1 1 1\n" REST);
  collect_run(&c);
  c.now_ms += 4000;
  assert_quality(&c, "host_cpu", "0", "user", "stale");
  if (geteuid() == 0)
    return; /* nothing is refused to root */
  char path[512];
  snprintf(path, sizeof path, "%s/stat", c.proc);
  assert_int_equal(chmod(path, 0), 0);
  assert_int_equal(collect_run(&c), -EACCES);
  assert_quality(&c, "host_cpu", "0", "user", "denied");
  assert_quality(&c, "host_system", "", "boot_time", "denied");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      collect_test(test_states, xpf_collector_cpu),
      collect_test(test_back, xpf_collector_cpu),
      collect_test(test_old_kernel, xpf_collector_cpu),
      collect_test(test_large, xpf_collector_cpu),
      collect_test(test_missing, xpf_collector_cpu),
      collect_test(test_quality, xpf_collector_cpu),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// clang-format off
// links: src/daemon/collect_top.c src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c
// links: src/host/process_scan_linux.c src/host/user_name.c src/host/printable.c src/host/proc_text.c
// links: src/host/proc_keys.c src/host/proc_file.c src/host/proc_stat_linux.c src/host/proc_dir_linux.c src/wire/utf8.c -lm
// clang-format on
#include "collect.h"
#include "daemon/collector_list.h"
#include "host/process_scan_linux.h"

static void put_process(int pid, const char *name, int user, int system, int start, int pages) {
  char path[64], text[512];
  snprintf(path, sizeof path, "proc/%d/stat", pid);
  snprintf(text, sizeof text,
           "%d (%s) S 1 1 1 0 -1 4194304 1 0 2 0 %d %d 0 0 20 -5 3 0 %d 8192000 %d 184467440737\n",
           pid, name, user, system, start, pages);
  collect_put(&c, path, text);
}

/* Runs again, as soon as its own cost allows it. */
static int run(void) {
  const struct xpf_kind *kind = xpf_world_kind_named(c.world, "host_process");
  for (int tries = 0; tries < 40; tries++) {
    usleep(250 * 1000);
    int error = collect_run(&c);
    const struct xpf_entity *first = xpf_world_first(c.world, kind);
    if (error || (first && first->updated_ms == c.now_ms))
      return error;
  }
  return -ETIMEDOUT;
}

static void test_values(void **state) {
  (void)state;
  put_process(10, "node (a) b", 100, 50, 777, 1000);
  put_process(11, "kworker/0:1", 0, 0, 5, 0);
  collect_put(&c, "proc/self/stat", "no process");
  collect_put(&c, "proc/10/smaps_rollup",
              "5590-7ffc ---p 00000000 00:00 0 [rollup]\nRss: 9 kB\nPss: 300 kB\nPss_Anon: 7 kB\n"
              "Private_Clean: 10 kB\nPrivate_Dirty: 200 kB\nPrivate_Hugetlb: 0 kB\n");
  collect_put(&c, "proc/10/io",
              "rchar: 9\nwchar: 9\nsyscr: 9\nsyscw: 9\nread_bytes: 4096\nwrite_bytes: 8192\n"
              "cancelled_write_bytes: 77\n");
  collect_put(&c, "proc/10/cmdline", "node"); /* no NUL at its end */
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_process"), 1); /* neither CPU nor memory: not shown */
  assert_value(&c, "host_process", "10.777", "cpu_user", 1);
  assert_value(&c, "host_process", "10.777", "cpu_system", 0.5);
  assert_value(&c, "host_process", "10.777", "rss", 1000.0 * (double)sysconf(_SC_PAGESIZE));
  assert_value(&c, "host_process", "10.777", "vsize", 8192000);
  assert_value(&c, "host_process", "10.777", "threads", 3);
  assert_value(&c, "host_process", "10.777", "priority", 20);
  assert_value(&c, "host_process", "10.777", "nice", -5);
  assert_value(&c, "host_process", "10.777", "started", 7.77);
  assert_value(&c, "host_process", "10.777", "pss", 300 * 1024);
  assert_value(&c, "host_process", "10.777", "uss", 210 * 1024);
  assert_value(&c, "host_process", "10.777", "read_bytes", 4096);
  assert_value(&c, "host_process", "10.777", "write_bytes", 8192);
  assert_value(&c, "host_process", "10.777", "major_faults", 2);
  assert_quality(&c, "host_process", "10.777", "cpu", "absent"); /* needs two readings */
  const struct xpf_entity *entity = collect_entity(&c, "host_process", "10.777");
  assert_string_equal(entity->labels[0], "10");
  assert_string_equal(entity->labels[1], "node (a) b");
  assert_string_equal(entity->info[0], "node");
  assert_string_equal(entity->info[2], "S");

  put_process(10, "node (a) b", 110, 60, 777, 1000);
  put_process(11, "kworker/0:1", 0, 3, 5, 0);
  assert_int_equal(run(), 0);
  double cpu = collect_value(&c, "host_process", "10.777", "cpu");
  assert_true(cpu > 0 && cpu <= 0.2 / 0.25);
  assert_value(&c, "host_process", "10.777", "pss", 300 * 1024); /* kept, not read again */
  assert_string_equal(collect_entity(&c, "host_process", "11.5")->info[0], "[kworker/0:1]");
  assert_quality(&c, "host_process", "11.5", "pss", "absent");
  assert_quality(&c, "host_process", "11.5", "read_bytes", "absent");
}

/* A pid that is used again is another process, and has used all its time since. */
static void test_reused(void **state) {
  (void)state;
  put_process(10, "old", 100000, 0, 1, 10);
  assert_int_equal(collect_run(&c), 0);
  put_process(10, "new", 1, 0, 2000, 10);
  assert_int_equal(run(), 0);
  assert_int_equal(collect_count(&c, "host_process"), 1);
  double cpu = collect_value(&c, "host_process", "10.2000", "cpu");
  assert_true(cpu > 0 && cpu <= 0.01 / 0.25);
}

/* 25 by CPU and 25 by memory, of a thousand. */
static void test_many(void **state) {
  (void)state;
  for (int pid = 1; pid <= 1000; pid++)
    put_process(pid, "p", pid, 0, 1, 2000 - pid);
  assert_int_equal(collect_run(&c), 0);
  assert_int_equal(collect_count(&c, "host_process"), 50);
  for (int i = 0; i < 25; i++) {
    char busy[16], large[16];
    snprintf(busy, sizeof busy, "%d.1", 1000 - i);
    snprintf(large, sizeof large, "%d.1", 1 + i);
    assert_non_null(collect_entity(&c, "host_process", busy));
    assert_non_null(collect_entity(&c, "host_process", large));
  }
  assert_null(collect_entity(&c, "host_process", "975.1"));
}

static void put_io(int pid, unsigned long read, unsigned long written) {
  char path[64], text[128];
  snprintf(path, sizeof path, "proc/%d/io", pid);
  snprintf(text, sizeof text, "rchar: 1\nread_bytes: %lu\nwrite_bytes: %lu\n", read, written);
  collect_put(&c, path, text);
}

/* 25 by what they moved since the reading before, also when they use little else. */
static void test_storage(void **state) {
  (void)state;
  for (int pid = 1; pid <= 100; pid++)
    put_process(pid, "p", pid, 0, 1, 2000 - pid);
  for (int pid = 40; pid <= 70; pid++)
    put_io(pid, 1000000, 2000000);
  assert_int_equal(collect_run(&c), 0);
  assert_null(collect_entity(&c, "host_process", "50.1")); /* long ago */
  put_io(50, 1004096, 2000000);
  put_io(51, 1000000, 2008192);
  put_io(52, 900000, 2000000); /* less than before: no growth */
  assert_int_equal(run(), 0);
  assert_value(&c, "host_process", "50.1", "read_bytes", 1004096);
  assert_value(&c, "host_process", "50.1", "write_bytes", 2000000);
  assert_value(&c, "host_process", "51.1", "write_bytes", 2008192);
  assert_null(collect_entity(&c, "host_process", "52.1"));
  assert_null(collect_entity(&c, "host_process", "53.1"));
}

static void test_parse(void **state) {
  (void)state;
  struct xpf_process_sample sample;
  static const char *const BAD[] = {"", "1 (a", "1 (a) S", "1 (a) S 1 1 1 0 -1 4194304 1 0 2 0 5 6",
                                    "1 (a) S 1 1 1 0 -1 4194304 1 0 2 0 5 6 0 0 20 0 3 0 9 8192"};
  for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
    assert_int_equal(xpf_process_sample_parse(BAD[i], &sample), -EINVAL);
  assert_int_equal(
      xpf_process_sample_parse("1 (a) R 1 1 1 0 -1 4 1 0 2 0 5 6 0 0 -2 0 3 0 9 8192 7", &sample),
      0);
  assert_int_equal(sample.priority, -2);
  assert_int_equal(sample.rss_bytes, 7 * sysconf(_SC_PAGESIZE));
  assert_int_equal(sample.state, 'R');
}

int main(void) {
  const struct CMUnitTest tests[] = {
      collect_test(test_values, xpf_collector_top),
      collect_test(test_reused, xpf_collector_top),
      collect_test(test_many, xpf_collector_top),
      collect_test(test_storage, xpf_collector_top),
      cmocka_unit_test(test_parse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

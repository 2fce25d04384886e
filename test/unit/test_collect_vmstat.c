// clang-format off
// links: src/daemon/collect_vmstat.c src/daemon/oom_kills.c
// links: src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c src/host/proc_text.c
// links: src/host/proc_file.c src/wire/utf8.c -lm
// clang-format on
#include "collect.h"
#include "daemon/collector_list.h"

#define VMSTAT                                                                                     \
  "nr_free_pages 4042747\npgpgin 6459741\npgpgout 68324324\npswpin 1\npswpout 2\n"                 \
  "pgfault 123456789\npgmajfault 2345\nworkingset_refault_anon 0\nnuma_hit 77\n"

static void test_values(void **state) {
  (void)state;
  collect_put(&c, "proc/vmstat", VMSTAT "oom_kill 3\n");
  assert_int_equal(collect_run(&c), 0);
  assert_value(&c, "host_vmstat", "", "page_faults", 123456789);
  assert_value(&c, "host_vmstat", "", "major_page_faults", 2345);
  assert_value(&c, "host_vmstat", "", "paged_in", 6459741);
  assert_value(&c, "host_vmstat", "", "swapped_out", 2);
  assert_value(&c, "host_vmstat", "", "numa_hits", 77);
  assert_value(&c, "host_vmstat", "", "oom_kills", 3);
  assert_quality(&c, "host_vmstat", "", "compact_stalls", "absent");
}

/* What was before xprofd began is no news. */
static void test_oom_kill(void **state) {
  (void)state;
  collect_put(&c, "proc/vmstat", VMSTAT "oom_kill 3\n");
  collect_run(&c);
  collect_run(&c);
  assert_string_equal(c.events, "");
  collect_put(&c, "proc/vmstat", VMSTAT "oom_kill 4\n");
  collect_run(&c);
  collect_run(&c);
  assert_string_equal(c.events, "oom_kill: the kernel killed 1 process for want of memory\n");
  c.events[0] = '\0';
  collect_put(&c, "proc/vmstat", "pgfa"); /* cut: nothing is known, nothing forgotten */
  collect_run(&c);
  collect_put(&c, "proc/vmstat", VMSTAT "oom_kill 7\n");
  collect_run(&c);
  assert_string_equal(c.events, "oom_kill: the kernel killed 3 processes for want of memory\n");
}

static void test_missing(void **state) {
  (void)state;
  assert_int_equal(collect_run(&c), -ENOENT);
  assert_quality(&c, "host_vmstat", "", "page_faults", "absent");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      collect_test(test_values, xpf_collector_vmstat),
      collect_test(test_oom_kill, xpf_collector_vmstat),
      collect_test(test_missing, xpf_collector_vmstat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

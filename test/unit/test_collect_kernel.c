// clang-format off
// links: src/daemon/collect_kernel.c 
// links: src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c src/host/proc_text.c
// links: src/host/proc_file.c src/wire/utf8.c -lm
// clang-format on
#include "collect.h"
#include "daemon/collector_list.h"

static void test_values(void **state) {
  (void)state;
  collect_put(&c, "proc/sys/kernel/ostype", "Linux\n");
  collect_put(&c, "proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
  collect_put(&c, "proc/sys/kernel/hostname", "web-1\n");
  collect_put(&c, "proc/sys/kernel/pid_max", "4194304\n");
  assert_int_equal(collect_run(&c), 0);
  const struct xpf_entity *entity = collect_entity(&c, "host_kernel", "");
  assert_non_null(entity);
  assert_string_equal(entity->info[0], "Linux");
  assert_string_equal(entity->info[1], "6.1.0-18-amd64");
  assert_null(entity->info[2]);
  assert_non_null(entity->info[3]); /* the machine: from uname where the file is not */
  assert_string_equal(entity->info[4], "web-1");
  assert_value(&c, "host_kernel", "", "pid_max", 4194304);
  assert_quality(&c, "host_kernel", "", "threads_max", "absent");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      collect_test(test_values, xpf_collector_kernel),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

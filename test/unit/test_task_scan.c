// links: src/host/task_scan_linux.c src/host/user_names.c src/host/proc_dir_linux.c
// links: src/host/proc_file.c src/host/proc_keys.c src/host/proc_stat_linux.c src/host/printable.c
// links: src/wire/utf8.c
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "host/task_scan.h"
#include "host/user_names.h"

static char proc[64];

static void put(const char *name, const char *text, size_t size) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", proc, name);
  char *slash = strrchr(path, '/');
  *slash = '\0';
  mkdir(path, 0700);
  *slash = '/';
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, size, file), size);
  fclose(file);
}

static void put_stat(int pid, const char *name, unsigned user, unsigned system, unsigned start) {
  char path[32], text[512];
  snprintf(path, sizeof path, "%d/stat", pid);
  int size =
      snprintf(text, sizeof text,
               "%d (%s) S 1 1 1 0 -1 0 5 0 2 0 %u %u 0 0 20 -5 3 0 %u 1048576 10 "
               "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 250 0 0 0 0 0 0 0 0 0 0\n",
               pid, name, user, system, start);
  put(path, text, (size_t)size);
}

static int set_up(void **state) {
  (void)state;
  snprintf(proc, sizeof proc, "/tmp/xpf-scan-XXXXXX");
  return mkdtemp(proc) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", proc);
  return system(command);
}

static const struct xpf_scanned_task *task(const struct xpf_task_scan *scan, pid_t pid) {
  for (size_t i = 0; i < scan->count; i++)
    if (scan->tasks[i].pid == pid)
      return &scan->tasks[i];
  return NULL;
}

static void test_figures(void **state) {
  (void)state;
  static const char IO[] = "rchar: 9\nread_bytes: 4096\nwrite_bytes: 8192\n";
  static const char ROLLUP[] =
      "00-ff ---p 00:00 0 [rollup]\nRss: 40 kB\nPss: 30 kB\n"
      "Private_Clean: 8 kB\nPrivate_Dirty: 12 kB\nSwap: 4 kB\nSwapPss: 1 kB\n";
  put_stat(12, "a) S (b", 200, 100, 777);
  put("12/io", IO, sizeof IO - 1);
  put("12/smaps_rollup", ROLLUP, sizeof ROLLUP - 1);
  put("12/cmdline", "node\0app.js\0\0", 13);
  put_stat(7, "kthread", 1, 1, 5);
  put("13/stat", "garbage", 7);
  put("self/stat", "x", 1);
  struct xpf_task_scan scan;
  assert_int_equal(xpf_task_scan(&scan, proc, XPF_SCAN_IO | XPF_SCAN_SHARES), 0);
  assert_int_equal(scan.count, 2);
  assert_int_equal(scan.tasks[0].pid, 7); /* in the order of pids */
  const struct xpf_scanned_task *node = task(&scan, 12);
  double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
  assert_string_equal(node->name, "a) S (b");
  assert_int_equal(node->priority, 20);
  assert_int_equal(node->nice, -5);
  assert_true(node->cpu_seconds > 299.9 * tick && node->cpu_seconds < 300.1 * tick);
  assert_true(node->io_delay_seconds > 249.9 * tick && node->io_delay_seconds < 250.1 * tick);
  assert_int_equal(node->size_bytes, 1048576);
  assert_int_equal(node->rss_bytes, 10 * sysconf(_SC_PAGESIZE));
  assert_int_equal(node->written_bytes, 8192);
  assert_int_equal(node->pss_bytes, 30 * 1024);
  assert_int_equal(node->uss_bytes, 20 * 1024);
  assert_int_equal(node->swap_bytes, 4 * 1024);
  assert_int_equal(task(&scan, 7)->io_error, -ENOENT);
  assert_int_equal(task(&scan, 7)->share_error, -ENOENT);
  char command[64];
  xpf_task_command(proc, node, command, sizeof command);
  assert_string_equal(command, "node app.js");
  xpf_task_command(proc, task(&scan, 7), command, sizeof command);
  assert_string_equal(command, "[kthread]");
  xpf_task_scan_free(&scan);
}

static void test_the_same_process(void **state) {
  (void)state;
  struct xpf_task_scan before, now;
  put_stat(5, "old", 1, 1, 100);
  put_stat(6, "stays", 1, 1, 100);
  assert_int_equal(xpf_task_scan(&before, proc, 0), 0);
  put_stat(5, "new", 1, 1, 200); /* the pid is used again */
  put_stat(8, "came", 1, 1, 300);
  assert_int_equal(xpf_task_scan(&now, proc, 0), 0);
  assert_null(xpf_task_scan_find(&before, task(&now, 5)));
  assert_non_null(xpf_task_scan_find(&before, task(&now, 6)));
  assert_null(xpf_task_scan_find(&before, task(&now, 8)));
  xpf_task_scan_free(&before);
  xpf_task_scan_free(&now);
  assert_int_equal(xpf_task_scan(&now, "/tmp/xpf-nothing", 0), -ENOENT);
  xpf_task_scan_free(&now);
}

static void test_names_of_users(void **state) {
  (void)state;
  static const char PASSWD[] =
      "root:x:0:0:root:/root:/bin/sh\n# comment\nodd\nweb\x01:x:1000:1::/:\n";
  put("etc/passwd", PASSWD, sizeof PASSWD - 1);
  char path[128], number[16];
  struct xpf_user_names names;
  snprintf(path, sizeof path, "%s/etc/passwd", proc);
  xpf_user_names_read(&names, path);
  assert_int_equal(names.count, 2);
  assert_string_equal(xpf_user_name_of(&names, 0, number), "root");
  assert_string_equal(xpf_user_name_of(&names, 1000, number), "web?");
  assert_string_equal(xpf_user_name_of(&names, 4294967294u, number), "4294967294");
  xpf_user_names_free(&names);
  xpf_user_names_read(&names, "/tmp/xpf-nothing");
  assert_int_equal(names.count, 0);
  xpf_user_names_free(&names);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_figures),
      TEST(test_the_same_process),
      TEST(test_names_of_users),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

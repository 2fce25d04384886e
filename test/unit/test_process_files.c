// links: src/host/ -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "host/process_files.h"

static char home[64];

static int make_home(void **state) {
  (void)state;
  strcpy(home, "/tmp/xpf-files-XXXXXX");
  return mkdtemp(home) == NULL;
}

static int remove_home(void **state) {
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -rf %s", home);
  return system(command);
}

static const char *in_home(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", home, name);
  return path;
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void expect_text(int fd, const char *text) {
  char buffer[64] = "";
  assert_true(fd >= 0);
  assert_true(read(fd, buffer, sizeof buffer - 1) >= 0);
  assert_string_equal(buffer, text);
}

static void test_own_file(void **state) {
  struct xpf_process_files files;
  char path[256];
  (void)state;
  write_file(in_home("a"), "hello");
  assert_int_equal(xpf_process_files_open(&files, getpid()), 0);
  int fd = xpf_process_files_read(&files, in_home("a"));
  expect_text(fd, "hello");
  assert_string_equal(xpf_process_files_path(&files, "/x/a", path, sizeof path), "/x/a");
  assert_int_equal(xpf_process_files_remove(&files, in_home("a"), fd), 0);
  assert_int_equal(access(in_home("a"), F_OK), -1);
  close(fd);
  xpf_process_files_close(&files);
}

static void test_another_file_of_that_name_stays(void **state) {
  struct xpf_process_files files;
  (void)state;
  write_file(in_home("a"), "first");
  assert_int_equal(xpf_process_files_open(&files, getpid()), 0);
  int fd = xpf_process_files_read(&files, in_home("a"));
  assert_true(fd >= 0);
  write_file(in_home("b"), "second");
  char other[256];
  strcpy(other, in_home("b"));
  assert_int_equal(rename(other, in_home("a")), 0);
  assert_int_equal(xpf_process_files_remove(&files, in_home("a"), fd), -ESTALE);
  assert_int_equal(access(in_home("a"), F_OK), 0);
  close(fd);
  xpf_process_files_close(&files);
}

static void test_what_is_no_file_of_the_process(void **state) {
  struct xpf_process_files files;
  char target[256];
  (void)state;
  assert_int_equal(xpf_process_files_open(&files, getpid()), 0);
  assert_int_equal(xpf_process_files_read(&files, "relative"), -EINVAL);
  assert_int_equal(xpf_process_files_read(&files, in_home("none")), -ENOENT);
  assert_int_equal(xpf_process_files_read(&files, home), -EPERM);
  assert_int_equal(mkfifo(in_home("pipe"), 0600), 0);
  assert_int_equal(xpf_process_files_read(&files, in_home("pipe")), -EPERM);
  write_file(in_home("a"), "hello");
  strcpy(target, in_home("a"));
  assert_int_equal(symlink(target, in_home("link")), 0);
  assert_int_equal(xpf_process_files_read(&files, in_home("link")), -ELOOP);
  files.uid = files.euid = 4242; /* the file is not that user's */
  assert_int_equal(xpf_process_files_read(&files, in_home("a")), -EPERM);
  xpf_process_files_close(&files);
  assert_int_equal(xpf_process_files_open(&files, 0x7ffffff0), -ESRCH);
}

/* As a container does it: another root directory, in which a link leads to a path of ours. */
static void live_elsewhere(void) {
  if (chroot(home) != 0 || chdir("/") != 0)
    _exit(1);
  child_ready();
  pause();
}

static void test_another_root_directory(void **state) {
  struct xpf_process_files files;
  char path[256], expected[256];
  (void)state;
  if (geteuid() != 0)
    skip();
  assert_int_equal(mkdir(in_home("logs"), 0700), 0);
  assert_int_equal(mkdir(in_home("etc"), 0700), 0);
  write_file(in_home("logs/a"), "inside");
  write_file(in_home("etc/hostname"), "also inside");
  assert_int_equal(symlink("/etc", in_home("trap")), 0);
  pid_t child = child_start(live_elsewhere);
  assert_int_equal(xpf_process_files_open(&files, child), 0);
  expect_text(xpf_process_files_read(&files, "/logs/a"), "inside");
  expect_text(xpf_process_files_read(&files, "/trap/hostname"), "also inside");
  expect_text(xpf_process_files_read(&files, "/../../etc/hostname"), "also inside");
  snprintf(expected, sizeof expected, "/proc/%d/root/logs/a", (int)child);
  assert_string_equal(xpf_process_files_path(&files, "/logs/a", path, sizeof path), expected);
  child_stop(child);
  int fd = xpf_process_files_read(&files, "/logs/a"); /* also when it has ended */
  expect_text(fd, "inside");
  assert_int_equal(xpf_process_files_remove(&files, "/logs/a", fd), 0);
  assert_int_equal(access(in_home("logs/a"), F_OK), -1);
  xpf_process_files_close(&files);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_own_file),
      TEST(test_another_file_of_that_name_stays),
      TEST(test_what_is_no_file_of_the_process),
      TEST(test_another_root_directory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

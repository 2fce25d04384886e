// links: ctl/file_out.c src/format/sink.c
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../ctl/file_out.h"

static char home[64];
static struct xpf_file_out out;

static int make_home(void **state) {
  (void)state;
  strcpy(home, "/tmp/xpf-out-XXXXXX");
  return mkdtemp(home) == NULL || chdir(home) != 0;
}

static int remove_home(void **state) {
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -rf %s", home);
  return chdir("/") != 0 || system(command) != 0;
}

static char *read_file(const char *path) {
  static char text[256];
  memset(text, 0, sizeof text);
  int fd = open(path, O_RDONLY);
  assert_true(fd >= 0);
  assert_true(read(fd, text, sizeof text - 1) >= 0);
  close(fd);
  return text;
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static int count_entries(void) {
  DIR *dir = opendir(".");
  int count = -2; /* . and .. */
  assert_non_null(dir);
  while (readdir(dir) != NULL)
    count++;
  closedir(dir);
  return count;
}

static void write_out(const char *path, const char *text) {
  assert_int_equal(xpf_file_out_check(path), 0);
  assert_int_equal(xpf_file_out_open(&out, path), 0);
  assert_int_equal(xpf_sink_text(&out.sink, text), 0);
  assert_int_equal(xpf_file_out_finish(&out), 0);
}

static void test_the_name_comes_last(void **state) {
  struct stat entry;
  (void)state;
  assert_int_equal(xpf_file_out_open(&out, "a.html"), 0);
  xpf_sink_text(&out.sink, "hello");
  assert_int_equal(access("a.html", F_OK), -1);
  assert_int_equal(xpf_file_out_finish(&out), 0);
  assert_string_equal(read_file("a.html"), "hello");
  assert_int_equal(stat("a.html", &entry), 0);
  assert_int_equal(entry.st_mode & 0777, 0600);
  assert_int_equal(count_entries(), 1);
}

static void test_replaces_a_file_also_behind_a_link(void **state) {
  struct stat entry;
  (void)state;
  write_file("real", "old");
  assert_int_equal(symlink("real", "link"), 0);
  write_out("link", "new");
  assert_string_equal(read_file("real"), "new");
  assert_int_equal(lstat("link", &entry), 0);
  assert_true(S_ISLNK(entry.st_mode));
}

static void test_given_up_leaves_the_old_one(void **state) {
  (void)state;
  write_file("a", "old");
  assert_int_equal(xpf_file_out_open(&out, "a"), 0);
  xpf_sink_text(&out.sink, "half");
  xpf_file_out_abandon(&out);
  assert_string_equal(read_file("a"), "old");
  assert_int_equal(count_entries(), 1);
}

/* As after Ctrl-C, or worse. */
static void test_a_killed_writer_leaves_nothing(void **state) {
  int status;
  (void)state;
#ifdef O_TMPFILE
  int fd = open(".", O_TMPFILE | O_WRONLY, 0600);
  if (fd < 0)
    skip(); /* this file system has no files without a name */
  close(fd);
#else
  skip();
#endif
  write_file("a", "old");
  pid_t child = fork();
  if (child == 0) {
    if (xpf_file_out_open(&out, "a") == 0 && xpf_sink_text(&out.sink, "half") == 0)
      raise(SIGKILL);
    _exit(1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status));
  assert_string_equal(read_file("a"), "old");
  assert_int_equal(count_entries(), 1);
}

static void test_large_writes_keep_their_order(void **state) {
  static char block[3 * XPF_FILE_OUT_BUFFER];
  struct stat entry;
  (void)state;
  memset(block, 'x', sizeof block);
  assert_int_equal(xpf_file_out_open(&out, "a"), 0);
  xpf_sink_text(&out.sink, "first");
  xpf_sink_write(&out.sink, block, sizeof block);
  xpf_sink_write(&out.sink, block, XPF_FILE_OUT_BUFFER - 1);
  xpf_sink_text(&out.sink, "last");
  assert_int_equal(xpf_file_out_finish(&out), 0);
  assert_int_equal(stat("a", &entry), 0);
  assert_int_equal(entry.st_size, 5 + sizeof block + XPF_FILE_OUT_BUFFER - 1 + 4);
  assert_memory_equal(read_file("a"), "firstxxx", 8);
}

static void test_devices_are_written_to(void **state) {
  struct stat entry;
  (void)state;
  write_out("/dev/null", "gone");
  assert_int_equal(stat("/dev/null", &entry), 0);
  assert_true(S_ISCHR(entry.st_mode));
}

static void test_a_full_disk_is_an_error(void **state) {
  (void)state;
  assert_int_equal(xpf_file_out_open(&out, "/dev/full"), 0);
  xpf_sink_text(&out.sink, "x");
  assert_int_equal(xpf_file_out_finish(&out), -ENOSPC);
}

static void test_what_cannot_be_written(void **state) {
  (void)state;
  assert_int_equal(mkdir("dir", 0700), 0);
  assert_int_equal(xpf_file_out_check("dir"), -EISDIR);
  assert_int_equal(xpf_file_out_check("none/a"), -ENOENT);
  assert_int_equal(xpf_file_out_check("none/"), -ENOENT);
  assert_int_equal(xpf_file_out_check(""), -ENOENT);
  write_file("file", "");
  assert_int_equal(xpf_file_out_check("file/a"), -ENOTDIR);
  assert_int_equal(xpf_file_out_check("-"), 0);
  assert_int_equal(xpf_file_out_open(&out, "none/a"), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_the_name_comes_last),         TEST(test_replaces_a_file_also_behind_a_link),
      TEST(test_given_up_leaves_the_old_one), TEST(test_large_writes_keep_their_order),
      TEST(test_devices_are_written_to),      TEST(test_a_full_disk_is_an_error),
      TEST(test_what_cannot_be_written),      TEST(test_a_killed_writer_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

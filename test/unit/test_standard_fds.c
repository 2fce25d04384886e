// links: src/core/standard_fds.c src/core/new_file.c
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/new_file.h"
#include "core/standard_fds.h"

static bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

/* Standard input is the one that the test itself can spare. */
static int close_stdin(void **state) {
  (void)state;
  close(STDIN_FILENO);
  return 0;
}

static void a_free_descriptor_is_held_and_given_back(void **state) {
  struct xpf_standard_fds fds;
  (void)state;
  xpf_standard_fds_hold(&fds);
  assert_true(is_open(STDIN_FILENO));
  int fd = open("/dev/null", O_RDONLY);
  assert_true(fd > STDERR_FILENO);
  close(fd);
  xpf_standard_fds_release(&fds);
  assert_false(is_open(STDIN_FILENO));
  assert_true(is_open(STDOUT_FILENO));
  assert_true(is_open(STDERR_FILENO));
}

static void what_somebody_else_put_there_stays(void **state) {
  struct xpf_standard_fds fds;
  (void)state;
  xpf_standard_fds_hold(&fds);
  int theirs = open("/", O_RDONLY);
  assert_int_equal(dup2(theirs, STDIN_FILENO), STDIN_FILENO);
  close(theirs);
  xpf_standard_fds_release(&fds);
  assert_true(is_open(STDIN_FILENO));
}

static void a_descriptor_is_moved_above_them(void **state) {
  (void)state;
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  assert_int_equal(fd, STDIN_FILENO);
  int moved = xpf_standard_fds_avoid(fd);
  assert_true(moved > STDERR_FILENO);
  assert_false(is_open(STDIN_FILENO));
  assert_int_equal(fcntl(moved, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  assert_int_equal(xpf_standard_fds_avoid(moved), moved);
  close(moved);
  errno = ENOENT;
  assert_int_equal(xpf_standard_fds_avoid(-1), -ENOENT);
}

static void a_new_file_is_private_whatever_the_umask(void **state) {
  char dir[] = "/tmp/xpf-new-file-XXXXXX", file[64];
  struct stat made;
  (void)state;
  assert_non_null(mkdtemp(dir));
  snprintf(file, sizeof file, "%s/a", dir);
  static const mode_t masks[] = {0777, 0022, 0};
  for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
    mode_t before = umask(masks[i]);
    int fd = xpf_new_file_open(AT_FDCWD, file, O_APPEND);
    umask(before);
    assert_true(fd > STDERR_FILENO);
    assert_int_equal(fstat(fd, &made), 0);
    assert_int_equal(made.st_mode & 0777, 0600);
    assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
    assert_int_equal(xpf_new_file_open(AT_FDCWD, file, 0), -EEXIST);
    close(fd);
    assert_int_equal(unlink(file), 0);
  }
  assert_int_equal(rmdir(dir), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(a_free_descriptor_is_held_and_given_back, close_stdin),
      cmocka_unit_test_setup(what_somebody_else_put_there_stays, close_stdin),
      cmocka_unit_test_setup(a_descriptor_is_moved_above_them, close_stdin),
      cmocka_unit_test_setup(a_new_file_is_private_whatever_the_umask, close_stdin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

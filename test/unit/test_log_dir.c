// clang-format off
// links: src/core/log_dir.c src/host/socket_dir.c src/host/socket_connect.c src/host/socket_find_linux.c
// links: src/host/os_linux.c src/host/identity_linux.c src/host/printable.c src/host/proc_file.c
// links: src/host/proc_dir_linux.c src/host/proc_stat_linux.c src/host/proc_status_linux.c -luv
// clang-format on
#include <linux/capability.h>
#include <sys/syscall.h>

#include "out_dir.h"

#include "child.h"
#include "core/log_dir.h"
#include "xpf_protocol.h"

static unsigned mode_of(const char *path) {
  struct stat entry;
  return lstat(path, &entry) ? 0 : entry.st_mode & 07777;
}

/* `<parent>/xprofiler-<uid>` */
static const char *private_in(const char *parent) {
  static char path[2 * PATH_MAX];
  snprintf(path, sizeof path, "%s/" XPF_RUNTIME_DIR_FORMAT, parent, (unsigned)geteuid());
  return path;
}

static void assert_private(const char *path) {
  struct stat entry;
  assert_int_equal(lstat(path, &entry), 0);
  assert_true(S_ISDIR(entry.st_mode));
  assert_int_equal(entry.st_uid, geteuid());
  assert_int_equal(entry.st_mode & 07777, 0700);
}

/* ---- a directory that was named -------------------------------------------------------------- */

static void a_directory_is_usable(void **state) {
  (void)state;
  assert_true(xpf_log_dir_is_usable(dir));
  assert_int_equal(entries(), 0); /* asking leaves nothing */
}

static void what_is_no_directory_is_not(void **state) {
  (void)state;
  make("file", "text");
  assert_int_equal(symlink("file", in_dir("to-file")), 0);
  assert_int_equal(symlink("missing", in_dir("to-nothing")), 0);
  assert_int_equal(symlink(dir, in_dir("to-dir")), 0);
  assert_false(xpf_log_dir_is_usable(in_dir("missing")));
  assert_false(xpf_log_dir_is_usable(in_dir("file")));
  assert_false(xpf_log_dir_is_usable(in_dir("to-file")));
  assert_false(xpf_log_dir_is_usable(in_dir("to-nothing")));
  assert_true(xpf_log_dir_is_usable(in_dir("to-dir"))); /* the user named it: a link is his wish */
}

/* The longest path that the system takes, with the slash that is added, and one more. */
static void a_path_too_long_is_not(void **state) {
  (void)state;
  char path[PATH_MAX];
  memset(path, '/', sizeof path);
  memcpy(path, dir, strlen(dir));
  path[PATH_MAX - 2] = '\0';
  assert_true(xpf_log_dir_is_usable(path));
  path[PATH_MAX - 2] = '/';
  path[PATH_MAX - 1] = '\0';
  assert_false(xpf_log_dir_is_usable(path));
}

/* Without what lets root pass everywhere. */
static void give_up_capabilities(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
  if (syscall(SYS_capset, &header, none))
    _exit(20);
}

static void look_with_fewer_rights(void) {
  give_up_capabilities();
  child_ready();
  bool is_usable = xpf_log_dir_is_usable(dir);
  chmod(dir, 0500);
  bool is_read_only_usable = xpf_log_dir_is_usable(dir);
  chmod(dir, 0300);
  bool is_write_only_usable = xpf_log_dir_is_usable(dir);
  chmod(dir, 0700);
  _exit(is_usable + 2 * is_read_only_usable + 4 * is_write_only_usable);
}

static void what_may_not_be_written_or_read_is_not(void **state) {
  (void)state;
  assert_int_equal(child_reap(child_start(look_with_fewer_rights)), 1);
}

/* ---- the default ----------------------------------------------------------------------------- */

static void the_default_is_made_private_below_tmp(void **state) {
  (void)state;
  char out[PATH_MAX], again[PATH_MAX];
  xpf_log_dir_default(dir, out, sizeof out);
  assert_string_equal(out, private_in(dir));
  assert_private(out);
  xpf_log_dir_default(in_dir("//"), again, sizeof again);
  assert_string_equal(again, out);
  rmdir(out);
}

static void one_of_ours_that_is_open_to_others_is_narrowed(void **state) {
  (void)state;
  char out[PATH_MAX];
  assert_int_equal(mkdir(private_in(dir), 0700), 0);
  assert_int_equal(chmod(private_in(dir), 0777), 0);
  xpf_log_dir_default(dir, out, sizeof out);
  assert_string_equal(out, private_in(dir));
  assert_private(out);
  rmdir(out);
}

/* Nothing is written to where it leads, and no right of that place changes. */
static void a_link_in_its_place_is_not_followed(void **state) {
  (void)state;
  char out[PATH_MAX], victim[] = "/tmp/xpf-victim-XXXXXX";
  assert_non_null(mkdtemp(victim));
  assert_int_equal(chmod(victim, 0755), 0);
  assert_int_equal(symlink(victim, private_in(dir)), 0);
  xpf_log_dir_default(dir, out, sizeof out);
  assert_string_not_equal(out, private_in(dir));
  assert_private(out);
  assert_int_equal(mode_of(victim), 0755);
  assert_int_equal(rmdir(victim), 0); /* it is empty */
}

static void a_file_in_its_place_stays(void **state) {
  (void)state;
  char out[PATH_MAX];
  const char *name = strrchr(private_in(dir), '/') + 1;
  make(name, "of somebody");
  xpf_log_dir_default(dir, out, sizeof out);
  assert_string_not_equal(out, private_in(dir));
  assert_private(out);
  check_text(name, "of somebody");
}

static void a_tmp_that_cannot_be_used_gives_way(void **state) {
  (void)state;
  char long_tmp[PATH_MAX], out[PATH_MAX], short_out[64];
  memset(long_tmp, 'x', sizeof long_tmp);
  memcpy(long_tmp, "/tmp/", 5);
  long_tmp[sizeof long_tmp - 1] = '\0';
  const char *const tmps[] = {"", "relative", in_dir("missing"), long_tmp};
  for (unsigned i = 0; i < sizeof tmps / sizeof tmps[0]; i++) {
    xpf_log_dir_default(tmps[i], out, sizeof out);
    assert_private(out);
    assert_int_not_equal(strncmp(out, dir, strlen(dir)), 0);
  }
  xpf_log_dir_default(long_tmp, short_out, sizeof short_out);
  assert_private(short_out); /* whole, not cut */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, drop_dir)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_directory_is_usable),
      TEST(what_is_no_directory_is_not),
      TEST(a_path_too_long_is_not),
      TEST(what_may_not_be_written_or_read_is_not),
      TEST(the_default_is_made_private_below_tmp),
      TEST(one_of_ours_that_is_open_to_others_is_narrowed),
      TEST(a_link_in_its_place_is_not_followed),
      TEST(a_file_in_its_place_stays),
      TEST(a_tmp_that_cannot_be_used_gives_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: src/core/outfile.c src/core/new_file.c src/core/standard_fds.c src/format/sink.c
#include <fcntl.h>
#include <errno.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "core/outfile.h"
#include "out_dir.h"

static void temp_name(char *out, const char *name, long pid) {
  snprintf(out, 128, ".%s.%ld.tmp", name, pid);
}

/* The pid of a process that has ended. */
static pid_t dead_pid(void) {
  pid_t pid = fork();
  if (pid == 0)
    _exit(0);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  return pid;
}

static void sweep_takes_only_dead_temp_files(void **state) {
  (void)state;
  char dead[128], alive[128], zero[128], nameless[128];
  pid_t gone = dead_pid();
  temp_name(dead, "x-cpuprofile-1-20250101-0.cpuprofile", gone);
  temp_name(alive, "a", getppid());
  snprintf(zero, sizeof(zero), ".a.0%d.tmp", (int)gone); /* not as we write a pid */
  temp_name(nameless, "", gone);
  make(dead, "half");
  const char *const others[] = {
      alive,          zero,
      nameless,       "a.tmp",
      ".a.tmp",       ".a.12x.tmp",
      ".a.-5.tmp",    ".a.0.tmp",
      ".5.tmp",       ".tmp",
      ".a.5.tmpx",    ".a..tmp",
      "x.cpuprofile", ".a.99999999999999999999.tmp",
  };
  enum { OTHERS = sizeof(others) / sizeof(*others) };
  for (int i = 0; i < OTHERS; i++)
    make(others[i], "keep");
  assert_int_equal(xpf_outfile_sweep(dir), 1);
  assert_false(exists(dead));
  for (int i = 0; i < OTHERS; i++)
    check_text(others[i], "keep");
}

/* Its writer may live in another pid namespace, where we cannot see it. */
static void sweep_spares_a_file_that_is_locked(void **state) {
  (void)state;
  char dead[128];
  temp_name(dead, "a", dead_pid());
  make(dead, "half");
  int fd = open(in_dir(dead), O_WRONLY | O_CLOEXEC);
  assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
  assert_int_equal(xpf_outfile_sweep(dir), 0);
  assert_true(exists(dead));
  close(fd);
  assert_int_equal(xpf_outfile_sweep(dir), 1);
}

static void sweep_spares_what_this_process_writes(void **state) {
  (void)state;
  struct xpf_outfile file;
  assert_int_equal(xpf_outfile_open(&file, dir, "a"), 0);
  xpf_sink_text(&file.sink, "whole");
  assert_int_equal(xpf_outfile_sweep(dir), 0);
  assert_int_equal(xpf_outfile_commit(&file, NULL), 0);
  check_text("a", "whole");
}

static void sweep_spares_links_and_foreign_files(void **state) {
  (void)state;
  char name[128];
  pid_t gone = dead_pid();
  make("victim", "precious");
  temp_name(name, "link", gone);
  assert_int_equal(symlink("victim", in_dir(name)), 0);
  temp_name(name, "fifo", gone);
  assert_int_equal(mkfifo(in_dir(name), 0600), 0);
  int spared = 3;
  if (geteuid() == 0) {
    temp_name(name, "foreign", gone);
    make(name, "theirs");
    assert_int_equal(chown(in_dir(name), 12345, 12345), 0);
    spared++;
  }
  assert_int_equal(xpf_outfile_sweep(dir), 0);
  assert_int_equal(entries(), spared);
  check_text("victim", "precious");
}

static void sweep_of_no_directory(void **state) {
  (void)state;
  assert_int_equal(xpf_outfile_sweep(in_dir("missing")), -ENOENT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_dir, drop_dir)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(sweep_takes_only_dead_temp_files),
      TEST(sweep_spares_a_file_that_is_locked),
      TEST(sweep_spares_what_this_process_writes),
      TEST(sweep_spares_links_and_foreign_files),
      TEST(sweep_of_no_directory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: src/core/new_file.c src/core/standard_fds.c
// links: src/core/outfile.c src/format/sink.c -pthread
// links: -Wl,--wrap=syscall,--wrap=write,--wrap=fsync,--wrap=linkat
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "core/outfile.h"
#include "out_dir.h"

/* ---- faults ------------------------------------------------------------------------------------
 */

static struct {
  int rename_errno, link_errno;
  int write_errno, write_after; /* fails once, after that many calls */
  int fsync_errno, fsync_after;
  bool write_short;
} fault;

long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
  if (fault.rename_errno != 0) {
    errno = fault.rename_errno;
    return -1;
  }
  return __real_syscall(number, a, b, c, d, e, f);
}

int __real_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
  if (fault.link_errno != 0) {
    errno = fault.link_errno;
    return -1;
  }
  return __real_linkat(from_fd, from, to_fd, to, flags);
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size) {
  if (fault.write_errno != 0 && fault.write_after-- == 0) {
    errno = fault.write_errno;
    fault.write_errno = 0;
    return -1;
  }
  if (fault.write_short && size > 1)
    size = size / 2;
  return __real_write(fd, data, size);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd) {
  if (fault.fsync_errno != 0 && fault.fsync_after-- == 0) {
    errno = fault.fsync_errno;
    fault.fsync_errno = 0;
    return -1;
  }
  return __real_fsync(fd);
}

static int setup(void **state) {
  memset(&fault, 0, sizeof(fault));
  return make_dir(state);
}

static int teardown(void **state) {
  memset(&fault, 0, sizeof(fault));
  return drop_dir(state);
}

static int open_fds(void) {
  DIR *d = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(d) != NULL)
    count++;
  closedir(d);
  return count;
}

static void temp_name(char *out, const char *name, long pid) {
  snprintf(out, 128, ".%s.%ld.tmp", name, pid);
}

/* ---- the normal course -------------------------------------------------------------------------
 */

static void a_file_appears_complete(void **state) {
  (void)state;
  int fds = open_fds();
  mode_t old = umask(0);
  struct xpf_outfile file;
  char temp[128];
  assert_int_equal(xpf_outfile_open(&file, dir, "a.cpuprofile"), 0);
  umask(old);
  temp_name(temp, "a.cpuprofile", getpid());
  assert_true(exists(temp));
  assert_int_equal(xpf_sink_text(&file.sink, "hello "), 0);
  assert_int_equal(xpf_sink_text(&file.sink, "world"), 0);
  assert_false(exists("a.cpuprofile"));
  uint64_t bytes = 0;
  assert_int_equal(xpf_outfile_commit(&file, &bytes), 0);
  assert_int_equal(bytes, 11);
  check_text("a.cpuprofile", "hello world");
  struct stat st;
  assert_int_equal(lstat(in_dir("a.cpuprofile"), &st), 0);
  assert_int_equal(st.st_mode, S_IFREG | 0600);
  assert_int_equal(st.st_nlink, 1);
  assert_int_equal(entries(), 1);
  assert_int_equal(open_fds(), fds);
}

static void an_empty_file(void **state) {
  (void)state;
  struct xpf_outfile file;
  assert_int_equal(xpf_outfile_open(&file, dir, "e"), 0);
  assert_int_equal(xpf_outfile_commit(&file, NULL), 0);
  check_text("e", "");
}

static void descriptors_are_not_inherited(void **state) {
  (void)state;
  struct xpf_outfile file;
  assert_int_equal(xpf_outfile_open(&file, dir, "a"), 0);
  assert_true(fcntl(file.fd, F_GETFD) & FD_CLOEXEC);
  assert_true(fcntl(file.dir_fd, F_GETFD) & FD_CLOEXEC);
  xpf_outfile_abort(&file);
}

static void abort_leaves_nothing(void **state) {
  (void)state;
  int fds = open_fds();
  struct xpf_outfile file;
  assert_int_equal(xpf_outfile_open(&file, dir, "a"), 0);
  xpf_sink_text(&file.sink, "x");
  xpf_outfile_abort(&file);
  assert_int_equal(entries(), 0);
  assert_int_equal(open_fds(), fds);
  /* And what comes late does no harm. */
  xpf_outfile_abort(&file);
  assert_int_equal(xpf_outfile_commit(&file, NULL), -EBADF);
  assert_int_equal(xpf_sink_text(&file.sink, "y"), -EBADF);
}

/* Pieces of every size around the buffer's, compared with what was written. */
static void pieces_of_all_sizes(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 65535, 1, 65536, 65537, 10, 200000, 65526, 3, 7, 131072};
  static char piece[200000];
  struct xpf_outfile file;
  uint64_t sum = 0, total = 0;
  fault.write_short = true;
  assert_int_equal(xpf_outfile_open(&file, dir, "a"), 0);
  for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
    for (size_t k = 0; k < sizes[i]; k++) {
      piece[k] = (char)(total * 31 >> 3);
      sum = sum * 33 + (unsigned char)piece[k];
      total++;
    }
    assert_int_equal(xpf_sink_write(&file.sink, piece, sizes[i]), 0);
  }
  uint64_t bytes;
  assert_int_equal(xpf_outfile_commit(&file, &bytes), 0);
  assert_true(bytes == total);
  FILE *in = fopen(in_dir("a"), "r");
  uint64_t read_sum = 0, read_total = 0;
  for (int c; (c = getc(in)) != EOF; read_total++)
    read_sum = read_sum * 33 + (unsigned char)c;
  fclose(in);
  assert_true(read_total == total && read_sum == sum);
}

/* ---- names -------------------------------------------------------------------------------------
 */

static void names_are_one_component(void **state) {
  (void)state;
  struct xpf_outfile file;
  char longest[300];
  int fds = open_fds();
  assert_int_equal(xpf_outfile_open(&file, dir, ""), -EINVAL);
  assert_int_equal(xpf_outfile_open(&file, dir, "."), -EINVAL);
  assert_int_equal(xpf_outfile_open(&file, dir, ".."), -EINVAL);
  assert_int_equal(xpf_outfile_open(&file, dir, "a/b"), -EINVAL);
  assert_int_equal(xpf_outfile_open(&file, dir, "../a"), -EINVAL);
  assert_int_equal(xpf_outfile_open(&file, dir, "/a"), -EINVAL);
  for (size_t size = 240; size < 299; size++) {
    memset(longest, 'n', size);
    longest[size] = '\0';
    int rc = xpf_outfile_open(&file, dir, longest);
    if (rc == 0)
      xpf_outfile_abort(&file);
    else
      assert_int_equal(rc, -ENAMETOOLONG);
    assert_true(size < 254 || rc != 0);
  }
  xpf_outfile_abort(&file);
  assert_int_equal(entries(), 0);
  assert_int_equal(open_fds(), fds);
}

static void the_directory_must_be_one(void **state) {
  (void)state;
  struct xpf_outfile file;
  make("plain", "");
  assert_int_equal(xpf_outfile_open(&file, in_dir("missing"), "a"), -ENOENT);
  assert_int_equal(xpf_outfile_open(&file, in_dir("plain"), "a"), -ENOTDIR);
  xpf_outfile_abort(&file);
}

static void an_existing_file_is_never_touched(void **state) {
  (void)state;
  struct xpf_outfile file;
  make("a", "old");
  assert_int_equal(xpf_outfile_open(&file, dir, "a"), -EEXIST);
  assert_int_equal(entries(), 1);
  /* One that comes in the meantime neither. */
  assert_int_equal(xpf_outfile_open(&file, dir, "b"), 0);
  xpf_sink_text(&file.sink, "new");
  make("b", "other");
  assert_int_equal(xpf_outfile_commit(&file, NULL), -EEXIST);
  check_text("a", "old");
  check_text("b", "other");
  assert_int_equal(entries(), 2);
}

static void a_symlink_at_the_name_is_not_followed(void **state) {
  (void)state;
  struct xpf_outfile file;
  make("victim", "precious");
  assert_int_equal(symlink("victim", in_dir("a")), 0);
  assert_int_equal(symlink("nowhere", in_dir("broken")), 0);
  assert_int_equal(xpf_outfile_open(&file, dir, "a"), -EEXIST);
  assert_int_equal(xpf_outfile_open(&file, dir, "broken"), -EEXIST);
  for (int fallback = 0; fallback < 2; fallback++) {
    fault.rename_errno = fallback == 1 ? EINVAL : 0;
    assert_int_equal(xpf_outfile_open(&file, dir, "late"), 0);
    xpf_sink_text(&file.sink, "new");
    assert_int_equal(symlink("victim", in_dir("late")), 0);
    assert_int_equal(xpf_outfile_commit(&file, NULL), -EEXIST);
    assert_int_equal(unlink(in_dir("late")), 0);
  }
  check_text("victim", "precious");
  assert_false(exists("nowhere"));
  assert_int_equal(entries(), 3);
}

static void a_symlink_at_the_temp_name_is_not_followed(void **state) {
  (void)state;
  struct xpf_outfile file;
  char temp[128];
  make("victim", "precious");
  temp_name(temp, "a", getpid());
  assert_int_equal(symlink("victim", in_dir(temp)), 0);
  int rc = xpf_outfile_open(&file, dir, "a");
  assert_int_equal(rc, -EEXIST);
  check_text("victim", "precious");
  assert_false(exists("a"));
}

static void a_leftover_of_our_pid_is_replaced(void **state) {
  (void)state;
  struct xpf_outfile file;
  char temp[128];
  temp_name(temp, "a", getpid());
  make(temp, "left by an earlier process with this pid");
  assert_int_equal(xpf_outfile_open(&file, dir, "a"), 0);
  xpf_sink_text(&file.sink, "new");
  assert_int_equal(xpf_outfile_commit(&file, NULL), 0);
  check_text("a", "new");
  assert_int_equal(entries(), 1);
}

static void one_name_is_written_once_at_a_time(void **state) {
  (void)state;
  struct xpf_outfile one, two;
  assert_int_equal(xpf_outfile_open(&one, dir, "a"), 0);
  assert_int_equal(xpf_outfile_open(&two, dir, "a"), -EEXIST);
  xpf_sink_text(&one.sink, "one");
  assert_int_equal(xpf_outfile_commit(&one, NULL), 0);
  check_text("a", "one");
  assert_int_equal(entries(), 1);
}

/* Two processes, released together: one file, one -EEXIST. */
static void two_writers_race(void **state) {
  (void)state;
  for (int round = 0; round < 20; round++) {
    char name[16];
    int gate[2], wins = 0, exist = 0;
    snprintf(name, sizeof(name), "r%d", round);
    fault.rename_errno = round % 2 == 1 ? ENOSYS : 0;
    assert_int_equal(pipe(gate), 0);
    pid_t pids[2];
    for (int i = 0; i < 2; i++) {
      pids[i] = fork();
      if (pids[i] == 0) {
        struct xpf_outfile file;
        char go;
        close(gate[1]);
        int rc = xpf_outfile_open(&file, dir, name);
        xpf_sink_text(&file.sink, i == 0 ? "first" : "other");
        if (rc == 0 && read(gate[0], &go, 1) == 0)
          rc = xpf_outfile_commit(&file, NULL);
        _exit(rc == 0 ? 10 : rc == -EEXIST ? 11 : 12);
      }
    }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < 2; i++) {
      int status;
      assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
      assert_true(WIFEXITED(status));
      wins += WEXITSTATUS(status) == 10;
      exist += WEXITSTATUS(status) == 11;
    }
    assert_int_equal(wins, 1);
    assert_int_equal(exist, 1);
    assert_int_equal(entries(), round + 1);
  }
}

/* ---- failures ----------------------------------------------------------------------------------
 */

static int write_one(const char *name, size_t size) {
  struct xpf_outfile file;
  int rc = xpf_outfile_open(&file, dir, name);
  if (rc < 0)
    return rc;
  char piece[1000];
  memset(piece, 'p', sizeof(piece));
  for (size_t at = 0; at < size; at += sizeof(piece))
    xpf_sink_write(&file.sink, piece, sizeof(piece));
  return xpf_outfile_commit(&file, NULL);
}

static void without_rename_noreplace(void **state) {
  (void)state;
  static const int errors[] = {EINVAL, ENOSYS, EPERM, ENOTSUP};
  for (int i = 0; i < 4; i++) {
    char name[8] = {'a', (char)('0' + i)};
    fault.rename_errno = errors[i];
    assert_int_equal(write_one(name, 1000), 0);
    struct stat st;
    assert_int_equal(lstat(in_dir(name), &st), 0);
    assert_int_equal(st.st_size, 1000);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(entries(), i + 1);
  }
}

static void failures_leave_nothing(void **state) {
  (void)state;
  int fds = open_fds();
  static const int errors[] = {ENOSPC, EDQUOT, EIO, EROFS, EFBIG};
  for (int i = 0; i < 5; i++) {
    for (int after = 0; after < 3; after++) {
      fault.write_errno = errors[i];
      fault.write_after = after;
      assert_int_equal(write_one("w", 180000), -errors[i]);
    }
    for (int after = 0; after < 2; after++) { /* the file, the directory */
      fault.fsync_errno = errors[i];
      fault.fsync_after = after;
      assert_int_equal(write_one("s", 10), -errors[i]);
    }
    fault.rename_errno = errors[i];
    assert_int_equal(write_one("r", 10), -errors[i]);
    fault.rename_errno = EINVAL;
    fault.link_errno = errors[i];
    assert_int_equal(write_one("l", 10), -errors[i]);
    fault.rename_errno = 0;
    fault.link_errno = 0;
    assert_int_equal(entries(), 0);
  }
  assert_int_equal(open_fds(), fds);
}

static void interruptions_are_no_failures(void **state) {
  (void)state;
  fault.write_errno = EINTR;
  fault.fsync_errno = EINTR;
  assert_int_equal(write_one("a", 1000), 0);
  fault.fsync_errno = EINVAL; /* a directory that cannot be synced */
  fault.fsync_after = 1;
  assert_int_equal(write_one("b", 1000), 0);
  assert_int_equal(entries(), 2);
}

static int fail_always(struct xpf_sink *sink, const void *data, size_t size) {
  (void)sink;
  (void)data;
  (void)size;
  return -ENOMEM;
}

static void an_error_of_the_writer_is_no_file(void **state) {
  (void)state;
  struct xpf_outfile file;
  assert_int_equal(xpf_outfile_open(&file, dir, "a"), 0);
  file.sink.write = fail_always;
  xpf_sink_text(&file.sink, "x");
  assert_int_equal(xpf_outfile_commit(&file, NULL), -ENOMEM);
  assert_int_equal(entries(), 0);
}

/* SIGXFSZ keeps its default, which ends the process: it must not be raised. */
static void the_size_limit_of_the_process_does_not_kill_it(void **state) {
  (void)state;
  pid_t pid = fork();
  if (pid == 0) {
    struct rlimit limit = {100000, 100000};
    signal(SIGXFSZ, SIG_DFL);
    setrlimit(RLIMIT_FSIZE, &limit);
    int over = write_one("a", 300000);
    int exact = write_one("b", 100000);
    _exit(over == -EFBIG && exact == 0 ? 10 : 11);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 10);
  assert_false(exists("a"));
  assert_int_equal(entries(), 1);
}

static void a_full_file_system(void **state) {
  (void)state;
  if (mount("tmpfs", dir, "tmpfs", 0, "size=64k") != 0)
    skip(); /* not root, or no mounts in this container */
  int rc = write_one("a", 200000);
  int left = entries();
  int small = write_one("b", 10000);
  int readonly = -1;
  if (mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0)
    readonly = write_one("c", 10);
  umount2(dir, MNT_DETACH);
  assert_int_equal(rc, -ENOSPC);
  assert_int_equal(left, 0);
  assert_int_equal(small, 0);
  assert_int_equal(readonly, -EROFS);
}

static void a_killed_writer_leaves_no_file(void **state) {
  (void)state;
  int ready[2];
  char c;
  assert_int_equal(pipe(ready), 0);
  pid_t pid = fork();
  if (pid == 0) {
    struct xpf_outfile file;
    static char piece[100000];
    int rc = xpf_outfile_open(&file, dir, "a");
    xpf_sink_write(&file.sink, piece, sizeof(piece));
    if (rc == 0 && __real_write(ready[1], "r", 1) == 1)
      pause();
    _exit(1);
  }
  assert_int_equal(read(ready[0], &c, 1), 1);
  assert_int_equal(xpf_outfile_sweep(dir), 0); /* it is alive */
  kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  close(ready[0]);
  close(ready[1]);
  assert_false(exists("a"));
  assert_int_equal(entries(), 1);
  assert_int_equal(xpf_outfile_sweep(dir), 1);
  assert_int_equal(entries(), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_file_appears_complete),
      TEST(an_empty_file),
      TEST(descriptors_are_not_inherited),
      TEST(abort_leaves_nothing),
      TEST(pieces_of_all_sizes),
      TEST(names_are_one_component),
      TEST(the_directory_must_be_one),
      TEST(an_existing_file_is_never_touched),
      TEST(a_symlink_at_the_name_is_not_followed),
      TEST(a_symlink_at_the_temp_name_is_not_followed),
      TEST(a_leftover_of_our_pid_is_replaced),
      TEST(one_name_is_written_once_at_a_time),
      TEST(two_writers_race),
      TEST(without_rename_noreplace),
      TEST(failures_leave_nothing),
      TEST(interruptions_are_no_failures),
      TEST(an_error_of_the_writer_is_no_file),
      TEST(the_size_limit_of_the_process_does_not_kill_it),
      TEST(a_full_file_system),
      TEST(a_killed_writer_leaves_no_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// clang-format off
// links: src/core/new_file.c src/core/standard_fds.c
// links: src/core/listener.c src/host/socket_dir.c src/host/socket_connect.c src/host/socket_find_linux.c
// links: src/host/os_linux.c src/host/identity_linux.c src/host/printable.c src/host/proc_file.c
// links: src/host/proc_dir_linux.c src/host/proc_stat_linux.c src/host/proc_status_linux.c -luv
// clang-format on
#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <cmocka.h>

#include "child.h"
#include "core/listener.h"
#include "host/os.h"
#include "host/socket_connect.h"
#include "host/socket_dir.h"

#define USER_A 54321
#define USER_B 54322

/* Root in a mount namespace of its own, where /tmp, /var/tmp and /dev/shm are new and empty. */
static bool isolated;
static char base[64];
static struct xpf_socket_place place;

static void need_isolation(void) {
  if (!isolated) {
    print_message("skipped: needs root and a mount namespace\n");
    skip();
  }
}

static bool isolate(void) {
  static const char *const roots[] = {"/tmp", "/var/tmp", "/dev/shm"};
  if (geteuid() != 0 || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
    return false;
  for (int i = 0; i < 3; i++)
    if (mount("none", roots[i], "tmpfs", 0, "mode=1777,size=1m"))
      return false;
  return true;
}

static int make_base(void **state) {
  (void)state;
  strcpy(base, "/tmp/xpf-dir-XXXXXX");
  return mkdtemp(base) && chmod(base, 0755) == 0 ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *entry, int type, struct FTW *at) {
  (void)entry, (void)type;
  return at->level == 0 && strncmp(path, base, 8) != 0 ? 0 : remove(path);
}

static int remove_base(void **state) {
  (void)state;
  if (!isolated)
    return nftw(base, remove_entry, 32, FTW_DEPTH | FTW_PHYS);
  return nftw("/tmp", remove_entry, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) |
         nftw("/var/tmp", remove_entry, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) |
         nftw("/dev/shm", remove_entry, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static const char *in_base(const char *name) {
  static char paths[4][4096];
  static unsigned next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", base, name);
  return path;
}

static unsigned mode_of(const char *path) {
  struct stat entry;
  return lstat(path, &entry) ? 0 : entry.st_mode & 07777;
}

/* Binds (and listens, with a backlog of at least 0) by a path of any length. */
static int serve(const char *path, int backlog) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char dir[4096];
  const char *slash = strrchr(path, '/');
  snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
  int parent = open(dir, O_PATH | O_CLOEXEC);
  if (strlen(path) < sizeof address.sun_path)
    strcpy(address.sun_path, path);
  else
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d%.64s", parent, slash);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) ||
      (backlog >= 0 && listen(fd, backlog))) {
    close(fd);
    fd = -1;
  }
  close(parent);
  return fd;
}

/* The directory that the core takes. */
static int first_dir(char *dir, size_t size) {
  struct xpf_listener listener;
  int fd, error = xpf_listener_open(&listener, &fd);
  if (error)
    return error;
  close(fd);
  xpf_listener_remove(&listener);
  snprintf(dir, size, "%.*s", (int)(strrchr(listener.path, '/') - listener.path), listener.path);
  return 0;
}

/* What the core does: its directory, its socket, its pid. */
static void serve_as_core(void) {
  char dir[256], path[256];
  if (first_dir(dir, sizeof dir))
    _exit(20);
  if (xpf_socket_path(dir, getpid(), path, sizeof path))
    _exit(21);
  if (serve(path, 8) < 0)
    _exit(22);
  child_ready();
  pause();
}

static void become(uid_t uid) {
  if (setgid((gid_t)uid) || setuid(uid))
    _exit(30);
  prctl(PR_SET_DUMPABLE, 1); /* as a program started by that user is */
}

static void assert_reaches(const struct xpf_socket_place *found, pid_t pid) {
  pid_t peer = 0;
  uid_t uid;
  int fd = xpf_socket_connect(found);
  assert_true(fd >= 0);
  assert_int_equal(xpf_os_peer(fd, &peer, &uid), 0);
  assert_int_equal(peer, pid);
  assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  close(fd);
}

static void private_dir_is_made_and_narrowed(void **state) {
  (void)state;
  const char *dir = in_base("private");
  assert_int_equal(xpf_private_dir_ensure(dir), 0);
  assert_int_equal(mode_of(dir), 0700);
  assert_int_equal(xpf_private_dir_ensure(dir), 0);
  chmod(dir, 0777);
  assert_int_equal(xpf_private_dir_ensure(dir), 0);
  assert_int_equal(mode_of(dir), 0700);
  chmod(dir, 0050);
  assert_int_equal(xpf_private_dir_ensure(in_base("private/")), 0);
  assert_int_equal(mode_of(dir), 0700);
  mode_t mask = umask(0777);
  assert_int_equal(xpf_private_dir_ensure(in_base("masked")), 0);
  umask(mask);
  assert_int_equal(mode_of(in_base("masked")), 0700);
}

static void private_dir_refuses_what_is_not_one(void **state) {
  (void)state;
  assert_int_equal(mkdir(in_base("real"), 0755), 0);
  assert_int_equal(symlink("real", in_base("link")), 0);
  assert_int_equal(xpf_private_dir_ensure(in_base("link")), -ENOTDIR);
  assert_int_equal(xpf_private_dir_ensure(in_base("link/")), -ENOTDIR);
  assert_int_equal(mode_of(in_base("real")), 0755);
  assert_int_equal(symlink("nowhere", in_base("dangling")), 0);
  assert_int_equal(xpf_private_dir_ensure(in_base("dangling")), -ENOTDIR);
  int fd = open(in_base("file"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  close(fd);
  assert_int_equal(xpf_private_dir_ensure(in_base("file")), -ENOTDIR);
  assert_int_equal(xpf_private_dir_ensure(in_base("no/parent")), -ENOENT);
}

static void private_dir_of_another_user(void **state) {
  (void)state;
  need_isolation();
  const char *dir = in_base("foreign");
  assert_int_equal(mkdir(dir, 0700), 0);
  assert_int_equal(chown(dir, USER_B, USER_B), 0);
  assert_int_equal(xpf_private_dir_ensure(dir), -EPERM); /* even for root */
  assert_int_equal(mode_of(dir), 0700);
  pid_t pid = fork();
  if (pid == 0) {
    become(USER_A);
    _exit(xpf_private_dir_ensure(dir) == -EPERM ? 0 : 1);
  }
  assert_int_equal(child_reap(pid), 0);
}

static void socket_dir_is_in_the_first_root(void **state) {
  (void)state;
  need_isolation();
  char dir[64];
  assert_int_equal(first_dir(dir, sizeof dir), 0);
  assert_string_equal(dir, "/tmp/xprofiler-0");
  assert_int_equal(mode_of(dir), 0700);
}

static char wanted_dir[64];
static int wanted_error;

/* Does user A get this directory, or this error? */
static int ensure_as_a(void) {
  pid_t pid = fork();
  if (pid == 0) {
    char dir[64] = "";
    become(USER_A);
    int error = first_dir(dir, sizeof dir);
    _exit(error == wanted_error && strcmp(dir, wanted_dir) == 0 ? 0 : 1);
  }
  return child_reap(pid);
}

static void an_unusable_root_is_passed_by(void **state) {
  (void)state;
  need_isolation();
  assert_int_equal(mkdir("/tmp/xprofiler-54321", 0777), 0); /* planted by B */
  assert_int_equal(chown("/tmp/xprofiler-54321", USER_B, USER_B), 0);
  strcpy(wanted_dir, "/var/tmp/xprofiler-54321");
  assert_int_equal(ensure_as_a(), 0);
  assert_int_equal(rmdir("/var/tmp/xprofiler-54321"), 0);
  assert_int_equal(mkdir("/var/tmp/own", 0700), 0);
  assert_int_equal(chown("/var/tmp/own", USER_A, USER_A), 0);
  assert_int_equal(symlink("/var/tmp/own", "/var/tmp/xprofiler-54321"), 0);
  strcpy(wanted_dir, "/dev/shm/xprofiler-54321");
  assert_int_equal(ensure_as_a(), 0);
  assert_int_equal(rmdir("/dev/shm/xprofiler-54321"), 0);
  assert_int_equal(chmod("/dev/shm", 0755), 0);
  strcpy(wanted_dir, "");
  wanted_error = -EACCES; /* of the last root */
  assert_int_equal(ensure_as_a(), 0);
  wanted_error = 0;
  assert_int_equal(chmod("/dev/shm", 01777), 0);
}

static void socket_paths_fit(void **state) {
  (void)state;
  char dir[200], path[300];
  assert_int_equal(xpf_socket_path("/tmp/xprofiler-0", 12, path, sizeof path), 0);
  assert_string_equal(path, "/tmp/xprofiler-0/12.sock");
  memset(dir, 'd', sizeof dir);
  dir[100] = '\0'; /* 100 + "/1.sock" = 107, the most that fits */
  assert_int_equal(xpf_socket_path(dir, 1, path, sizeof path), 0);
  assert_int_equal(xpf_socket_path(dir, 12, path, sizeof path), -ENAMETOOLONG);
  assert_int_equal(xpf_socket_path(dir, 1, path, 107), -ENAMETOOLONG);
}

static bool exists(const char *path) {
  struct stat entry;
  return lstat(path, &entry) == 0;
}

static void sweep_removes_only_what_nobody_uses(void **state) {
  (void)state;
  char deep[512], dead[600], served[600], own[600], plain[600], odd[600], link[600];
  pid_t pids[3];
  for (int i = 0; i < 3; i++) {
    pids[i] = fork();
    if (pids[i] == 0)
      _exit(0);
  }
  for (int i = 0; i < 3; i++)
    child_reap(pids[i]);
  snprintf(deep, sizeof deep, "%s/%0150d", base, 0); /* longer than sun_path */
  assert_int_equal(mkdir(deep, 0700), 0);
  snprintf(dead, sizeof dead, "%s/%d.sock", deep, (int)pids[0]);
  snprintf(served, sizeof served, "%s/%d.sock", deep, (int)pids[1]);
  snprintf(own, sizeof own, "%s/%d.sock", deep, (int)getpid());
  snprintf(plain, sizeof plain, "%s/%d.sock", deep, (int)pids[2]);
  snprintf(odd, sizeof odd, "%s/0%d.sock", deep, (int)pids[0]);
  snprintf(link, sizeof link, "%s/%d.sock", base, (int)pids[0]);
  close(serve(dead, 1));
  close(serve(odd, 1));
  close(serve(own, -1));
  int fd = serve(served, 1); /* as of a process in another pid namespace */
  close(open(plain, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  assert_int_equal(symlink(dead, link), 0);
  xpf_socket_dir_sweep(base);
  assert_true(exists(link) && exists(dead));
  xpf_socket_dir_sweep(deep);
  assert_false(exists(dead));
  assert_true(exists(served) && exists(own) && exists(plain) && exists(odd));
  close(fd);
  xpf_socket_dir_sweep(deep);
  assert_false(exists(served));
  xpf_socket_dir_sweep(in_base("nothing"));
}

static void connect_through_long_paths(void **state) {
  (void)state;
  char deep[512];
  snprintf(deep, sizeof deep, "%s/%0150d", base, 0);
  assert_int_equal(mkdir(deep, 0700), 0);
  snprintf(place.path, sizeof place.path, "%s/1.sock", deep);
  assert_int_equal(xpf_socket_connect(&place), -ENOENT);
  int fd = serve(place.path, 4);
  assert_true(fd >= 0);
  assert_reaches(&place, getpid());
  close(fd);
  assert_int_equal(xpf_socket_connect(&place), -ECONNREFUSED);
  snprintf(place.path, sizeof place.path, "%s/no/1.sock", deep);
  assert_int_equal(xpf_socket_connect(&place), -ENOENT);
  assert_int_equal(symlink(deep, in_base("link")), 0);
  snprintf(place.path, sizeof place.path, "%s", in_base("link/1.sock"));
  assert_true(xpf_socket_connect(&place) < 0);
  strcpy(place.path, "1.sock");
  assert_int_equal(xpf_socket_connect(&place), -EINVAL);
}

static void connect_to_a_full_queue_ends(void **state) {
  (void)state;
  int fds[8], count = 0, error = 0;
  int fd = serve(in_base("1.sock"), 0), dir = open(base, XPF_OPEN_DIR);
  for (; count < 8; count++) {
    error = fds[count] = xpf_socket_connect_in(dir, base, "1.sock", 0);
    if (error < 0)
      break;
  }
  assert_int_equal(error, -EAGAIN);
  assert_true(count > 0);
  assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
  uint64_t before = xpf_os_now_ns();
  assert_int_equal(xpf_socket_connect_in(dir, base, "1.sock", 200), -ETIMEDOUT);
  assert_in_range(xpf_os_now_ns() - before, 190000000, 3000000000);
  while (count-- > 0)
    close(fds[count]);
  close(fd);
  close(dir);
}

static void find_the_socket_of_a_process(void **state) {
  (void)state;
  char dir[64], expected[128];
  siginfo_t info;
  pid_t pid = child_start(serve_as_core);
  assert_int_equal(first_dir(dir, sizeof dir), 0);
  snprintf(expected, sizeof expected, "%s/%d.sock", dir, (int)pid);
  assert_int_equal(xpf_socket_find(pid, &place), 0);
  assert_string_equal(place.path, expected);
  assert_reaches(&place, pid);
  kill(pid, SIGKILL);
  assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
  assert_int_equal(xpf_socket_find(pid, &place), -ESRCH); /* a zombie */
  child_reap(pid);
  assert_int_equal(xpf_socket_find(pid, &place), -ESRCH);
  assert_string_equal(place.path, "");
  assert_int_equal(xpf_socket_find(0, &place), -ESRCH);
  assert_int_equal(xpf_socket_find(getpid(), &place), -ENOENT);
  unlink(expected);
}

static void wait_as_a(void) {
  become(USER_A);
  child_ready();
  pause();
}

static void serve_as_a(void) {
  become(USER_A);
  serve_as_core();
}

static int find_as(uid_t uid, pid_t pid) {
  pid_t looker = fork();
  if (looker == 0) {
    become(uid);
    int error = xpf_socket_find(pid, &place);
    int fd = error ? 0 : xpf_socket_connect(&place);
    _exit(fd < 0 ? 200 : -error);
  }
  return child_reap(looker);
}

static void find_as_other_users(void **state) {
  (void)state;
  need_isolation();
  pid_t with = child_start(serve_as_a), without = child_start(wait_as_a);
  pid_t roots = child_start(serve_as_core);
  assert_int_equal(xpf_socket_find(with, &place), 0);
  assert_reaches(&place, with);
  assert_int_equal(find_as(USER_A, with), 0);
  assert_int_equal(find_as(USER_B, with), EACCES);
  assert_int_equal(find_as(USER_B, roots), EACCES);
  assert_int_equal(xpf_socket_find(without, &place), -ENOENT);
  assert_int_equal(find_as(USER_A, without), ENOENT); /* whatever root keeps to itself */
  child_stop(with);
  child_stop(without);
  assert_int_equal(find_as(USER_B, with), ESRCH);
  child_stop(roots);
}

/* B makes a directory with A's name and listens there: no client may be led to it. */
static void a_planted_directory_is_not_found(void **state) {
  (void)state;
  need_isolation();
  char path[128];
  pid_t pid = child_start(wait_as_a);
  assert_int_equal(mkdir("/tmp/xprofiler-54321", 0777), 0);
  chmod("/tmp/xprofiler-54321", 0777);
  snprintf(path, sizeof path, "/tmp/xprofiler-54321/%d.sock", (int)pid);
  int fd = serve(path, 4);
  assert_true(fd >= 0);
  assert_int_equal(chown(path, USER_A, USER_A), 0);
  assert_int_equal(chown("/tmp/xprofiler-54321", USER_B, USER_B), 0);
  assert_int_equal(xpf_socket_find(pid, &place), -ENOENT);
  /* nor by a link, nor to another's socket in the right directory */
  assert_int_equal(chown("/tmp/xprofiler-54321", USER_A, USER_A), 0);
  assert_int_equal(rename("/tmp/xprofiler-54321", "/tmp/moved"), 0);
  assert_int_equal(symlink("moved", "/tmp/xprofiler-54321"), 0);
  assert_int_equal(xpf_socket_find(pid, &place), -ENOENT);
  assert_int_equal(unlink("/tmp/xprofiler-54321"), 0);
  assert_int_equal(rename("/tmp/moved", "/tmp/xprofiler-54321"), 0);
  assert_int_equal(chown(path, USER_B, USER_B), 0);
  assert_int_equal(xpf_socket_find(pid, &place), -ENOENT);
  assert_int_equal(chown(path, USER_A, USER_A), 0);
  assert_int_equal(xpf_socket_find(pid, &place), 0);
  close(fd);
  child_stop(pid);
}

static void serve_and_give_up_root(void) {
  char dir[64], path[128];
  if (first_dir(dir, sizeof dir) || xpf_socket_path(dir, getpid(), path, sizeof path) ||
      serve(path, 8) < 0)
    _exit(20);
  become(USER_A);
  child_ready();
  pause();
}

static void find_after_a_change_of_user(void **state) {
  (void)state;
  need_isolation();
  pid_t pid = child_start(serve_and_give_up_root);
  assert_int_equal(xpf_socket_find(pid, &place), 0);
  assert_int_equal(strncmp(place.path, "/tmp/xprofiler-0/", 17), 0);
  assert_reaches(&place, pid);
  child_stop(pid);
}

static void serve_in_a_mount_namespace(void) {
  if (unshare(CLONE_NEWNS) || mount("none", "/tmp", "tmpfs", 0, "mode=1777,size=1m"))
    _exit(10);
  serve_as_core();
}

static void find_in_a_mount_namespace(void **state) {
  (void)state;
  need_isolation();
  char expected[128];
  pid_t pid = child_start(serve_in_a_mount_namespace);
  assert_int_equal(xpf_socket_find(pid, &place), 0);
  snprintf(expected, sizeof expected, "/proc/%d/root/tmp/xprofiler-0/%d.sock", (int)pid, (int)pid);
  assert_string_equal(place.path, expected);
  assert_reaches(&place, pid);
  assert_int_equal(find_as(USER_B, pid), EACCES);
  child_stop(pid);
}

static int inner_pid_pipe[2];

static void serve_in_a_container(void) {
  if (unshare(CLONE_NEWNS | CLONE_NEWPID) || mount("none", "/tmp", "tmpfs", 0, "mode=1777,size=1m"))
    _exit(10);
  pid_t inner = fork(); /* gives the pid as seen from here, which is outside */
  if (inner == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve_as_core();
  }
  if (write(inner_pid_pipe[1], &inner, sizeof inner) != sizeof inner)
    _exit(11);
  waitpid(inner, NULL, 0);
}

static void find_in_a_container(void **state) {
  (void)state;
  need_isolation();
  char expected[128];
  pid_t inner = 0;
  assert_int_equal(pipe(inner_pid_pipe), 0);
  pid_t pid = child_start(serve_in_a_container);
  assert_int_equal(read(inner_pid_pipe[0], &inner, sizeof inner), sizeof inner);
  assert_int_equal(xpf_socket_find(inner, &place), 0);
  snprintf(expected, sizeof expected, "/proc/%d/root/tmp/xprofiler-0/1.sock", (int)inner);
  assert_string_equal(place.path, expected);
  assert_reaches(&place, inner);
  kill(inner, SIGKILL);
  child_stop(pid);
  close(inner_pid_pipe[0]);
  close(inner_pid_pipe[1]);
}

static void serve_in_a_chroot(void) {
  if (chroot(base) || chdir("/") || mkdir("/tmp", 0777))
    _exit(10);
  serve_as_core();
}

static void find_in_a_chroot(void **state) {
  (void)state;
  need_isolation();
  char expected[128];
  pid_t pid = child_start(serve_in_a_chroot);
  assert_int_equal(xpf_socket_find(pid, &place), 0);
  snprintf(expected, sizeof expected, "/proc/%d/root/tmp/xprofiler-0/%d.sock", (int)pid, (int)pid);
  assert_string_equal(place.path, expected);
  assert_reaches(&place, pid);
  child_stop(pid);
}

static bool put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (fd >= 0)
    close(fd);
  return ok;
}

static void serve_in_a_user_namespace(void) {
  become(USER_A);
  if (unshare(CLONE_NEWUSER) || !put("/proc/self/setgroups", "deny") ||
      !put("/proc/self/uid_map", "0 54321 1") || geteuid() != 0)
    _exit(10);
  serve_as_core();
}

static void find_in_a_user_namespace(void **state) {
  (void)state;
  need_isolation();
  bool was_ready = false;
  pid_t pid = child_start_maybe(serve_in_a_user_namespace, &was_ready);
  if (!was_ready) {
    assert_int_equal(child_reap(pid), 10);
    print_message("skipped: user namespaces are not permitted\n");
    skip();
  }
  assert_int_equal(xpf_socket_find(pid, &place), 0);
  assert_int_equal(strncmp(place.path, "/tmp/xprofiler-0/", 17), 0); /* its name, A's directory */
  assert_reaches(&place, pid);
  assert_int_equal(find_as(USER_A, pid), 0);
  child_stop(pid);
}

#define IN_BASE(test) cmocka_unit_test_setup_teardown(test, make_base, remove_base)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_BASE(private_dir_is_made_and_narrowed),
      IN_BASE(private_dir_refuses_what_is_not_one),
      IN_BASE(private_dir_of_another_user),
      IN_BASE(socket_dir_is_in_the_first_root),
      IN_BASE(an_unusable_root_is_passed_by),
      IN_BASE(socket_paths_fit),
      IN_BASE(sweep_removes_only_what_nobody_uses),
      IN_BASE(connect_through_long_paths),
      IN_BASE(connect_to_a_full_queue_ends),
      IN_BASE(find_the_socket_of_a_process),
      IN_BASE(find_as_other_users),
      IN_BASE(a_planted_directory_is_not_found),
      IN_BASE(find_after_a_change_of_user),
      IN_BASE(find_in_a_mount_namespace),
      IN_BASE(find_in_a_container),
      IN_BASE(find_in_a_chroot),
      IN_BASE(find_in_a_user_namespace),
  };
  isolated = isolate();
  return cmocka_run_group_tests(tests, NULL, NULL);
}

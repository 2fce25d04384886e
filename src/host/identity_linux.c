#include "host/os.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "host/printable.h"
#include "host/proc_dir_linux.h"
#include "host/proc_file.h"
#include "host/proc_stat_linux.h"
#include "host/proc_status_linux.h"

static double started_s_ago(uint64_t start_ticks) {
  struct timespec boot;
  if (clock_gettime(CLOCK_BOOTTIME, &boot))
    return 0;
  double start_s = (double)start_ticks * ((double)xpf_proc_tick_ns() / 1e9);
  double age_s = (double)boot.tv_sec + (double)boot.tv_nsec / 1e9 - start_s;
  return age_s > 0 ? age_s : 0;
}

/* 0, or -EACCES when the kernel keeps it from us. A kernel thread or zombie has no such link. */
static int read_link(int process, const char *name, char *out, size_t size) {
  ssize_t got = readlinkat(process, name, out, size - 1);
  out[got > 0 ? got : 0] = '\0';
  return got < 0 && (errno == EACCES || errno == EPERM) ? -EACCES : 0;
}

static void read_command_line(int process, char *out, size_t size) {
  char text[4096];
  ssize_t got = xpf_proc_file_read(process, "cmdline", text, sizeof text);
  while (got > 0 && text[got - 1] == '\0') /* a process title is padded with them */
    got--;
  for (ssize_t i = 0; i < got; i++)
    if (text[i] == '\0')
      text[i] = ' ';
  xpf_printable_copy(out, size, text, got > 0 ? (size_t)got : 0);
}

static int read_identity(int process, struct xpf_os_identity *out) {
  struct xpf_proc_stat stat;
  struct xpf_proc_status status;
  int error = xpf_proc_stat_read(process, "stat", &stat);
  if (!error)
    error = xpf_proc_status_read(process, "status", &status);
  if (error == -EPERM)
    error = -EACCES;
  if (error)
    return error;
  out->uid = status.uid;
  out->euid = status.euid;
  out->ns_pid = status.ns_pid ? status.ns_pid : out->pid;
  out->start_ticks = stat.start_ticks;
  out->started_s_ago = started_s_ago(stat.start_ticks);
  xpf_printable_copy(out->comm, sizeof out->comm, stat.comm, strlen(stat.comm));
  read_command_line(process, out->command_line, sizeof out->command_line);
  int exe = read_link(process, "exe", out->exe, sizeof out->exe);
  int cwd = read_link(process, "cwd", out->cwd, sizeof out->cwd);
  return exe ? exe : cwd;
}

int xpf_os_identity(pid_t pid, struct xpf_os_identity *out) {
  memset(out, 0, sizeof *out);
  out->pid = pid ? pid : getpid();
  int process = xpf_proc_dir_open(pid);
  if (process < 0)
    return process;
  int error = read_identity(process, out);
  close(process);
  return error;
}

bool xpf_os_is_alive(pid_t pid) {
  struct xpf_proc_stat stat;
  if (pid <= 0 || (kill(pid, 0) && errno != EPERM))
    return false;
  int process = xpf_proc_dir_open(pid);
  if (process < 0)
    return process != -ESRCH;
  int error = xpf_proc_stat_read(process, "stat", &stat);
  close(process);
  if (error)
    return error != -ESRCH;
  /* A leader that ended before its other threads is a zombie of a living process. */
  return stat.state != 'X' && (stat.state != 'Z' || stat.threads > 1);
}

struct visitor {
  bool (*fn)(void *arg, pid_t pid);
  void *arg;
};

static bool visit(void *arg, int list, pid_t pid) {
  struct visitor *visitor = arg;
  (void)list;
  return visitor->fn(visitor->arg, pid);
}

int xpf_os_each_process(bool (*fn)(void *arg, pid_t pid), void *arg) {
  struct visitor visitor = {fn, arg};
  int64_t called = xpf_proc_dir_each(AT_FDCWD, "/proc", visit, &visitor);
  return called < 0 ? (int)called : 0;
}

int xpf_os_peer(int fd, pid_t *pid, uid_t *uid) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
    return -errno;
  if (peer.uid == (uid_t)-1) /* neither connected nor a pair */
    return -ENOTCONN;
  *pid = peer.pid;
  *uid = peer.uid;
  return 0;
}

#include "host/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "host/printable.h"
#include "host/proc_dir_linux.h"
#include "host/proc_file.h"
#include "host/proc_stat_linux.h"
#include "host/proc_status_linux.h"

static void read_wait_channel(int list, pid_t tid, struct xpf_os_task *out) {
  char path[32];
  snprintf(path, sizeof path, "%d/wchan", (int)tid);
  ssize_t got = xpf_proc_file_read(list, path, out->wait_channel, sizeof out->wait_channel);
  /* "0": running, or kept from us */
  if (got <= 0 || strcmp(out->wait_channel, "0") == 0)
    out->wait_channel[0] = '\0';
}

static void read_syscall(int list, pid_t tid, struct xpf_os_task *out) {
  char path[32], text[256];
  uint64_t number;
  snprintf(path, sizeof path, "%d/syscall", (int)tid);
  /* "running", "-1 …" (stopped outside a call) or "202 0x…" */
  if (xpf_proc_file_read(list, path, text, sizeof text) > 0 && xpf_proc_number(text, &number))
    out->syscall = (int64_t)number;
}

/* Its name only: for "stat" the kernel looks at far more. */
static int read_name(int list, pid_t tid, struct xpf_os_task *out) {
  char path[32], comm[64];
  snprintf(path, sizeof path, "%d/comm", (int)tid);
  ssize_t got = xpf_proc_file_read(list, path, comm, sizeof comm);
  if (got <= 0)
    return got == 0 || got == -ENOENT ? -ESRCH : (int)got;
  xpf_printable_copy(out->name, sizeof out->name, comm, strlen(comm) - (comm[got - 1] == '\n'));
  return 0;
}

static int read_stat(int list, pid_t tid, struct xpf_os_task *out) {
  struct xpf_proc_stat stat;
  char path[32];
  snprintf(path, sizeof path, "%d/stat", (int)tid);
  int error = xpf_proc_stat_read(list, path, &stat);
  if (error)
    return error;
  xpf_printable_copy(out->name, sizeof out->name, stat.comm, strlen(stat.comm));
  out->state = strchr("RSDTZ", stat.state)  ? stat.state
               : stat.state == 't'          ? 'T'
               : stat.state == 'X'          ? 'Z'
               : strchr("IPWK", stat.state) ? 'S'
                                            : '?';
  out->cpu_user_ns = stat.user_ticks * xpf_proc_tick_ns();
  out->cpu_system_ns = stat.system_ticks * xpf_proc_tick_ns();
  return 0;
}

static int read_task(int list, pid_t tid, bool details, struct xpf_os_task *out) {
  uint64_t run_ns;
  char path[32];
  memset(out, 0, sizeof *out);
  out->tid = tid;
  out->state = '?';
  out->syscall = -1;
  int error = details ? read_stat(list, tid, out) : read_name(list, tid, out);
  if (error)
    return error;
  snprintf(path, sizeof path, "%d/schedstat", (int)tid);
  if (xpf_proc_schedstat_read(list, path, &run_ns, &out->run_queue_wait_ns))
    run_ns = out->run_queue_wait_ns = 0;
  if (!details) {
    out->cpu_user_ns = run_ns;
    return 0;
  }
  struct xpf_proc_status status;
  snprintf(path, sizeof path, "%d/status", (int)tid);
  if (xpf_proc_status_read(list, path, &status) == 0) {
    out->voluntary_switches = status.voluntary_switches;
    out->involuntary_switches = status.involuntary_switches;
  }
  read_wait_channel(list, tid, out);
  read_syscall(list, tid, out);
  return 0;
}

struct task_list {
  struct xpf_os_task *out;
  int max, filled, count, error;
  bool details;
};

/* Threads that end between the listing and the reading are left out, so that the filled ones have
 * no gaps. */
static bool add_task(void *arg, int list, pid_t tid) {
  struct task_list *tasks = arg;
  if (tasks->filled < tasks->max) {
    int error = read_task(list, tid, tasks->details, &tasks->out[tasks->filled]);
    if (error == -ESRCH)
      return true;
    if (error) {
      tasks->error = error;
      return false;
    }
    tasks->filled++;
  }
  tasks->count++;
  return true;
}

int xpf_os_tasks(pid_t pid, struct xpf_os_task *out, int max, bool details) {
  struct task_list tasks = {.out = out, .max = max, .details = details};
  int process = xpf_proc_dir_open(pid);
  if (process < 0)
    return process;
  int64_t listed = xpf_proc_dir_each(process, "task", add_task, &tasks);
  close(process);
  if (tasks.error)
    return tasks.error;
  if (listed < 0)
    return listed == -ENOENT ? -ESRCH : (int)listed;
  return tasks.count ? tasks.count : -ESRCH;
}

int xpf_os_task(pid_t pid, pid_t tid, struct xpf_os_task *out) {
  memset(out, 0, sizeof *out);
  out->syscall = -1;
  if (tid <= 0)
    return -ESRCH;
  int process = xpf_proc_dir_open(pid);
  if (process < 0)
    return process;
  int list = openat(process, "task", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int error = list < 0 ? -errno : read_task(list, tid, true, out);
  if (list >= 0)
    close(list);
  close(process);
  return error == -ENOENT ? -ESRCH : error;
}

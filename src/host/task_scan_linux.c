#include "host/task_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/printable.h"
#include "host/proc_dir_linux.h"
#include "host/proc_file.h"
#include "host/proc_keys.h"
#include "host/proc_stat_linux.h"

struct walk {
  struct xpf_task_scan *scan;
  unsigned wanted;
  int error;
};

/* What xpf_proc_stat leaves out: 18 priority, 19 nice, 23 vsize, 24 rss, 42 delayacct_blkio_ticks.
 */
static int parse_rest(const char *text, struct xpf_scanned_task *task, double tick_s) {
  const char *close = strrchr(text, ')');
  unsigned long long size, delay = 0;
  long long rss;
  if (!close ||
      sscanf(close + 1,
             " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %d %d %*d %*d %*u "
             "%llu %lld %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %*d %*u %*u %llu",
             &task->priority, &task->nice, &size, &rss, &delay) < 4)
    return -EINVAL;
  task->size_bytes = size;
  task->rss_bytes = rss > 0 ? (uint64_t)rss * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
  task->io_delay_seconds = (double)delay * tick_s;
  return 0;
}

static int read_stat(int list, struct xpf_scanned_task *task) {
  char path[32], text[2048];
  struct xpf_proc_stat stat;
  double tick_s = (double)xpf_proc_tick_ns() / 1e9;
  snprintf(path, sizeof path, "%d/stat", (int)task->pid);
  ssize_t got = xpf_proc_file_read(list, path, text, sizeof text);
  if (got <= 0)
    return -ESRCH;
  int error = xpf_proc_stat_parse(text, &stat);
  if (!error)
    error = parse_rest(text, task, tick_s);
  if (error)
    return error;
  xpf_printable_copy(task->name, sizeof task->name, stat.comm, strlen(stat.comm));
  task->state = stat.state;
  task->start_ticks = stat.start_ticks;
  task->cpu_seconds = (double)(stat.user_ticks + stat.system_ticks) * tick_s;
  return 0;
}

static void read_io(int list, struct xpf_scanned_task *task) {
  char path[32];
  uint64_t found = 0;
  const struct xpf_proc_key keys[] = {{"read_bytes", &task->read_bytes},
                                      {"write_bytes", &task->written_bytes}};
  snprintf(path, sizeof path, "%d/io", (int)task->pid);
  task->io_error = xpf_proc_keys_read(list, path, keys, 2, &found);
  if (!task->io_error && found != 3)
    task->io_error = -ENOENT;
}

static void read_shares(int list, struct xpf_scanned_task *task) {
  char path[48];
  uint64_t found = 0, pss = 0, clean = 0, dirty = 0, swap = 0;
  const struct xpf_proc_key keys[] = {
      {"Pss", &pss}, {"Private_Clean", &clean}, {"Private_Dirty", &dirty}, {"Swap", &swap}};
  snprintf(path, sizeof path, "%d/smaps_rollup", (int)task->pid);
  task->share_error = xpf_proc_keys_read(list, path, keys, 4, &found);
  if (!task->share_error && !(found & 1))
    task->share_error = -ENOENT; /* a thread of the kernel has no memory */
  task->pss_bytes = pss * 1024;
  task->uss_bytes = (clean + dirty) * 1024;
  task->swap_bytes = swap * 1024;
}

static struct xpf_scanned_task *add(struct walk *walk) {
  struct xpf_task_scan *scan = walk->scan;
  if (scan->count == scan->capacity) {
    size_t capacity = scan->capacity ? scan->capacity * 2 : 256;
    struct xpf_scanned_task *tasks = realloc(scan->tasks, capacity * sizeof *tasks);
    if (!tasks) {
      walk->error = -ENOMEM;
      return NULL;
    }
    scan->tasks = tasks;
    scan->capacity = capacity;
  }
  struct xpf_scanned_task *task = &scan->tasks[scan->count];
  memset(task, 0, sizeof *task);
  return task;
}

static bool visit(void *arg, int list, pid_t pid) {
  struct walk *walk = arg;
  struct xpf_scanned_task *task = add(walk);
  if (!task || walk->scan->count == XPF_TASK_SCAN_MAX)
    return false;
  task->pid = pid;
  char path[16];
  struct stat owner;
  snprintf(path, sizeof path, "%d", (int)pid);
  if (fstatat(list, path, &owner, 0) != 0 || read_stat(list, task) != 0)
    return true;
  task->uid = owner.st_uid;
  if (walk->wanted & XPF_SCAN_IO)
    read_io(list, task);
  if (walk->wanted & XPF_SCAN_SHARES)
    read_shares(list, task);
  walk->scan->count++;
  return true;
}

static int by_pid(const void *a, const void *b) {
  pid_t left = ((const struct xpf_scanned_task *)a)->pid;
  pid_t right = ((const struct xpf_scanned_task *)b)->pid;
  return (left > right) - (left < right);
}

int xpf_task_scan(struct xpf_task_scan *scan, const char *proc, unsigned wanted) {
  struct walk walk = {scan, wanted, 0};
  *scan = (struct xpf_task_scan){0};
  int64_t calls = xpf_proc_dir_each(AT_FDCWD, proc, visit, &walk);
  if (scan->count > 0)
    qsort(scan->tasks, scan->count, sizeof scan->tasks[0], by_pid);
  return calls < 0 ? (int)calls : walk.error;
}

void xpf_task_scan_free(struct xpf_task_scan *scan) {
  free(scan->tasks);
  *scan = (struct xpf_task_scan){0};
}

const struct xpf_scanned_task *xpf_task_scan_find(const struct xpf_task_scan *scan,
                                                  const struct xpf_scanned_task *task) {
  if (scan->count == 0)
    return NULL;
  const struct xpf_scanned_task *found =
      bsearch(task, scan->tasks, scan->count, sizeof *task, by_pid);
  return found && found->start_ticks == task->start_ticks ? found : NULL;
}

void xpf_task_command(const char *proc, const struct xpf_scanned_task *task, char *out,
                      size_t size) {
  char path[512], text[4096];
  snprintf(path, sizeof path, "%.400s/%d/cmdline", proc, (int)task->pid);
  ssize_t got = xpf_proc_file_read(AT_FDCWD, path, text, sizeof text);
  while (got > 0 && (text[got - 1] == '\0' || text[got - 1] == ' '))
    got--;
  if (got <= 0) {
    snprintf(out, size, "[%s]", task->name);
    return;
  }
  for (ssize_t i = 0; i < got; i++)
    if (text[i] == '\0')
      text[i] = ' ';
  xpf_printable_copy(out, size, text, (size_t)got);
}

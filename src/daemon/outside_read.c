#include "daemon/outside_read.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "host/proc_dir_linux.h"
#include "host/proc_file.h"
#include "host/proc_keys.h"
#include "host/proc_stat_linux.h"
#include "host/proc_status_linux.h"

#define TASKS_MAX 1024
#define FDS_MAX   1000000
#define KILO      1024.0

/* ---- threads: their sums only grow, though threads end ---- */

static struct xpf_task_counts *task_of(struct xpf_outside *outside, pid_t tid) {
  for (size_t i = 0; i < outside->tasks_count; i++)
    if (outside->tasks[i].tid == tid)
      return &outside->tasks[i];
  if (outside->tasks_count == outside->tasks_room) {
    size_t room = outside->tasks_room ? outside->tasks_room * 2 : 16;
    struct xpf_task_counts *grown =
        room <= TASKS_MAX ? realloc(outside->tasks, room * sizeof *grown) : NULL;
    if (!grown)
      return NULL;
    outside->tasks = grown;
    outside->tasks_room = room;
  }
  struct xpf_task_counts *task = &outside->tasks[outside->tasks_count++];
  *task = (struct xpf_task_counts){.tid = tid};
  return task;
}

static void add(uint64_t *sum, uint64_t *before, uint64_t now) {
  *sum += now >= *before ? now - *before : now; /* less: another thread has the number */
  *before = now;
}

struct threads {
  struct xpf_outside *outside;
  int schedstat_error, status_error; /* of the last one that failed */
};

static bool look_at_task(void *arg, int list, pid_t tid) {
  struct threads *threads = arg;
  struct xpf_task_counts *task = task_of(threads->outside, tid), *sum = &threads->outside->sum;
  struct xpf_proc_status status;
  char path[32];
  uint64_t run_ns, wait_ns;
  if (!task) {
    threads->schedstat_error = threads->status_error = -E2BIG;
    return false;
  }
  task->is_seen = true;
  snprintf(path, sizeof path, "%d/schedstat", (int)tid);
  int error = xpf_proc_schedstat_read(list, path, &run_ns, &wait_ns);
  if (error == 0) {
    add(&sum->run_ns, &task->run_ns, run_ns);
    add(&sum->wait_ns, &task->wait_ns, wait_ns);
  } else if (error != -ESRCH) {
    threads->schedstat_error = error;
  }
  snprintf(path, sizeof path, "%d/status", (int)tid);
  error = xpf_proc_status_read(list, path, &status);
  if (error == 0 && status.has_switches) {
    add(&sum->voluntary, &task->voluntary, status.voluntary_switches);
    add(&sum->involuntary, &task->involuntary, status.involuntary_switches);
  } else if (error != -ESRCH) {
    threads->status_error = error ? error : -ENOENT;
  }
  return true;
}

void xpf_outside_read_threads(struct xpf_outside *outside) {
  struct threads threads = {.outside = outside};
  for (size_t i = 0; i < outside->tasks_count; i++)
    outside->tasks[i].is_seen = false;
  int64_t count = xpf_proc_dir_each(outside->dir, "task", look_at_task, &threads);
  if (count < 0)
    threads.schedstat_error = threads.status_error = (int)count;
  for (size_t i = 0; i < outside->tasks_count;)
    if (outside->tasks[i].is_seen)
      i++;
    else
      outside->tasks[i] = outside->tasks[--outside->tasks_count];
  if (threads.schedstat_error) {
    xpf_outside_fail(outside, XPF_OUTSIDE_RUN, XPF_OUTSIDE_WAIT, threads.schedstat_error);
  } else {
    xpf_outside_set(outside, XPF_OUTSIDE_RUN, (double)outside->sum.run_ns / 1e9);
    xpf_outside_set(outside, XPF_OUTSIDE_WAIT, (double)outside->sum.wait_ns / 1e9);
  }
  if (threads.status_error) {
    xpf_outside_fail(outside, XPF_OUTSIDE_VOLUNTARY, XPF_OUTSIDE_INVOLUNTARY, threads.status_error);
  } else {
    xpf_outside_set(outside, XPF_OUTSIDE_VOLUNTARY, (double)outside->sum.voluntary);
    xpf_outside_set(outside, XPF_OUTSIDE_INVOLUNTARY, (double)outside->sum.involuntary);
  }
}

/* ---- files of names and numbers ---- */

/* The names stand for the figures from `first` on, in order. */
static void read_keys(struct xpf_outside *outside, const char *file, enum xpf_outside_field first,
                      const char *const *names, unsigned count, double factor) {
  struct xpf_proc_key keys[16];
  uint64_t values[16], found;
  for (unsigned i = 0; i < count; i++)
    keys[i] = (struct xpf_proc_key){names[i], &values[i]};
  int error = xpf_proc_keys_read(outside->dir, file, keys, count, &found);
  for (unsigned i = 0; i < count; i++)
    if (error || !(found >> i & 1))
      xpf_outside_fail(outside, first + i, first + i, error);
    else
      xpf_outside_set(outside, first + i, (double)values[i] * factor);
}

void xpf_outside_read_io(struct xpf_outside *outside) {
  static const char *const NAMES[] = {
      "rchar", "wchar", "syscr", "syscw", "read_bytes", "write_bytes", "cancelled_write_bytes"};
  read_keys(outside, "io", XPF_OUTSIDE_READ_CHARS, NAMES, XPF_ROWS(NAMES), 1);
}

void xpf_outside_read_shares(struct xpf_outside *outside) {
  static const char *const PSS[] = {"Pss", "Pss_Anon", "Pss_File", "Pss_Shmem"};
  static const char *const OTHERS[] = {"SwapPss", "LazyFree", "AnonHugePages"};
  uint64_t values[XPF_ROWS(PSS) + XPF_ROWS(OTHERS)], clean = 0, dirty = 0, huge = 0, found;
  struct xpf_proc_key keys[XPF_ROWS(values) + 3] = {
      {"Private_Clean", &clean}, {"Private_Dirty", &dirty}, {"Private_Hugetlb", &huge}};
  for (unsigned i = 0; i < XPF_ROWS(values); i++)
    keys[i + 3] =
        (struct xpf_proc_key){i < XPF_ROWS(PSS) ? PSS[i] : OTHERS[i - XPF_ROWS(PSS)], &values[i]};
  int error = xpf_proc_keys_read(outside->dir, "smaps_rollup", keys, XPF_ROWS(keys), &found);
  if (error || (found & 3) != 3)
    xpf_outside_fail(outside, XPF_OUTSIDE_USS, XPF_OUTSIDE_USS, error);
  else
    xpf_outside_set(outside, XPF_OUTSIDE_USS, (double)(clean + dirty + huge) * KILO);
  for (unsigned i = 0; i < XPF_ROWS(values); i++) {
    unsigned id =
        i < XPF_ROWS(PSS) ? XPF_OUTSIDE_PSS + i : XPF_OUTSIDE_SWAP_PSS + (i - XPF_ROWS(PSS));
    if (error || !(found >> (i + 3) & 1))
      xpf_outside_fail(outside, id, id, error);
    else
      xpf_outside_set(outside, id, (double)values[i] * KILO);
  }
}

/* ---- descriptors and limits ---- */

/* Since Linux 6.2 the size of the directory is their number, also for processes of others. */
static int64_t count_fds(int dir) {
  struct stat entry;
  struct statfs system;
  if (fstatat(dir, "fd", &entry, 0) == 0 && entry.st_size > 0 && fstatfs(dir, &system) == 0 &&
      system.f_type == PROC_SUPER_MAGIC)
    return entry.st_size;
  return xpf_proc_dir_count(dir, "fd", FDS_MAX);
}

void xpf_outside_read_fds(struct xpf_outside *outside) {
  int64_t count = count_fds(outside->dir);
  if (count < 0)
    xpf_outside_fail(outside, XPF_OUTSIDE_FDS, XPF_OUTSIDE_FDS, (int)count);
  else
    xpf_outside_set(outside, XPF_OUTSIDE_FDS, (double)count);
}

static void read_fds_limit(struct xpf_outside *outside) {
  struct xpf_proc_lines lines;
  uint64_t limit;
  int error = xpf_proc_lines_open(&lines, outside->dir, "limits");
  xpf_outside_fail(outside, XPF_OUTSIDE_FDS_LIMIT, XPF_OUTSIDE_FDS_LIMIT, error);
  if (error)
    return;
  for (char *line; (line = xpf_proc_lines_next(&lines));) {
    const char *value = xpf_proc_after(line, "Max open files");
    if (value && xpf_proc_number(value, &limit))
      xpf_outside_set(outside, XPF_OUTSIDE_FDS_LIMIT, (double)limit);
  }
  xpf_proc_lines_close(&lines);
}

static void read_number(struct xpf_outside *outside, enum xpf_outside_field id, const char *file) {
  char text[64];
  ssize_t got = xpf_proc_file_read(outside->dir, file, text, sizeof text);
  uint64_t number;
  bool is_negative = text[0] == '-';
  if (got < 0 || !xpf_proc_number(text + is_negative, &number))
    xpf_outside_fail(outside, id, id, got < 0 ? (int)got : -ENOENT);
  else
    xpf_outside_set(outside, id, is_negative ? -(double)number : (double)number);
}

void xpf_outside_read_limits(struct xpf_outside *outside) {
  read_fds_limit(outside);
  read_number(outside, XPF_OUTSIDE_OOM_SCORE, "oom_score");
  read_number(outside, XPF_OUTSIDE_OOM_SCORE_ADJ, "oom_score_adj");
}

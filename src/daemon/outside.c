#include "daemon/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/outside_read.h"
#include "host/proc_file.h"
#include "host/proc_stat_linux.h"
#include "host/proc_status_linux.h"

#define KILO 1024.0

double xpf_outside_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct xpf_outside_budget *xpf_outside_budget_new(const char *proc) {
  struct xpf_outside_budget *budget = calloc(1, sizeof *budget);
  if (!budget)
    return NULL;
  budget->proc = proc;
  budget->tick_s = (double)xpf_proc_tick_ns() / 1e9;
  xpf_pace_init(&budget->threads, 1000, 0.01);
  xpf_pace_init(&budget->limits, 10000, 0.01);
  xpf_pace_init(&budget->sockets, 5000, 0.005);
  xpf_pace_init(&budget->shares, 30000, 0.01);
  return budget;
}

void xpf_outside_budget_free(struct xpf_outside_budget *budget) {
  for (unsigned i = 0; budget && i < XPF_NETWORKS_MAX; i++)
    xpf_socket_table_free(&budget->networks[i].table);
  free(budget);
}

void xpf_outside_budget_round(struct xpf_outside_budget *budget, int64_t now_ms, size_t processes) {
  xpf_pace_round(&budget->threads, now_ms, processes);
  xpf_pace_round(&budget->limits, now_ms, processes);
  xpf_pace_round(&budget->sockets, now_ms, processes);
  xpf_pace_round(&budget->shares, now_ms, processes);
}

void xpf_outside_set(struct xpf_outside *outside, enum xpf_outside_field id, double value) {
  outside->values[id] = value;
  outside->qualities[id] = XPF_QUALITY_OK;
}

void xpf_outside_fail(struct xpf_outside *outside, enum xpf_outside_field first,
                      enum xpf_outside_field last, int error) {
  for (unsigned i = first; i <= last; i++)
    outside->qualities[i] = (uint8_t)xpf_quality_of_error(error);
}

/* A kept descriptor is read again from its begin; without one the file is opened each time. */
static ssize_t read_kept(const struct xpf_outside *outside, int fd, const char *name, char *text,
                         size_t size) {
  if (fd < 0)
    return xpf_proc_file_read(outside->dir, name, text, size);
  ssize_t got = pread(fd, text, size - 1, 0);
  int error = errno;
  text[got > 0 ? got : 0] = '\0';
  return got < 0 ? -error : got;
}

static int read_stat(struct xpf_outside *outside) {
  char text[2048];
  struct xpf_proc_stat stat;
  ssize_t got = read_kept(outside, outside->stat, "stat", text, sizeof text);
  if (got == 0 || got == -ENOENT || got == -ESRCH)
    return -ESRCH;
  int error = got < 0 ? (int)got : xpf_proc_stat_parse(text, &stat);
  if (error) {
    xpf_outside_fail(outside, XPF_OUTSIDE_CPU_USER, XPF_OUTSIDE_THREADS, error);
    return 0;
  }
  if (stat.state == 'X' || (stat.state == 'Z' && stat.threads <= 1))
    return -ESRCH;
  outside->start_ticks = stat.start_ticks;
  double tick_s = outside->budget->tick_s;
  xpf_outside_set(outside, XPF_OUTSIDE_CPU_USER, (double)stat.user_ticks * tick_s);
  xpf_outside_set(outside, XPF_OUTSIDE_CPU_SYSTEM, (double)stat.system_ticks * tick_s);
  xpf_outside_set(outside, XPF_OUTSIDE_MINOR_FAULTS, (double)stat.minor_faults);
  xpf_outside_set(outside, XPF_OUTSIDE_MAJOR_FAULTS, (double)stat.major_faults);
  xpf_outside_set(outside, XPF_OUTSIDE_THREADS, (double)stat.threads);
  return 0;
}

static void read_main_thread(struct xpf_outside *outside) {
  char text[128];
  uint64_t run_ns, wait_ns, slices;
  ssize_t got = read_kept(outside, outside->schedstat, "schedstat", text, sizeof text);
  int error = got < 0    ? (int)got
              : got == 0 ? -ENOENT
                         : xpf_proc_schedstat_parse(text, &run_ns, &wait_ns, &slices);
  if (error) {
    xpf_outside_fail(outside, XPF_OUTSIDE_MAIN_RUN, XPF_OUTSIDE_MAIN_SLICES, error);
    return;
  }
  xpf_outside_set(outside, XPF_OUTSIDE_MAIN_RUN, (double)run_ns / 1e9);
  xpf_outside_set(outside, XPF_OUTSIDE_MAIN_WAIT, (double)wait_ns / 1e9);
  xpf_outside_set(outside, XPF_OUTSIDE_MAIN_SLICES, (double)slices);
}

static void read_status(struct xpf_outside *outside) {
  struct xpf_proc_status status;
  int error = xpf_proc_status_read(outside->dir, "status", &status);
  if (error || !status.has_memory) {
    xpf_outside_fail(outside, XPF_OUTSIDE_VSIZE, XPF_OUTSIDE_SWAP, error);
    return;
  }
  xpf_outside_set(outside, XPF_OUTSIDE_VSIZE, (double)status.size_kb * KILO);
  xpf_outside_set(outside, XPF_OUTSIDE_RSS, (double)status.rss_kb * KILO);
  xpf_outside_set(outside, XPF_OUTSIDE_RSS_ANON, (double)status.rss_anon_kb * KILO);
  xpf_outside_set(outside, XPF_OUTSIDE_RSS_FILE, (double)status.rss_file_kb * KILO);
  xpf_outside_set(outside, XPF_OUTSIDE_RSS_SHMEM, (double)status.rss_shmem_kb * KILO);
  xpf_outside_set(outside, XPF_OUTSIDE_RSS_PEAK, (double)status.peak_rss_kb * KILO);
  xpf_outside_set(outside, XPF_OUTSIDE_SWAP, (double)status.swap_kb * KILO);
}

static void read_often(struct xpf_outside *outside) {
  read_status(outside);
  xpf_outside_read_threads(outside);
  xpf_outside_read_io(outside);
  xpf_outside_read_fds(outside);
}

static void read_rarely(struct xpf_outside *outside) {
  xpf_outside_read_limits(outside);
}

static void take_turn(struct xpf_outside *outside, struct xpf_turn *turn, struct xpf_pace *pace,
                      int64_t now_ms, void (*read)(struct xpf_outside *outside)) {
  if (now_ms < turn->due_ms || !xpf_pace_allows(pace))
    return;
  struct xpf_pace_moment begun, ended;
  xpf_pace_moment_now(&begun);
  read(outside);
  xpf_pace_moment_now(&ended);
  xpf_pace_spent(pace, xpf_pace_cost_s(&begun, &ended));
  turn->due_ms = xpf_pace_next_ms(pace, now_ms, turn->is_begun ? 0 : outside->number);
  turn->is_begun = true;
  turn->read_ms = now_ms;
}

int xpf_outside_read(struct xpf_outside *outside, int64_t now_ms) {
  struct xpf_outside_budget *budget = outside->budget;
  int error = read_stat(outside);
  if (error)
    return error;
  read_main_thread(outside);
  take_turn(outside, &outside->often, &budget->threads, now_ms, read_often);
  take_turn(outside, &outside->rarely, &budget->limits, now_ms, read_rarely);
  take_turn(outside, &outside->sockets, &budget->sockets, now_ms, xpf_outside_read_sockets);
  take_turn(outside, &outside->shares, &budget->shares, now_ms, xpf_outside_read_shares);
  if (outside->qualities[XPF_OUTSIDE_PSS] == XPF_QUALITY_OK)
    xpf_outside_set(outside, XPF_OUTSIDE_PSS_AGE,
                    (double)(now_ms - outside->shares.read_ms) / 1000);
  else
    outside->qualities[XPF_OUTSIDE_PSS_AGE] = outside->qualities[XPF_OUTSIDE_PSS];
  return 0;
}

void xpf_outside_publish(const struct xpf_outside *outside, struct xpf_entity *entity,
                         unsigned first) {
  for (unsigned i = 0; i < XPF_OUTSIDE_COUNT; i++)
    if (outside->qualities[i] == XPF_QUALITY_OK)
      xpf_entity_set(entity, first + i, outside->values[i]);
    else
      xpf_entity_mark(entity, first + i, (enum xpf_quality)outside->qualities[i]);
}

static int open_dir(const char *proc, pid_t pid) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%d", proc, (int)pid);
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? -ESRCH : -errno;
  return fd;
}

int xpf_outside_open(struct xpf_outside **out, struct xpf_outside_budget *budget, pid_t pid,
                     uint64_t start_ticks) {
  int dir = open_dir(budget->proc, pid);
  if (dir < 0)
    return dir;
  struct xpf_outside *outside = calloc(1, sizeof *outside);
  if (!outside) {
    close(dir);
    return -ENOMEM;
  }
  outside->budget = budget;
  outside->pid = pid;
  outside->number = ++budget->opened;
  outside->dir = dir;
  /* Without them it costs more, but works. */
  outside->stat = openat(dir, "stat", O_RDONLY | O_CLOEXEC);
  outside->schedstat = openat(dir, "schedstat", O_RDONLY | O_CLOEXEC);
  memset(outside->qualities, XPF_QUALITY_ABSENT, sizeof outside->qualities);
  int error = read_stat(outside);
  if (!error && start_ticks != 0 && outside->start_ticks != start_ticks)
    error = -ESRCH;
  if (error) {
    xpf_outside_close(outside);
    return error;
  }
  *out = outside;
  return 0;
}

void xpf_outside_close(struct xpf_outside *outside) {
  close(outside->dir);
  if (outside->stat >= 0)
    close(outside->stat);
  if (outside->schedstat >= 0)
    close(outside->schedstat);
  free(outside->tasks);
  free(outside);
}

/* The inside of outside.h: what is kept of a process, and its costlier readings. [pool] */
#ifndef XPF_DAEMON_OUTSIDE_READ_H
#define XPF_DAEMON_OUTSIDE_READ_H
#include "daemon/pace.h"
#include "daemon/outside.h"

struct xpf_outside_budget {
  const char *proc;
  double tick_s;
  struct xpf_pace threads, limits, shares;
  uint32_t opened; /* so many so far: spreads the turns */
};

/* Counters of one thread: those of a thread that ended stay in the sums of its process. */
struct xpf_task_counts {
  pid_t tid;
  bool is_seen;
  uint64_t run_ns, wait_ns, voluntary, involuntary;
};

struct xpf_turn {
  int64_t due_ms, read_ms;
  bool is_begun;
};

struct xpf_outside {
  struct xpf_outside_budget *budget;
  pid_t pid;
  uint32_t number;
  int dir, stat, schedstat; /* the last two: -1 when they cannot be kept open */
  uint64_t start_ticks;
  struct xpf_turn often, rarely, shares;
  struct xpf_task_counts *tasks;
  size_t tasks_count, tasks_room;
  struct xpf_task_counts sum;
  double values[XPF_OUTSIDE_COUNT];
  uint8_t qualities[XPF_OUTSIDE_COUNT];
};

void xpf_outside_set(struct xpf_outside *outside, enum xpf_outside_field id, double value);
void xpf_outside_fail(struct xpf_outside *outside, enum xpf_outside_field first,
                      enum xpf_outside_field last, int error);

void xpf_outside_read_threads(struct xpf_outside *outside);
void xpf_outside_read_io(struct xpf_outside *outside);
void xpf_outside_read_fds(struct xpf_outside *outside);
void xpf_outside_read_limits(struct xpf_outside *outside);
void xpf_outside_read_shares(struct xpf_outside *outside);
#endif

/* The inside of outside.h: what is kept of a process, and its costlier readings. [pool] */
#ifndef XPF_DAEMON_OUTSIDE_READ_H
#define XPF_DAEMON_OUTSIDE_READ_H
#include "daemon/pace.h"
#include "daemon/outside.h"
#include "host/socket_table.h"

/* Sockets of the networks that were looked at last. */
#define XPF_NETWORKS_MAX 8
struct xpf_network {
  bool is_known;
  dev_t device;
  ino_t inode;
  uint64_t last_use;
  double fresh_until_s;
  int error;
  struct xpf_socket_table table;
};

struct xpf_outside_budget {
  const char *proc;
  double tick_s;
  struct xpf_pace threads, limits, sockets, shares;
  uint32_t opened; /* so many so far: spreads the turns */
  struct xpf_network networks[XPF_NETWORKS_MAX];
  uint64_t uses; /* of them */
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
  struct xpf_turn often, rarely, sockets, shares;
  struct xpf_task_counts *tasks;
  size_t tasks_count, tasks_room;
  struct xpf_task_counts sum;
  double values[XPF_OUTSIDE_COUNT];
  uint8_t qualities[XPF_OUTSIDE_COUNT];
};

double xpf_outside_seconds(void); /* monotonic */
void xpf_outside_set(struct xpf_outside *outside, enum xpf_outside_field id, double value);
void xpf_outside_fail(struct xpf_outside *outside, enum xpf_outside_field first,
                      enum xpf_outside_field last, int error);

void xpf_outside_read_threads(struct xpf_outside *outside);
void xpf_outside_read_io(struct xpf_outside *outside);
void xpf_outside_read_fds(struct xpf_outside *outside);
void xpf_outside_read_limits(struct xpf_outside *outside);
void xpf_outside_read_sockets(struct xpf_outside *outside); /* outside_sockets.c */
void xpf_outside_read_shares(struct xpf_outside *outside);
#endif

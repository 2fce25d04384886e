/* The cgroup a process lives in: limits, use, throttling, pressure, OOM events. v1, v2 and hybrid,
 * decided from the process's own mounts (/proc/PID/mountinfo and /proc/PID/cgroup), never guessed.
 * [any]; a handle keeps the found paths and may be used by one thread at a time. */
#ifndef XPF_HOST_CGROUP_H
#define XPF_HOST_CGROUP_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum xpf_known { XPF_ABSENT, XPF_DENIED, XPF_OK };

struct xpf_pressure {
  enum xpf_known status;
  bool has_some, has_full; /* old kernels: no full of the processor; interrupts: no some */
  double some_avg10, some_avg60, some_avg300; /* percent */
  double full_avg10, full_avg60, full_avg300;
  uint64_t some_total_us, full_total_us;
};

struct xpf_cgroup_figures {
  int version; /* 1, 2, or 0 = none found; hybrid gives that of the memory controller */
  enum xpf_known memory, cpu, events;
  uint64_t memory_limit_bytes; /* smallest limit up the tree; UINT64_MAX = none */
  uint64_t memory_used_bytes;
  uint64_t memory_working_set_bytes; /* used - inactive_file, as Kubernetes counts */
  double cpu_limit;                  /* cores, smallest quota / period up the tree; 0 = none */
  uint64_t periods, throttled_periods, throttled_ns; /* of the cgroup whose quota cpu_limit is */
  uint64_t cpu_usage_ns;
  uint64_t oom_events, oom_kills;                                 /* v1 counts kills only */
  struct xpf_pressure cpu_pressure, memory_pressure, io_pressure; /* of the cgroup, else absent */
};

struct xpf_cgroup;
/* root: "" or a directory that stands for "/" (tests). -ENOMEM only. */
int xpf_cgroup_open(struct xpf_cgroup **out, pid_t pid, const char *root);
void xpf_cgroup_close(struct xpf_cgroup *cgroup);
void xpf_cgroup_read(struct xpf_cgroup *cgroup, struct xpf_cgroup_figures *out);
/* The text of a pressure file, also of the host's in /proc/pressure. -EINVAL, with *out absent. */
int xpf_pressure_parse(const char *text, struct xpf_pressure *out);
#endif

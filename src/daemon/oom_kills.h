/* One kill by the kernel for want of memory is seen in several places: in the cgroup that was full
 * and in the count of the whole host, seconds apart and in any order. It is to be told once, by the
 * place that knows most: the host tells what no cgroup has told. Pure. */
#ifndef XPF_DAEMON_OOM_KILLS_H
#define XPF_DAEMON_OOM_KILLS_H
#include <stdint.h>

struct xpf_oom_kills { /* zeros at first */
  uint64_t told, waiting;
  int64_t told_ms, waiting_ms;
};

#define XPF_OOM_KILLS_WAIT_MS 4000  /* the host waits so long for a cgroup to tell */
#define XPF_OOM_KILLS_KEEP_MS 10000 /* a cgroup's kill that the host has not counted by then … */

/* So many were told, with their cgroup. */
void xpf_oom_kills_told(struct xpf_oom_kills *kills, uint64_t count, int64_t now_ms);
/* Once a second: so many more did the host count. Gives how many it has to tell now. */
uint64_t xpf_oom_kills_counted(struct xpf_oom_kills *kills, uint64_t count, int64_t now_ms);
#endif

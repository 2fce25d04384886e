/* /proc/PID/stat and schedstat, of a process or of one of its threads. [any] */
#ifndef XPF_HOST_PROC_STAT_H
#define XPF_HOST_PROC_STAT_H
#include <stdint.h>

struct xpf_proc_stat {
  char comm[64]; /* as the kernel gives it: any bytes but NUL */
  char state;    /* R S D T t Z X I */
  uint64_t minor_faults, major_faults;
  uint64_t user_ticks, system_ticks; /* of xpf_proc_tick_ns() */
  uint64_t threads;
  uint64_t start_ticks; /* since boot */
};

/* The text of a stat file. The name may hold blanks, parentheses and newlines. -EINVAL. */
int xpf_proc_stat_parse(const char *text, struct xpf_proc_stat *out);
/* path relative to dir, e.g. "stat" or "12/stat". -ESRCH when the process or thread has ended. */
int xpf_proc_stat_read(int dir, const char *path, struct xpf_proc_stat *out);
/* The text of a schedstat file: time on a processor, time spent waiting for one, and how often it
 * got one (may be NULL). -EINVAL. */
int xpf_proc_schedstat_parse(const char *text, uint64_t *run_ns, uint64_t *wait_ns,
                             uint64_t *slices);
/* The errors of _stat_read; -ENOENT without schedstat in the kernel. */
int xpf_proc_schedstat_read(int dir, const char *path, uint64_t *run_ns, uint64_t *wait_ns);
uint64_t xpf_proc_tick_ns(void);
#endif

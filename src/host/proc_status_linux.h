/* /proc/PID/status, of a process or of one of its threads. [any] */
#ifndef XPF_HOST_PROC_STATUS_H
#define XPF_HOST_PROC_STATUS_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct xpf_proc_status {
  uid_t uid, euid, suid;
  pid_t ns_pid;    /* in its innermost pid namespace; 0 when the kernel does not say (before 4.1) */
  bool has_memory; /* a zombie or kernel thread has none */
  uint64_t size_kb, peak_rss_kb, rss_kb, rss_anon_kb, rss_file_kb, rss_shmem_kb, swap_kb;
  uint64_t threads;
  bool has_switches;
  uint64_t voluntary_switches, involuntary_switches; /* of this one thread */
};

/* path relative to dir, e.g. "status" or "12/status". -ESRCH when the process or thread has ended.
 */
int xpf_proc_status_read(int dir, const char *path, struct xpf_proc_status *out);
#endif

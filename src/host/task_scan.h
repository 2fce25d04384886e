/* All processes of the host at one moment, cheaply: two or three small files each. Linux. [any] */
#ifndef XPF_HOST_TASK_SCAN_H
#define XPF_HOST_TASK_SCAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct xpf_scanned_task {
  pid_t pid;
  uid_t uid; /* effective */
  uint64_t start_ticks;
  char name[32];
  char state;
  int priority, nice;      /* as in /proc/PID/stat */
  double cpu_seconds;      /* user and system, since it began */
  double io_delay_seconds; /* waited for block devices; 0 without kernel.task_delayacct */
  uint64_t size_bytes, rss_bytes;
  int io_error; /* 0: read_bytes and written_bytes are known; else -errno */
  uint64_t read_bytes, written_bytes;
  int share_error; /* the same for pss, uss, swap */
  uint64_t pss_bytes, uss_bytes, swap_bytes;
};

struct xpf_task_scan {
  struct xpf_scanned_task *tasks;
  size_t count, capacity;
};

#define XPF_TASK_SCAN_MAX 100000
enum { XPF_SCAN_IO = 1, XPF_SCAN_SHARES = 2 /* costly: the kernel walks all their pages */ };

/* proc: "/proc". Processes that end meanwhile are left out. 0 or -errno; call _free in both cases.
 */
int xpf_task_scan(struct xpf_task_scan *scan, const char *proc, unsigned wanted);
void xpf_task_scan_free(struct xpf_task_scan *scan);
/* The same process in another scan; NULL. Scans are in the order of pids. */
const struct xpf_scanned_task *xpf_task_scan_find(const struct xpf_task_scan *scan,
                                                  const struct xpf_scanned_task *task);
/* Its arguments, printable, or its name in brackets when it has none (a thread of the kernel). */
void xpf_task_command(const char *proc, const struct xpf_scanned_task *task, char *out,
                      size_t size);
#endif

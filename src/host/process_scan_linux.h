/* All processes of the host at a moment, as /proc/PID/stat and io have them, and how much CPU time
 * and storage each used since the scan before. A pid that was used again is another process. One
 * thread at a time.
 */
#ifndef XPF_HOST_PROCESS_SCAN_H
#define XPF_HOST_PROCESS_SCAN_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct xpf_process_sample {
  pid_t pid;
  char state;    /* R S D T t Z X I */
  char name[32]; /* comm */
  int priority, nice;
  uint64_t start_ticks, user_ticks, system_ticks; /* of xpf_proc_tick_ns() */
  uint64_t grown_ticks; /* user and system, since the scan before; since its start when it is new */
  uint64_t threads, vsize_bytes, rss_bytes, major_faults;
  int io_error; /* -errno of reading the two that follow: -EACCES for those of others */
  uint64_t read_bytes, write_bytes; /* of storage */
  uint64_t grown_io_bytes;          /* both, since the scan before; 0 when it is new */
};

struct xpf_process_samples {
  struct xpf_process_sample *list; /* ascending by pid */
  size_t count, capacity;
};
struct xpf_process_scan {                 /* zeros at first */
  struct xpf_process_samples now, before; /* before: no list until the second scan */
};

#define XPF_PROCESS_SCAN_MAX 65536
/* proc: a descriptor of /proc. 0 or -errno (-ENOMEM, that of opening it); what it had is kept then.
 */
int xpf_process_scan_read(struct xpf_process_scan *scan, int proc);
void xpf_process_scan_free(struct xpf_process_scan *scan);
/* The text of a stat file. -EINVAL. Pure. */
int xpf_process_sample_parse(const char *text, struct xpf_process_sample *out);
#endif

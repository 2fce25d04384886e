/* The operating system: what a process and its threads use, who they are, who is on the other side
 * of a socket. Read-only, unprivileged where the kernel allows. [any]; no state, no allocation
 * unless named. Linux in os_linux.c, macOS in os_darwin.c; what a platform lacks answers -ENOTSUP
 * and leaves the figure 0 with its bit unset in `known`. Sources and units stand beside every
 * field. */
#ifndef XPF_HOST_OS_H
#define XPF_HOST_OS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One process. pid 0 = this process (uses cheaper calls where there are any). */
#define XPF_KNOWN_MEMORY    (1u << 0) /* rss_* swap */
#define XPF_KNOWN_FAULTS    (1u << 1)
#define XPF_KNOWN_SWITCHES  (1u << 2)
#define XPF_KNOWN_FDS       (1u << 3)
#define XPF_KNOWN_RUN_QUEUE (1u << 4)
#define XPF_KNOWN_CPU       (1u << 5)

struct xpf_os_process {
  uint32_t known;
  uint64_t rss_bytes, rss_anon_bytes, rss_file_bytes, rss_shmem_bytes, swap_bytes, vsize_bytes;
  uint64_t minor_faults, major_faults;
  uint64_t voluntary_switches, involuntary_switches; /* of the whole process, all threads */
  uint64_t cpu_user_ns, cpu_system_ns;
  uint64_t run_queue_wait_ns;  /* schedstat field 2, summed over live threads */
  uint64_t open_fds, fd_limit; /* limit: soft, UINT64_MAX = unlimited */
  uint32_t threads;
};
int xpf_os_process(pid_t pid, struct xpf_os_process *out);

/* CPU time of this process, ns (CLOCK_PROCESS_CPUTIME_ID). Cheap. */
uint64_t xpf_os_cpu_ns(void);
/* CPU time of one thread of this process, ns; -ESRCH when it ended. */
int xpf_os_thread_cpu_ns(pid_t tid, uint64_t *out);
uint64_t xpf_os_rss_bytes(void); /* this process, cheap; 0 when unknown */
pid_t xpf_os_tid(void);          /* this thread */
uint64_t xpf_os_now_ns(void);    /* CLOCK_MONOTONIC */

struct xpf_os_task {
  pid_t tid;
  char name[32]; /* comm */
  char state;    /* R S D T Z, '?' */
  uint64_t cpu_user_ns, cpu_system_ns, run_queue_wait_ns;
  uint64_t voluntary_switches, involuntary_switches;
  char wait_channel[64]; /* wchan, "" when denied or running */
  int64_t syscall;       /* number, -1 = running or denied */
};
/* Tasks of a process (0 = self). Returns how many exist, fills at most max; negative on error.
 * With details, everything is read (costs 3 reads a task more); without, only name, CPU time (all
 * of it as user time) and run-queue wait. */
int xpf_os_tasks(pid_t pid, struct xpf_os_task *out, int max, bool details);
int xpf_os_task(pid_t pid, pid_t tid, struct xpf_os_task *out);

/* Who a process is, seen from here. */
struct xpf_os_identity {
  pid_t pid, ns_pid; /* ns_pid: its pid in its own innermost pid namespace */
  uid_t uid, euid;
  uint64_t start_ticks; /* since boot; pid + this names a process for ever */
  double started_s_ago;
  char exe[4096], cwd[4096];
  char comm[32];
  char command_line[4096]; /* arguments joined by one space, control characters as '?' */
};
/* -ESRCH, -EACCES (partly filled). */
int xpf_os_identity(pid_t pid, struct xpf_os_identity *out);
bool xpf_os_is_alive(pid_t pid);
/* Calls fn for every process visible here until it returns false. */
int xpf_os_each_process(bool (*fn)(void *arg, pid_t pid), void *arg);

/* The process on the other end of a Unix socket. */
int xpf_os_peer(int fd, pid_t *pid, uid_t *uid);

struct xpf_os_host {
  uint32_t cpus;
  uint64_t memory_total_bytes, memory_available_bytes;
  double load1, load5, load15;
};
int xpf_os_host(struct xpf_os_host *out);
#endif

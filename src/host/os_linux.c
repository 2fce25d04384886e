#include "host/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "host/proc_dir_linux.h"
#include "host/proc_file.h"
#include "host/proc_stat_linux.h"
#include "host/proc_status_linux.h"

/* Where listing stops: these figures are read in somebody's production process. */
#define FDS_MAX   100000
#define TASKS_MAX 4096

uint64_t xpf_os_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t xpf_os_cpu_ns(void) {
  struct timespec used;
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used))
    return 0;
  return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

int xpf_os_thread_cpu_ns(pid_t tid, uint64_t *out) {
  /* The kernel's number for "scheduler clock of thread tid" (posix-timers: inverted tid, per-thread
   * bit 4, scheduler clock 2): one call, exact, and without a pthread_t that may have ended. */
  clockid_t clock = (clockid_t)((~(unsigned)tid << 3) | 6u);
  struct timespec used;
  if (tid <= 0 || clock_gettime(clock, &used))
    return -ESRCH;
  *out = (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
  return 0;
}

pid_t xpf_os_tid(void) {
  return (pid_t)syscall(SYS_gettid);
}

uint64_t xpf_os_rss_bytes(void) {
  char text[128];
  uint64_t pages;
  if (xpf_proc_file_read(AT_FDCWD, "/proc/self/statm", text, sizeof text) <= 0)
    return 0;
  const char *second = strchr(text, ' ');
  if (!second || !xpf_proc_number(second, &pages))
    return 0;
  return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t timeval_ns(const struct timeval *time) {
  return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_usec * 1000u;
}

static void read_own_usage(struct xpf_os_process *out) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage))
    return;
  out->cpu_user_ns = timeval_ns(&usage.ru_utime);
  out->cpu_system_ns = timeval_ns(&usage.ru_stime);
  out->minor_faults = (uint64_t)usage.ru_minflt;
  out->major_faults = (uint64_t)usage.ru_majflt;
  out->voluntary_switches = (uint64_t)usage.ru_nvcsw;
  out->involuntary_switches = (uint64_t)usage.ru_nivcsw;
  out->known |= XPF_KNOWN_CPU | XPF_KNOWN_FAULTS | XPF_KNOWN_SWITCHES;
}

static int read_usage(int process, struct xpf_os_process *out) {
  struct xpf_proc_stat stat;
  int error = xpf_proc_stat_read(process, "stat", &stat);
  if (error)
    return error;
  out->cpu_user_ns = stat.user_ticks * xpf_proc_tick_ns();
  out->cpu_system_ns = stat.system_ticks * xpf_proc_tick_ns();
  out->minor_faults = stat.minor_faults;
  out->major_faults = stat.major_faults;
  out->threads = (uint32_t)stat.threads;
  out->known |= XPF_KNOWN_CPU | XPF_KNOWN_FAULTS;
  return 0;
}

static int read_memory(int process, struct xpf_os_process *out) {
  struct xpf_proc_status status;
  int error = xpf_proc_status_read(process, "status", &status);
  if (error)
    return error;
  out->threads = (uint32_t)status.threads;
  if (!status.has_memory)
    return 0;
  out->vsize_bytes = status.size_kb * 1024;
  out->rss_bytes = status.rss_kb * 1024;
  out->rss_anon_bytes = status.rss_anon_kb * 1024;
  out->rss_file_bytes = status.rss_file_kb * 1024;
  out->rss_shmem_bytes = status.rss_shmem_kb * 1024;
  out->swap_bytes = status.swap_kb * 1024;
  out->known |= XPF_KNOWN_MEMORY;
  return 0;
}

static bool read_fd_limit(int process, bool self, uint64_t *out) {
  struct xpf_proc_lines lines;
  const char *value = NULL;
  if (self) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
      return false;
    *out = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
    return true;
  }
  if (xpf_proc_lines_open(&lines, process, "limits"))
    return false;
  for (char *line; !value && (line = xpf_proc_lines_next(&lines));)
    value = xpf_proc_after(line, "Max open files");
  if (value && !xpf_proc_number(value, out))
    *out = UINT64_MAX; /* "unlimited" */
  xpf_proc_lines_close(&lines);
  return value != NULL;
}

static void read_fds(int process, bool self, struct xpf_os_process *out) {
  struct stat list;
  int64_t open_fds, ours = self ? 1 : 0; /* `process` itself */
  uint64_t limit;
  /* Since Linux 6.2 the size of the directory is the number of its entries. */
  if (fstatat(process, "fd", &list, 0) == 0 && list.st_size > 0) {
    open_fds = (int64_t)list.st_size;
  } else {
    open_fds = xpf_proc_dir_count(process, "fd", FDS_MAX);
    ours *= 2; /* and the descriptor that lists */
  }
  if (open_fds < 0 || !read_fd_limit(process, self, &limit))
    return;
  out->open_fds = (uint64_t)(open_fds > ours ? open_fds - ours : 0);
  out->fd_limit = limit;
  out->known |= XPF_KNOWN_FDS;
}

struct task_sum {
  bool with_switches, switches_known, wait_known;
  unsigned tasks;
  uint64_t wait_ns, voluntary, involuntary;
};

/* A thread that ended meanwhile adds nothing; anything else unreadable makes the sum unknown. */
static bool add_task(void *arg, int list, pid_t tid) {
  struct task_sum *sum = arg;
  uint64_t run_ns, wait_ns;
  char path[32];
  if (++sum->tasks > TASKS_MAX) {
    sum->wait_known = sum->switches_known = false;
    return false;
  }
  snprintf(path, sizeof path, "%d/schedstat", (int)tid);
  int error = xpf_proc_schedstat_read(list, path, &run_ns, &wait_ns);
  if (error == 0)
    sum->wait_ns += wait_ns;
  else if (error != -ESRCH && error != -ENOENT)
    sum->wait_known = false;
  if (!sum->with_switches)
    return true;
  struct xpf_proc_status status;
  snprintf(path, sizeof path, "%d/status", (int)tid);
  error = xpf_proc_status_read(list, path, &status);
  sum->voluntary += status.voluntary_switches;
  sum->involuntary += status.involuntary_switches;
  if ((error && error != -ESRCH) || (!error && !status.has_switches))
    sum->switches_known = false;
  return true;
}

static void read_tasks(int process, bool self, struct xpf_os_process *out) {
  struct task_sum sum = {.with_switches = !self, .switches_known = true};
  sum.wait_known = faccessat(process, "schedstat", F_OK, 0) == 0;
  if (xpf_proc_dir_each(process, "task", add_task, &sum) <= 0)
    return;
  if (sum.wait_known) {
    out->run_queue_wait_ns = sum.wait_ns;
    out->known |= XPF_KNOWN_RUN_QUEUE;
  }
  if (sum.with_switches && sum.switches_known) {
    out->voluntary_switches = sum.voluntary;
    out->involuntary_switches = sum.involuntary;
    out->known |= XPF_KNOWN_SWITCHES;
  }
}

int xpf_os_process(pid_t pid, struct xpf_os_process *out) {
  bool self = pid == 0 || pid == getpid();
  memset(out, 0, sizeof *out);
  if (self)
    read_own_usage(out);
  int process = xpf_proc_dir_open(self ? 0 : pid);
  if (process < 0)
    return self && out->known ? 0 : process;
  int error = self ? 0 : read_usage(process, out);
  if (!error)
    error = read_memory(process, out);
  if (!error) {
    read_fds(process, self, out);
    read_tasks(process, self, out);
  }
  close(process);
  return self && out->known ? 0 : error;
}

static void read_host_memory(struct xpf_os_host *out) {
  uint64_t total = 0, available = 0, free_kb = 0, buffers = 0, cached = 0;
  const struct {
    const char *key;
    uint64_t *value;
  } wanted[] = {{"MemTotal:", &total},
                {"MemAvailable:", &available},
                {"MemFree:", &free_kb},
                {"Buffers:", &buffers},
                {"Cached:", &cached}};
  struct xpf_proc_lines lines;
  if (xpf_proc_lines_open(&lines, AT_FDCWD, "/proc/meminfo"))
    return;
  for (char *line; (line = xpf_proc_lines_next(&lines));) {
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
      const char *value = xpf_proc_after(line, wanted[i].key);
      if (value)
        xpf_proc_number(value, wanted[i].value);
    }
  }
  xpf_proc_lines_close(&lines);
  out->memory_total_bytes = total * 1024;
  out->memory_available_bytes = (available ? available : free_kb + buffers + cached) * 1024;
}

int xpf_os_host(struct xpf_os_host *out) {
  double load[3];
  memset(out, 0, sizeof *out);
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  out->cpus = cpus > 0 ? (uint32_t)cpus : 1;
  read_host_memory(out);
  if (getloadavg(load, 3) == 3) {
    out->load1 = load[0];
    out->load5 = load[1];
    out->load15 = load[2];
  }
  return out->memory_total_bytes ? 0 : -ENOTSUP;
}

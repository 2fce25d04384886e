#include "host/os.h"
#include <errno.h>
#include <libproc.h>
#include <mach/mach.h>
#include <mach/mach_time.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/proc.h>
#include <sys/proc_info.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/ucred.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "host/printable.h"

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now))
    return 0;
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t xpf_os_now_ns(void) {
  return clock_ns(CLOCK_MONOTONIC);
}

uint64_t xpf_os_cpu_ns(void) {
  return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int xpf_os_thread_cpu_ns(pid_t tid, uint64_t *out) {
  (void)tid;
  *out = 0;
  return -ENOTSUP;
}

pid_t xpf_os_tid(void) {
  uint64_t tid = 0;
  pthread_threadid_np(NULL, &tid);
  return (pid_t)tid;
}

static int info_error(void) {
  return errno == EPERM ? -EACCES : errno ? -errno : -ESRCH;
}

static int read_task_info(pid_t pid, struct proc_taskinfo *out) {
  errno = 0;
  int got = proc_pidinfo(pid, PROC_PIDTASKINFO, 0, out, sizeof *out);
  return got == (int)sizeof *out ? 0 : info_error();
}

uint64_t xpf_os_rss_bytes(void) {
  struct proc_taskinfo task;
  return read_task_info(getpid(), &task) ? 0 : task.pti_resident_size;
}

/* The task figures are in units of the machine's own clock, not in ns, except on Intel. */
static uint64_t mach_ns(uint64_t units) {
  mach_timebase_info_data_t base = {0, 0};
  if (mach_timebase_info(&base) != KERN_SUCCESS || base.denom == 0)
    return units;
  return (uint64_t)((double)units * base.numer / base.denom);
}

static void read_own_usage(struct xpf_os_process *out) {
  struct rusage usage;
  struct rlimit limit;
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    out->minor_faults = (uint64_t)usage.ru_minflt;
    out->major_faults = (uint64_t)usage.ru_majflt;
    out->voluntary_switches = (uint64_t)usage.ru_nvcsw;
    out->involuntary_switches = (uint64_t)usage.ru_nivcsw;
    out->known |= XPF_KNOWN_FAULTS | XPF_KNOWN_SWITCHES;
  }
  /* Without a buffer the answer is the size of the whole table, so this is an upper bound. */
  int table = proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, NULL, 0);
  if (table > 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    out->open_fds = (uint64_t)table / PROC_PIDLISTFD_SIZE;
    out->fd_limit = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_cur;
    out->known |= XPF_KNOWN_FDS;
  }
}

int xpf_os_process(pid_t pid, struct xpf_os_process *out) {
  struct proc_taskinfo task;
  bool self = pid == 0 || pid == getpid();
  memset(out, 0, sizeof *out);
  int error = read_task_info(self ? getpid() : pid, &task);
  if (error)
    return error;
  out->rss_bytes = task.pti_resident_size;
  out->vsize_bytes = task.pti_virtual_size;
  out->cpu_user_ns = mach_ns(task.pti_total_user);
  out->cpu_system_ns = mach_ns(task.pti_total_system);
  out->threads = (uint32_t)task.pti_threadnum;
  out->known = XPF_KNOWN_MEMORY | XPF_KNOWN_CPU;
  if (self)
    read_own_usage(out);
  return 0;
}

int xpf_os_tasks(pid_t pid, struct xpf_os_task *out, int max, bool details) {
  (void)pid, (void)out, (void)max, (void)details;
  return -ENOTSUP;
}

int xpf_os_task(pid_t pid, pid_t tid, struct xpf_os_task *out) {
  (void)pid, (void)tid;
  memset(out, 0, sizeof *out);
  return -ENOTSUP;
}

static double seconds_since(uint64_t start_us) {
  struct timeval now;
  gettimeofday(&now, NULL);
  double age_s = (double)now.tv_sec + (double)now.tv_usec / 1e6 - (double)start_us / 1e6;
  return age_s > 0 ? age_s : 0;
}

int xpf_os_identity(pid_t pid, struct xpf_os_identity *out) {
  struct proc_bsdinfo info;
  struct proc_vnodepathinfo paths;
  memset(out, 0, sizeof *out);
  out->pid = out->ns_pid = pid ? pid : getpid();
  errno = 0;
  if (proc_pidinfo(out->pid, PROC_PIDTBSDINFO, 0, &info, sizeof info) != (int)sizeof info)
    return info_error();
  out->uid = info.pbi_ruid;
  out->euid = info.pbi_uid;
  /* Microseconds of the start time, not ticks since boot: it names the process as well. */
  out->start_ticks = info.pbi_start_tvsec * 1000000u + info.pbi_start_tvusec;
  out->started_s_ago = seconds_since(out->start_ticks);
  xpf_printable_copy(out->comm, sizeof out->comm, info.pbi_comm, strlen(info.pbi_comm));
  if (proc_pidpath(out->pid, out->exe, sizeof out->exe) <= 0)
    out->exe[0] = '\0';
  if (proc_pidinfo(out->pid, PROC_PIDVNODEPATHINFO, 0, &paths, sizeof paths) != (int)sizeof paths)
    return -EACCES;
  strlcpy(out->cwd, paths.pvi_cdir.vip_path, sizeof out->cwd);
  return 0;
}

bool xpf_os_is_alive(pid_t pid) {
  struct proc_bsdinfo info;
  if (pid <= 0 || (kill(pid, 0) && errno != EPERM))
    return false;
  if (proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, sizeof info) != (int)sizeof info)
    return true;
  return info.pbi_status != SZOMB;
}

int xpf_os_each_process(bool (*fn)(void *arg, pid_t pid), void *arg) {
  pid_t pids[8192];
  int count = proc_listallpids(pids, sizeof pids);
  if (count < 0)
    return -errno;
  for (int i = 0; i < count; i++)
    if (pids[i] > 0 && !fn(arg, pids[i]))
      break;
  return 0;
}

int xpf_os_peer(int fd, pid_t *pid, uid_t *uid) {
  struct xucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &peer, &size))
    return -errno;
  if (peer.cr_version != XUCRED_VERSION)
    return -ENOTSUP;
  *uid = peer.cr_uid;
  size = sizeof *pid;
  if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, pid, &size))
    return -errno;
  return 0;
}

static void read_available(struct xpf_os_host *out) {
  vm_statistics64_data_t pages;
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  mach_port_t host = mach_host_self();
  if (host_statistics64(host, HOST_VM_INFO64, (host_info64_t)&pages, &count) == KERN_SUCCESS)
    out->memory_available_bytes =
        ((uint64_t)pages.free_count + pages.inactive_count) * (uint64_t)sysconf(_SC_PAGESIZE);
  mach_port_deallocate(mach_task_self(), host);
}

int xpf_os_host(struct xpf_os_host *out) {
  double load[3];
  uint64_t memory = 0;
  size_t size = sizeof memory;
  memset(out, 0, sizeof *out);
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  out->cpus = cpus > 0 ? (uint32_t)cpus : 1;
  if (sysctlbyname("hw.memsize", &memory, &size, NULL, 0) == 0)
    out->memory_total_bytes = memory;
  read_available(out);
  if (getloadavg(load, 3) == 3) {
    out->load1 = load[0];
    out->load5 = load[1];
    out->load15 = load[2];
  }
  return out->memory_total_bytes ? 0 : -ENOTSUP;
}

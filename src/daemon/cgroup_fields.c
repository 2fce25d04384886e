#include "daemon/cgroup_fields.h"

#include "host/cgroup_details.h"

/* clang-format off */
#define PRESSURE(name) \
  {#name "_pressure_some", "xprofd_cgroup_pressure_seconds_total", "resource=\"" #name "\",stall=\"some\"", XPF_FIELD_COUNTER, "seconds", "time that tasks waited for a resource, by resource (cpu, memory, io) and how many waited (some of them, all: full); " #name, #name ".pressure some total"}, \
  {#name "_pressure_full", "xprofd_cgroup_pressure_seconds_total", "resource=\"" #name "\",stall=\"full\"", XPF_FIELD_COUNTER, "seconds", "time that all of them waited at once; " #name, #name ".pressure full total"}, \
  {#name "_pressure_some_avg10", "xprofd_cgroup_pressure_ratio", "resource=\"" #name "\",stall=\"some\"", XPF_FIELD_GAUGE, "ratio", "the same as a share of the last 10 s; " #name, #name ".pressure some avg10"}, \
  {#name "_pressure_full_avg10", "xprofd_cgroup_pressure_ratio", "resource=\"" #name "\",stall=\"full\"", XPF_FIELD_GAUGE, "ratio", "the same, all of them; " #name, #name ".pressure full avg10"},

static const struct xpf_field FIELDS[] = {
    {"processes", "xprofd_cgroup_node_processes", NULL, XPF_FIELD_GAUGE, "", "Node.js processes in it", "/proc/PID/cgroup"},
    {"cpu_usage", "xprofd_cgroup_cpu_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "CPU time of all its processes", "cpu.stat usage_usec; v1 cpuacct.usage"},
    {"cpu_user", "xprofd_cgroup_cpu_mode_seconds_total", "mode=\"user\"", XPF_FIELD_COUNTER, "seconds", "CPU time by mode; user", "cpu.stat user_usec; v1 cpuacct.usage_user"},
    {"cpu_system", "xprofd_cgroup_cpu_mode_seconds_total", "mode=\"system\"", XPF_FIELD_COUNTER, "seconds", "CPU time in the kernel", "cpu.stat system_usec; v1 cpuacct.usage_sys"},
    {"cpu_limit", "xprofd_cgroup_cpu_limit_cores", NULL, XPF_FIELD_GAUGE, "", "CPUs it may use: the smallest quota up the tree; absent: no limit", "cpu.max; v1 cpu.cfs_quota_us / cpu.cfs_period_us"},
    {"periods", "xprofd_cgroup_cpu_periods_total", NULL, XPF_FIELD_COUNTER, "", "periods in which the quota was counted", "cpu.stat nr_periods"},
    {"throttled_periods", "xprofd_cgroup_cpu_throttled_periods_total", NULL, XPF_FIELD_COUNTER, "", "of them, those in which the quota was used up and its processes had to stand still", "cpu.stat nr_throttled"},
    {"throttled", "xprofd_cgroup_cpu_throttled_seconds_total", NULL, XPF_FIELD_COUNTER, "seconds", "time that it stood still for that, summed over CPUs", "cpu.stat throttled_usec; v1 throttled_time"},
    {"memory", "xprofd_cgroup_memory_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory that is charged to it, page cache included", "memory.current; v1 memory.usage_in_bytes"},
    {"memory_working_set", "xprofd_cgroup_memory_working_set_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "memory without what can be dropped at once; what Kubernetes goes by", "memory.current - inactive_file"},
    {"memory_limit", "xprofd_cgroup_memory_limit_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "the smallest limit up the tree; absent: none", "memory.max; v1 hierarchical_memory_limit"},
    {"memory_high", "xprofd_cgroup_memory_high_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "above this it is slowed down; absent: none", "memory.high"},
    {"memory_use", "xprofd_cgroup_memory_ratio", NULL, XPF_FIELD_GAUGE, "ratio", "of its limit, the working set", "working set / limit"},
    {"memory_peak", "xprofd_cgroup_memory_peak_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "the most it has had", "memory.peak; v1 memory.max_usage_in_bytes"},
    {"anon", "xprofd_cgroup_memory_part_bytes", "part=\"anon\"", XPF_FIELD_GAUGE, "bytes", "memory by part (they overlap: shmem is within file, slab within kernel); anonymous memory of processes", "memory.stat anon; v1 total_rss"},
    {"file", "xprofd_cgroup_memory_part_bytes", "part=\"file\"", XPF_FIELD_GAUGE, "bytes", "page cache, tmpfs and shared memory", "memory.stat file; v1 total_cache"},
    {"shmem", "xprofd_cgroup_memory_part_bytes", "part=\"shmem\"", XPF_FIELD_GAUGE, "bytes", "tmpfs and shared memory", "memory.stat shmem"},
    {"kernel", "xprofd_cgroup_memory_part_bytes", "part=\"kernel\"", XPF_FIELD_GAUGE, "bytes", "memory of the kernel for it", "memory.stat kernel; v1 memory.kmem.usage_in_bytes"},
    {"slab", "xprofd_cgroup_memory_part_bytes", "part=\"slab\"", XPF_FIELD_GAUGE, "bytes", "of it, the kernel's objects", "memory.stat slab"},
    {"sock", "xprofd_cgroup_memory_part_bytes", "part=\"sock\"", XPF_FIELD_GAUGE, "bytes", "buffers of sockets", "memory.stat sock; v1 memory.kmem.tcp.usage_in_bytes"},
    {"swap", "xprofd_cgroup_swap_bytes", NULL, XPF_FIELD_GAUGE, "bytes", "its memory that was moved to swap", "memory.swap.current; v1 total_swap"},
    {"faults", "xprofd_cgroup_page_faults_total", NULL, XPF_FIELD_COUNTER, "", "page faults", "memory.stat pgfault"},
    {"major_faults", "xprofd_cgroup_major_page_faults_total", NULL, XPF_FIELD_COUNTER, "", "page faults that waited for a disk", "memory.stat pgmajfault"},
    {"refaults_anon", "xprofd_cgroup_refaults_total", "part=\"anon\"", XPF_FIELD_COUNTER, "", "pages that were taken away and soon needed again, by part: memory is too small; anonymous", "memory.stat workingset_refault_anon"},
    {"refaults_file", "xprofd_cgroup_refaults_total", "part=\"file\"", XPF_FIELD_COUNTER, "", "page cache", "memory.stat workingset_refault_file"},
    {"high_events", "xprofd_cgroup_memory_events_total", "event=\"high\"", XPF_FIELD_COUNTER, "", "times that memory ran short, by event; slowed down above its high mark", "memory.events high"},
    {"max_events", "xprofd_cgroup_memory_events_total", "event=\"max\"", XPF_FIELD_COUNTER, "", "met its limit", "memory.events max; v1 memory.failcnt"},
    {"oom_events", "xprofd_cgroup_memory_events_total", "event=\"oom\"", XPF_FIELD_COUNTER, "", "could get no memory at all", "memory.events oom"},
    {"oom_kills", "xprofd_cgroup_memory_events_total", "event=\"oom_kill\"", XPF_FIELD_COUNTER, "", "processes of it killed by the kernel for memory", "memory.events oom_kill; v1 memory.oom_control"},
    {"read_bytes", "xprofd_cgroup_io_bytes_total", "direction=\"read\"", XPF_FIELD_COUNTER, "bytes", "bytes from and to devices by direction, of all devices; read", "io.stat rbytes; v1 blkio.throttle.io_service_bytes"},
    {"write_bytes", "xprofd_cgroup_io_bytes_total", "direction=\"write\"", XPF_FIELD_COUNTER, "bytes", "written", "io.stat wbytes"},
    {"reads", "xprofd_cgroup_io_operations_total", "direction=\"read\"", XPF_FIELD_COUNTER, "", "requests to devices by direction; read", "io.stat rios; v1 blkio.throttle.io_serviced"},
    {"writes", "xprofd_cgroup_io_operations_total", "direction=\"write\"", XPF_FIELD_COUNTER, "", "write", "io.stat wios"},
    {"pids", "xprofd_cgroup_pids", NULL, XPF_FIELD_GAUGE, "", "processes and threads in it", "pids.current"},
    {"pids_limit", "xprofd_cgroup_pids_limit", NULL, XPF_FIELD_GAUGE, "", "how many there may be; absent: no limit", "pids.max"},
    PRESSURE(cpu)
    PRESSURE(memory)
    PRESSURE(io)
};
/* clang-format on */
enum {
  PROCESSES,
  CPU_USAGE,
  CPU_USER,
  CPU_SYSTEM,
  CPU_LIMIT,
  PERIODS,
  THROTTLED_PERIODS,
  THROTTLED,
  MEMORY,
  MEMORY_WORKING_SET,
  MEMORY_LIMIT,
  MEMORY_HIGH,
  MEMORY_USE,
  MEMORY_PEAK,
  ANON,
  FILE_CACHE,
  SHMEM,
  KERNEL,
  SLAB,
  SOCK,
  SWAP,
  FAULTS,
  MAJOR_FAULTS,
  REFAULTS_ANON,
  REFAULTS_FILE,
  HIGH_EVENTS,
  MAX_EVENTS,
  OOM_EVENTS,
  OOM_KILLS,
  READ_BYTES,
  WRITE_BYTES,
  READS,
  WRITES,
  PIDS,
  PIDS_LIMIT,
  PRESSURE_FIRST,
};
enum { PRESSURE_FIELDS = 4 };
static const char *const INFO[] = {"version", NULL};
const struct xpf_kind xpf_kind_cgroup = {
    .name = "cgroup",
    .help = "a cgroup with processes of Node.js in it, and what it may use",
    .labels = {"path"},
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .info = INFO,
    .info_family = "xprofd_cgroup_info",
    .stale_after_ms = 15000, /* many cgroups are read in turns */
};

static void mark(struct xpf_row *row, unsigned field, enum xpf_known known) {
  xpf_row_mark(row, field, known == XPF_DENIED ? XPF_QUALITY_DENIED : XPF_QUALITY_ABSENT);
}

/* UINT64_MAX: not told, or no limit. */
static void set(struct xpf_row *row, unsigned field, enum xpf_known known, uint64_t value,
                double unit) {
  if (known == XPF_OK && value != UINT64_MAX)
    xpf_row_set(row, field, (double)value * unit);
  else
    mark(row, field, known);
}

static void set_pressure(struct xpf_row *row, unsigned first, const struct xpf_pressure *pressure,
                         bool is_own) {
  enum xpf_known known = is_own ? pressure->status : XPF_ABSENT;
  set(row, first, known, pressure->some_total_us, 1e-6);
  set(row, first + 1, known, pressure->full_total_us, 1e-6);
  for (unsigned i = 0; i < 2; i++)
    if (known == XPF_OK)
      xpf_row_set(row, first + 2 + i, (i ? pressure->full_avg10 : pressure->some_avg10) / 100);
    else
      mark(row, first + 2 + i, known);
}

static void set_cpu(struct xpf_row *row, const struct xpf_cgroup_figures *figures,
                    const struct xpf_cgroup_details *details) {
  enum xpf_known usage = figures->cpu_usage_ns > 0 ? XPF_OK : details->cpu;
  set(row, CPU_USAGE, usage, figures->cpu_usage_ns, 1e-9);
  set(row, CPU_USER, details->cpu, details->cpu_user_ns, 1e-9);
  set(row, CPU_SYSTEM, details->cpu, details->cpu_system_ns, 1e-9);
  if (figures->cpu_limit > 0)
    xpf_row_set(row, CPU_LIMIT, figures->cpu_limit);
  else
    mark(row, CPU_LIMIT, figures->cpu);
  set(row, PERIODS, figures->cpu, figures->periods, 1);
  set(row, THROTTLED_PERIODS, figures->cpu, figures->throttled_periods, 1);
  set(row, THROTTLED, figures->cpu, figures->throttled_ns, 1e-9);
}

static void set_memory(struct xpf_row *row, const struct xpf_cgroup_figures *figures,
                       const struct xpf_cgroup_details *details) {
  const struct {
    unsigned field;
    uint64_t value;
  } told[] = {
      {ANON, details->anon_bytes},
      {FILE_CACHE, details->file_bytes},
      {SHMEM, details->shmem_bytes},
      {KERNEL, details->kernel_bytes},
      {SLAB, details->slab_bytes},
      {SOCK, details->sock_bytes},
      {SWAP, details->swap_bytes},
      {MEMORY_PEAK, details->peak_bytes},
      {MEMORY_HIGH, details->high_bytes},
      {FAULTS, details->faults},
      {MAJOR_FAULTS, details->major_faults},
      {REFAULTS_ANON, details->refaults_anon},
      {REFAULTS_FILE, details->refaults_file},
      {HIGH_EVENTS, details->high_events},
      {MAX_EVENTS, details->max_events},
  };
  for (unsigned i = 0; i < XPF_ROWS(told); i++)
    set(row, told[i].field, details->memory, told[i].value, 1);
  set(row, MEMORY, figures->memory, figures->memory_used_bytes, 1);
  set(row, MEMORY_WORKING_SET, figures->memory, figures->memory_working_set_bytes, 1);
  set(row, MEMORY_LIMIT, figures->memory, figures->memory_limit_bytes, 1);
  xpf_row_set(row, MEMORY_USE, row->values[MEMORY_WORKING_SET] / row->values[MEMORY_LIMIT]);
  set(row, OOM_KILLS, figures->events, figures->oom_kills, 1);
  /* v1 counts the kills only */
  set(row, OOM_EVENTS, figures->version == 1 ? XPF_ABSENT : figures->events, figures->oom_events,
      1);
}

static void count_kills(struct xpf_cgroup_group *group, const struct xpf_cgroup_figures *figures) {
  if (figures->events != XPF_OK)
    return;
  if (group->is_known && figures->oom_kills > group->kills)
    group->new_kills += figures->oom_kills - group->kills;
  group->kills = figures->oom_kills;
  group->limit_bytes = figures->memory_limit_bytes;
  group->is_known = true;
}

/* The whole host's figures are not the cgroup's. */
static void leave_out_root(const struct xpf_cgroup *cgroup, struct xpf_cgroup_figures *figures,
                           struct xpf_cgroup_details *details) {
  if (!xpf_cgroup_has(cgroup, XPF_CGROUP_MEMORY))
    figures->memory = figures->events = details->memory = XPF_ABSENT;
  if (!xpf_cgroup_has(cgroup, XPF_CGROUP_CPU))
    figures->cpu = XPF_ABSENT;
  if (!xpf_cgroup_has(cgroup, XPF_CGROUP_CPUACCT)) {
    details->cpu = XPF_ABSENT;
    figures->cpu_usage_ns = 0;
  }
  if (!xpf_cgroup_has(cgroup, XPF_CGROUP_IO))
    details->io = XPF_ABSENT;
  if (!xpf_cgroup_has(cgroup, XPF_CGROUP_PIDS))
    details->tasks = XPF_ABSENT;
}

void xpf_cgroup_group_read(struct xpf_cgroup_group *group, struct xpf_row *row) {
  struct xpf_cgroup_figures figures;
  struct xpf_cgroup_details details;
  const struct xpf_cgroup *cgroup = group->cgroup;
  bool has_pressure = xpf_cgroup_has(cgroup, XPF_CGROUP_UNIFIED);
  xpf_cgroup_read(group->cgroup, &figures);
  xpf_cgroup_read_details(group->cgroup, &details);
  bool is_lost =
      figures.memory == XPF_ABSENT && figures.cpu == XPF_ABSENT && details.cpu == XPF_ABSENT;
  leave_out_root(cgroup, &figures, &details);
  xpf_row_set_info(row, 0, xpf_cgroup_version_name(group->cgroup));
  xpf_row_set(row, PROCESSES, (double)group->members);
  set_cpu(row, &figures, &details);
  set_memory(row, &figures, &details);
  set(row, READ_BYTES, details.io, details.read_bytes, 1);
  set(row, WRITE_BYTES, details.io, details.write_bytes, 1);
  set(row, READS, details.io, details.reads, 1);
  set(row, WRITES, details.io, details.writes, 1);
  set(row, PIDS, details.tasks, details.pids, 1);
  set(row, PIDS_LIMIT, details.tasks, details.pids_limit, 1);
  set_pressure(row, PRESSURE_FIRST, &figures.cpu_pressure, has_pressure);
  set_pressure(row, PRESSURE_FIRST + PRESSURE_FIELDS, &figures.memory_pressure, has_pressure);
  set_pressure(row, PRESSURE_FIRST + 2 * PRESSURE_FIELDS, &figures.io_pressure, has_pressure);
  count_kills(group, &figures);
  group->is_lost = is_lost;
}

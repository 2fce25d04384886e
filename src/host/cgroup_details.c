#include "host/cgroup_details.h"
#include <stdio.h>
#include <string.h>
#include "host/cgroup_files.h"
#include "host/proc_file.h"

#define NOT_TOLD UINT64_MAX
#define COUNT(a) ((unsigned)(sizeof(a) / sizeof((a)[0])))

static void clear(struct xpf_cgroup_details *out) {
  memset(out, 0, sizeof *out);
#define CLEAR(name) out->name = NOT_TOLD;
  XPF_CGROUP_DETAILS(CLEAR)
#undef CLEAR
}

static void read_cpu(const struct xpf_cgroup_place *place, struct xpf_cgroup_details *out) {
  uint64_t user_us = NOT_TOLD, system_us = NOT_TOLD, found;
  size_t leaf = xpf_cgroup_leaf(place);
  if (place->version == 1) {
    out->cpu = xpf_cgroup_number(place, leaf, "cpuacct.usage_user", &out->cpu_user_ns);
    xpf_cgroup_number(place, leaf, "cpuacct.usage_sys", &out->cpu_system_ns);
  } else if (place->version == 2) {
    const struct xpf_proc_key keys[] = {{"user_usec", &user_us}, {"system_usec", &system_us}};
    out->cpu = xpf_cgroup_keys(place, leaf, "cpu.stat", keys, COUNT(keys), &found);
    if (found == 3) {
      out->cpu_user_ns = user_us * 1000;
      out->cpu_system_ns = system_us * 1000;
    }
  }
}

static void read_memory_v2(const struct xpf_cgroup_place *place, struct xpf_cgroup_details *out) {
  uint64_t found;
  size_t at = xpf_cgroup_nearest(place, "memory.current");
  if (!at)
    return;
  const struct xpf_proc_key stat[] = {
      {"anon", &out->anon_bytes},
      {"file", &out->file_bytes},
      {"kernel", &out->kernel_bytes},
      {"sock", &out->sock_bytes},
      {"shmem", &out->shmem_bytes},
      {"slab", &out->slab_bytes},
      {"workingset_refault_anon", &out->refaults_anon},
      {"workingset_refault_file", &out->refaults_file},
      {"pgfault", &out->faults},
      {"pgmajfault", &out->major_faults},
  };
  out->memory = xpf_cgroup_keys(place, at, "memory.stat", stat, COUNT(stat), &found);
  xpf_cgroup_number(place, at, "memory.swap.current", &out->swap_bytes);
  xpf_cgroup_number(place, at, "memory.peak", &out->peak_bytes);
  xpf_cgroup_number(place, at, "memory.high", &out->high_bytes);
  const struct xpf_proc_key events[] = {{"high", &out->high_events}, {"max", &out->max_events}};
  xpf_cgroup_keys(place, at, "memory.events", events, COUNT(events), &found);
}

static void read_memory_v1(const struct xpf_cgroup_place *place, struct xpf_cgroup_details *out) {
  uint64_t found;
  size_t at = xpf_cgroup_leaf(place);
  const struct xpf_proc_key stat[] = {
      {"total_rss", &out->anon_bytes},
      {"total_cache", &out->file_bytes},
      {"total_shmem", &out->shmem_bytes},
      {"total_swap", &out->swap_bytes},
      {"total_workingset_refault_anon", &out->refaults_anon},
      {"total_workingset_refault_file", &out->refaults_file},
      {"total_pgfault", &out->faults},
      {"total_pgmajfault", &out->major_faults},
  };
  out->memory = xpf_cgroup_keys(place, at, "memory.stat", stat, COUNT(stat), &found);
  xpf_cgroup_number(place, at, "memory.kmem.usage_in_bytes", &out->kernel_bytes);
  xpf_cgroup_number(place, at, "memory.kmem.tcp.usage_in_bytes", &out->sock_bytes);
  xpf_cgroup_number(place, at, "memory.max_usage_in_bytes", &out->peak_bytes);
  xpf_cgroup_number(place, at, "memory.failcnt", &out->max_events);
}

static void add(uint64_t *sum, uint64_t number) {
  if (number > NOT_TOLD - 1 - *sum)
    *sum = NOT_TOLD - 1;
  else
    *sum += number;
}

/* "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0" */
static void add_io_v2(void *arg, char *line) {
  struct xpf_cgroup_details *out = arg;
  const struct xpf_proc_key keys[] = {{" rbytes=", &out->read_bytes},
                                      {" wbytes=", &out->write_bytes},
                                      {" rios=", &out->reads},
                                      {" wios=", &out->writes}};
  for (unsigned i = 0; i < COUNT(keys); i++) {
    const char *value = strstr(line, keys[i].name);
    uint64_t number;
    if (value && xpf_proc_number(value + strlen(keys[i].name), &number))
      add(keys[i].value, number);
  }
}

struct sums {
  uint64_t *read, *write;
};

/* "8:0 Read 4096", and lines of Sync, Total and others. */
static void add_io_v1(void *arg, char *line) {
  const struct sums *sums = arg;
  const char *word = strchr(line, ' '), *value = word ? strchr(word + 1, ' ') : NULL;
  uint64_t number;
  if (!value || !xpf_proc_number(value, &number))
    return;
  if (xpf_proc_after(word, " Read "))
    add(sums->read, number);
  else if (xpf_proc_after(word, " Write "))
    add(sums->write, number);
}

static enum xpf_known read_io_v1(const struct xpf_cgroup_place *place, const char *all,
                                 const char *own, struct sums sums) {
  size_t leaf = xpf_cgroup_leaf(place);
  enum xpf_known status = xpf_cgroup_lines(place, leaf, all, add_io_v1, &sums);
  return status == XPF_ABSENT ? xpf_cgroup_lines(place, leaf, own, add_io_v1, &sums) : status;
}

static void read_io(const struct xpf_cgroup_place *place, struct xpf_cgroup_details *out) {
  size_t at = place->version == 2 ? xpf_cgroup_nearest(place, "io.stat") : 0;
  out->read_bytes = out->write_bytes = out->reads = out->writes = 0;
  if (at)
    out->io = xpf_cgroup_lines(place, at, "io.stat", add_io_v2, out);
  if (place->version == 1) {
    out->io = read_io_v1(place, "blkio.throttle.io_service_bytes_recursive",
                         "blkio.throttle.io_service_bytes",
                         (struct sums){&out->read_bytes, &out->write_bytes});
    read_io_v1(place, "blkio.throttle.io_serviced_recursive", "blkio.throttle.io_serviced",
               (struct sums){&out->reads, &out->writes});
  }
  if (out->io != XPF_OK)
    out->read_bytes = out->write_bytes = out->reads = out->writes = NOT_TOLD;
}

void xpf_cgroup_read_details(struct xpf_cgroup *cgroup, struct xpf_cgroup_details *out) {
  const struct xpf_cgroup_place *places = cgroup->places;
  clear(out);
  read_cpu(&places[XPF_CGROUP_CPUACCT], out);
  if (places[XPF_CGROUP_MEMORY].version == 2)
    read_memory_v2(&places[XPF_CGROUP_MEMORY], out);
  else if (places[XPF_CGROUP_MEMORY].version == 1)
    read_memory_v1(&places[XPF_CGROUP_MEMORY], out);
  read_io(&places[XPF_CGROUP_IO], out);
  size_t at = xpf_cgroup_nearest(&places[XPF_CGROUP_PIDS], "pids.current");
  if (at) {
    out->tasks = xpf_cgroup_number(&places[XPF_CGROUP_PIDS], at, "pids.current", &out->pids);
    xpf_cgroup_number(&places[XPF_CGROUP_PIDS], at, "pids.max", &out->pids_limit);
  }
}

static const char *path_of(const struct xpf_cgroup_place *place) {
  const char *path = place->dir + place->mount_length;
  return path[0] == '\0' ? "/" : path;
}

const char *xpf_cgroup_name(const struct xpf_cgroup *cgroup, char *out, size_t size) {
  static const char *const NAMES[XPF_CGROUP_CONTROLLERS] = {"memory", "cpu",  "cpuacct",
                                                            "io",     "pids", "unified"};
  const char *first = NULL;
  size_t used = 0;
  out[0] = '\0';
  for (unsigned i = 0; i < XPF_CGROUP_CONTROLLERS && used < size; i++) {
    const struct xpf_cgroup_place *place = &cgroup->places[i];
    if (!place->version)
      continue;
    const char *path = path_of(place);
    if (!first || strcmp(first, "/") == 0) { /* no name so far */
      first = path;
      used = (size_t)snprintf(out, size, "%s", path);
    } else if (strcmp(path, first) != 0 && strcmp(path, "/") != 0) {
      used += (size_t)snprintf(out + used, size - used, " %s:%s", NAMES[i], path);
    }
  }
  return out;
}

const char *xpf_cgroup_version_name(const struct xpf_cgroup *cgroup) {
  unsigned seen = 0;
  for (unsigned i = 0; i < XPF_CGROUP_CONTROLLERS; i++)
    seen |= 1u << cgroup->places[i].version;
  seen >>= 1;
  return seen == 1 ? "v1" : seen == 2 ? "v2" : seen == 3 ? "hybrid" : "";
}

bool xpf_cgroup_has(const struct xpf_cgroup *cgroup, enum xpf_cgroup_controller controller) {
  char name[XPF_CGROUP_PATH_MAX];
  const struct xpf_cgroup_place *place = &cgroup->places[controller];
  if (place->version == 0)
    return false;
  return strcmp(path_of(place), "/") != 0 ||
         strcmp(xpf_cgroup_name(cgroup, name, sizeof name), "/") == 0;
}

#include "host/cgroup.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "host/cgroup_files.h"
#include "host/proc_file.h"

/* v1 says "no limit" with the largest whole page below 2^63; pages are of 4 to 64 KB. */
#define V1_NO_LIMIT 0x7FFFFFFFFFFF0000u

int xpf_cgroup_open(struct xpf_cgroup **out, pid_t pid, const char *root) {
  *out = calloc(1, sizeof **out);
  if (!*out)
    return -ENOMEM;
  int error = xpf_cgroup_places_find((*out)->places, pid, root);
  if (error) {
    free(*out);
    *out = NULL;
  }
  return error;
}

void xpf_cgroup_close(struct xpf_cgroup *cgroup) {
  free(cgroup);
}

static uint64_t smallest_up(const struct xpf_cgroup_place *place, size_t length, const char *file) {
  uint64_t smallest = UINT64_MAX, limit;
  for (; length; length = xpf_cgroup_parent(place, length))
    if (xpf_cgroup_number(place, length, file, &limit) == XPF_OK && limit < smallest)
      smallest = limit;
  return smallest;
}

static void set_memory(struct xpf_cgroup_figures *out, uint64_t used, uint64_t inactive) {
  out->memory_used_bytes = used;
  out->memory_working_set_bytes = used > inactive ? used - inactive : 0;
}

static void read_memory_v2(const struct xpf_cgroup_place *place, struct xpf_cgroup_figures *out) {
  uint64_t used = 0, inactive = 0;
  uint64_t found;
  size_t at = xpf_cgroup_leaf(place);
  /* Where the controller is not switched on for a cgroup, its memory counts for the next parent. */
  while ((out->memory = xpf_cgroup_number(place, at, "memory.current", &used)) == XPF_ABSENT) {
    at = xpf_cgroup_parent(place, at);
    if (!at)
      return;
  }
  if (out->memory != XPF_OK)
    return;
  out->memory_limit_bytes = smallest_up(place, at, "memory.max");
  const struct xpf_proc_key stat[] = {{"inactive_file", &inactive}};
  xpf_cgroup_keys(place, at, "memory.stat", stat, 1, &found);
  set_memory(out, used, inactive);
  const struct xpf_proc_key events[] = {{"oom", &out->oom_events}, {"oom_kill", &out->oom_kills}};
  out->events = xpf_cgroup_keys(place, at, "memory.events", events, 2, &found);
}

static void read_memory_v1(const struct xpf_cgroup_place *place, struct xpf_cgroup_figures *out) {
  uint64_t used = 0, inactive = 0, limit = UINT64_MAX;
  uint64_t found;
  out->memory = xpf_cgroup_number(place, xpf_cgroup_leaf(place), "memory.usage_in_bytes", &used);
  if (out->memory != XPF_OK)
    return;
  /* The kernel's own minimum also counts parents above the mount, and none without use_hierarchy.
   */
  const struct xpf_proc_key stat[] = {{"hierarchical_memory_limit", &limit},
                                      {"total_inactive_file", &inactive}};
  xpf_cgroup_keys(place, xpf_cgroup_leaf(place), "memory.stat", stat, 2, &found);
  if (!(found & 1u))
    limit = smallest_up(place, xpf_cgroup_leaf(place), "memory.limit_in_bytes");
  out->memory_limit_bytes = limit >= V1_NO_LIMIT ? UINT64_MAX : limit;
  set_memory(out, used, inactive);
  const struct xpf_proc_key control[] = {{"oom_kill", &out->oom_kills}}; /* since Linux 4.13 */
  out->events =
      xpf_cgroup_keys(place, xpf_cgroup_leaf(place), "memory.oom_control", control, 1, &found);
  if (out->events == XPF_OK && !found)
    out->events = XPF_ABSENT;
}

/* Cores that one cgroup may use; 0 = no limit. */
static double quota(const struct xpf_cgroup_place *place, size_t length) {
  uint64_t quota_us, period_us = 0;
  char text[64];
  if (place->version == 1) {
    if (xpf_cgroup_number(place, length, "cpu.cfs_quota_us", &quota_us) != XPF_OK ||
        quota_us == UINT64_MAX ||
        xpf_cgroup_number(place, length, "cpu.cfs_period_us", &period_us) != XPF_OK)
      return 0;
  } else {
    if (xpf_cgroup_text(place, length, "cpu.max", text, sizeof text) != XPF_OK ||
        !xpf_proc_number(text, &quota_us) || !strchr(text, ' ') ||
        !xpf_proc_number(strchr(text, ' '), &period_us))
      return 0;
  }
  return period_us ? (double)quota_us / (double)period_us : 0;
}

static void read_cpu(const struct xpf_cgroup *cgroup, struct xpf_cgroup_figures *out) {
  const struct xpf_cgroup_place *place = &cgroup->places[XPF_CGROUP_CPU];
  uint64_t throttled = 0;
  uint64_t found;
  size_t binding = xpf_cgroup_leaf(place);
  for (size_t at = binding; at; at = xpf_cgroup_parent(place, at)) {
    double cores = quota(place, at);
    if (cores > 0 && (out->cpu_limit <= 0 || cores < out->cpu_limit)) {
      out->cpu_limit = cores;
      binding = at;
    }
  }
  /* Throttling is counted where the quota is: a parent's does not show in the cgroup's own file. */
  const struct xpf_proc_key stat[] = {
      {"nr_periods", &out->periods},
      {"nr_throttled", &out->throttled_periods},
      {place->version == 1 ? "throttled_time" : "throttled_usec", &throttled}};
  out->cpu = xpf_cgroup_keys(place, binding, "cpu.stat", stat, 3, &found);
  out->throttled_ns = place->version == 1 ? throttled : throttled * 1000;
}

static void read_cpu_usage(const struct xpf_cgroup *cgroup, struct xpf_cgroup_figures *out) {
  const struct xpf_cgroup_place *place = &cgroup->places[XPF_CGROUP_CPUACCT];
  uint64_t usage_us = 0;
  uint64_t found;
  if (place->version == 1) {
    xpf_cgroup_number(place, xpf_cgroup_leaf(place), "cpuacct.usage", &out->cpu_usage_ns);
  } else if (place->version == 2) {
    const struct xpf_proc_key stat[] = {{"usage_usec", &usage_us}};
    xpf_cgroup_keys(place, xpf_cgroup_leaf(place), "cpu.stat", stat, 1, &found);
    out->cpu_usage_ns = usage_us * 1000;
  }
}

static void read_pressure(const struct xpf_cgroup_place *place, const char *file,
                          struct xpf_pressure *out) {
  char text[512];
  memset(out, 0, sizeof *out);
  if (place->version != 2)
    return;
  /* EOPNOTSUPP (psi=0 at boot) is absent too. */
  enum xpf_known status = xpf_cgroup_text(place, xpf_cgroup_leaf(place), file, text, sizeof text);
  if (status == XPF_OK)
    xpf_pressure_parse(text, out);
  else
    out->status = status;
}

void xpf_cgroup_read(struct xpf_cgroup *cgroup, struct xpf_cgroup_figures *out) {
  const struct xpf_cgroup_place *places = cgroup->places;
  memset(out, 0, sizeof *out);
  out->memory_limit_bytes = UINT64_MAX;
  for (int i = 0; i < XPF_CGROUP_CONTROLLERS && !out->version; i++) /* memory is the first */
    out->version = places[i].version;
  if (places[XPF_CGROUP_MEMORY].version == 2)
    read_memory_v2(&places[XPF_CGROUP_MEMORY], out);
  else if (places[XPF_CGROUP_MEMORY].version == 1)
    read_memory_v1(&places[XPF_CGROUP_MEMORY], out);
  if (places[XPF_CGROUP_CPU].version)
    read_cpu(cgroup, out);
  read_cpu_usage(cgroup, out);
  read_pressure(&places[XPF_CGROUP_UNIFIED], "cpu.pressure", &out->cpu_pressure);
  read_pressure(&places[XPF_CGROUP_UNIFIED], "memory.pressure", &out->memory_pressure);
  read_pressure(&places[XPF_CGROUP_UNIFIED], "io.pressure", &out->io_pressure);
}

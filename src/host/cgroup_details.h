/* What else is worth knowing of a cgroup from outside; a core does not read it. [any] */
#ifndef XPF_HOST_CGROUP_DETAILS_H
#define XPF_HOST_CGROUP_DETAILS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "host/cgroup.h"
#include "host/cgroup_place.h"

/* X(name): UINT64_MAX when it is not told (by this version or kernel), or when there is no limit.
 * file: with shmem, as in both versions. refaults: pages read again. high_events, max_events: times
 * it was throttled, and times it met its limit. read_bytes to writes: of all devices; those that
 * stand on others count twice. */
/* clang-format off */
#define XPF_CGROUP_DETAILS(X)                                                                      \
  X(cpu_user_ns) X(cpu_system_ns)                                                                  \
  X(anon_bytes) X(file_bytes) X(shmem_bytes) X(kernel_bytes) X(slab_bytes) X(sock_bytes)           \
  X(swap_bytes) X(peak_bytes) X(high_bytes)                                                        \
  X(faults) X(major_faults) X(refaults_anon) X(refaults_file)                                      \
  X(high_events) X(max_events)                                                                     \
  X(read_bytes) X(write_bytes) X(reads) X(writes)                                                  \
  X(pids) X(pids_limit)
/* clang-format on */

struct xpf_cgroup_details {
  enum xpf_known cpu, memory, io, tasks; /* why nothing is told */
#define XPF_CGROUP_DETAIL(name) uint64_t name;
  XPF_CGROUP_DETAILS(XPF_CGROUP_DETAIL)
#undef XPF_CGROUP_DETAIL
};

void xpf_cgroup_read_details(struct xpf_cgroup *cgroup, struct xpf_cgroup_details *out);
/* Its name: the path below the mount, that of the memory controller first; where another one's
 * differs and is not "/", as can be with v1, it follows: "/shop cpu:/batch". Returns out. */
const char *xpf_cgroup_name(const struct xpf_cgroup *cgroup, char *out, size_t size);
/* "v2", "v1", "hybrid" (controllers in both), or "" when nothing was found. */
const char *xpf_cgroup_version_name(const struct xpf_cgroup *cgroup);
/* With v1 a process may be in a cgroup for one controller and in the root for another, whose
 * figures are those of the whole host: false for that one, and for one that is not there. */
bool xpf_cgroup_has(const struct xpf_cgroup *cgroup, enum xpf_cgroup_controller controller);
#endif

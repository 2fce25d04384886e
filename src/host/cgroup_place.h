/* Where the files of a process's cgroup are, for each controller: from /proc/PID/cgroup (which
 * cgroup) and mountinfo (where it can be seen). [any] */
#ifndef XPF_HOST_CGROUP_PLACE_H
#define XPF_HOST_CGROUP_PLACE_H
#include <stddef.h>
#include <sys/types.h>

#define XPF_CGROUP_PATH_MAX 4096

enum xpf_cgroup_controller {
  XPF_CGROUP_MEMORY,
  XPF_CGROUP_CPU,
  XPF_CGROUP_CPUACCT,
  XPF_CGROUP_IO,
  XPF_CGROUP_PIDS,
  XPF_CGROUP_UNIFIED, /* the v2 tree, also when hybrid */
  XPF_CGROUP_CONTROLLERS
};

struct xpf_cgroup_place {
  int version;         /* 1, 2; 0 = not found */
  size_t mount_length; /* the part of dir that is the mount: parents are looked for below it */
  char dir[XPF_CGROUP_PATH_MAX];
};

/* Fills places[XPF_CGROUP_CONTROLLERS]; what is not found has version 0. -ENOMEM. */
int xpf_cgroup_places_find(struct xpf_cgroup_place *places, pid_t pid, const char *root);
#endif

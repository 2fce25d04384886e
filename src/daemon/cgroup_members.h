/* Which cgroups hold processes of Node.js. The loop's thread tells which processes there are, the
 * pool's looks where they are; never both at once. */
#ifndef XPF_DAEMON_CGROUP_MEMBERS_H
#define XPF_DAEMON_CGROUP_MEMBERS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "daemon/world.h"
#include "host/cgroup.h"

#define XPF_CGROUPS_MAX      1024
#define XPF_CGROUP_NAME_SIZE 1024

struct xpf_cgroup_group {
  char name[XPF_CGROUP_NAME_SIZE]; /* unique */
  char *membership;                /* as in /proc/PID/cgroup */
  struct xpf_cgroup *cgroup;
  size_t members;
  int64_t due_ms, left_ms; /* left: when the last of them had gone */
  bool is_known;           /* has been read before */
  bool is_lost;            /* nothing could be read of it the last time */
  uint64_t kills, new_kills, limit_bytes;
};

struct xpf_cgroup_member {
  pid_t pid;
  struct xpf_cgroup_group *group; /* NULL: in none that can be seen */
  int64_t looked_ms;
};

struct xpf_cgroup_members {
  const char *proc;
  char root[4096];                /* what stands for "/": "" but for tests and containers */
  struct xpf_cgroup_member *list; /* by pid */
  size_t count;
  pid_t *wanted; /* what the loop's thread told */
  size_t wanted_count, wanted_room;
  struct xpf_cgroup_group *groups[XPF_CGROUPS_MAX];
  size_t groups_count;
};

void xpf_cgroup_members_init(struct xpf_cgroup_members *members, const char *proc);
void xpf_cgroup_members_free(struct xpf_cgroup_members *members);
/* [pool] */
void xpf_cgroup_members_look(struct xpf_cgroup_members *members, int64_t now_ms);
/* [loop] Takes the processes that there are; tells each where it was found (its info `cgroup`). */
void xpf_cgroup_members_exchange(struct xpf_cgroup_members *members, struct xpf_world *world);
#endif

/* The kind `cgroup`, and reading one. */
#ifndef XPF_DAEMON_CGROUP_FIELDS_H
#define XPF_DAEMON_CGROUP_FIELDS_H
#include "daemon/cgroup_members.h"
#include "daemon/sheet.h"

extern const struct xpf_kind xpf_kind_cgroup;

/* [pool] Reads the group into the row; counts new OOM kills in it. */
void xpf_cgroup_group_read(struct xpf_cgroup_group *group, struct xpf_row *row);
#endif

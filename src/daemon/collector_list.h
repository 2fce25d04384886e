/* Every collector: X(name) stands for xpf_collector_<name>, defined in collect_<name>.c. */
#ifndef XPF_DAEMON_COLLECTOR_LIST_H
#define XPF_DAEMON_COLLECTOR_LIST_H
#include "daemon/collector.h"

/* clang-format off */
#define XPF_COLLECTORS(X) \
  X(cpu) \
  X(load) \
  X(memory) \
  X(vmstat) \
  X(pressure) \
  X(interrupts) \
  X(softirqs) \
  X(disks) \
  X(filesystems) \
  X(kernel) \
  X(top) \
  X(network) \
  X(protocols) \
  X(sockets) \
  X(conntrack) \
  X(softnet) \
  X(files) \
  X(cgroups)
/* clang-format on */

#define XPF_COLLECTOR_DECLARATION(name) extern const struct xpf_collector xpf_collector_##name;
XPF_COLLECTORS(XPF_COLLECTOR_DECLARATION)
#undef XPF_COLLECTOR_DECLARATION
#endif

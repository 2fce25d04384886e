/* Every part, in the order of their start: X(name) stands for xpf_part_<name>. */
#ifndef XPF_DAEMON_PART_LIST_H
#define XPF_DAEMON_PART_LIST_H
#include "daemon/part.h"

/* clang-format off */
#define XPF_PARTS(X) \
  X(self) \
  X(discovery) \
  X(http) \
  X(rpc) \
  X(plugins) \
  X(profiles)
/* clang-format on */

#define XPF_PART_DECLARATION(name) extern const struct xpf_part xpf_part_##name;
XPF_PARTS(XPF_PART_DECLARATION)
#undef XPF_PART_DECLARATION
#endif

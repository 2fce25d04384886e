/* From a pid to a connection whose other end is proven to be that process. */
#ifndef XPF_TARGET_TARGET_CONNECT_H
#define XPF_TARGET_TARGET_CONNECT_H
#include <sys/types.h>
#include "host/os.h"
#include "wire/client.h"

struct xpf_target_peer {
  pid_t pid;
  uid_t uid;
};
/* Another process listens at the place of this one; *peer says which. */
#define XPF_TARGET_IMPOSTOR (-20001)
/* The peer's pid is the one meant and its user the process owner's, or nothing is sent. 0, negative
 * errno (-ESRCH no process, -ENOENT or -ECONNREFUSED not started, -EACCES or -EPERM not ours) or
 * XPF_TARGET_IMPOSTOR. A negative timeout_ms does not wait at all. *identity is filled as far as it
 * could be read. */
int xpf_target_connect(struct xpf_client **out, pid_t pid, int timeout_ms,
                       struct xpf_os_identity *identity, struct xpf_target_peer *peer);
#endif

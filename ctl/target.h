/* The process an invocation is about: from its pid to a connection whose other end is proven to be
 * it. */
#ifndef XPF_CTL_TARGET_H
#define XPF_CTL_TARGET_H
#include <stdbool.h>
#include <sys/types.h>
#include "host/os.h"
#include "verdict.h"
#include "wire/client.h"

/* Connects within timeout_ms. 0 and *out (close with xpf_client_close), or an exit status and
 * *verdict. The peer's pid is the one meant and its user the process owner's, or nothing is sent.
 */
int xpf_target_open(struct xpf_client **out, pid_t pid, int timeout_ms,
                    struct xpf_verdict *verdict);

struct xpf_target_peer {
  pid_t pid;
  uid_t uid;
};
/* Another process listens at the place of this one; *peer says which. */
#define XPF_TARGET_IMPOSTOR (-20001)
/* The same without a sentence: 0, negative errno (-ESRCH no process, -ENOENT or -ECONNREFUSED not
 * started, -EACCES or -EPERM not ours) or XPF_TARGET_IMPOSTOR. A negative timeout_ms does not wait
 * at all. *identity is filled as far as it could be read. */
int xpf_target_connect(struct xpf_client **out, pid_t pid, int timeout_ms,
                       struct xpf_os_identity *identity, struct xpf_target_peer *peer);
/* Says what the negative result of xpf_client_call() means. Returns the exit status. */
int xpf_target_explain(struct xpf_verdict *verdict, pid_t pid, int error, int timeout_ms,
                       const struct xpf_fault *fault);
#endif

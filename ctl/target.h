/* The process an invocation is about: from its pid to a connection whose other end is proven to be
 * it. */
#ifndef XPF_CTL_TARGET_H
#define XPF_CTL_TARGET_H
#include <stdbool.h>
#include <sys/types.h>
#include "verdict.h"
#include "target/target_connect.h"

/* Connects within timeout_ms. 0 and *out (close with xpf_client_close), or an exit status and
 * *verdict. The peer's pid is the one meant and its user the process owner's, or nothing is sent.
 */
int xpf_target_open(struct xpf_client **out, pid_t pid, int timeout_ms,
                    struct xpf_verdict *verdict);

/* Says what the negative result of xpf_client_call() means. Returns the exit status. */
int xpf_target_explain(struct xpf_verdict *verdict, pid_t pid, int error, int timeout_ms,
                       const struct xpf_fault *fault);
#endif

/* What a signal would do to another process, and sending it to that very process. [any] */
#ifndef XPF_HOST_PROCESS_SIGNAL_H
#define XPF_HOST_PROCESS_SIGNAL_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct xpf_signal_state {
  bool is_caught; /* by a handler: the process survives it */
  bool is_ignored;
  bool is_blocked; /* in the main thread */
};
/* 0; -ESRCH, -EACCES, -ENOTSUP. */
int xpf_signal_state(pid_t pid, int signal, struct xpf_signal_state *out);

/* Sends signal to the process that pid named when it began at start_ticks (xpf_os_identity), and to
 * no other that got its pid since; only when it is caught at that moment. 0; -ESRCH it ended,
 * -EPERM, -EBUSY it is not caught. */
int xpf_signal_send_caught(pid_t pid, uint64_t start_ticks, int signal);
#endif

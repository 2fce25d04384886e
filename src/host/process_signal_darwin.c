#include "host/process_signal.h"
#include <errno.h>

int xpf_signal_state(pid_t pid, int signal, struct xpf_signal_state *out) {
  (void)pid, (void)signal;
  *out = (struct xpf_signal_state){0};
  return -ENOTSUP;
}

int xpf_signal_send_caught(pid_t pid, uint64_t start_ticks, int signal) {
  (void)pid, (void)start_ticks, (void)signal;
  return -ENOTSUP;
}

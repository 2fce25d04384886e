#include "host/tcp_listener.h"
#include <errno.h>

int xpf_tcp_listeners(pid_t pid, struct xpf_tcp_listener *out, int max) {
  (void)pid, (void)out, (void)max;
  return -ENOTSUP;
}

int xpf_tcp_port_owner(pid_t near, uint16_t port, pid_t *owner) {
  (void)near, (void)port;
  *owner = 0;
  return -ENOTSUP;
}

bool xpf_tcp_listener_is_local(const struct xpf_tcp_listener *listener) {
  (void)listener;
  return false;
}

int xpf_tcp_listener_connect(pid_t pid, const struct xpf_tcp_listener *listener, int timeout_ms) {
  (void)pid, (void)listener, (void)timeout_ms;
  return -ENOTSUP;
}

int xpf_tcp_reach(pid_t pid) {
  (void)pid;
  return -ENOTSUP;
}

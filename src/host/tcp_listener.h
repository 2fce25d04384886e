/* Who listens on which TCP port, as a process sees the network. Reads /proc only: nothing is
 * connected, no namespace is entered. [any] */
#ifndef XPF_HOST_TCP_LISTENER_H
#define XPF_HOST_TCP_LISTENER_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct xpf_tcp_listener {
  uint64_t inode;
  uint16_t port;
  bool is_v6;
  uint8_t address[16]; /* network order; the first 4 bytes of IPv4 */
};

/* The listening sockets that process pid holds: how many were filled (at most max, 64 at most), or
 * negative errno (-EACCES: not ours to see, -ESRCH, -ENOTSUP). */
int xpf_tcp_listeners(pid_t pid, struct xpf_tcp_listener *out, int max);
/* Whether 127.0.0.1:port is taken in the network of process near: 1 and *owner (0 when it cannot be
 * told), 0, or negative errno. */
int xpf_tcp_port_owner(pid_t near, uint16_t port, pid_t *owner);
/* Reached from the own machine only, or from everywhere (then also from here). */
bool xpf_tcp_listener_is_local(const struct xpf_tcp_listener *listener);
/* Whether sockets can be made in the network of process pid: 0, or -EPERM: it is another one than
 * ours, and we may not enter it. */
int xpf_tcp_reach(pid_t pid);
/* A connected, CLOEXEC TCP socket to a listener of process pid, in that process's network
 * namespace, made within timeout_ms; or negative errno (-EPERM: another network, and no right to
 * enter it). The calling thread is in its own namespace again afterwards. */
int xpf_tcp_listener_connect(pid_t pid, const struct xpf_tcp_listener *listener, int timeout_ms);
#endif

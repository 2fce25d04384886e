/* A listening TCP socket on the loop, which hands over the connections it accepts. When there are
 * no descriptors left it rests for a while in place of turning round and round. [loop] */
#ifndef XPF_DAEMON_TCP_ACCEPT_H
#define XPF_DAEMON_TCP_ACCEPT_H
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>
#include "daemon/address.h"

struct xpf_tcp_accept {
  struct xpf_address address; /* with the port it got */
  /* fd is non-blocking and CLOEXEC, and from now on the callee's. */
  void (*accepted)(void *arg, int fd);
  void *arg;
  unsigned long refused; /* times that the system had no descriptor */

  uv_poll_t poll; /* the rest: private */
  uv_timer_t rest;
  int fd;
  unsigned handles;
  void (*closed)(void *arg);
  void *closed_arg;
};

/* 0, or negative with a sentence in why that begins with `setting`; then nothing is left of it. */
int xpf_tcp_accept_start(struct xpf_tcp_accept *accept, uv_loop_t *loop,
                         const struct xpf_address *address, const char *setting, char *why,
                         size_t why_size);
/* The port is free at once; closed is called when the memory may go. */
void xpf_tcp_accept_close(struct xpf_tcp_accept *accept, void (*closed)(void *arg), void *arg);
#endif

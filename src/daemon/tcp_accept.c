#include "daemon/tcp_accept.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 128
#define AT_ONCE 16 /* accepted in one turn of the loop */
#define REST_MS 500

static void readable(uv_poll_t *poll, int status, int events);

static void rested(uv_timer_t *timer) {
  struct xpf_tcp_accept *accept = timer->data;
  uv_poll_start(&accept->poll, UV_READABLE, readable);
}

/* A level-triggered poll would report the waiting connection for ever. */
static void take_a_rest(struct xpf_tcp_accept *accept) {
  accept->refused++;
  uv_poll_stop(&accept->poll);
  uv_timer_start(&accept->rest, rested, REST_MS, 0);
}

static void readable(uv_poll_t *poll, int status, int events) {
  struct xpf_tcp_accept *accept = poll->data;
  (void)events;
  for (int i = 0; status == 0 && i < AT_ONCE; i++) {
    int fd = accept4(accept->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS))
      take_a_rest(accept);
    if (fd < 0)
      return; /* nobody waits any more, or one left before we came */
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    accept->accepted(accept->arg, fd);
  }
}

static int open_socket(struct xpf_tcp_accept *accept) {
  int fd = socket(accept->address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -errno;
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* past TIME_WAIT, no more on Linux */
  if (accept->address.storage.ss_family == AF_INET6)
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on); /* exactly what was said */
  accept->address.size = sizeof accept->address.storage;
  struct sockaddr *name = (struct sockaddr *)&accept->address.storage;
  bool is_v6 = name->sa_family == AF_INET6;
  socklen_t size = is_v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  if (bind(fd, name, size) != 0 || listen(fd, BACKLOG) != 0 ||
      getsockname(fd, name, &accept->address.size) != 0) {
    int error = -errno;
    close(fd);
    return error;
  }
  accept->fd = fd;
  return 0;
}

static void explain(int error, const struct xpf_address *address, const char *setting, char *why,
                    size_t why_size) {
  char text[XPF_ADDRESS_TEXT_SIZE];
  xpf_address_write(address, text);
  if (error == -EADDRINUSE)
    snprintf(why, why_size,
             "%s: %s is taken by another program; stop it, or give another port (0: any free one)",
             setting, text);
  else if (error == -EADDRNOTAVAIL)
    snprintf(why, why_size, "%s: %s is no address of this host", setting, text);
  else if (error == -EACCES)
    snprintf(why, why_size, "%s: %s is not for this user; ports below 1024 need a privilege",
             setting, text);
  else
    snprintf(why, why_size, "%s: cannot listen on %s: %s", setting, text, strerror(-error));
}

int xpf_tcp_accept_start(struct xpf_tcp_accept *accept, uv_loop_t *loop,
                         const struct xpf_address *address, const char *setting, char *why,
                         size_t why_size) {
  accept->address = *address;
  int error = open_socket(accept);
  if (error) {
    explain(error, address, setting, why, why_size);
    return error;
  }
  uv_timer_init(loop, &accept->rest);
  uv_poll_init(loop, &accept->poll, accept->fd);
  accept->poll.data = accept->rest.data = accept;
  uv_poll_start(&accept->poll, UV_READABLE, readable);
  return 0;
}

static void handle_closed(uv_handle_t *handle) {
  struct xpf_tcp_accept *accept = handle->data;
  if (--accept->handles == 0)
    accept->closed(accept->closed_arg);
}

void xpf_tcp_accept_close(struct xpf_tcp_accept *accept, void (*closed)(void *arg), void *arg) {
  accept->closed = closed;
  accept->closed_arg = arg;
  accept->handles = 2;
  uv_close((uv_handle_t *)&accept->poll, handle_closed);
  uv_close((uv_handle_t *)&accept->rest, handle_closed);
  close(accept->fd);
}

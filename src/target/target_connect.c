#include "target/target_connect.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include "host/socket_dir.h"

/* timeout_ms as in wire/client.h: negative does not wait at all. */
static int connect_to(struct xpf_client **out, const struct xpf_socket_place *place,
                      int timeout_ms) {
  if (strlen(place->path) < sizeof(((struct sockaddr_un *)0)->sun_path))
    return xpf_client_connect(out, place->path, timeout_ms);
  int fd = timeout_ms == 0 ? xpf_socket_connect(place)
                           : xpf_socket_connect_within(place, timeout_ms > 0 ? timeout_ms : 0);
  return fd < 0 ? fd : xpf_client_adopt(out, fd);
}

/* Whether /proc, where the target was seen, is that of our pid namespace. */
static bool is_proc_ours(void) {
  char text[32];
  ssize_t size = readlink("/proc/self", text, sizeof text - 1);
  if (size <= 0)
    return false;
  text[size] = '\0';
  return strtol(text, NULL, 10) == getpid();
}

/* A pid of 0 means a peer outside of our pid namespace: when the target is inside it is another
 * (directories of sockets may be shared), else it cannot be compared. A peer of root is accepted: a
 * process that gave its privileges up after it began to listen has one. */
static int check_peer(struct xpf_client *client, const struct xpf_os_identity *identity, pid_t pid,
                      struct xpf_target_peer *peer) {
  int error = xpf_client_peer(client, &peer->pid, &peer->uid);

  if (error != 0)
    return error;
  bool is_owner = peer->uid == identity->uid || peer->uid == identity->euid || peer->uid == 0;
  bool is_it = peer->pid == pid || (peer->pid == 0 && !is_proc_ours());
  return is_it && is_owner ? 0 : XPF_TARGET_IMPOSTOR;
}

int xpf_target_connect(struct xpf_client **out, pid_t pid, int timeout_ms,
                       struct xpf_os_identity *identity, struct xpf_target_peer *peer) {
  struct xpf_socket_place place;
  int error = xpf_os_identity(pid, identity);

  *out = NULL;
  if (error == -ESRCH || !xpf_os_is_alive(pid))
    return -ESRCH;
  if (geteuid() != 0 && identity->pid == pid && identity->euid != geteuid())
    return -EPERM;
  error = xpf_socket_find(pid, &place);
  if (error == 0)
    error = connect_to(out, &place, timeout_ms);
  if (error != 0)
    return error;
  error = check_peer(*out, identity, pid, peer);
  if (error != 0) {
    xpf_client_close(*out);
    *out = NULL;
  }
  return error;
}

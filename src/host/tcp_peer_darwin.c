#include "host/tcp_peer.h"

#include <errno.h>

int xpf_tcp_peer_uid(int fd, uid_t *uid) {
  (void)fd;
  (void)uid;
  return -ENOTSUP;
}

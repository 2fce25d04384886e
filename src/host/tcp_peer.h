/* Who is on the other side of a TCP connection within this host. [any] */
#ifndef XPF_HOST_TCP_PEER_H
#define XPF_HOST_TCP_PEER_H
#include <sys/types.h>

/* The user whose process made the other end of a connected loopback socket: one question to the
 * kernel, without waiting. 0; -ENOENT when the other end is not of this host's network (or is
 * closed already), -ENOTSUP, or another -errno. */
int xpf_tcp_peer_uid(int fd, uid_t *uid);
#endif

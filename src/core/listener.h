/* The listening socket of this process: its place, made and removed without harm to another process
 * that has the same pid in another pid namespace and shares the directory. [core] */
#ifndef XPF_CORE_LISTENER_H
#define XPF_CORE_LISTENER_H
#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

struct xpf_listener {
  char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
  dev_t device; /* of the socket, as it was bound */
  ino_t inode;
  uid_t owner; /* of the directory */
};

/* Binds and listens in the private directory of the first root that takes a socket. *fd is CLOEXEC
 * and does not block; the caller closes it. -EADDRINUSE: another process listens under our name in
 * every usable root; else the error of the last root. */
int xpf_listener_open(struct xpf_listener *listener, int *fd);
/* Whether the name still leads to this socket. True too when the process has given up the user that
 * may look. */
bool xpf_listener_is_there(const struct xpf_listener *listener);
/* Removes the socket's name, unless it leads to another socket by now. */
void xpf_listener_remove(const struct xpf_listener *listener);
#endif

/* Which pids have a socket of the core in the private directories of our own file system. One
 * listing serves all processes: looking for each alone would read /tmp a hundred times. [pool] */
#ifndef XPF_DAEMON_SOCKET_SET_H
#define XPF_DAEMON_SOCKET_SET_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define XPF_SOCKET_DIRS_MAX 16

struct xpf_socket_set {
  pid_t *pids; /* as the processes see themselves, ascending */
  size_t count, capacity;
  char dirs[XPF_SOCKET_DIRS_MAX]
           [64]; /* private directories that can be read: for who wants to watch them */
  unsigned dirs_count;
};

/* Lists anew. 0 or -ENOMEM (then some are missing). */
int xpf_socket_set_read(struct xpf_socket_set *set);
bool xpf_socket_set_has(const struct xpf_socket_set *set, pid_t ns_pid);
void xpf_socket_set_free(struct xpf_socket_set *set);
#endif

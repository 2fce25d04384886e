/* The private directory and the socket of a process: where the core binds, where clients look.
 * XPF_RUNTIME_ROOTS of xpf_protocol.h in order. [any] */
#ifndef XPF_HOST_SOCKET_DIR_H
#define XPF_HOST_SOCKET_DIR_H
#include <stddef.h>
#include <stdbool.h>
#include <sys/types.h>

/* Makes (0700) or checks a private directory: a real one, ours, no access for others (an own
 * directory with wider access is narrowed). -EPERM: foreign owner, -ENOTDIR: a link. */
int xpf_private_dir_ensure(const char *path);
/* `<dir>/<pid>.sock`. -ENAMETOOLONG when it would not fit into sun_path. */
int xpf_socket_path(const char *dir, pid_t ns_pid, char *path, size_t size);
/* Removes sockets in dir that nobody listens on (connect refused) and whose pid is dead. */
void xpf_socket_dir_sweep(const char *dir);

struct xpf_socket_place {
  char
      path[4096]; /* usable from here: "/tmp/xprofiler-0/12.sock", "/proc/345/root/tmp/…/12.sock" */
};
/* The socket of process pid (as seen from here), also in another mount or pid namespace.
 * 0; -ESRCH no such process; -ENOENT no socket (xprofiler not started); -EACCES not ours to see. */
int xpf_socket_find(pid_t pid, struct xpf_socket_place *out);
/* Connects to a place whose path may be longer than sun_path (through a directory descriptor,
 * /proc/self/fd/N/name). Returns a CLOEXEC descriptor or negative errno. */
int xpf_socket_connect(const struct xpf_socket_place *place);
/* The same; a target that does not accept costs at most timeout_ms (0: nothing, -EAGAIN). */
int xpf_socket_connect_within(const struct xpf_socket_place *place, int timeout_ms);
#endif

/* Connecting to a Unix socket by the directory it is in. [any] */
#ifndef XPF_HOST_SOCKET_CONNECT_H
#define XPF_HOST_SOCKET_CONNECT_H
#include <fcntl.h>

/* How to open a directory only to look up names in it: no right to list it is needed. */
#ifdef O_PATH
#define XPF_OPEN_DIR (O_PATH | O_DIRECTORY | O_CLOEXEC)
#else
#define XPF_OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#endif

/* Connects to the socket name in the open directory dir, whose path is dir_path; where there is
 * /proc/self/fd the path may have any length, else -ENAMETOOLONG beyond sun_path.
 * A target that does not accept (stopped, its queue full) costs at most timeout_ms, then
 * -ETIMEDOUT; 0: does not wait at all, -EAGAIN. Returns a blocking CLOEXEC descriptor or -errno. */
int xpf_socket_connect_in(int dir, const char *dir_path, const char *name, int timeout_ms);
#endif

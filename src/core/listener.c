#include "core/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "core/standard_fds.h"
#include "host/socket_connect.h"
#include "host/socket_dir.h"
#include "xpf_protocol.h"

#define LOCK_ATTEMPTS 50
#define LOCK_STEP_MS  2

/* Two processes of different pid namespaces may share the directory, have the same pid and start at
 * once. Without the lock after a while: a stopped process must not keep others from starting. */
static void lock_dir(int dir_fd) {
  for (int i = 0; i < LOCK_ATTEMPTS && flock(dir_fd, LOCK_EX | LOCK_NB) != 0; i++) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return; /* no locks on this file system */
    uv_sleep(LOCK_STEP_MS);
  }
}

/* A socket that answers under our name belongs to a process of another pid namespace that shares
 * the directory. A full queue is an answer too. */
static bool somebody_listens(int dir_fd, const char *dir, const char *path) {
  int fd = xpf_socket_connect_in(dir_fd, dir, strrchr(path, '/') + 1, 0);
  if (fd >= 0)
    close(fd);
  return fd >= 0 || fd == -EAGAIN;
}

/* Bound under a temporary name and renamed, so that the path never exists without a listener. */
static int listen_at(struct xpf_listener *listener, int *out) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct stat bound;
  int name_size = snprintf(address.sun_path, sizeof address.sun_path, "%s~", listener->path);
  if (name_size < 0 || (size_t)name_size >= sizeof address.sun_path)
    return -ENAMETOOLONG;
  int fd = xpf_standard_fds_avoid(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd < 0)
    return fd;
  unlink(address.sun_path);
  int err = 0;
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
    err = -errno;
  else if (chmod(address.sun_path, 0600) != 0 || listen(fd, 128) != 0 ||
           lstat(address.sun_path, &bound) != 0 || rename(address.sun_path, listener->path) != 0)
    err = -errno;
  if (err) {
    unlink(address.sun_path);
    close(fd);
    return err;
  }
  listener->device = bound.st_dev;
  listener->inode = bound.st_ino;
  listener->owner = geteuid();
  *out = fd;
  return 0;
}

static int open_in(struct xpf_listener *listener, const char *root, int *fd) {
  char dir[64];
  snprintf(dir, sizeof dir, "%s/" XPF_RUNTIME_DIR_FORMAT, root, (unsigned)geteuid());
  int err = xpf_private_dir_ensure(dir);
  if (err)
    return err;
  xpf_socket_dir_sweep(dir);
  err = xpf_socket_path(dir, getpid(), listener->path, sizeof listener->path);
  if (err)
    return err;
  int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (dir_fd < 0)
    return -errno;
  lock_dir(dir_fd);
  err = somebody_listens(dir_fd, dir, listener->path) ? -EADDRINUSE : listen_at(listener, fd);
  close(dir_fd);
  return err;
}

/* The first root that takes a socket. The error is the last root's, but a name that is taken
 * explains most. */
int xpf_listener_open(struct xpf_listener *listener, int *fd) {
  static const char *const roots[] = XPF_RUNTIME_ROOTS;
  int error = 0;
  for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
    int err = open_in(listener, roots[i], fd);
    if (!err)
      return 0;
    if (error != -EADDRINUSE)
      error = err;
  }
  return error;
}

bool xpf_listener_is_there(const struct xpf_listener *listener) {
  struct stat present;
  char dir[sizeof listener->path];
  if (lstat(listener->path, &present) == 0)
    return present.st_dev == listener->device && present.st_ino == listener->inode;
  if (errno != EACCES)
    return false;
  snprintf(dir, sizeof dir, "%s", listener->path);
  *strrchr(dir, '/') = '\0';
  return lstat(dir, &present) == 0 && present.st_uid == listener->owner;
}

void xpf_listener_remove(const struct xpf_listener *listener) {
  if (xpf_listener_is_there(listener))
    unlink(listener->path);
}

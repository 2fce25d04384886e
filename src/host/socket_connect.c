#include "host/socket_connect.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "host/socket_dir.h"

/* How long a target that does not accept is waited for. */
#define CONNECT_MS 5000

static bool fits(struct sockaddr_un *address, const char *dir, const char *name) {
  int used = snprintf(address->sun_path, sizeof address->sun_path, "%s/%s", dir, name);
  return used > 0 && (size_t)used < sizeof address->sun_path;
}

static int make_address(struct sockaddr_un *address, int dir, const char *dir_path,
                        const char *name) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
#ifdef O_PATH
  /* The descriptor leads to the directory that was checked, whatever its path leads to now. */
  char by_fd[32];
  snprintf(by_fd, sizeof by_fd, "/proc/self/fd/%d", dir);
  if (fits(address, by_fd, name) && access(by_fd, F_OK) == 0)
    return 0;
#endif
  (void)dir;
  return fits(address, dir_path, name) ? 0 : -ENAMETOOLONG;
}

static int make_socket(int timeout_ms) {
  /* The kernel bounds a connect by the send timeout: no poll, and the descriptor stays blocking. */
  struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
#ifdef SOCK_CLOEXEC
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
#else
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd >= 0)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
  if (fd < 0)
    return -errno;
  if (timeout_ms == 0)
    fcntl(fd, F_SETFL, O_NONBLOCK);
  else
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return fd;
}

int xpf_socket_connect_in(int dir, const char *dir_path, const char *name, int timeout_ms) {
  struct sockaddr_un address;
  struct timeval none = {0};
  int error = make_address(&address, dir, dir_path, name);
  if (error)
    return error;
  int fd = make_socket(timeout_ms);
  if (fd < 0)
    return fd;
  do {
    error = connect(fd, (struct sockaddr *)&address, sizeof address) ? -errno : 0;
  } while (error == -EINTR);
  if (error) {
    close(fd);
    return error == -EAGAIN && timeout_ms ? -ETIMEDOUT : error;
  }
  if (timeout_ms)
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
  else
    fcntl(fd, F_SETFL, 0);
  return fd;
}

int xpf_socket_connect_within(const struct xpf_socket_place *place, int timeout_ms) {
  char dir_path[sizeof place->path];
  const char *slash = strrchr(place->path, '/');
  if (!slash)
    return -EINVAL;
  size_t size = slash == place->path ? 1 : (size_t)(slash - place->path);
  memcpy(dir_path, place->path, size);
  dir_path[size] = '\0';
  /* The directory was checked when the place was found; a link put there since is not followed. */
  int dir = open(dir_path, XPF_OPEN_DIR | O_NOFOLLOW);
  if (dir < 0)
    return -errno;
  int fd = xpf_socket_connect_in(dir, dir_path, slash + 1, timeout_ms);
  close(dir);
  return fd;
}

int xpf_socket_connect(const struct xpf_socket_place *place) {
  return xpf_socket_connect_within(place, CONNECT_MS);
}

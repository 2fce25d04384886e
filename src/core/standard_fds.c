#include "core/standard_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOWHERE "/dev/null"

void xpf_standard_fds_hold(struct xpf_standard_fds *fds) {
  for (int i = 0; i <= STDERR_FILENO; i++) {
    fds->held[i] = -1;
    if (fcntl(i, F_GETFD) >= 0 || errno != EBADF)
      continue;
    int fd = open(NOWHERE, O_RDWR | O_CLOEXEC); /* the lowest that is free */
    if (fd == i)
      fds->held[i] = fd;
    else if (fd >= 0)
      close(fd);
  }
}

/* A thread of the application may have put something else there meanwhile. */
static bool leads_nowhere(int fd) {
  struct stat present, nowhere;
  return fstat(fd, &present) == 0 && stat(NOWHERE, &nowhere) == 0 && S_ISCHR(present.st_mode) &&
         present.st_rdev == nowhere.st_rdev;
}

void xpf_standard_fds_release(const struct xpf_standard_fds *fds) {
  for (int i = 0; i <= STDERR_FILENO; i++)
    if (fds->held[i] >= 0 && leads_nowhere(i))
      close(i);
}

int xpf_standard_fds_avoid(int fd) {
  if (fd < 0)
    return -errno;
  if (fd > STDERR_FILENO)
    return fd;
  int above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int err = above < 0 ? -errno : 0;
  close(fd);
  return err ? err : above;
}

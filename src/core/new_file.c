#include "core/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/standard_fds.h"

#define MODE 0600

/* Where the file system has no modes, it is not worse than it was. */
static void undo_umask(int fd) {
  struct stat made;
  int err = fstat(fd, &made) == 0 && (made.st_mode & 0777) != MODE ? fchmod(fd, MODE) : 0;
  (void)err;
}

int xpf_new_file_open(int dir_fd, const char *name, int flags) {
  const int ours = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  int fd = xpf_standard_fds_avoid(openat(dir_fd, name, ours | flags, MODE));
  if (fd >= 0)
    undo_umask(fd);
  return fd;
}

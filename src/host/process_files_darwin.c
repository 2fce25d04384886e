#include "host/process_files.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host/os.h"

int xpf_process_files_open(struct xpf_process_files *files, pid_t pid) {
  struct xpf_os_identity identity = {0};
  *files = (struct xpf_process_files){.pid = pid, .root = -1, .ours = true};
  int error = xpf_os_identity(pid, &identity);
  files->uid = identity.uid;
  files->euid = identity.euid;
  return error;
}

void xpf_process_files_close(struct xpf_process_files *files) {
  (void)files;
}

int xpf_process_files_read(const struct xpf_process_files *files, const char *path) {
  struct stat entry;
  if (path[0] != '/')
    return -EINVAL;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return -errno;
  if (fstat(fd, &entry) == 0 && S_ISREG(entry.st_mode) &&
      (entry.st_uid == files->uid || entry.st_uid == files->euid))
    return fd;
  close(fd);
  return -EPERM;
}

int xpf_process_files_dir(const struct xpf_process_files *files, const char *path) {
  (void)files;
  if (path[0] != '/')
    return -EINVAL;
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0 ? fd : -errno;
}

int xpf_process_files_remove(const struct xpf_process_files *files, const char *path, int fd) {
  struct stat opened, named;
  (void)files;
  if (fstat(fd, &opened) != 0 || lstat(path, &named) != 0)
    return -errno;
  if (opened.st_dev != named.st_dev || opened.st_ino != named.st_ino)
    return -ESTALE;
  return unlink(path) == 0 ? 0 : -errno;
}

const char *xpf_process_files_path(const struct xpf_process_files *files, const char *path,
                                   char *buffer, size_t size) {
  (void)files;
  snprintf(buffer, size, "%s", path);
  return buffer;
}

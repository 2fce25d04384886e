#include "host/process_files.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "host/os.h"
#include "host/proc_dir_linux.h"

#define PATH_BYTES 4096

static bool is_same(int process, const char *name, const char *ours) {
  struct stat theirs, mine;
  return fstatat(process, name, &theirs, 0) == 0 && stat(ours, &mine) == 0 &&
         theirs.st_dev == mine.st_dev && theirs.st_ino == mine.st_ino;
}

int xpf_process_files_open(struct xpf_process_files *files, pid_t pid) {
  struct xpf_os_identity identity = {0};

  *files = (struct xpf_process_files){.pid = pid, .root = -1};
  int error = xpf_os_identity(pid, &identity);
  if (error == -ESRCH)
    return error;
  files->uid = identity.uid;
  files->euid = identity.euid;
  int process = xpf_proc_dir_open(pid);
  if (process < 0)
    return process;
  /* Kept open it outlives the process, and even the mounts of its container. */
  files->ours = is_same(process, "ns/mnt", "/proc/self/ns/mnt") && is_same(process, "root", "/");
  files->root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
  error = files->root >= 0 ? 0 : -errno;
  close(process);
  return error;
}

void xpf_process_files_close(struct xpf_process_files *files) {
  if (files->root >= 0)
    close(files->root);
  files->root = -1;
}

/* For kernels before 5.6: no links at all. */
static int open_plain(int root, const char *path, int flags) {
  char part[PATH_BYTES];
  int dir = root;
  for (const char *at = path + strspn(path, "/");;) {
    size_t size = strcspn(at, "/");
    const char *next = at + size + strspn(at + size, "/");
    bool is_last = *next == '\0';
    if (size == 0 || size >= sizeof part || (size == 2 && memcmp(at, "..", 2) == 0))
      return -EINVAL;
    memcpy(part, at, size);
    part[size] = '\0';
    int fd = openat(dir, part, is_last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int error = errno;
    if (dir != root)
      close(dir);
    if (fd < 0)
      return -error;
    if (is_last)
      return fd;
    dir = fd;
    at = next;
  }
}

/* A link inside the root directory of a container would lead out of it and into ours; the kernel
 * keeps every one inside. */
static int open_below(int root, const char *path, int flags) {
  struct open_how how = {.flags = (uint64_t)flags,
                         .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  long fd = syscall(SYS_openat2, root, path, &how, sizeof how);
  if (fd >= 0)
    return (int)fd;
  return errno == ENOSYS || errno == EPERM ? open_plain(root, path, flags) : -errno;
}

int xpf_process_files_read(const struct xpf_process_files *files, const char *path) {
  struct stat entry;
  if (path[0] != '/')
    return -EINVAL;
  int fd = open_below(files->root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return fd;
  int error = fstat(fd, &entry) != 0 ? -errno : 0;
  bool is_theirs = entry.st_uid == files->uid || entry.st_uid == files->euid;
  if (error == 0 && S_ISREG(entry.st_mode) && is_theirs)
    return fd;
  close(fd);
  return error != 0 ? error : -EPERM;
}

int xpf_process_files_dir(const struct xpf_process_files *files, const char *path) {
  if (path[0] != '/')
    return -EINVAL;
  return open_below(files->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int remove_in(int dir, const char *name, int fd) {
  struct stat opened, named;
  if (fstat(fd, &opened) != 0 || fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) != 0)
    return -errno;
  if (opened.st_dev != named.st_dev || opened.st_ino != named.st_ino)
    return -ESTALE;
  return unlinkat(dir, name, 0) == 0 ? 0 : -errno;
}

int xpf_process_files_remove(const struct xpf_process_files *files, const char *path, int fd) {
  char dir_path[PATH_BYTES];
  const char *name = strrchr(path, '/');

  if (name == NULL || (size_t)(name - path) + 2 > sizeof dir_path)
    return -EINVAL;
  snprintf(dir_path, sizeof dir_path, "%.*s/", (int)(name - path), path);
  int dir = open_below(files->root, dir_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0)
    return dir;
  int error = remove_in(dir, name + 1, fd);
  close(dir);
  return error;
}

const char *xpf_process_files_path(const struct xpf_process_files *files, const char *path,
                                   char *buffer, size_t size) {
  if (files->ours || files->root < 0)
    snprintf(buffer, size, "%s", path);
  else
    snprintf(buffer, size, "/proc/%d/root%s", (int)files->pid, path);
  return buffer;
}

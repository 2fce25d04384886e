#include "host/socket_dir.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "host/os.h"
#include "host/proc_file.h"
#include "host/socket_connect.h"
#include "xpf_protocol.h"

/* Opens the directory itself: a link at the end of the path, even "link/", is refused. */
static int open_dir(const char *path) {
  char plain[4096];
  size_t size = strlen(path);
  if (size >= sizeof plain)
    return -ENAMETOOLONG;
  while (size > 1 && path[size - 1] == '/')
    size--;
  memcpy(plain, path, size);
  plain[size] = '\0';
  int fd = open(plain, XPF_OPEN_DIR | O_NOFOLLOW);
  if (fd >= 0)
    return fd;
  if (errno == ELOOP || errno == EMLINK) /* what a system calls a link here */
    return -ENOTDIR;
  return -errno;
}

/* Asked of the descriptor: between two questions to a path the directory could be another one. */
static int narrow(int fd) {
  struct stat dir;
  if (fstat(fd, &dir))
    return -errno;
  if (!S_ISDIR(dir.st_mode))
    return -ENOTDIR;
  if (dir.st_uid != geteuid())
    return -EPERM;
  if ((dir.st_mode & 0777) == 0700)
    return 0;
#ifdef O_PATH
  /* fchmod refuses a descriptor that is only for looking up names; this link leads to the same
   * place. */
  char by_fd[32];
  snprintf(by_fd, sizeof by_fd, "/proc/self/fd/%d", fd);
  if (chmod(by_fd, 0700) == 0)
    return 0;
#endif
  int readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (readable < 0)
    return -errno;
  int error = fchmod(readable, 0700) ? -errno : 0;
  close(readable);
  return error;
}

int xpf_private_dir_ensure(const char *path) {
  int made = mkdir(path, 0700) ? -errno : 0;
  int fd = open_dir(path);
  if (fd == -ENOENT && made && made != -EEXIST)
    return made;
  if (fd == -EACCES && made == -EEXIST) {
    struct stat dir; /* without O_PATH a foreign 0700 directory cannot even be opened */
    if (lstat(path, &dir) == 0 && S_ISDIR(dir.st_mode) && dir.st_uid != geteuid())
      return -EPERM;
  }
  if (fd < 0)
    return fd;
  int error = narrow(fd);
  close(fd);
  return error;
}

int xpf_socket_path(const char *dir, pid_t ns_pid, char *path, size_t size) {
  struct sockaddr_un address;
  int used = snprintf(path, size, "%s/" XPF_SOCKET_FORMAT, dir, (int)ns_pid);
  if (used < 0 || (size_t)used >= size || (size_t)used >= sizeof address.sun_path)
    return -ENAMETOOLONG;
  return 0;
}

/* The pid in "12.sock"; 0 for every other name, also "012.sock". */
static pid_t pid_of(const char *name) {
  char again[32];
  uint64_t pid;
  if (!xpf_proc_number(name, &pid) || pid == 0 || pid > INT32_MAX)
    return 0;
  snprintf(again, sizeof again, XPF_SOCKET_FORMAT, (int)pid);
  return strcmp(again, name) == 0 ? (pid_t)pid : 0;
}

/* A dead pid is not enough: the socket may belong to another pid namespace that shares the
 * directory. */
static bool is_abandoned(int dir, const char *path, const char *name) {
  struct stat entry;
  pid_t pid = pid_of(name);
  if (!pid || xpf_os_is_alive(pid))
    return false;
  if (fstatat(dir, name, &entry, AT_SYMLINK_NOFOLLOW) || !S_ISSOCK(entry.st_mode) ||
      entry.st_uid != geteuid())
    return false;
  int fd = xpf_socket_connect_in(dir, path, name, 0);
  if (fd >= 0)
    close(fd);
  return fd == -ECONNREFUSED;
}

void xpf_socket_dir_sweep(const char *dir) {
  int fd = open_dir(dir);
  if (fd < 0)
    return;
  int readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = readable < 0 ? NULL : fdopendir(readable);
  if (!list && readable >= 0)
    close(readable);
  for (struct dirent *entry; list && (entry = readdir(list));)
    if (is_abandoned(fd, dir, entry->d_name))
      unlinkat(fd, entry->d_name, 0);
  if (list)
    closedir(list);
  close(fd);
}

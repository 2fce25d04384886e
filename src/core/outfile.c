#include "core/outfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "core/new_file.h"

#define BUFFER_BYTES  (64 * 1024)
#define TEMP_SUFFIX   ".tmp"
#define OPEN_ATTEMPTS 3

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

/* ---- writing ----------------------------------------------------------------------------------
 */

/* A write beyond RLIMIT_FSIZE raises SIGXFSZ, whose default is to kill the process we live in. */
static bool exceeds_size_limit(int fd, size_t size) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return false;
  off_t at = lseek(fd, 0, SEEK_CUR);
  return at >= 0 && ((rlim_t)at > limit.rlim_cur || size > limit.rlim_cur - (rlim_t)at);
}

static int write_fully(int fd, const char *data, size_t size) {
  if (exceeds_size_limit(fd, size))
    return -EFBIG;
  while (size > 0) {
    ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return -errno;
    if (written == 0)
      return -EIO;
    data += written;
    size -= (size_t)written;
  }
  return 0;
}

static int buffer_flush(struct xpf_outfile *file) {
  size_t used = file->used;
  file->used = 0;
  return write_fully(file->fd, file->buffer, used);
}

static int outfile_write(struct xpf_sink *sink, const void *data, size_t size) {
  struct xpf_outfile *file = (struct xpf_outfile *)sink;
  if (file->fd < 0)
    return -EBADF;
  if (size > BUFFER_BYTES - file->used) {
    int rc = buffer_flush(file);
    if (rc < 0)
      return rc;
  }
  if (size >= BUFFER_BYTES)
    return write_fully(file->fd, data, size);
  memcpy(file->buffer + file->used, data, size);
  file->used += size;
  return 0;
}

/* Some file systems cannot sync a directory (EINVAL); there nothing more can be done. */
static int sync_fully(int fd) {
  while (fsync(fd) != 0) {
    if (errno == EINVAL || errno == ENOTSUP)
      return 0;
    if (errno != EINTR)
      return -errno;
  }
  return 0;
}

/* ---- the temp file ----------------------------------------------------------------------------
 */

static bool is_own_regular(const struct stat *st) {
  return S_ISREG(st->st_mode) && st->st_uid == geteuid();
}

/* The pid in ".<name>.<pid>.tmp", or 0 for any other name. */
static pid_t temp_pid(const char *temp) {
  size_t size = strlen(temp);
  size_t suffix = sizeof(TEMP_SUFFIX) - 1;
  if (temp[0] != '.' || size <= suffix || strcmp(temp + size - suffix, TEMP_SUFFIX) != 0)
    return 0;
  size_t at = size - suffix;
  int64_t pid = 0;
  for (int64_t unit = 1; at > 0 && temp[at - 1] >= '0' && temp[at - 1] <= '9'; unit *= 10) {
    pid += (temp[--at] - '0') * unit;
    if (unit > 1000000000 || pid > INT32_MAX)
      return 0;
  }
  /* A dot before the digits, and a name of at least one character between the dots. */
  if (at < 3 || temp[at - 1] != '.' || temp[at] == '0')
    return 0;
  return (pid_t)pid;
}

/* Removes a temp file unless somebody writes it. 0 when it was removed. */
static int temp_reap(int dir_fd, const char *temp) {
  pid_t pid = temp_pid(temp);
  if (pid <= 0)
    return -EINVAL;
  bool dead = kill(pid, 0) != 0 && errno == ESRCH;
  /* Our own pid: in a container a process is often pid 1 again after every restart. */
  if (!dead && pid != getpid())
    return -EBUSY;
  int fd = openat(dir_fd, temp, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  int rc = 0;
  struct stat st;
  if (fstat(fd, &st) != 0)
    rc = -errno;
  else if (!is_own_regular(&st))
    rc = -EPERM;
  else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
    rc = errno != EWOULDBLOCK && dead ? 0 : -EBUSY; /* no locks here: the pid decides */
  if (rc == 0 && unlinkat(dir_fd, temp, 0) != 0)
    rc = -errno;
  close(fd);
  return rc;
}

/* A new temp file with our lock on it. -EAGAIN when a sweeper came in between. */
static int temp_create(int dir_fd, const char *temp) {
  int fd = xpf_new_file_open(dir_fd, temp, 0);
  if (fd < 0)
    return fd;
  struct stat st;
  bool swept = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (!swept && fstat(fd, &st) == 0 && st.st_nlink > 0)
    return fd;
  close(fd);
  return -EAGAIN;
}

static int temp_open(int dir_fd, const char *temp) {
  int fd = -EAGAIN;
  for (int i = 0; i < OPEN_ATTEMPTS && (fd == -EAGAIN || fd == -EEXIST); i++) {
    if (fd == -EEXIST && temp_reap(dir_fd, temp) < 0)
      break;
    fd = temp_create(dir_fd, temp);
  }
  return fd;
}

/* ---- open, commit, abort ----------------------------------------------------------------------
 */

static int dir_open(const char *dir) {
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  return fd;
}

static int names_set(struct xpf_outfile *file, const char *name) {
  if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strchr(name, '/'))
    return -EINVAL;
  int size = snprintf(file->name, sizeof(file->name), "%s", name);
  if (size < 0 || (size_t)size >= sizeof(file->name))
    return -ENAMETOOLONG;
  snprintf(file->temp, sizeof(file->temp), ".%s.%ld" TEMP_SUFFIX, name, (long)getpid());
  return 0;
}

/* Closes and frees everything; later writes fail. */
static void outfile_close(struct xpf_outfile *file) {
  if (file->fd >= 0)
    close(file->fd);
  if (file->dir_fd >= 0)
    close(file->dir_fd);
  free(file->buffer);
  file->fd = -1;
  file->dir_fd = -1;
  file->buffer = NULL;
  file->used = 0;
}

int xpf_outfile_open(struct xpf_outfile *file, const char *dir, const char *name) {
  memset(file, 0, sizeof(*file));
  file->sink.write = outfile_write;
  file->dir_fd = -1;
  file->fd = -1;
  int rc = names_set(file, name);
  if (rc < 0)
    return rc;
  rc = file->dir_fd = dir_open(dir);
  if (rc < 0)
    return rc;
  struct stat st;
  if (fstatat(file->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
    rc = -EEXIST;
  else if (errno != ENOENT)
    rc = -errno;
  if (rc < 0)
    goto out;
  file->buffer = malloc(BUFFER_BYTES);
  if (file->buffer == NULL) {
    rc = -ENOMEM;
    goto out;
  }
  rc = file->fd = temp_open(file->dir_fd, file->temp);
out:
  if (rc < 0) {
    outfile_close(file);
    return rc;
  }
  return 0;
}

/* Gives the temp file its name, never over another file. */
static int publish(const struct xpf_outfile *file) {
#ifdef SYS_renameat2
  if (syscall(SYS_renameat2, file->dir_fd, file->temp, file->dir_fd, file->name,
              RENAME_NOREPLACE) == 0)
    return 0;
  /* An old kernel, a seccomp filter or a file system without the flag; link has the same rule. */
  if (errno != ENOSYS && errno != EINVAL && errno != ENOTSUP && errno != EPERM)
    return -errno;
#endif
  if (linkat(file->dir_fd, file->temp, file->dir_fd, file->name, 0) != 0)
    return -errno;
  /* The file is published: a second name that stays is no failure, and the next sweep takes it. */
  unlinkat(file->dir_fd, file->temp, 0);
  return 0;
}

int xpf_outfile_commit(struct xpf_outfile *file, uint64_t *bytes) {
  if (file->fd < 0)
    return -EBADF;
  int rc = file->sink.error;
  if (rc == 0)
    rc = buffer_flush(file);
  if (rc == 0)
    rc = sync_fully(file->fd);
  if (rc == 0)
    rc = publish(file);
  if (rc < 0) {
    xpf_outfile_abort(file);
    return rc;
  }
  rc = sync_fully(file->dir_fd);
  if (rc < 0)
    unlinkat(file->dir_fd, file->name, 0); /* an error means: no file */
  else if (bytes != NULL)
    *bytes = file->sink.bytes;
  outfile_close(file);
  return rc;
}

void xpf_outfile_abort(struct xpf_outfile *file) {
  if (file->fd >= 0)
    unlinkat(file->dir_fd, file->temp, 0);
  outfile_close(file);
}

/* ---- sweep ------------------------------------------------------------------------------------
 */

int xpf_outfile_sweep(const char *dir) {
  int fd = dir_open(dir);
  if (fd < 0)
    return fd;
  DIR *entries = fdopendir(fd);
  if (entries == NULL) {
    int rc = -errno;
    close(fd);
    return rc;
  }
  int swept = 0;
  const struct dirent *entry;
  /* Two threads never share a stream here, and readdir_r is deprecated. */
  /* cppcheck-suppress readdirCalled */
  while ((entry = readdir(entries)) != NULL) {
    if (temp_reap(dirfd(entries), entry->d_name) == 0)
      swept++;
  }
  closedir(entries);
  return swept;
}

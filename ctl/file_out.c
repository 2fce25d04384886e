#include "file_out.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return -errno;
    data += written;
    size -= (size_t)written;
  }
  return 0;
}

static int flush(struct xpf_file_out *out) {
  int error = write_all(out->fd, out->buffer, out->used);
  out->used = 0;
  return error;
}

static int sink_write(struct xpf_sink *sink, const void *data, size_t size) {
  struct xpf_file_out *out = (struct xpf_file_out *)sink;
  int error = 0;

  if (size > sizeof out->buffer - out->used)
    error = flush(out);
  if (error == 0 && size > sizeof out->buffer)
    return write_all(out->fd, data, size);
  if (error == 0) {
    memcpy(out->buffer + out->used, data, size);
    out->used += size;
  }
  return error;
}

/* The path without links when it is there. True when it is, or will be, a regular file. */
static int resolve(const char *path, char *out, bool *is_regular) {
  char real[PATH_MAX];
  struct stat entry;

  *is_regular = true;
  if (stat(path, &entry) == 0) {
    if (S_ISDIR(entry.st_mode))
      return -EISDIR;
    *is_regular = S_ISREG(entry.st_mode);
    if (*is_regular && realpath(path, real) != NULL)
      path = real;
  } else if (errno != ENOENT) {
    return -errno;
  }
  if (*path == '\0')
    return -ENOENT;
  int used = snprintf(out, XPF_FILE_OUT_PATH, "%s", path);
  return used >= 0 && used < XPF_FILE_OUT_PATH ? 0 : -ENAMETOOLONG;
}

static const char *name_in(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

static const char *dir_of(const char *path, char dir[XPF_FILE_OUT_PATH]) {
  snprintf(dir, XPF_FILE_OUT_PATH, "%.*s.", (int)(name_in(path) - path), path);
  return dir;
}

int xpf_file_out_check(const char *path) {
  char resolved[XPF_FILE_OUT_PATH], dir[XPF_FILE_OUT_PATH];
  bool is_regular;

  if (strcmp(path, "-") == 0)
    return 0;
  int error = resolve(path, resolved, &is_regular);
  if (error != 0)
    return error;
  if (*name_in(resolved) == '\0')
    return -ENOENT; /* "dir/" where there is none */
  if (!is_regular)
    return access(resolved, W_OK) == 0 ? 0 : -errno;
  return access(dir_of(resolved, dir), W_OK | X_OK) == 0 ? 0 : -errno;
}

static const char *name_of_fd(int fd, char name[32]) {
  snprintf(name, 32, "/proc/self/fd/%d", fd);
  return name;
}

/* -1 where there are no files without a name, or none that could get one later. */
static int open_nameless(const char *path) {
#ifdef O_TMPFILE
  char dir[XPF_FILE_OUT_PATH], name[32];
  int fd = open(dir_of(path, dir), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (fd >= 0 && access(name_of_fd(fd, name), F_OK) == 0)
    return fd;
  if (fd >= 0)
    close(fd);
#else
  (void)path;
#endif
  return -1;
}

static int give_name(struct xpf_file_out *out) {
  char name[32];
  if (linkat(AT_FDCWD, name_of_fd(out->fd, name), AT_FDCWD, out->temp, AT_SYMLINK_FOLLOW) != 0)
    return -errno;
  out->is_nameless = false;
  return 0;
}

static int open_temp(struct xpf_file_out *out) {
  const char *name = name_in(out->path);
  int used = snprintf(out->temp, sizeof out->temp, "%.*s.%.200s.xprofctl-%d",
                      (int)(name - out->path), out->path, name, (int)getpid());
  if (used < 0 || (size_t)used >= sizeof out->temp)
    return -ENAMETOOLONG;
  out->fd = open_nameless(out->path);
  out->is_nameless = out->fd >= 0;
  if (out->is_nameless)
    return 0;
  out->fd = open(out->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  return out->fd >= 0 ? 0 : -errno;
}

int xpf_file_out_open(struct xpf_file_out *out, const char *path) {
  bool is_regular = true;
  int error = 0;

  out->sink = (struct xpf_sink){.write = sink_write};
  out->fd = -1;
  out->used = 0;
  out->temp[0] = '\0';
  out->is_nameless = false;
  if (strcmp(path, "-") == 0) {
    strcpy(out->path, path);
    out->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    return out->fd >= 0 ? 0 : -errno;
  }
  error = resolve(path, out->path, &is_regular);
  if (error == 0 && is_regular)
    return open_temp(out);
  if (error == 0) {
    out->fd = open(out->path, O_WRONLY | O_CLOEXEC);
    error = out->fd >= 0 ? 0 : -errno;
  }
  return error;
}

void xpf_file_out_abandon(struct xpf_file_out *out) {
  if (out->fd >= 0)
    close(out->fd);
  out->fd = -1;
  if (*out->temp != '\0' && !out->is_nameless)
    unlink(out->temp);
  out->temp[0] = '\0';
}

int xpf_file_out_finish(struct xpf_file_out *out) {
  int error = out->sink.error != 0 ? out->sink.error : flush(out);
  if (error == 0 && out->is_nameless)
    error = give_name(out);
  /* Disks that fill up late (NFS) say so here. */
  if (close(out->fd) != 0 && error == 0)
    error = -errno;
  out->fd = -1;
  if (error == 0 && *out->temp != '\0' && rename(out->temp, out->path) != 0)
    error = -errno;
  if (error == 0)
    out->temp[0] = '\0';
  xpf_file_out_abandon(out);
  return error;
}

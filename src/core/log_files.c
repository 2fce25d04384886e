#include "core/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "core/log_retention.h"
#include "core/new_file.h"
#include "core/standard_fds.h"

#define RETRY_NS 1000000000ull

static uint64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/* "xprofiler", "xprofiler-error", "node-debug", … */
static const char *stem_of(enum xpf_log_format format, enum xpf_log_level level) {
  static const char *const ours[] = {"xprofiler", "xprofiler-error", "xprofiler-debug"};
  static const char *const alinode[] = {"node", "node-error", "node-debug"};
  return format == XPF_FORMAT_ALINODE ? alinode[level] : ours[level];
}

void xpf_log_files_init(struct xpf_log_files *files, const char *dir, enum xpf_log_format format) {
  memset(files, 0, sizeof *files);
  snprintf(files->dir, sizeof files->dir, "%s", dir);
  files->format = format;
  for (int level = 0; level < XPF_LOG_LEVELS; level++)
    files->files[level].fd = -1;
}

/* An application that closes a descriptor once too often may close ours and get its number for a
 * file of its own. */
static bool is_still_ours(const struct xpf_log_file *file) {
  struct stat now;
  return file->fd >= 0 && fstat(file->fd, &now) == 0 && now.st_dev == file->device &&
         now.st_ino == file->inode;
}

static void close_file(struct xpf_log_file *file) {
  if (is_still_ours(file))
    close(file->fd);
  file->fd = -1;
  file->torn = false;
}

void xpf_log_files_close(struct xpf_log_files *files) {
  for (int level = 0; level < XPF_LOG_LEVELS; level++)
    close_file(&files->files[level]);
}

static int open_dir(const struct xpf_log_files *files) {
  int fd = open(files->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  return fd;
}

/* ---- links ---- */

static void file_name(char *out, size_t size, enum xpf_log_format format, enum xpf_log_level level,
                      int day) {
  snprintf(out, size, "%s-%08d.log", stem_of(format, level), day);
}

/* False when something that is not ours has the name. */
static bool set_link(int dir_fd, const char *name, const char *target) {
  char present[256], temp[64];
  ssize_t size = readlinkat(dir_fd, name, present, sizeof present - 1);
  if (size < 0 && errno != ENOENT)
    return false; /* a regular file (EINVAL), or not ours to look at */
  if (size >= 0) {
    present[size] = '\0';
    if (strcmp(present, target) == 0)
      return true;
    if (xpf_log_name_day(present) == 0)
      return false; /* somebody's own link, e.g. to /dev/stdout */
  }
  if (size < 0 && symlinkat(target, dir_fd, name) == 0)
    return true;
  snprintf(temp, sizeof temp, ".%s.%d.tmp", name, (int)getpid());
  unlinkat(dir_fd, temp, 0); /* of a dead process that had our pid */
  if (symlinkat(target, dir_fd, temp) != 0)
    return errno != EPERM && errno != EACCES; /* full or read-only: the file reports it */
  if (renameat(dir_fd, temp, dir_fd, name) == 0)
    return true;
  unlinkat(dir_fd, temp, 0);
  return false;
}

/* ---- open ---- */

/* A file that was there before must be a regular one, ours, or the owner's of a directory that
 * nobody else can write: another user's file could be read or cut by him. */
static int check_file(int fd, int dir_fd) {
  struct stat file, dir;
  if (fstat(fd, &file) != 0 || fstat(dir_fd, &dir) != 0)
    return -errno;
  if (!S_ISREG(file.st_mode))
    return -EINVAL;
  bool trusted = file.st_uid == geteuid() ||
                 (file.st_uid == dir.st_uid && (dir.st_mode & (S_IWGRP | S_IWOTH)) == 0);
  return trusted ? 0 : -EPERM;
}

static int open_in(int dir_fd, const char *name) {
  const int flags = O_APPEND | O_NONBLOCK | O_NOCTTY;
  for (int attempt = 0; attempt < 5; attempt++) {
    int fd = xpf_new_file_open(dir_fd, name, flags);
    if (fd != -EEXIST)
      return fd;
    fd = xpf_standard_fds_avoid(openat(dir_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags));
    if (fd == -ENOENT)
      continue; /* deleted between the two calls */
    if (fd < 0)
      return fd;
    int err = check_file(fd, dir_fd);
    if (err) {
      close(fd);
      return err;
    }
    return fd;
  }
  return -EAGAIN;
}

/* A link to nothing looks broken, and `tail` complains: the file is there from the beginning. */
static void ensure_file(int dir_fd, const char *name) {
  int fd = open_in(dir_fd, name);
  if (fd >= 0)
    close(fd);
}

void xpf_log_files_link(struct xpf_log_files *files, int day) {
  static const char *const links[] = {"xprofiler.log", "error.log"};
  static const enum xpf_log_level levels[] = {XPF_LOG_INFO, XPF_LOG_ERROR};
  int dir_fd = open_dir(files);
  if (dir_fd < 0)
    return;
  for (unsigned i = 0; i < 2; i++) {
    char target[48];
    file_name(target, sizeof target, files->format, levels[i], day);
    if (set_link(dir_fd, links[i], target)) {
      files->links_refused &= ~(1u << i);
      if (files->files[levels[i]].fd < 0)
        ensure_file(dir_fd, target);
    } else {
      files->links_refused |= 1u << i;
    }
  }
  close(dir_fd);
}

static int open_file(struct xpf_log_files *files, struct xpf_log_file *file) {
  struct stat stat;
  int dir_fd = open_dir(files);
  if (dir_fd < 0)
    return dir_fd;
  int fd = open_in(dir_fd, file->name);
  close(dir_fd);
  if (fd < 0)
    return fd;
  if (fstat(fd, &stat) != 0) {
    int err = -errno;
    close(fd);
    return err;
  }
  file->fd = fd;
  file->device = stat.st_dev;
  file->inode = stat.st_ino;
  return 0;
}

/* ---- append ---- */

static void begin_day(struct xpf_log_files *files, int day) {
  xpf_log_files_close(files);
  files->day = day;
  files->over_quota = false;
  for (int level = 0; level < XPF_LOG_LEVELS; level++) {
    struct xpf_log_file *file = &files->files[level];
    file_name(file->name, sizeof file->name, files->format, (enum xpf_log_level)level, day);
    file->retry_ns = 0;
  }
}

static int write_line(struct xpf_log_file *file, const char *line, size_t size) {
  struct iovec parts[2] = {{.iov_base = "\n", .iov_len = file->torn ? 1 : 0},
                           {.iov_base = (void *)(uintptr_t)line, .iov_len = size}};
  size_t left = parts[0].iov_len + size;
  bool begun = false;
  while (left > 0) {
    ssize_t wrote = writev(file->fd, parts, 2);
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote <= 0) {
      int err = wrote < 0 ? -errno : -EIO;
      file->torn |= begun; /* the next line must not continue this one */
      return err;
    }
    begun = true;
    left -= (size_t)wrote;
    for (int i = 0; i < 2; i++) {
      size_t step = (size_t)wrote < parts[i].iov_len ? (size_t)wrote : parts[i].iov_len;
      parts[i].iov_base = (char *)parts[i].iov_base + step;
      parts[i].iov_len -= step;
      wrote -= (ssize_t)step;
    }
  }
  file->torn = false;
  return 0;
}

int xpf_log_files_append(struct xpf_log_files *files, enum xpf_log_level level, int day,
                         const char *line, size_t size) {
  struct xpf_log_file *file = &files->files[level];
  if (day != files->day)
    begin_day(files, day);
  if (files->over_quota)
    return -EDQUOT;
  if (file->retry_ns != 0 && monotonic_ns() < file->retry_ns)
    return file->error;
  if (!is_still_ours(file)) {
    close_file(file);
    file->error = open_file(files, file);
    if (file->error == 0)
      xpf_log_files_link(files, day);
  } else {
    file->error = 0;
  }
  if (file->error == 0)
    file->error = write_line(file, line, size);
  file->retry_ns = file->error ? monotonic_ns() + RETRY_NS : 0;
  return file->error;
}

/* ---- check ---- */

void xpf_log_files_check(struct xpf_log_files *files, uint64_t max_bytes) {
  uint64_t total = 0;
  bool moved = false;
  for (int level = 0; level < XPF_LOG_LEVELS; level++) {
    struct xpf_log_file *file = &files->files[level];
    char path[sizeof files->dir + sizeof file->name + 2];
    struct stat open_one, named;
    if (file->fd < 0)
      continue;
    snprintf(path, sizeof path, "%s/%s", files->dir, file->name);
    if (fstat(file->fd, &open_one) != 0 || lstat(path, &named) != 0 ||
        named.st_dev != file->device || named.st_ino != file->inode || !is_still_ours(file)) {
      close_file(file);
      moved = true;
    } else {
      total += (uint64_t)open_one.st_size;
    }
  }
  if (moved)
    xpf_log_files_link(files, files->day);
  files->over_quota = max_bytes > 0 && total > max_bytes;
}

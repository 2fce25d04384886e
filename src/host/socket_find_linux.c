#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "host/proc_dir_linux.h"
#include "host/proc_file.h"
#include "host/proc_stat_linux.h"
#include "host/proc_status_linux.h"
#include "host/socket_connect.h"
#include "host/socket_dir.h"
#include "xpf_protocol.h"

/* "xprofiler-" of XPF_RUNTIME_DIR_FORMAT */
#define DIR_NAME_SIZE (sizeof XPF_RUNTIME_DIR_FORMAT - sizeof "%u")

static const char *const roots[] = XPF_RUNTIME_ROOTS;
#define ROOTS (sizeof roots / sizeof roots[0])

struct target {
  pid_t ns_pid;
  uid_t uids[4]; /* who may have made the directory, likeliest first */
  size_t uids_count;
  bool denied; /* some place could not be looked at */
  struct xpf_socket_place *out;
};

static bool is_denied(int error) {
  return error == EACCES || error == EPERM;
}

/* The directory and the socket must belong to owner: in /tmp anybody may create any name. That
 * root's directory is closed to us says nothing about a process of another user. */
static bool try_dir(struct target *target, const char *dir, uid_t owner) {
  char name[32];
  struct stat entry;
  bool ours = false;
  int fd = open(dir, XPF_OPEN_DIR | O_NOFOLLOW);
  if (fd < 0) {
    target->denied |= is_denied(errno);
    return false;
  }
  snprintf(name, sizeof name, XPF_SOCKET_FORMAT, (int)target->ns_pid);
  if (fstat(fd, &entry) == 0 && entry.st_uid == owner) {
    if (fstatat(fd, name, &entry, AT_SYMLINK_NOFOLLOW))
      target->denied |= is_denied(errno) && owner == target->uids[0];
    else
      ours = S_ISSOCK(entry.st_mode) && entry.st_uid == owner;
  }
  close(fd);
  if (!ours)
    return false;
  int used = snprintf(target->out->path, sizeof target->out->path, "%s/%s", dir, name);
  return used > 0 && (size_t)used < sizeof target->out->path;
}

/* A user namespace gives the process another uid inside, so the directory has another name. What
 * counts is who owns it as seen from here. */
static bool try_names(struct target *target, const char *root) {
  char dir[512];
  bool found = false;
  DIR *list = opendir(root);
  if (!list) {
    target->denied |= is_denied(errno);
    return false;
  }
  for (struct dirent *entry; !found && (entry = readdir(list));) {
    if (strncmp(entry->d_name, XPF_RUNTIME_DIR_FORMAT, DIR_NAME_SIZE) != 0)
      continue;
    int used = snprintf(dir, sizeof dir, "%s/%s", root, entry->d_name);
    if (used > 0 && (size_t)used < sizeof dir)
      found = try_dir(target, dir, target->uids[0]);
  }
  closedir(list);
  return found;
}

static bool try_prefix(struct target *target, const char *prefix) {
  char path[128];
  for (size_t i = 0; i < ROOTS; i++) {
    for (size_t j = 0; j < target->uids_count; j++) {
      snprintf(path, sizeof path, "%s%s/" XPF_RUNTIME_DIR_FORMAT, prefix, roots[i],
               (unsigned)target->uids[j]);
      if (try_dir(target, path, target->uids[j]))
        return true;
    }
  }
  for (size_t i = 0; i < ROOTS; i++) {
    snprintf(path, sizeof path, "%s%s", prefix, roots[i]);
    if (try_names(target, path))
      return true;
  }
  return false;
}

/* A process that began as root and gave that up keeps the directory it made as root. */
static void add_uid(struct target *target, uid_t uid) {
  for (size_t i = 0; i < target->uids_count; i++)
    if (target->uids[i] == uid)
      return;
  target->uids[target->uids_count++] = uid;
}

static int read_target(int process, pid_t pid, struct target *target) {
  struct xpf_proc_stat stat;
  struct xpf_proc_status status;
  int error = xpf_proc_stat_read(process, "stat", &stat);
  if (!error)
    error = xpf_proc_status_read(process, "status", &status);
  if (error)
    return error == -EPERM ? -EACCES : error;
  if (stat.state == 'X' || (stat.state == 'Z' && stat.threads <= 1))
    return -ESRCH;
  target->ns_pid = status.ns_pid ? status.ns_pid : pid;
  add_uid(target, status.euid);
  add_uid(target, status.uid);
  add_uid(target, status.suid);
  add_uid(target, 0);
  return 0;
}

static int same(int process, const char *name, const char *ours) {
  struct stat theirs, mine;
  if (fstatat(process, name, &theirs, 0) || stat(ours, &mine))
    return -errno;
  return theirs.st_dev == mine.st_dev && theirs.st_ino == mine.st_ino;
}

/* 1: its paths are our paths; 0: they are not (mount namespace or chroot); negative: not told. */
static int shares_paths(int process) {
  int mounts = same(process, "ns/mnt", "/proc/self/ns/mnt");
  return mounts == 1 ? same(process, "root", "/") : mounts;
}

int xpf_socket_find(pid_t pid, struct xpf_socket_place *out) {
  struct target target = {.out = out};
  char prefix[64];
  bool found = false;
  out->path[0] = '\0';
  if (pid <= 0)
    return -ESRCH;
  int process = xpf_proc_dir_open(pid);
  if (process < 0)
    return process;
  int error = read_target(process, pid, &target);
  if (!error) {
    int shared = shares_paths(process);
    if (shared != 0) /* when not told, ours are worth a look */
      found = try_prefix(&target, "");
    if (!found && shared != 1) {
      snprintf(prefix, sizeof prefix, "/proc/%d/root", (int)pid);
      found = try_prefix(&target, prefix);
    }
    error = found ? 0 : target.denied ? -EACCES : -ENOENT;
  }
  if (!found && faccessat(process, "stat", F_OK, 0) && errno != EACCES)
    error = -ESRCH; /* it ended while it was looked for */
  if (!found)
    out->path[0] = '\0';
  close(process);
  return error;
}

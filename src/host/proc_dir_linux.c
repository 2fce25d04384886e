#include "host/proc_dir_linux.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "host/proc_file.h"

/* What getdents64 fills in. readdir would take 32 KB from the heap each time. */
struct entry {
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
  char name[];
};

int xpf_proc_dir_open(pid_t pid) {
  char path[32];
  if (pid < 0)
    return -ESRCH;
  if (pid == 0)
    strcpy(path, "/proc/self");
  else
    snprintf(path, sizeof path, "/proc/%d", (int)pid);
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0)
    return fd;
  int error = errno;
  if (error == ENOENT && pid != 0 && (kill(pid, 0) == 0 || errno == EPERM))
    return -EACCES;
  return error == ENOENT ? -ESRCH : -error;
}

/* Returns false when fn has ended the walk. */
static bool visit(int list, const char *data, long size, int64_t *calls,
                  bool (*fn)(void *arg, int list, pid_t number), void *arg) {
  for (long at = 0; at < size;) {
    const struct entry *entry = (const struct entry *)(const void *)(data + at);
    uint64_t number;
    at += entry->size;
    if (!xpf_proc_number(entry->name, &number) || number > INT32_MAX)
      continue;
    ++*calls;
    if (fn && !fn(arg, list, (pid_t)number))
      return false;
  }
  return true;
}

static int64_t walk(int dir, const char *path, uint64_t max,
                    bool (*fn)(void *arg, int list, pid_t number), void *arg) {
  alignas(struct entry) char data[8192];
  int64_t calls = 0;
  long got;
  int list = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (list < 0)
    return -errno;
  do {
    got = syscall(SYS_getdents64, list, data, sizeof data);
  } while (got > 0 && visit(list, data, got, &calls, fn, arg) && (uint64_t)calls < max);
  int error = got < 0 ? errno : 0;
  close(list);
  return error ? -error : calls;
}

int64_t xpf_proc_dir_each(int dir, const char *path, bool (*fn)(void *arg, int list, pid_t number),
                          void *arg) {
  return walk(dir, path, INT64_MAX, fn, arg);
}

int64_t xpf_proc_dir_count(int dir, const char *path, uint64_t max) {
  int64_t calls = walk(dir, path, max, NULL, NULL);
  return calls > (int64_t)max ? (int64_t)max : calls;
}

bool xpf_proc_dir_socket(int list, pid_t number, uint64_t *inode) {
  char name[16], link[64];
  snprintf(name, sizeof name, "%d", (int)number);
  ssize_t size = readlinkat(list, name, link, sizeof link - 1);
  link[size > 0 ? size : 0] = '\0';
  const char *text = xpf_proc_after(link, "socket:[");
  return text != NULL && xpf_proc_number(text, inode);
}

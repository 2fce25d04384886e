#include "core/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/core.h"
#include "core/new_file.h"
#include "host/os.h"

#define FIELDS        6
#define MAX_BYTES     (1 << 20)
#define LOCK_WAIT_MS  400 /* others hold it for a few ms each */
#define LOCK_STALE_MS 2000
#define RETRY_MS      1000

/* A file as it was read, still open, so that what others append later can be saved. */
struct text {
  int fd; /* -1: missing, a link or absurdly large */
  char *data;
  size_t size;
};

static int write_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t wrote = write(fd, data, size);
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote <= 0)
      return wrote < 0 ? -errno : -EIO;
    data += wrote;
    size -= (size_t)wrote;
  }
  return 0;
}

static size_t read_at(int fd, char *data, size_t size, off_t at) {
  size_t done = 0;
  while (done < size) {
    ssize_t got = pread(fd, data + done, size - done, at + (off_t)done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    done += (size_t)got;
  }
  return done;
}

static struct text text_open(const char *file) {
  struct text text = {.fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  struct stat stat;
  if (text.fd < 0)
    return text;
  bool is_good = fstat(text.fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size <= MAX_BYTES;
  text.data = is_good ? malloc((size_t)stat.st_size + 1) : NULL;
  if (!text.data) {
    close(text.fd);
    text.fd = -1;
    return text;
  }
  text.size = read_at(text.fd, text.data, (size_t)stat.st_size, 0);
  text.data[text.size] = '\0';
  return text;
}

static void text_close(struct text *text) {
  if (text->fd >= 0)
    close(text->fd);
  free(text->data);
}

/* The pid of a line that has all its fields, else 0. */
static long pid_of(const char *line, size_t size) {
  unsigned fields = 1;
  char *end;
  for (size_t i = 0; i < size; i++)
    fields += line[i] == '\0';
  long pid = strtol(line, &end, 10);
  return fields >= FIELDS && *end == '\0' && pid > 0 && pid <= INT_MAX ? pid : 0;
}

static bool is_listed(const long *pids, size_t count, long pid) {
  for (size_t i = 0; i < count; i++)
    if (pids[i] == pid)
      return true;
  return false;
}

/* The lines of other live processes, the first of each pid, then ours. NULL when out of memory. */
static char *renew(const struct text *text, const char *own, size_t own_size, size_t *out_size) {
  size_t most = 1, count = 1, size = 0;
  for (size_t i = 0; i < text->size; i++)
    most += text->data[i] == '\n';
  char *out = malloc(text->size + own_size + 2);
  long *pids = malloc((most + 1) * sizeof *pids);
  if (!out || !pids) {
    free(out);
    free(pids);
    return NULL;
  }
  pids[0] = getpid();
  const char *end = text->data ? text->data + text->size : NULL;
  for (const char *line = text->data; line && line < end;) {
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    size_t length = newline ? (size_t)(newline - line) : (size_t)(end - line);
    long pid = pid_of(line, length);
    if (pid > 0 && !is_listed(pids, count, pid) && xpf_os_is_alive((pid_t)pid)) {
      pids[count++] = pid;
      memcpy(out + size, line, length);
      size += length;
      out[size++] = '\n';
    }
    line = newline ? newline + 1 : NULL;
  }
  free(pids);
  memcpy(out + size, own, own_size);
  size += own_size;
  out[size++] = '\n';
  *out_size = size;
  return out;
}

/* Renames a complete new file into place, with the mode and owner of the present one. */
static int replace(const char *file, const char *data, size_t size) {
  char temp[PATH_MAX];
  struct stat stat;
  if (snprintf(temp, sizeof temp, "%s.%d.tmp", file, (int)getpid()) >= (int)sizeof temp)
    return -ENAMETOOLONG;
  unlink(temp);
  int fd = xpf_new_file_open(AT_FDCWD, temp, 0);
  if (fd < 0)
    return fd;
  int err = 0;
  if (lstat(file, &stat) == 0 && S_ISREG(stat.st_mode)) {
    /* Root must not take the file away from its user. */
    if (fchmod(fd, stat.st_mode & 0666) || (geteuid() == 0 && fchown(fd, stat.st_uid, stat.st_gid)))
      err = -errno;
  }
  if (!err)
    err = write_all(fd, data, size);
  if (close(fd) && !err)
    err = -errno;
  if (!err && rename(temp, file))
    err = -errno;
  if (err)
    unlink(temp);
  return err;
}

/* Adds whole lines in one write, which needs no lock. */
static int append(const char *file, const char *data, size_t size) {
  int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  if (fd < 0)
    return -errno;
  int err = write_all(fd, data, size);
  close(fd);
  return err;
}

/* What others appended to the replaced file since it was read. */
static void save_late(const char *file, const struct text *old) {
  struct stat stat;
  if (old->fd < 0 || fstat(old->fd, &stat) || stat.st_size <= (off_t)old->size ||
      stat.st_size > MAX_BYTES)
    return;
  size_t late = (size_t)stat.st_size - old->size;
  char *tail = malloc(late);
  if (tail)
    append(file, tail, read_at(old->fd, tail, late, (off_t)old->size));
  free(tail);
}

/* Under the lock. */
static int rewrite(const char *file, const char *own, size_t own_size) {
  struct text old = text_open(file);
  size_t size;
  int err = 0;
  char *renewed = renew(&old, own, own_size, &size);
  if (!renewed)
    err = -ENOMEM;
  else if (old.fd < 0 || size != old.size || memcmp(renewed, old.data, size) != 0) {
    err = replace(file, renewed, size);
    if (!err)
      save_late(file, &old);
  }
  free(renewed);
  text_close(&old);
  return err;
}

static bool has_line(const char *file, const char *line, size_t size) {
  struct text text = text_open(file);
  bool found = false;
  for (const char *at = text.data; at && !found;) {
    size_t left = text.size - (size_t)(at - text.data);
    found = left >= size && memcmp(at, line, size) == 0;
    const char *newline = memchr(at, '\n', left);
    at = newline ? newline + 1 : NULL;
  }
  text_close(&text);
  return found;
}

/* Without the lock: whoever holds it may be about to replace the file, so look whether the line
 * stays. `line` has its end. */
static int append_own(const char *file, const char *line, size_t size) {
  for (int tries = 0; tries < 3 && !has_line(file, line, size); tries++) {
    int err = append(file, line, size);
    if (err)
      return err;
  }
  return 0;
}

/* The first file, as in a container that just began, needs neither a lock nor a second file to be
 * renamed. Who finds it still empty and replaces it takes along what came meanwhile, or else it has
 * no name any more when the line is written. False: there is one already, or it cannot be. */
static bool create(const char *file, const char *line, size_t size) {
  struct stat stat;
  int fd = xpf_new_file_open(AT_FDCWD, file, 0);
  if (fd < 0)
    return false;
  bool is_there = write_all(fd, line, size) == 0 && fstat(fd, &stat) == 0 && stat.st_nlink > 0;
  close(fd);
  return is_there;
}

/* ---- the lock -------------------------------------------------------------------------------- */

static uint64_t age_ms(const struct stat *stat) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t ms = ((int64_t)now.tv_sec - (int64_t)stat->st_mtime) * 1000 + now.tv_nsec / 1000000;
  return ms > 0 ? (uint64_t)ms : 0;
}

static bool is_stale(const char *lock, const struct stat *stat) {
  struct text text = text_open(lock);
  long holder = text.data ? strtol(text.data, NULL, 10) : 0;
  text_close(&text);
  bool is_dead = holder > 0 && holder <= INT_MAX && !xpf_os_is_alive((pid_t)holder);
  return is_dead || age_ms(stat) > LOCK_STALE_MS;
}

/* Moves a left-over lock away. Two may try at once: who moved a fresh lock puts it back. */
static void break_stale(const char *lock) {
  char aside[PATH_MAX];
  struct stat before, moved;
  if (lstat(lock, &before) || !is_stale(lock, &before) ||
      snprintf(aside, sizeof aside, "%s.%d", lock, (int)getpid()) >= (int)sizeof aside)
    return;
  bool is_fresh =
      rename(lock, aside) == 0 && lstat(aside, &moved) == 0 && moved.st_ino != before.st_ino;
  /* A link that fails: somebody has taken the lock meanwhile. */
  int linked = is_fresh ? link(aside, lock) : 0;
  (void)linked;
  unlink(aside);
}

/* 0: ours. -ETIMEDOUT: not to be had in a time that an application can spare. */
static int take_lock(const char *lock) {
  char pid[16];
  int length = snprintf(pid, sizeof pid, "%d", (int)getpid());
  uint64_t end = xpf_os_now_ns() + LOCK_WAIT_MS * UINT64_C(1000000);
  for (;;) {
    int fd = xpf_new_file_open(AT_FDCWD, lock, 0);
    if (fd >= 0) {
      int err = write_all(fd, pid, (size_t)length);
      close(fd);
      if (err)
        unlink(lock);
      return err;
    }
    if (fd != -EEXIST)
      return fd;
    break_stale(lock);
    if (xpf_os_now_ns() >= end)
      return -ETIMEDOUT;
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
  }
}

/* `line` has its end. */
static enum xpf_registry_result write_beside_others(const char *file, const char *line,
                                                    size_t size) {
  char lock[PATH_MAX];
  if (snprintf(lock, sizeof lock, "%s.lock", file) >= (int)sizeof lock)
    return XPF_REGISTRY_FAILED;
  int err = take_lock(lock);
  if (err == 0) {
    err = rewrite(file, line, size - 1);
    unlink(lock);
    return err ? XPF_REGISTRY_FAILED : XPF_REGISTRY_WRITTEN;
  }
  if (err != -ETIMEDOUT || append_own(file, line, size) != 0)
    return XPF_REGISTRY_FAILED;
  return XPF_REGISTRY_APPENDED;
}

enum xpf_registry_result xpf_registry_write(const char *file, const char *own, size_t own_size) {
  char *line = malloc(own_size + 1);
  if (!line)
    return XPF_REGISTRY_FAILED;
  memcpy(line, own, own_size);
  line[own_size] = '\n';
  enum xpf_registry_result result = create(file, line, own_size + 1)
                                        ? XPF_REGISTRY_WRITTEN
                                        : write_beside_others(file, line, own_size + 1);
  free(line);
  return result;
}

/* ---- once more ------------------------------------------------------------------------------- */

/* What to write when. Begins as a message to the core thread, which then keeps it. */
struct plan {
  struct xpf_call call;
  uint64_t first_ms, then_ms; /* then_ms: 0 = not a second time */
  char *own;                  /* behind `file` in one piece of memory */
  size_t own_size;
  char file[];
};

static struct {
  uv_timer_t timer;
  bool is_open;
  struct plan *plan;
} later; /* [core] */

static void on_timer(uv_timer_t *timer) {
  struct plan *plan = later.plan;
  uint64_t then_ms = plan->then_ms;
  plan->then_ms = 0;
  xpf_registry_write(plan->file, plan->own, plan->own_size);
  if (then_ms > 0)
    uv_timer_start(timer, on_timer, then_ms, 0);
}

static void keep_plan(struct xpf_call *call) {
  struct plan *plan = (struct plan *)call;
  if (!xpf_core_is_here()) { /* no core runs */
    free(plan);
    return;
  }
  free(later.plan);
  later.plan = plan;
  if (!later.is_open)
    uv_timer_init(xpf_core_loop(), &later.timer);
  later.is_open = true;
  uv_timer_start(&later.timer, on_timer, plan->first_ms, 0);
}

enum xpf_registry_result xpf_registry_register(const char *file, const char *own, size_t own_size,
                                               uint64_t delay_ms) {
  enum xpf_registry_result result = xpf_registry_write(file, own, own_size);
  bool is_soon = result == XPF_REGISTRY_APPENDED;
  size_t file_size = strlen(file) + 1;
  struct plan *plan = malloc(sizeof *plan + file_size + own_size);
  if (!plan)
    return result;
  *plan = (struct plan){.call.run = keep_plan,
                        .first_ms = is_soon ? RETRY_MS : delay_ms,
                        .then_ms = is_soon ? delay_ms : 0,
                        .own = plan->file + file_size,
                        .own_size = own_size};
  memcpy(plan->file, file, file_size);
  memcpy(plan->own, own, own_size);
  xpf_core_post(&plan->call);
  return result;
}

static void on_closed(uv_handle_t *handle) {
  (void)handle;
  free(later.plan);
  later.plan = NULL;
}

void xpf_registry_close(void) {
  if (later.is_open)
    uv_close((uv_handle_t *)&later.timer, on_closed);
  later.is_open = false;
}

/* ---- sockets of older versions -----------------------------------------------------------------
 */

void xpf_registry_clean_sockets(const char *log_dir) {
  DIR *dir = opendir(log_dir);
  if (!dir)
    return; /* not ours to list */
  for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
    int pid = 0, length = 0;
    bool is_socket = sscanf(entry->d_name, "xprofiler-uds-path-%d.sock%n", &pid, &length) == 1 &&
                     length > 0 && entry->d_name[length] == '\0' && pid > 0;
    if (is_socket && !xpf_os_is_alive(pid))
      unlinkat(dirfd(dir), entry->d_name, 0);
  }
  closedir(dir);
}

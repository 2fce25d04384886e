#include "log_source.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOW_BYTES     (256 * 1024)
#define WINDOW_MAX_BYTES (64 * 1024 * 1024)
#define PIECE_BYTES      (64 * 1024)
/* The log writes shorter ones; what is longer is cut in two. */
#define LINE_MAX_BYTES (1024 * 1024)

/* ---- which file ---- */

int xpf_log_source_day(const char *name, const char *stem) {
  size_t size = strlen(stem);
  if (strncmp(name, stem, size) != 0 || name[size] != '-')
    return 0;
  const char *digits = name + size + 1;
  if (strspn(digits, "0123456789") != 8 || strcmp(digits + 8, ".log") != 0)
    return 0;
  return (int)strtol(digits, NULL, 10);
}

/* The name of the newest one. False when there is none. */
static bool find_newest(const struct xpf_log_source *source, char name[64]) {
  int best = 0, fd = openat(source->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
  if (list == NULL) {
    if (fd >= 0)
      close(fd);
    return false;
  }
  for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
    int day = xpf_log_source_day(entry->d_name, source->stem);
    if (day <= best || strlen(entry->d_name) >= 64)
      continue;
    best = day;
    strcpy(name, entry->d_name);
  }
  closedir(list);
  return best > 0;
}

/* The directory may be somebody else's: no links, no pipes that never answer. */
static int open_file(struct xpf_log_source *source, const char *name) {
  struct stat file;
  int fd = openat(source->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
    close(fd);
    return -EINVAL;
  }
  if (source->fd >= 0)
    close(source->fd);
  source->fd = fd;
  source->device = file.st_dev;
  source->inode = file.st_ino;
  if (name != source->name)
    strcpy(source->name, name);
  return 0;
}

int xpf_log_source_open(struct xpf_log_source *source, int take_dir, const char *stem) {
  char name[64];
  *source = (struct xpf_log_source){.dir = take_dir, .stem = stem, .fd = -1};
  return find_newest(source, name) ? open_file(source, name) : -ENOENT;
}

void xpf_log_source_close(struct xpf_log_source *source) {
  if (source->fd >= 0)
    close(source->fd);
  close(source->dir);
  free(source->held);
}

/* ---- the end of it ---- */

static ssize_t read_all(int fd, char *out, size_t size, off_t at) {
  size_t used = 0;
  while (used < size) {
    ssize_t got = pread(fd, out + used, size - used, at + (off_t)used);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -errno;
    if (got == 0)
      break;
    used += (size_t)got;
  }
  return (ssize_t)used;
}

/* Where the last `count` wanted lines of the text begin; fewer are there when *found says so. */
static size_t find_begin(char *text, size_t size, size_t count, size_t *found,
                         bool (*wants)(void *, char *, size_t), void *arg) {
  size_t end = size, begin = size;
  *found = 0;
  while (end > 0 && *found < count) {
    size_t at = end - 1; /* the newline that ends the line */
    while (at > 0 && text[at - 1] != '\n')
      at--;
    if (wants(arg, text + at, end - 1 - at)) {
      (*found)++;
      begin = at;
    }
    end = at;
  }
  return begin;
}

static size_t each_line(char *text, size_t size, xpf_log_source_line fn, void *arg) {
  size_t at = 0;
  for (char *end; (end = memchr(text + at, '\n', size - at)) != NULL;) {
    size_t line = (size_t)(end - (text + at));
    *end = '\0';
    fn(arg, text + at, line);
    at += line + 1;
  }
  return at;
}

int xpf_log_source_tail(struct xpf_log_source *source, size_t count,
                        bool (*wants)(void *arg, char *line, size_t size), xpf_log_source_line fn,
                        void *arg) {
  off_t end = source->fd >= 0 ? lseek(source->fd, 0, SEEK_END) : 0;
  for (size_t window = WINDOW_BYTES; end > 0; window *= 4) {
    bool is_all = (off_t)window >= end || window >= WINDOW_MAX_BYTES;
    size_t size = (off_t)window >= end ? (size_t)end : window, found;
    char *text = malloc(size + 1);
    if (text == NULL)
      return -ENOMEM;
    ssize_t got = read_all(source->fd, text, size, end - (off_t)size);
    size_t whole = got > 0 ? (size_t)got : 0;
    while (whole > 0 && text[whole - 1] != '\n')
      whole--;
    size_t begin = find_begin(text, whole, count, &found, wants, arg);
    bool is_enough = found >= count && (begin > 0 || is_all);
    if (is_enough || is_all || got < 0) {
      each_line(text + begin, whole - begin, fn, arg);
      lseek(source->fd, end - (off_t)size + (off_t)whole, SEEK_SET);
    }
    free(text);
    if (got < 0)
      return (int)got;
    if (is_enough || is_all)
      return 0;
  }
  return 0;
}

/* ---- what comes ---- */

static int hold(struct xpf_log_source *source, const char *text, size_t size) {
  size_t need = source->held_size + size + 1;
  if (need > source->held_capacity) {
    char *held = realloc(source->held, need * 2);
    if (held == NULL)
      return -ENOMEM;
    source->held = held;
    source->held_capacity = need * 2;
  }
  memcpy(source->held + source->held_size, text, size);
  source->held_size += size;
  return 0;
}

static int read_on(struct xpf_log_source *source, xpf_log_source_line fn, void *arg) {
  char piece[PIECE_BYTES];
  for (;;) {
    ssize_t got = read(source->fd, piece, sizeof piece);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return got < 0 ? -errno : 0;
    int error = hold(source, piece, (size_t)got);
    if (error != 0)
      return error;
    size_t used = each_line(source->held, source->held_size, fn, arg);
    source->held_size -= used;
    memmove(source->held, source->held + used, source->held_size);
    if (source->held_size > LINE_MAX_BYTES) {
      source->held[source->held_size] = '\0';
      fn(arg, source->held, source->held_size);
      source->held_size = 0;
    }
  }
}

/* Cut (copytruncate), or moved away and made anew. */
static void look_for_another(struct xpf_log_source *source) {
  struct stat there, here;
  if (fstat(source->fd, &here) == 0 && here.st_size < lseek(source->fd, 0, SEEK_CUR)) {
    lseek(source->fd, 0, SEEK_SET);
    source->held_size = 0;
  }
  if (fstatat(source->dir, source->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
      (there.st_ino != source->inode || there.st_dev != source->device)) {
    source->held_size = 0;
    open_file(source, source->name);
  }
}

int xpf_log_source_follow(struct xpf_log_source *source, xpf_log_source_line fn, void *arg) {
  char name[64];
  bool is_there = find_newest(source, name);
  int error = source->fd >= 0 ? read_on(source, fn, arg) : 0;
  if (error != 0 || !is_there)
    return error;
  if (source->fd >= 0 && strcmp(name, source->name) <= 0) {
    look_for_another(source);
    return read_on(source, fn, arg);
  }
  source->held_size = 0;
  error = open_file(source, name);
  return error == 0 ? read_on(source, fn, arg) : 0;
}

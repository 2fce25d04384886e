#include "host/proc_file.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static ssize_t read_some(int fd, char *data, size_t size) {
  ssize_t got;
  do {
    got = read(fd, data, size);
  } while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

ssize_t xpf_proc_file_read(int dir, const char *path, char *text, size_t size) {
  size_t used = 0;
  ssize_t got = 0;
  text[0] = '\0';
  int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  while (used < size - 1) {
    got = read_some(fd, text + used, size - 1 - used);
    if (got <= 0)
      break;
    used += (size_t)got;
  }
  close(fd);
  text[got < 0 ? 0 : used] = '\0';
  return got < 0 ? got : (ssize_t)used;
}

int xpf_proc_lines_open(struct xpf_proc_lines *lines, int dir, const char *path) {
  lines->error = 0;
  lines->begin = lines->end = 0;
  lines->ended = lines->skipping = false;
  lines->fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
  return lines->fd < 0 ? -errno : 0;
}

void xpf_proc_lines_close(struct xpf_proc_lines *lines) {
  if (lines->fd >= 0)
    close(lines->fd);
  lines->fd = -1;
}

static void fill(struct xpf_proc_lines *lines) {
  memmove(lines->text, lines->text + lines->begin, lines->end - lines->begin);
  lines->end -= lines->begin;
  lines->begin = 0;
  ssize_t got = read_some(lines->fd, lines->text + lines->end, sizeof lines->text - 1 - lines->end);
  if (got > 0) {
    lines->end += (size_t)got;
    return;
  }
  lines->ended = true;
  lines->error = (int)got;
  if (got < 0) /* half a line may end in half a number */
    lines->begin = lines->end;
}

char *xpf_proc_lines_next(struct xpf_proc_lines *lines) {
  for (;;) {
    char *line = lines->text + lines->begin;
    size_t size = lines->end - lines->begin;
    char *newline = memchr(line, '\n', size);
    bool wanted = !lines->skipping;
    if (newline) {
      *newline = '\0';
      lines->begin += (size_t)(newline - line) + 1;
      lines->skipping = false;
    } else if (size == sizeof lines->text - 1 || (lines->ended && size > 0)) {
      line[size] = '\0';
      lines->begin = lines->end;
      lines->skipping = true;
    } else if (lines->ended) {
      return NULL;
    } else {
      fill(lines);
      continue;
    }
    if (wanted)
      return line;
  }
}

bool xpf_proc_number(const char *text, uint64_t *out) {
  while (*text == ' ' || *text == '\t')
    text++;
  if (*text < '0' || *text > '9')
    return false;
  uint64_t number = 0;
  for (; *text >= '0' && *text <= '9'; text++) {
    unsigned digit = (unsigned)(*text - '0');
    if (number > (UINT64_MAX - digit) / 10)
      number = UINT64_MAX;
    else
      number = number * 10 + digit;
  }
  *out = number;
  return true;
}

const char *xpf_proc_after(const char *line, const char *key) {
  size_t size = strlen(key);
  return strncmp(line, key, size) == 0 ? line + size : NULL;
}

#include "host/proc_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_CAPACITY 16384u

static int grow(struct xpf_proc_text *text) {
  size_t capacity = text->capacity ? text->capacity * 2 : FIRST_CAPACITY;
  if (capacity > XPF_PROC_TEXT_MAX)
    return -EFBIG;
  char *larger = realloc(text->text, capacity);
  if (!larger)
    return -ENOMEM;
  text->text = larger;
  text->capacity = capacity;
  return 0;
}

static int read_all(struct xpf_proc_text *text, int fd) {
  for (;;) {
    if (text->capacity - text->size < 2) {
      int error = grow(text);
      if (error)
        return error;
    }
    ssize_t got = read(fd, text->text + text->size, text->capacity - text->size - 1);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -errno;
    if (got == 0)
      return 0;
    text->size += (size_t)got;
  }
}

int xpf_proc_text_read(struct xpf_proc_text *text, const char *dir, const char *name) {
  char path[4096];
  int error = 0;
  text->size = 0;
  if (text->capacity == 0)
    error = grow(text);
  if (error)
    return error;
  int length = snprintf(path, sizeof path, "%s/%s", dir, name);
  int fd = length < (int)sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0)
    error = length < (int)sizeof path ? -errno : -ENAMETOOLONG;
  else
    error = read_all(text, fd);
  if (fd >= 0)
    close(fd);
  if (error)
    text->size = 0;
  text->text[text->size] = '\0';
  return error;
}

void xpf_proc_text_free(struct xpf_proc_text *text) {
  free(text->text);
  memset(text, 0, sizeof *text);
}

char *xpf_proc_text_line(char **at) {
  char *line = *at;
  if (!line || *line == '\0')
    return NULL;
  char *newline = strchr(line, '\n');
  if (newline)
    *newline = '\0';
  *at = newline ? newline + 1 : line + strlen(line);
  return line;
}

char *xpf_proc_text_word(char **at) {
  char *word = *at + strspn(*at, " \t");
  size_t size = strcspn(word, " \t");
  if (size == 0)
    return NULL;
  *at = word + size + (word[size] != '\0');
  word[size] = '\0';
  return word;
}

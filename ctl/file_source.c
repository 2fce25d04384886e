#include "file_source.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t file_read(struct xpf_source *source, void *data, size_t size) {
  const struct xpf_file_source *file = (const struct xpf_file_source *)source;
  ssize_t got;
  do
    got = read(file->fd, data, size);
  while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

void xpf_file_source_init(struct xpf_file_source *file, int fd) {
  xpf_source_init(&file->source, file_read);
  file->fd = fd;
}

int xpf_file_source_open(struct xpf_file_source *file, const char *path) {
  struct stat st;
  bool is_stdin = strcmp(path, "-") == 0;
  xpf_file_source_init(file, is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC));
  if (file->fd < 0)
    return -errno;
  int error = fstat(file->fd, &st) != 0 ? -errno : S_ISDIR(st.st_mode) ? -EISDIR : 0;
  if (error != 0)
    xpf_file_source_close(file);
  return error;
}

void xpf_file_source_close(struct xpf_file_source *file) {
  if (file->fd > STDIN_FILENO)
    close(file->fd);
}

/* What the targets share: a claim that ends the run when it is wrong, and the input as text or
 * file. */
#ifndef XPF_TEST_FUZZ_H
#define XPF_TEST_FUZZ_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool good) {
  if (!good)
    __builtin_trap();
}

/* The input as a string in a block of its own, so that the sanitizer sees a read behind it. */
static inline char *fuzz_text(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  require(text != NULL);
  if (size > 0)
    memcpy(text, data, size);
  text[size] = '\0';
  return text;
}

/* A file in memory that code which opens files by name can read. */
struct fuzz_file {
  int fd;
  char path[32];
};

static inline void fuzz_file_init(struct fuzz_file *file) {
  file->fd = memfd_create("fuzz", MFD_CLOEXEC);
  require(file->fd >= 0);
  snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->fd);
}

static inline void fuzz_file_set(const struct fuzz_file *file, const void *data, size_t size) {
  require(ftruncate(file->fd, 0) == 0);
  require(pwrite(file->fd, data, size, 0) == (ssize_t)size);
}
#endif

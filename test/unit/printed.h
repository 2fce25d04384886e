/* What a function prints to one of the standard streams. Include after cmocka.h. */
#ifndef XPF_TEST_PRINTED_H
#define XPF_TEST_PRINTED_H
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int printed_fd, printed_kept;
static FILE *printed_file;

static inline void printed_begin(int fd) {
  fflush(NULL);
  printed_fd = fd;
  printed_kept = dup(fd);
  printed_file = tmpfile();
  assert_non_null(printed_file);
  assert_true(dup2(fileno(printed_file), fd) >= 0);
}

/* Valid until the next one. */
static inline const char *printed_end(void) {
  static char text[16 * 1024];
  fflush(NULL);
  dup2(printed_kept, printed_fd);
  close(printed_kept);
  ssize_t size = pread(fileno(printed_file), text, sizeof text - 1, 0);
  fclose(printed_file);
  assert_true(size >= 0);
  text[size] = '\0';
  return text;
}
#endif

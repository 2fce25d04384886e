/* Compares text with a file of this folder, byte by byte; one newline at its end does not count. */
#ifndef XPF_TEST_GOLDEN_H
#define XPF_TEST_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The folder from the path of the test's own source: pass __FILE__ ("test/unit/test_x.c"). */
static inline char *golden_read(const char *source, const char *name) {
  char path[4096];
  const char *slash = strrchr(source, '/');
  int folder = slash != NULL ? (int)(slash - source) : 1;
  snprintf(path, sizeof(path), "%.*s/../golden/%s", folder, slash != NULL ? source : ".", name);
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    return NULL;
  size_t capacity = 1 << 20;
  char *text = malloc(capacity);
  size_t size = text != NULL ? fread(text, 1, capacity - 1, file) : 0;
  fclose(file);
  if (text == NULL)
    return NULL;
  if (size > 0 && text[size - 1] == '\n')
    size--;
  text[size] = '\0';
  return text;
}

#endif

/* A directory for output files, for each test a new one, and what the tests make and find there. */
#ifndef XPF_TEST_OUT_DIR_H
#define XPF_TEST_OUT_DIR_H
#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[64];

static inline const char *in_dir(const char *name) {
  static char paths[4][PATH_MAX];
  static int next;
  char *path = paths[next++ % 4];
  snprintf(path, PATH_MAX, "%s/%s", dir, name);
  return path;
}

static inline int entries(void) {
  DIR *d = opendir(dir);
  int count = -2; /* . and .. */
  while (readdir(d) != NULL)
    count++;
  closedir(d);
  return count;
}

static inline bool exists(const char *name) {
  struct stat st;
  return lstat(in_dir(name), &st) == 0;
}

static inline void make(const char *name, const char *text) {
  FILE *file = fopen(in_dir(name), "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static inline void check_text(const char *name, const char *expected) {
  char text[256] = "";
  FILE *file = fopen(in_dir(name), "r");
  assert_non_null(file);
  size_t size = fread(text, 1, sizeof(text) - 1, file);
  fclose(file);
  text[size] = '\0';
  assert_string_equal(text, expected);
}

static inline int make_dir(void **state) {
  (void)state;
  strcpy(dir, "/tmp/xpf-outfile-XXXXXX");
  return mkdtemp(dir) == NULL ? -1 : 0;
}

static inline int drop_dir(void **state) {
  (void)state;
  DIR *d = opendir(dir);
  const struct dirent *entry;
  while ((entry = readdir(d)) != NULL)
    unlinkat(dirfd(d), entry->d_name, 0);
  closedir(d);
  return rmdir(dir);
}
#endif

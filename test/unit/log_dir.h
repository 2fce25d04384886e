/* A log in a directory of its own, for each test a new one. */
#ifndef XPF_TEST_LOG_DIR_H
#define XPF_TEST_LOG_DIR_H
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/log.h"

static char dir[64];
static char path_buffer[256];

static inline int remove_entry(const char *path, const struct stat *entry, int type,
                               struct FTW *at) {
  (void)entry, (void)type, (void)at;
  return remove(path);
}

static inline int make_dir(void **state) {
  (void)state;
  strcpy(dir, "/tmp/xpf-test-log-XXXXXX");
  return mkdtemp(dir) ? 0 : -1;
}

static inline int drop_dir(void **state) {
  (void)state;
  nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
  return 0;
}

static inline int today(void) {
  time_t now = time(NULL);
  struct tm tm;
  localtime_r(&now, &tm);
  return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

static inline const char *in_dir(const char *name) {
  snprintf(path_buffer, sizeof path_buffer, "%s/%s", dir, name);
  return path_buffer;
}

static inline const char *dated(const char *stem) {
  snprintf(path_buffer, sizeof path_buffer, "%s/%s-%08d.log", dir, stem, today());
  return path_buffer;
}

static inline struct xpf_log_options options(enum xpf_log_format format, int level) {
  struct xpf_log_options o = {.format = format,
                              .level = level,
                              .max_age_days = 30,
                              .max_total_mb = 1024,
                              .profile_max_total_mb = 1024};
  snprintf(o.dir, sizeof o.dir, "%s", dir);
  return o;
}

static inline struct xpf_log *new_log(enum xpf_log_format format, int level) {
  struct xpf_log *log;
  struct xpf_log_options o = options(format, level);
  assert_int_equal(xpf_log_new(&log, &o), 0);
  return log;
}

static inline void write_file(const char *path, const char *text, size_t size) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, size), size);
  close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, drop_dir)
#endif

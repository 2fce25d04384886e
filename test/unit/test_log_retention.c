// clang-format off
// links: src/core/new_file.c src/core/standard_fds.c
// links: src/core/log.c src/core/log_queue.c src/core/log_files.c src/core/log_retention.c
// links: src/format/sink.c src/format/json.c src/wire/utf8.c -lcjson -lm
// clang-format on
#include <stdbool.h>
#include <sys/stat.h>

#include "core/log_retention.h"
#include "log_dir.h"

static void names_are_recognised_exactly(void **state) {
  (void)state;
  assert_int_equal(xpf_log_name_day("xprofiler-20261122.log"), 20261122);
  assert_int_equal(xpf_log_name_day("xprofiler-error-20261122.log"), 20261122);
  assert_int_equal(xpf_log_name_day("node-debug-20200101.log"), 20200101);
  assert_int_equal(xpf_log_name_day("xprofiler-20261122.log.gz"), 0);
  assert_int_equal(xpf_log_name_day("xprofiler-2026112.log"), 0);
  assert_int_equal(xpf_log_name_day("xprofiler-202611220.log"), 0);
  assert_int_equal(xpf_log_name_day("my-xprofiler-20261122.log"), 0);
  assert_int_equal(xpf_log_name_day("xprofiler.log"), 0);
  assert_int_equal(xpf_log_name_day(""), 0);
  assert_true(xpf_log_is_profile_name("x-cpuprofile-12-20261122-0.cpuprofile"));
  assert_true(xpf_log_is_profile_name("x-heapdump-1-20261122-10.heapsnapshot"));
  assert_true(xpf_log_is_profile_name("x-fatal-error-1-20261122-0.core"));
  assert_true(xpf_log_is_profile_name("x-trace-1-20261122-0.trace.json"));
  assert_true(xpf_log_is_profile_name("x-cpuprofile-1-20261122-0.pb.gz"));
  assert_true(xpf_log_is_profile_name("x-heapprofile-1-20261122-0.html"));
  assert_false(xpf_log_is_profile_name("x-trace-1-20261122-0.json"));
  assert_false(xpf_log_is_profile_name("x-cpuprofile-1-20261122-0.pb"));
  assert_false(xpf_log_is_profile_name("x-cpuprofile-12-20261122-0.heapsnapshot"));
  assert_false(xpf_log_is_profile_name("before-deploy.cpuprofile"));
  assert_false(xpf_log_is_profile_name("x-cpuprofile--20261122-0.cpuprofile"));
  assert_false(xpf_log_is_profile_name("x-cpuprofile-12-20261122-0.cpuprofile.tmp"));
}

static bool exists(const char *name) {
  struct stat stat_of;
  return lstat(in_dir(name), &stat_of) == 0;
}

static void old_logs_go_and_nothing_else(void **state) {
  (void)state;
  write_file(in_dir("xprofiler-20200101.log"), "x", 1);
  write_file(in_dir("node-error-20200101.log"), "x", 1);
  write_file(in_dir("xprofiler-20200101.log.gz"), "x", 1);
  write_file(in_dir("app-20200101.log"), "x", 1);
  write_file(in_dir("target"), "x", 1);
  assert_int_equal(symlink("target", in_dir("xprofiler-error-20200101.log")), 0);
  assert_int_equal(mkdir(in_dir("xprofiler-debug-20200101.log"), 0700), 0);
  write_file(dated("xprofiler"), "x", 1);
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
  xpf_log_maintain(log);
  xpf_log_free(log);
  assert_false(exists("xprofiler-20200101.log"));
  assert_false(exists("node-error-20200101.log"));
  assert_true(exists("xprofiler-20200101.log.gz"));
  assert_true(exists("app-20200101.log"));
  assert_true(exists("target"));
  assert_true(exists("xprofiler-error-20200101.log"));
  assert_true(exists("xprofiler-debug-20200101.log"));
  assert_int_equal(access(dated("xprofiler"), F_OK), 0);
}

static void the_oldest_go_when_the_total_is_too_much(void **state) {
  (void)state;
  struct tm tm = {.tm_year = 126, .tm_mon = 10, .tm_mday = 22, .tm_hour = 12, .tm_isdst = -1};
  time_t now = mktime(&tm);
  struct xpf_log_limits limits = {.max_age_days = 30, .max_total_mb = 1, .profile_max_total_mb = 1};
  char *data = calloc(1, 600 * 1024);
  memset(data, 'x', 600 * 1024);
  write_file(in_dir("xprofiler-20261119.log"), data, 600 * 1024);
  write_file(in_dir("xprofiler-20261120.log"), data, 600 * 1024);
  write_file(in_dir("xprofiler-20261121.log"), data, 300 * 1024);
  write_file(in_dir("xprofiler-20261122.log"), data, 100 * 1024);
  assert_int_equal(xpf_log_retention(dir, &limits, now), 1);
  assert_false(exists("xprofiler-20261119.log"));
  assert_true(exists("xprofiler-20261120.log"));
  limits.max_age_days = 1; /* the 20th is two days old */
  assert_int_equal(xpf_log_retention(dir, &limits, now), 1);
  assert_false(exists("xprofiler-20261120.log"));
  assert_true(exists("xprofiler-20261121.log"));
  limits.max_total_mb = 0.01; /* today's file stays whatever its size */
  assert_int_equal(xpf_log_retention(dir, &limits, now), 1);
  assert_true(exists("xprofiler-20261122.log"));
  free(data);
}

static void profiles_go_by_age_but_not_young_or_named_ones(void **state) {
  (void)state;
  time_t now = time(NULL);
  struct xpf_log_limits limits = {.max_age_days = 30, .max_total_mb = 1, .profile_max_total_mb = 1};
  char *data = malloc(600 * 1024);
  memset(data, 'x', 600 * 1024);
  static const char *const names[] = {"x-cpuprofile-1-20261122-0.cpuprofile",
                                      "x-heapdump-1-20261122-1.heapsnapshot",
                                      "x-gcprofile-1-20261122-2.gcprofile", "kept.heapsnapshot"};
  for (int i = 0; i < 4; i++) {
    write_file(in_dir(names[i]), data, 600 * 1024);
    struct timespec times[2] = {{now - 10000 + i * 100, 0}, {now - 10000 + i * 100, 0}};
    if (i != 2)
      utimensat(AT_FDCWD, in_dir(names[i]), times, 0);
  }
  int fd = open(dir, O_RDONLY);
  syncfs(fd); /* sizes on disk */
  close(fd);
  assert_int_equal(xpf_log_retention(dir, &limits, now), 2);
  assert_false(exists(names[0]));
  assert_false(exists(names[1]));
  assert_true(exists(names[2])); /* younger than an hour */
  assert_true(exists(names[3]));
  free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(names_are_recognised_exactly),
      TEST(old_logs_go_and_nothing_else),
      TEST(the_oldest_go_when_the_total_is_too_much),
      TEST(profiles_go_by_age_but_not_young_or_named_ones),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// clang-format off
// links: src/core/new_file.c src/core/standard_fds.c
// links: src/core/log.c src/core/log_queue.c src/core/log_files.c src/core/log_retention.c
// links: src/format/sink.c src/format/json.c src/wire/utf8.c -lcjson -lm
// clang-format on
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <cjson/cJSON.h>

#include "core/log.h"
#include "log_dir.h"

/* The whole file, "" when there is none. Static buffer. */
static char *content(const char *path) {
  static char text[1 << 20];
  int fd = open(path, O_RDONLY);
  ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  text[size > 0 ? size : 0] = '\0';
  if (fd >= 0)
    close(fd);
  return text;
}

static size_t lines_in(const char *text) {
  size_t count = 0;
  for (; *text; text++)
    count += *text == '\n';
  return count;
}

/* Runs until _end; returns what was written to the descriptor. */
static int saved_fd, saved_copy;
static void capture(int fd) {
  int file = open(in_dir("captured"), O_RDWR | O_CREAT | O_TRUNC, 0600);
  saved_fd = fd;
  saved_copy = dup(fd);
  fflush(NULL);
  dup2(file, fd);
  close(file);
}
static char *captured(void) {
  dup2(saved_copy, saved_fd);
  close(saved_copy);
  return content(in_dir("captured"));
}

/* ---- lines ---- */

/* pattern: d a digit, anything else itself. */
static void assert_pattern(const char *text, const char *pattern) {
  for (; *pattern; pattern++, text++)
    if (*pattern == 'd' ? *text < '0' || *text > '9' : *pattern != *text)
      fail_msg("expected %s at: %s", pattern, text);
}

static void the_prefix_is_the_known_one(void **state) {
  (void)state;
  char wanted[128];
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
  xpf_log_write(log, XPF_LOG_INFO, "cpu", 3, "cpu_usage(%) cpu_now: 1");
  char *text = content(dated("xprofiler"));
  assert_pattern(text, "[dddd-dd-dd dd:dd:dd] [info] [cpu] [");
  snprintf(wanted, sizeof wanted, "[info] [cpu] [%d] [3] [%s] cpu_usage(%%) cpu_now: 1\n",
           (int)getpid(), XPF_VERSION);
  assert_string_equal(text + strlen("[2026-11-22 00:00:00] "), wanted);
  xpf_log_free(log);
}

static void alinode_has_microseconds_and_no_thread(void **state) {
  (void)state;
  char wanted[128];
  struct xpf_log *log = new_log(XPF_FORMAT_ALINODE, 1);
  xpf_log_write(log, XPF_LOG_ERROR, "http", 3, "text");
  char *text = content(dated("node-error"));
  assert_pattern(text, "[dddd-dd-dd dd:dd:dd.dddddd] [error] [http] [");
  snprintf(wanted, sizeof wanted, "[error] [http] [%d] text\n", (int)getpid());
  assert_string_equal(text + strlen("[2026-11-22 00:00:00.000000] "), wanted);
  xpf_log_free(log);
}

static const char *text_of(const cJSON *json, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
  return cJSON_IsString(item) ? item->valuestring : "";
}

static void json_lines_are_objects(void **state) {
  (void)state;
  struct xpf_log *log = new_log(XPF_FORMAT_JSON, 1);
  xpf_log_write(log, XPF_LOG_INFO, "a\"b", 7, "say \"hi\"\n\xff end");
  cJSON *json = cJSON_Parse(content(dated("xprofiler")));
  assert_non_null(json);
  assert_pattern(text_of(json, "time"), "dddd-dd-ddTdd:dd:dd.ddd");
  assert_pattern(text_of(json, "time") + strlen("2026-11-22T00:00:00.123+"), "dd:dd");
  assert_string_equal(text_of(json, "component"), "a\"b");
  assert_string_equal(text_of(json, "level"), "info");
  assert_string_equal(text_of(json, "message"), "say \"hi\" ? end");
  assert_string_equal(text_of(json, "version"), XPF_VERSION);
  assert_int_equal(cJSON_GetObjectItemCaseSensitive(json, "thread_id")->valueint, 7);
  assert_int_equal(cJSON_GetObjectItemCaseSensitive(json, "pid")->valueint, getpid());
  cJSON_Delete(json);
  unlink(dated("xprofiler"));
  sleep(1);
  xpf_log_maintain(log);
  xpf_log_write_json(log, XPF_LOG_INFO, "memory", 0, "\"rss\":5,\"b\":null");
  char *text = content(dated("xprofiler"));
  assert_int_equal(lines_in(text), 1);
  json = cJSON_Parse(text);
  assert_int_equal(cJSON_GetObjectItemCaseSensitive(json, "rss")->valueint, 5);
  assert_string_equal(text_of(json, "component"), "memory");
  cJSON_Delete(json);
  xpf_log_free(log);
}

static void levels_go_to_their_files_and_are_filtered(void **state) {
  (void)state;
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
  assert_true(xpf_log_wants(log, XPF_LOG_ERROR));
  assert_false(xpf_log_wants(log, XPF_LOG_DEBUG));
  xpf_log_write(log, XPF_LOG_DEBUG, "x", 0, "not wanted");
  assert_int_equal(access(dated("xprofiler-debug"), F_OK), -1);
  struct xpf_log_options o = options(XPF_FORMAT_XPROFILER, 1);
  xpf_log_set_level(log, 2);
  xpf_log_configure(log, &o); /* of before: the level has changed since */
  xpf_log_write(log, XPF_LOG_DEBUG, "x", 0, "wanted");
  xpf_log_write(log, XPF_LOG_ERROR, "x", 0, "bad");
  assert_int_equal(lines_in(content(dated("xprofiler-debug"))), 1);
  assert_int_equal(lines_in(content(dated("xprofiler-error"))), 1);
  assert_int_equal(lines_in(content(dated("xprofiler"))), 0);
  xpf_log_free(log);
}

static void a_line_stays_one_line(void **state) {
  (void)state;
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
  char *huge = malloc(200001);
  for (size_t i = 0; i < 200000; i += 2)
    memcpy(huge + i, "\xc3\xa9", 2);
  huge[200000] = '\0';
  xpf_log_write(log, XPF_LOG_INFO, "a\nb", 0, "one\ntwo\r\nthree\x1b[31m \xff\xfe");
  xpf_log_write(log, XPF_LOG_INFO, "big", 0, huge);
  xpf_log_write(log, XPF_LOG_INFO, "after", 0, "x");
  char *text = content(dated("xprofiler"));
  assert_int_equal(lines_in(text), 3);
  assert_non_null(strstr(text, "[a b] "));
  assert_non_null(strstr(text, "one two  three [31m ??\n"));
  char *second = strchr(text, '\n') + 1;
  size_t size = strcspn(second, "\n");
  assert_true(size > 64 * 1024 && size < 64 * 1024 + 256);
  assert_memory_equal(second + size - 2, "\xc3\xa9", 2); /* whole characters */
  free(huge);
  xpf_log_free(log);
}

/* ---- files and links ---- */

static void files_are_private_and_links_point_to_today(void **state) {
  (void)state;
  char target[128], wanted[64];
  struct stat stat_of;
  mode_t mask = umask(0);
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
  xpf_log_write(log, XPF_LOG_INFO, "x", 0, "y");
  umask(mask);
  assert_int_equal(stat(dated("xprofiler"), &stat_of), 0);
  assert_int_equal(stat_of.st_mode & 0777, 0600);
  ssize_t size = readlink(in_dir("xprofiler.log"), target, sizeof target - 1);
  assert_true(size > 0);
  target[size] = '\0';
  snprintf(wanted, sizeof wanted, "xprofiler-%08d.log", today());
  assert_string_equal(target, wanted);
  size = readlink(in_dir("error.log"), target, sizeof target - 1);
  target[size > 0 ? size : 0] = '\0';
  snprintf(wanted, sizeof wanted, "xprofiler-error-%08d.log", today());
  assert_string_equal(target, wanted);
  assert_int_equal(lines_in(content(in_dir("xprofiler.log"))), 1);
  xpf_log_free(log);
}

static void an_old_link_is_replaced_and_foreign_things_stay(void **state) {
  (void)state;
  struct stat stat_of;
  assert_int_equal(symlink("xprofiler-20200101.log", in_dir("xprofiler.log")), 0);
  write_file(in_dir("error.log"), "mine\n", 5);
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
  for (int i = 0; i < 3; i++) {
    xpf_log_maintain(log);
    xpf_log_write(log, XPF_LOG_INFO, "x", 0, "y");
    usleep(1010000);
  }
  assert_int_equal(lines_in(content(in_dir("xprofiler.log"))), 3);
  assert_int_equal(lstat(in_dir("error.log"), &stat_of), 0);
  assert_true(S_ISREG(stat_of.st_mode));
  assert_string_equal(content(in_dir("error.log")), "mine\n");
  char *errors = content(dated("xprofiler-error"));
  assert_int_equal(lines_in(errors), 1); /* said once */
  assert_non_null(strstr(errors, "error.log is not a link of xprofiler and was left alone"));
  xpf_log_free(log);
}

static void a_link_to_somewhere_else_is_left_alone(void **state) {
  (void)state;
  char target[64] = "";
  assert_int_equal(symlink("/dev/stdout", in_dir("xprofiler.log")), 0);
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
  xpf_log_write(log, XPF_LOG_INFO, "x", 0, "y");
  assert_int_equal(readlink(in_dir("xprofiler.log"), target, sizeof target - 1), 11);
  assert_string_equal(target, "/dev/stdout");
  xpf_log_free(log);
}

static void moved_and_deleted_files_are_made_anew(void **state) {
  (void)state;
  char moved[256];
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
  xpf_log_write(log, XPF_LOG_INFO, "x", 0, "first");
  snprintf(moved, sizeof moved, "%s/rotated", dir);
  assert_int_equal(rename(dated("xprofiler"), moved), 0);
  xpf_log_maintain(log);
  xpf_log_write(log, XPF_LOG_INFO, "x", 0, "second");
  assert_int_equal(lines_in(content(moved)), 1);
  assert_non_null(strstr(content(dated("xprofiler")), "second"));
  unlink(dated("xprofiler"));
  sleep(1);
  xpf_log_maintain(log);
  xpf_log_write(log, XPF_LOG_INFO, "x", 0, "third");
  assert_non_null(strstr(content(dated("xprofiler")), "third"));
  xpf_log_free(log);
}

static void links_and_pipes_under_our_names_are_not_used(void **state) {
  (void)state;
  write_file(in_dir("victim"), "", 0);
  assert_int_equal(symlink("victim", dated("xprofiler")), 0);
  assert_int_equal(mkfifo(dated("xprofiler-error"), 0600), 0);
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
  capture(STDERR_FILENO);
  xpf_log_write(log, XPF_LOG_INFO, "x", 0, "text");
  xpf_log_write(log, XPF_LOG_ERROR, "x", 0, "text");
  assert_int_equal(lines_in(captured()), 2);
  assert_string_equal(content(in_dir("victim")), "");
  xpf_log_free(log);
}

/* ---- trouble ---- */

static void a_missing_directory_costs_lines_and_is_reported_twice(void **state) {
  (void)state;
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 0);
  char gone[128];
  snprintf(gone, sizeof gone, "%s-gone", dir);
  xpf_log_write(log, XPF_LOG_INFO, "x", 0, "before");
  capture(STDERR_FILENO);
  assert_int_equal(rename(dir, gone), 0);
  xpf_log_maintain(log);
  for (int i = 0; i < 5; i++)
    xpf_log_write(log, XPF_LOG_INFO, "x", 0, "lost");
  assert_int_equal(access(dir, F_OK), -1); /* not made again: it is the user's */
  assert_int_equal(rename(gone, dir), 0);
  usleep(1050000);
  xpf_log_write(log, XPF_LOG_INFO, "x", 0, "after");
  char *text = captured();
  assert_int_equal(lines_in(text), 2);
  assert_non_null(strstr(text, "No such file or directory"));
  assert_non_null(strstr(text, "5 log lines were lost"));
  assert_null(strstr(content(dated("xprofiler")), "lost"));
  assert_non_null(strstr(content(dated("xprofiler")), "after"));
  xpf_log_free(log);
}

static void a_full_disk_leaves_whole_lines(void **state) {
  (void)state;
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 0);
  struct rlimit before, small;
  char text[2001];
  memset(text, 'a', 2000);
  text[2000] = '\0';
  signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &before);
  small = before;
  small.rlim_cur = 3000;
  capture(STDERR_FILENO);
  setrlimit(RLIMIT_FSIZE, &small);
  for (int i = 0; i < 4; i++)
    xpf_log_write(log, XPF_LOG_INFO, "x", 0, text);
  setrlimit(RLIMIT_FSIZE, &before);
  usleep(1050000);
  xpf_log_write(log, XPF_LOG_INFO, "x", 0, "after");
  char *said = captured();
  assert_int_equal(lines_in(said), 2);
  assert_non_null(strstr(said, "3 log lines were lost"));
  char *log_text = content(dated("xprofiler"));
  assert_int_equal(lines_in(log_text), 3);   /* one whole, one cut, then a line of its own */
  assert_non_null(strstr(log_text, "\n[2")); /* the last line begins where a line begins */
  char *last = strrchr(log_text, '[');
  assert_non_null(strstr(last, "after\n"));
  xpf_log_free(log);
}

static void a_full_pipe_on_stdout_never_blocks(void **state) {
  (void)state;
  int ends[2];
  struct xpf_log_options o = options(XPF_FORMAT_XPROFILER, 1);
  struct xpf_log *log;
  char text[1001];
  memset(text, 'b', 1000);
  text[1000] = '\0';
  o.to_stdout = true;
  assert_int_equal(xpf_log_new(&log, &o), 0);
  assert_int_equal(pipe(ends), 0);
  fflush(NULL);
  int copy = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  close(ends[1]);
  alarm(20);
  for (int i = 0; i < 500; i++)
    xpf_log_write(log, XPF_LOG_INFO, "x", 0, text);
  alarm(0);
  dup2(copy, STDOUT_FILENO);
  close(copy);
  assert_int_equal(lines_in(content(dated("xprofiler"))), 500);
  char first[1200];
  ssize_t size = read(ends[0], first, sizeof first - 1);
  assert_true(size > 1000); /* what fits was written, beginning with the first line */
  assert_int_equal(first[0], '[');
  close(ends[0]);
  xpf_log_free(log);
}

static void more_than_the_total_of_today_is_not_written(void **state) {
  (void)state;
  struct xpf_log_options o = options(XPF_FORMAT_XPROFILER, 0);
  struct xpf_log *log;
  char *text = calloc(1, 60001);
  memset(text, 'c', 60000);
  o.max_total_mb = 1;
  assert_int_equal(xpf_log_new(&log, &o), 0);
  for (int i = 0; i < 20; i++)
    xpf_log_write(log, XPF_LOG_INFO, "x", 0, text);
  xpf_log_maintain(log);
  capture(STDERR_FILENO);
  xpf_log_write(log, XPF_LOG_INFO, "x", 0, "too much");
  assert_non_null(strstr(captured(), "log_max_total_mb"));
  assert_null(strstr(content(dated("xprofiler")), "too much"));
  free(text);
  xpf_log_free(log);
}

/* ---- queue ---- */

static void posted_lines_keep_order_and_the_oldest_give_way(void **state) {
  (void)state;
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
  for (int i = 0; i < 5000; i++) {
    char text[32];
    snprintf(text, sizeof text, "line %d", i);
    xpf_log_post(log, XPF_LOG_INFO, "x", 0, text);
  }
  xpf_log_post(log, XPF_LOG_DEBUG, "x", 0, "filtered");
  assert_int_equal(access(dated("xprofiler"), F_OK), -1); /* only the core thread writes */
  assert_int_equal(xpf_log_drain(log), 4096);
  char *text = content(dated("xprofiler"));
  assert_int_equal(lines_in(text), 4096);
  assert_non_null(strstr(text, "line 904\n"));
  assert_null(strstr(text, "line 903\n"));
  assert_true(strstr(text, "line 1000\n") < strstr(text, "line 1001\n"));
  assert_non_null(strstr(content(dated("xprofiler-error")), "904 lines were lost"));
  assert_int_equal(xpf_log_drain(log), 0);
  xpf_log_free(log);
}

static void a_long_line_is_whole(void **state) {
  (void)state;
  struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
  char *text = calloc(1, 20005);
  memset(text, 'd', 20000);
  memcpy(text + 20000, "|end", 4);
  xpf_log_post(log, XPF_LOG_INFO, "x", 0, text);
  xpf_log_free(log); /* writes what waits */
  assert_true(strlen(content(dated("xprofiler"))) > 20000);
  assert_non_null(strstr(content(dated("xprofiler")), "d|end\n"));
  free(text);
}

static void processes_share_a_file_line_by_line(void **state) {
  (void)state;
  pid_t children[3];
  for (int c = 0; c < 3; c++) {
    children[c] = fork();
    if (children[c] == 0) {
      struct xpf_log *log = new_log(XPF_FORMAT_XPROFILER, 1);
      char text[301];
      memset(text, 'a' + c, 300);
      text[300] = '\0';
      for (int i = 0; i < 500; i++)
        xpf_log_write(log, XPF_LOG_INFO, "x", 0, text);
      xpf_log_free(log);
      _exit(0);
    }
  }
  for (int c = 0; c < 3; c++)
    waitpid(children[c], NULL, 0);
  char *text = content(dated("xprofiler"));
  assert_int_equal(lines_in(text), 1500);
  for (char *line = text; *line; line = strchr(line, '\n') + 1) {
    size_t size = strcspn(line, "\n");
    assert_int_equal(strspn(line + size - 300, (char[]){line[size - 1], '\0'}), 300);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_prefix_is_the_known_one),
      TEST(alinode_has_microseconds_and_no_thread),
      TEST(json_lines_are_objects),
      TEST(levels_go_to_their_files_and_are_filtered),
      TEST(a_line_stays_one_line),
      TEST(files_are_private_and_links_point_to_today),
      TEST(an_old_link_is_replaced_and_foreign_things_stay),
      TEST(a_link_to_somewhere_else_is_left_alone),
      TEST(moved_and_deleted_files_are_made_anew),
      TEST(links_and_pipes_under_our_names_are_not_used),
      TEST(a_missing_directory_costs_lines_and_is_reported_twice),
      TEST(a_full_disk_leaves_whole_lines),
      TEST(a_full_pipe_on_stdout_never_blocks),
      TEST(more_than_the_total_of_today_is_not_written),
      TEST(posted_lines_keep_order_and_the_oldest_give_way),
      TEST(a_long_line_is_whole),
      TEST(processes_share_a_file_line_by_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

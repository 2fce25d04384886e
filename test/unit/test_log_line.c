// links: ctl/log_line.c ctl/log_source.c src/wire/document.c src/wire/utf8.c -lcjson
/* Lines of a log in all formats, and the files they stand in. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../ctl/log_line.h"
#include "../../ctl/log_source.h"

static struct xpf_log_line line;

static int parse(const char *text) {
  return xpf_log_line_parse(&line, text, strlen(text));
}

static void pair_is(size_t at, const char *key, const char *value) {
  assert_true(at < line.pairs_count);
  const struct xpf_log_pair *pair = &line.pairs[at];
  assert_int_equal(pair->key_size, strlen(key));
  assert_memory_equal(pair->key, key, strlen(key));
  assert_int_equal(pair->value_size, strlen(value));
  assert_memory_equal(pair->value, value, strlen(value));
}

static void message_is(const char *expected) {
  assert_non_null(line.message);
  assert_int_equal(line.message_size, strlen(expected));
  assert_memory_equal(line.message, expected, strlen(expected));
  assert_int_equal(line.pairs_count, 0);
}

static void xprofiler_format(void **state) {
  (void)state;
  char clock[16];
  assert_int_equal(parse("[2026-11-22 00:37:16] [info] [memory] [5689] [3] [4.0.0] "
                         "memory_usage(byte) rss: 110645248, heap_used: 0, "),
                   0);
  assert_string_equal(line.time, "2026-11-22 00:37:16");
  assert_string_equal(xpf_log_line_clock(&line, clock), "00:37:16");
  assert_string_equal(line.level, "info");
  assert_string_equal(line.component, "memory");
  assert_string_equal(line.version, "4.0.0");
  assert_int_equal(line.pid, 5689);
  assert_int_equal(line.thread_id, 3);
  assert_null(line.message);
  assert_int_equal(line.pairs_count, 2);
  pair_is(0, "rss", "110645248");
  pair_is(1, "heap_used", "0");

  assert_int_equal(parse("[2026-11-22 00:37:16] [error] [mine] [1] [0] [4.0.0] it broke: 5, no"),
                   0);
  message_is("it broke: 5, no");
  assert_int_equal(parse("[2026-11-22 00:37:16] [info] [spaces] [1] [0] [4.0.0] "), 0);
  message_is("");
}

static void alinode_format(void **state) {
  (void)state;
  assert_int_equal(parse("[2026-11-22 00:37:16.875900] [info] [other] [5689] cpu_usage(%) "
                         "now: 14.000000, cpu_15: 14.5"),
                   0);
  assert_int_equal(line.thread_id, -1);
  assert_string_equal(line.version, "");
  assert_int_equal(line.pairs_count, 2);
  pair_is(1, "cpu_15", "14.5");
}

static void json_format(void **state) {
  (void)state;
  char clock[16];
  assert_int_equal(
      parse("{\"time\":\"2026-11-25T13:21:27.285+00:00\",\"level\":\"info\",\"component\":\"cpu\","
            "\"pid\":4840,\"thread_id\":2,\"version\":\"4.0.0\",\"cpu_now\":0.542770,\"limit\":"
            "null}"),
      0);
  assert_string_equal(xpf_log_line_clock(&line, clock), "13:21:27");
  assert_int_equal(line.pid, 4840);
  assert_int_equal(line.thread_id, 2);
  assert_int_equal(line.pairs_count, 2);
  pair_is(0, "cpu_now", "0.542770");
  pair_is(1, "limit", "null");
  xpf_log_line_free(&line);
  assert_int_equal(parse("{\"time\":\"t\",\"level\":\"info\",\"component\":\"c\",\"pid\":1,"
                         "\"message\":\"say \\\"a\\\"\"}"),
                   0);
  message_is("say \"a\"");
  xpf_log_line_free(&line);
}

static void what_is_no_line(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      "    at frame (file.js:1:2)",
      "[2026-11-22] [info] [x] [1] [0] [4] t",
      "[2026-11-22 00:37:16] [info] [x] [y] [0] [4] t",
      "[2026-11-22 00:37:16] [info] [x] [1]",
      "[2026-11-22 00:37:16] [in[fo] [x] [1] [0] [4] t",
      "[2026-11-22 00:37:16",
      "{",
      "{}",
      "{\"time\":1}",
      "{\"time\":\"t\",\"level\":\"info\",\"component\":\"c\",\"pid\":-1}",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_int_equal(parse(texts[i]), -EINVAL);
    xpf_log_line_free(&line);
  }
}

/* ---- files ---- */

struct lines {
  char text[4096];
};

static void keep(void *arg, char *text, size_t size) {
  struct lines *lines = arg;
  assert_int_equal(strlen(text), size);
  strcat(lines->text, text);
  strcat(lines->text, "|");
}

static bool is_wanted(void *arg, char *text, size_t size) {
  (void)arg;
  return size > 0 && *text == 'w';
}

static char dir[64];

static void append(const char *name, const char *text) {
  char path[160];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
}

static int open_source(struct xpf_log_source *source, const char *stem) {
  return xpf_log_source_open(source, open(dir, O_RDONLY | O_DIRECTORY), stem);
}

static int make_dir(void **state) {
  (void)state;
  strcpy(dir, "/tmp/xpf-log-source-XXXXXX");
  return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", dir);
  return system(command);
}

static void days(void **state) {
  (void)state;
  assert_int_equal(xpf_log_source_day("xprofiler-20261122.log", "xprofiler"), 20261122);
  assert_int_equal(xpf_log_source_day("xprofiler-error-20261122.log", "xprofiler"), 0);
  assert_int_equal(xpf_log_source_day("xprofiler-error-20261122.log", "xprofiler-error"), 20261122);
  assert_int_equal(xpf_log_source_day("xprofiler-2026112.log", "xprofiler"), 0);
  assert_int_equal(xpf_log_source_day("xprofiler-20261122.log.gz", "xprofiler"), 0);
  assert_int_equal(xpf_log_source_day("xprofiler.log", "xprofiler"), 0);
}

static void the_tail_counts_wanted_lines(void **state) {
  (void)state;
  struct xpf_log_source source;
  struct lines lines = {""};
  append("app-20260101.log", "w old\n");
  append("app-20260102.log", "w1\nx\nw2\nx\nw3\nx\nw unfinished");
  assert_int_equal(open_source(&source, "app"), 0);
  assert_string_equal(source.name, "app-20260102.log");
  assert_int_equal(xpf_log_source_tail(&source, 2, is_wanted, keep, &lines), 0);
  assert_string_equal(lines.text, "w2|x|w3|x|");
  lines.text[0] = '\0';
  append("app-20260102.log", " till now\nx\n");
  assert_int_equal(xpf_log_source_follow(&source, keep, &lines), 0);
  assert_string_equal(lines.text, "w unfinished till now|x|");
  xpf_log_source_close(&source);

  lines.text[0] = '\0'; /* all, and none */
  assert_int_equal(open_source(&source, "app"), 0);
  assert_int_equal(xpf_log_source_tail(&source, 99, is_wanted, keep, &lines), 0);
  assert_string_equal(lines.text, "w1|x|w2|x|w3|x|w unfinished till now|x|");
  xpf_log_source_close(&source);
  lines.text[0] = '\0';
  assert_int_equal(open_source(&source, "app"), 0);
  assert_int_equal(xpf_log_source_tail(&source, 0, is_wanted, keep, &lines), 0);
  assert_string_equal(lines.text, "");
  xpf_log_source_close(&source);
}

static void large_files_are_read_from_their_end(void **state) {
  (void)state;
  struct xpf_log_source source;
  struct lines lines = {""};
  char *filler = malloc(1000001);
  memset(filler, 'x', 1000000);
  for (int i = 99; i < 1000000; i += 100)
    filler[i] = '\n';
  filler[1000000] = '\0';
  append("big-20260101.log", "w far\n");
  append("big-20260101.log", filler);
  append("big-20260101.log", "w near\n");
  free(filler);
  assert_int_equal(open_source(&source, "big"), 0);
  assert_int_equal(xpf_log_source_tail(&source, 1, is_wanted, keep, &lines), 0);
  assert_string_equal(lines.text, "w near|");
  xpf_log_source_close(&source);
}

static void following_goes_into_the_next_day(void **state) {
  (void)state;
  struct xpf_log_source source;
  struct lines lines = {""};
  assert_int_equal(open_source(&source, "app"), -ENOENT);
  append("app-20260101.log", "a\n"); /* the first line ever */
  assert_int_equal(xpf_log_source_follow(&source, keep, &lines), 0);
  append("app-20260101.log", "b\n");
  append("app-20260102.log", "c\n");
  assert_int_equal(xpf_log_source_follow(&source, keep, &lines), 0);
  assert_string_equal(lines.text, "a|b|c|");

  char path[160], moved[168]; /* moved away, as logrotate does, and cut */
  snprintf(path, sizeof path, "%s/app-20260102.log", dir);
  snprintf(moved, sizeof moved, "%s.1", path);
  append("app-20260102.log", "d\n");
  assert_int_equal(rename(path, moved), 0);
  append("app-20260102.log", "e\n");
  assert_int_equal(xpf_log_source_follow(&source, keep, &lines), 0);
  assert_string_equal(lines.text, "a|b|c|d|e|");
  assert_int_equal(truncate(path, 0), 0);
  assert_int_equal(xpf_log_source_follow(&source, keep, &lines), 0);
  append("app-20260102.log", "f\n");
  assert_int_equal(xpf_log_source_follow(&source, keep, &lines), 0);
  assert_string_equal(lines.text, "a|b|c|d|e|f|");
  xpf_log_source_close(&source);
}

static void links_and_pipes_are_not_read(void **state) {
  (void)state;
  struct xpf_log_source source;
  char path[160];
  snprintf(path, sizeof path, "%s/link-20260101.log", dir);
  assert_int_equal(symlink("/etc/passwd", path), 0);
  assert_int_equal(open_source(&source, "link"), -ELOOP);
  xpf_log_source_close(&source);
  snprintf(path, sizeof path, "%s/pipe-20260101.log", dir);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_int_equal(open_source(&source, "pipe"), -EINVAL);
  xpf_log_source_close(&source);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(xprofiler_format),
      cmocka_unit_test(alinode_format),
      cmocka_unit_test(json_format),
      cmocka_unit_test(what_is_no_line),
      cmocka_unit_test(days),
      cmocka_unit_test_setup_teardown(the_tail_counts_wanted_lines, make_dir, remove_dir),
      cmocka_unit_test_setup_teardown(large_files_are_read_from_their_end, make_dir, remove_dir),
      cmocka_unit_test_setup_teardown(following_goes_into_the_next_day, make_dir, remove_dir),
      cmocka_unit_test_setup_teardown(links_and_pipes_are_not_read, make_dir, remove_dir),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

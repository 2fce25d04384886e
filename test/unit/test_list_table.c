// links: ctl/list_table.c ctl/process_figures.c ctl/print.c ctl/text.c ctl/verdict.c
// links: src/target/process_name.c src/target/reply_field.c -lcjson -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../ctl/list_table.h"
#include "../../ctl/text.h"
#include "printed.h"

#define ROWS_MAX 4
static struct xpf_process_row rows[ROWS_MAX];
static struct xpf_process_list list;

static int begin(void **state) {
  (void)state;
  memset(rows, 0, sizeof rows);
  list = (struct xpf_process_list){.rows = rows};
  setenv("LC_ALL", "C", 1);
  xpf_text_choose();
  return 0;
}

static int end(void **state) {
  (void)state;
  for (size_t i = 0; i < list.count; i++) {
    cJSON_Delete(rows[i].info);
    cJSON_Delete(rows[i].metrics);
  }
  return 0;
}

static struct xpf_process_row *add(pid_t pid, const char *info, const char *metrics) {
  struct xpf_process_row *row = &rows[list.count++];
  row->pid = pid;
  strcpy(row->command_line, "node /srv/app.js");
  row->info = info ? cJSON_Parse(info) : NULL;
  row->metrics = metrics ? cJSON_Parse(metrics) : NULL;
  assert_true(!info || row->info);
  assert_true(!metrics || row->metrics);
  return row;
}

static void check(const char *expected) {
  printed_begin(STDOUT_FILENO);
  int rc = xpf_list_table_print(&list);
  const char *text = printed_end();
  assert_int_equal(rc, 0);
  assert_string_equal(text, expected);
}

#define INFO                                                                                       \
  "{\"title\":\"node\",\"script\":\"/srv/shop/server.js\",\"node_version\":\"v22.1.0\","           \
  "\"version\":\"4.0.0\",\"uptime\":11520.9}"

static void test_figures(void **state) {
  (void)state;
  add(42, INFO,
      "{\"process\":{\"cpu_now\":12.34,\"rss\":104857600},\"threads\":["
      "{\"thread_id\":7,\"heap_used\":1,\"heap_limit\":1,\"loop_delay_p99_ms\":1},"
      "{\"thread_id\":0,\"heap_used\":20971520,\"heap_limit\":4345298944,"
      "\"loop_delay_p99_ms\":21.26,\"loop_blocked_ms\":999}]}");
  check("PID  THREADS  CPU%      RSS      HEAP    LIMIT  DELAY P99  UPTIME  NODE     XPROFILER  "
        "TITLE\n"
        " 42        2  12.3  100 MiB  20.0 MiB  4.0 GiB    21.3 ms  3h 12m  v22.1.0  4.0.0      "
        "/srv/shop/server.js\n");
}

/* A blocked loop has no usual delay; what is not told is a dash; a wide name comes last. */
static void test_blocked_and_unknown(void **state) {
  (void)state;
  add(1, "{\"title\":\"\xe5\x95\x86\xe5\xba\x97\"}",
      "{\"threads\":[{\"thread_id\":0,\"loop_blocked_ms\":1000,\"loop_delay_p99_ms\":3}]}");
  add(4194304, "{}", NULL);
  check("    PID  THREADS  CPU%  RSS  HEAP  LIMIT    DELAY P99  UPTIME  NODE  XPROFILER  TITLE\n"
        "      1        1     -    -     -      -  blocked 1 s       -  -     -          "
        "\xe5\x95\x86\xe5\xba\x97\n"
        "4194304        -     -    -     -      -            -       -  -     -          "
        "node /srv/app.js\n");
}

static void test_those_that_gave_no_answer(void **state) {
  (void)state;
  xpf_verdict_set_text(&add(7, NULL, NULL)->verdict, XPF_REASON_TIMEOUT, "late");
  rows[0].status = XPF_EXIT_FAILED;
  xpf_verdict_set_text(&add(8, NULL, NULL)->verdict, XPF_REASON_NOT_PERMITTED, "no");
  rows[1].status = XPF_EXIT_TARGET;
  add(9, NULL, NULL)->is_plain = true;
  rows[2].status = XPF_EXIT_TARGET;
  strcpy(rows[2].command_line, "node \x1b[31m\n\xc2\x9b x");
  check("PID  THREADS  CPU%  RSS  HEAP  LIMIT  DELAY P99  UPTIME  NODE  XPROFILER  TITLE\n"
        "  7  not answering                                                        "
        "node /srv/app.js\n"
        "  8  not usable: not_permitted                                            "
        "node /srv/app.js\n"
        "  9  not instrumented                                                     "
        "node ?[31m?? x\n");
}

/* Titles of columns take two places each in Chinese, and stand over their values all the same. */
static void test_in_chinese(void **state) {
  (void)state;
  setenv("LC_ALL", "zh_CN.UTF-8", 1);
  xpf_text_choose();
  add(42, "{}", "{\"threads\":[{\"thread_id\":0,\"loop_blocked_ms\":65000}]}");
  check("进程  线程  CPU%  RSS  堆内存  堆上限  循环延迟 P99  运行时长  NODE  XPROFILER  程序\n"
        "  42     1     -    -       -       -    阻塞 65 秒         -  -     -          "
        "node /srv/app.js\n");
}

/* A cell has an end, whatever a process says. */
static void test_what_is_too_long_or_no_text(void **state) {
  (void)state;
  char info[512], version[200];
  memset(version, '9', sizeof version - 1);
  version[sizeof version - 1] = '\0';
  snprintf(info, sizeof info, "{\"node_version\":\"%s\",\"version\":4,\"uptime\":\"x\"}", version);
  add(1, info, "{\"process\":7,\"threads\":{}}");
  printed_begin(STDOUT_FILENO);
  assert_int_equal(xpf_list_table_print(&list), 0);
  const char *row = strchr(printed_end(), '\n') + 1;
  const char *nines = strchr(row, '9');
  assert_non_null(nines);
  assert_int_equal(strspn(nines, "9"), 63);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_figures),
      TEST(test_blocked_and_unknown),
      TEST(test_those_that_gave_no_answer),
      TEST(test_in_chinese),
      TEST(test_what_is_too_long_or_no_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: ctl/options.c ctl/config_option.c ctl/duration.c ctl/print.c ctl/suggest.c ctl/text.c
// links: -lcjson -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../ctl/options.h"
#include "../../ctl/text.h"

#define WORDS_MAX 16

static struct xpf_options options;
static char message[512];

/* Words up to NULL. */
static int parse(const char *first, ...) {
  char *argv[WORDS_MAX];
  int argc = 0;
  va_list words;

  va_start(words, first);
  for (const char *word = first; word != NULL && argc < WORDS_MAX; word = va_arg(words, char *))
    argv[argc++] = (char *)word;
  va_end(words);
  message[0] = '\0';
  return xpf_options_parse(&options, argc, argv, message, sizeof message);
}

static int english(void **state) {
  (void)state;
  xpf_text_set_chinese(false);
  return 0;
}

static int release(void **state) {
  (void)state;
  xpf_options_free(&options);
  return 0;
}

static double number(enum xpf_option_id id) {
  assert_true(xpf_options_has(&options, id));
  return options.values[id].number;
}

static char *params(void) {
  cJSON *object = xpf_options_params(&options);
  char *text = cJSON_PrintUnformatted(object);
  cJSON_Delete(object);
  assert_non_null(text);
  return text;
}

static void expect_params(const char *expected) {
  char *text = params();
  assert_string_equal(text, expected);
  free(text);
}

static void expect_config(const char *expected) {
  char *text = options.config != NULL ? cJSON_PrintUnformatted(options.config) : NULL;
  assert_non_null(text);
  assert_string_equal(text, expected);
  free(text);
}

static void test_every_way_to_write_an_option(void **state) {
  static const char *const ways[][3] = {{"-p", "12", NULL},
                                        {"-p12", NULL, NULL},
                                        {"-p=12", NULL, NULL},
                                        {"--pid", "12", NULL},
                                        {"--pid=12", NULL, NULL}};
  (void)state;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    assert_int_equal(parse("heapdump", ways[i][0], ways[i][1], NULL), 0);
    assert_true(number(XPF_OPTION_PID) == 12);
    assert_int_equal(options.words_count, 1);
    assert_string_equal(options.words[0], "heapdump");
  }
}

static void test_thread_by_all_its_names(void **state) {
  static const char *const names[] = {"-w", "--worker_thread_id", "--worker-thread-id",
                                      "--thread-id", "--thread_id"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_int_equal(parse("heapdump", names[i], "3", NULL), 0);
    assert_true(number(XPF_OPTION_THREAD) == 3);
  }
}

static void test_options_before_the_command(void **state) {
  (void)state;
  assert_int_equal(parse("--json", "-p", "7", "heapdump", NULL), 0);
  assert_true(xpf_options_has(&options, XPF_OPTION_JSON));
  assert_string_equal(options.words[0], "heapdump");
}

static void test_last_one_wins(void **state) {
  (void)state;
  assert_int_equal(parse("heapdump", "-p", "1", "-p", "2", NULL), 0);
  assert_true(number(XPF_OPTION_PID) == 2);
}

static void test_several_processes(void **state) {
  (void)state;
  assert_int_equal(parse("cpu", "-p", "1", "--pid=2", NULL), 0);
  assert_int_equal(xpf_options_add_pid(&options, "30", message, sizeof message), 0);
  assert_int_equal(options.pids_count, 3);
  assert_int_equal(options.pids[0], 1);
  assert_int_equal(options.pids[1], 2);
  assert_int_equal(options.pids[2], 30);
  assert_int_not_equal(xpf_options_add_pid(&options, "x", message, sizeof message), 0);
  assert_non_null(strstr(message, "\"x\""));
  for (int i = 3; i < XPF_PIDS_MAX; i++)
    assert_int_equal(xpf_options_add_pid(&options, "4", message, sizeof message), 0);
  assert_int_not_equal(xpf_options_add_pid(&options, "4", message, sizeof message), 0);
  assert_non_null(strstr(message, "at most 64"));
}

static void test_times_have_units(void **state) {
  static const struct {
    const char *text;
    double ms;
  } times[] = {{"2000", 2000}, {"500ms", 500}, {"10s", 10000},
               {"1.5s", 1500}, {"2m", 120000}, {"1h", 3600000}};
  (void)state;
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    assert_int_equal(parse("cpu", "-t", times[i].text, NULL), 0);
    assert_true(number(XPF_OPTION_TIME) == times[i].ms);
  }
}

static void test_wrong_times_say_what_is_right(void **state) {
  static const char *const wrong[] = {"0",     "0s",    "8d",  "10 s",
                                      "10sec", "s",     "1e3", "0x10",
                                      "inf",   "1..5s", "",    "99999999999999999999s"};
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_not_equal(parse("cpu", "-t", wrong[i], NULL), 0);
    assert_non_null(strstr(
        message, "--profiling_time must be a time from 1ms to 7d, such as 500ms, 10s or 2m, not"));
  }
}

static void test_letters_together(void **state) {
  (void)state;
  assert_int_equal(parse("-hv", NULL), 0);
  assert_true(xpf_options_has(&options, XPF_OPTION_HELP));
  assert_true(xpf_options_has(&options, XPF_OPTION_VERSION));
}

static void test_double_dash_ends_options(void **state) {
  (void)state;
  assert_int_equal(parse("help", "--", "--json", NULL), 0);
  assert_int_equal(options.words_count, 2);
  assert_string_equal(options.words[1], "--json");
  assert_false(xpf_options_has(&options, XPF_OPTION_JSON));
}

static void test_wrong_pids(void **state) {
  static const char *const wrong[] = {"",    "x",    "-5",         "0",  "1.5",
                                      "1e3", "0x10", "2147483648", " 5", "99999999999999999999"};
  char expected[160];
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_not_equal(parse("heapdump", "-p", wrong[i], NULL), 0);
    snprintf(expected, sizeof expected,
             "a process id is a whole number from 1 to 2147483647, not \"%s\"", wrong[i]);
    assert_string_equal(message, expected);
    assert_false(xpf_options_has(&options, XPF_OPTION_PID));
  }
}

static void test_ranges(void **state) {
  (void)state;
  assert_int_equal(parse("x", "--sampling-interval-us", "50", NULL), 0);
  assert_int_not_equal(parse("x", "--sampling-interval-us", "49", NULL), 0);
  assert_string_equal(
      message, "--sampling-interval-us must be a whole number from 50 to 1000000, not \"49\"");
  assert_int_equal(parse("x", "--timeout", "0.5", NULL), 0);
  assert_true(number(XPF_OPTION_TIMEOUT) == 0.5);
  assert_int_not_equal(parse("x", "--timeout", "soon", NULL), 0);
  assert_int_not_equal(parse("x", "--timeout", "1.2.3", NULL), 0);
  assert_int_not_equal(parse("x", "-t", "1.5", NULL), 0);
  assert_int_not_equal(parse("x", "-w", "4294967296", NULL), 0);
  assert_int_equal(parse("x", "-w", "4294967295", NULL), 0);
}

static void test_value_missing(void **state) {
  (void)state;
  assert_int_not_equal(parse("heapdump", "--pid", NULL), 0);
  assert_string_equal(message, "the option --pid needs a value");
  assert_int_not_equal(parse("heapdump", "-p", "--json", NULL), 0);
  assert_string_equal(message, "the option -p needs a value");
}

static void test_flags_take_no_value(void **state) {
  (void)state;
  assert_int_equal(parse("heapdump", "--wait", "--wait=false", NULL), 0);
  assert_false(xpf_options_has(&options, XPF_OPTION_WAIT));
  assert_int_not_equal(parse("heapdump", "--wait=5", NULL), 0);
  assert_string_equal(message, "the option --wait takes no value");
}

static void test_unknown_option_suggests(void **state) {
  (void)state;
  assert_int_not_equal(parse("heapdump", "--worker_thred_id", "1", NULL), 0);
  assert_string_equal(message,
                      "unknown option: --worker_thred_id; did you mean --worker_thread_id?");
  assert_int_not_equal(parse("set_config", "--enable_http_profile=1", NULL), 0);
  assert_string_equal(
      message, "unknown option: --enable_http_profile=1; did you mean --enable_http_profiling?");
  assert_int_not_equal(parse("list", "--lang", NULL), 0); /* not --man */
  assert_string_equal(message, "unknown option: --lang");
  assert_int_not_equal(parse("list", "--jsno", NULL), 0);
  assert_string_equal(message, "unknown option: --jsno; did you mean --json?");
  assert_int_not_equal(parse("heapdump", "--zzzzzzzz", NULL), 0);
  assert_string_equal(message, "unknown option: --zzzzzzzz");
  assert_int_not_equal(parse("heapdump", "-q", NULL), 0);
  assert_string_equal(message, "unknown option: -q");
}

static void test_names_of_files(void **state) {
  char long_name[202];
  (void)state;
  memset(long_name, 'a', sizeof long_name);
  long_name[201] = '\0';
  assert_int_not_equal(parse("heapdump", "--name", long_name, NULL), 0);
  long_name[200] = '\0';
  assert_int_equal(parse("heapdump", "--name", long_name, NULL), 0);
  assert_int_not_equal(parse("heapdump", "--name", "../x", NULL), 0);
  assert_int_not_equal(parse("heapdump", "--name", ".x", NULL), 0);
  assert_int_not_equal(parse("heapdump", "--name=", NULL), 0);
}

static void test_params_of_the_protocol(void **state) {
  (void)state;
  assert_int_equal(parse("start_heap_profiling", "-p", "1", "-w", "2", "-t", "1500",
                         "--sampling-interval-bytes", "4096", "--stack-depth", "32",
                         "--include-collected", "--name", "n", "--wait", "--json", NULL),
                   0);
  expect_params("{\"thread_id\":2,\"profiling_time\":1500,\"sampling_interval_bytes\":4096,"
                "\"stack_depth\":32,\"include_collected\":true,\"name\":\"n\",\"wait\":true}");
  assert_int_equal(
      parse("heapdump", "-p", "1", "--numeric-values", "--internals", "--max-rss-mb", "900", NULL),
      0);
  expect_params("{\"numeric_values\":true,\"internals\":true,\"max_rss_mb\":900}");
}

static void test_config_keys(void **state) {
  (void)state;
  assert_int_equal(parse("set_config", "--log_level", "2", "--enable_http_profiling",
                         "--disable_log_uv_handles", NULL),
                   0);
  expect_config("{\"log_level\":2,\"enable_http_profiling\":true,\"enable_log_uv_handles\":false}");
  xpf_options_free(&options);
  assert_int_equal(parse("set_config", "--enable-fatal-error-report=false", "--log-type=1", NULL),
                   0);
  expect_config("{\"enable_fatal_error_report\":false,\"log_type\":1}");
  xpf_options_free(&options);
  /* The last one wins here, too. */
  assert_int_equal(parse("set_config", "--enable_http_profiling", "--disable_http_profiling", NULL),
                   0);
  expect_config("{\"enable_http_profiling\":false}");
}

static void test_wrong_config(void **state) {
  (void)state;
  assert_int_not_equal(parse("set_config", "--log_interval", "5", NULL), 0);
  assert_string_equal(message, "log_interval cannot be changed while the process runs");
  assert_int_not_equal(parse("set_config", "--log_level", "9", NULL), 0);
  assert_string_equal(message, "log_level must be a number from 0 to 2, not \"9\"");
  assert_int_not_equal(parse("set_config", "--log_level", "high", NULL), 0);
  assert_int_not_equal(parse("set_config", "--log_level", NULL), 0);
  assert_string_equal(message, "the option log_level needs a value");
  assert_int_not_equal(parse("set_config", "--enable_http_profiling=maybe", NULL), 0);
  assert_int_not_equal(parse("set_config", "--disable_log_level", NULL), 0);
}

static void test_too_many_words(void **state) {
  char *argv[XPF_WORDS_MAX + 1];
  (void)state;
  for (int i = 0; i < XPF_WORDS_MAX; i++)
    argv[i] = "1";
  argv[XPF_WORDS_MAX] = "2";
  assert_int_equal(xpf_options_parse(&options, XPF_WORDS_MAX, argv, message, sizeof message), 0);
  assert_int_not_equal(
      xpf_options_parse(&options, XPF_WORDS_MAX + 1, argv, message, sizeof message), 0);
  assert_string_equal(message, "unexpected argument: 2");
}

static void test_chinese(void **state) {
  (void)state;
  xpf_text_set_chinese(true);
  assert_int_not_equal(parse("heapdump", "-p", "x", NULL), 0);
  assert_string_equal(message, "进程号必须是 1 到 2147483647 之间的整数, 而不是 \"x\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, english, release)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_every_way_to_write_an_option),
      TEST(test_thread_by_all_its_names),
      TEST(test_options_before_the_command),
      TEST(test_last_one_wins),
      TEST(test_several_processes),
      TEST(test_times_have_units),
      TEST(test_wrong_times_say_what_is_right),
      TEST(test_letters_together),
      TEST(test_double_dash_ends_options),
      TEST(test_wrong_pids),
      TEST(test_ranges),
      TEST(test_value_missing),
      TEST(test_flags_take_no_value),
      TEST(test_unknown_option_suggests),
      TEST(test_names_of_files),
      TEST(test_params_of_the_protocol),
      TEST(test_config_keys),
      TEST(test_wrong_config),
      TEST(test_too_many_words),
      TEST(test_chinese),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

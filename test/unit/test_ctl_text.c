// links: ctl/text.c ctl/suggest.c ctl/print.c -lcjson
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../ctl/print.h"
#include "../../ctl/suggest.h"
#include "../../ctl/text.h"

#define ARGUMENTS_MAX 8

/* The conversion letters of a format by argument, as "dsf". "%2$s" counts for the second. */
static void read_conversions(const char *format, char out[ARGUMENTS_MAX + 1]) {
  size_t next = 0;

  memset(out, '\0', ARGUMENTS_MAX + 1);
  for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at, '%')) {
    at++;
    if (*at == '%') {
      at++;
      continue;
    }
    size_t digits = strspn(at, "0123456789");
    size_t argument = next++;
    if (at[digits] == '$') {
      argument = (size_t)atoi(at) - 1;
      at += digits + 1;
    }
    at += strspn(at, "-+ #0123456789.");
    assert_true(argument < ARGUMENTS_MAX);
    out[argument] = *at;
  }
}

static void test_languages_take_the_same_arguments(void **state) {
  (void)state;
  for (int id = 0; id < XPF_TEXT_COUNT; id++) {
    char english[ARGUMENTS_MAX + 1], chinese[ARGUMENTS_MAX + 1];
    const char *en = xpf_text_in((enum xpf_text_id)id, false);
    const char *zh = xpf_text_in((enum xpf_text_id)id, true);
    assert_true(*en != '\0' && *zh != '\0');
    read_conversions(en, english);
    read_conversions(zh, chinese);
    if (strcmp(english, chinese) != 0)
      fail_msg("\"%s\" and \"%s\" take other arguments", en, zh);
  }
}

static void choose(const char *lc_all, const char *lc_messages, const char *lang) {
  setenv("LC_ALL", lc_all, 1);
  setenv("LC_MESSAGES", lc_messages, 1);
  setenv("LANG", lang, 1);
  xpf_text_choose();
}

static void test_locale_decides(void **state) {
  (void)state;
  choose("", "", "zh_CN.UTF-8");
  assert_true(xpf_text_is_chinese());
  choose("", "zh_TW", "en_US.UTF-8");
  assert_true(xpf_text_is_chinese());
  choose("C", "zh_CN", "zh_CN");
  assert_false(xpf_text_is_chinese());
  choose("zh_CN", "C", "C");
  assert_true(xpf_text_is_chinese());
  choose("", "", "");
  assert_false(xpf_text_is_chinese());
}

static const char *nearest(const char *word) {
  static const char *const names[] = {"heapdump", "diag_report", "start_cpu_profiling",
                                      "start_gc_profiling"};
  struct xpf_suggest suggest;
  xpf_suggest_init(&suggest, word);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    xpf_suggest_offer(&suggest, names[i]);
  return xpf_suggest_result(&suggest);
}

static void test_suggestions(void **state) {
  (void)state;
  assert_string_equal(nearest("heapdmup"), "heapdump");
  assert_string_equal(nearest("heap"), "heapdump");
  assert_string_equal(nearest("HEAPDUMP"), "heapdump");
  assert_string_equal(nearest("diagreport"), "diag_report");
  assert_string_equal(nearest("start-cpu-profile"), "start_cpu_profiling");
  assert_null(nearest("frobnicate"));
  assert_null(nearest(""));
  assert_null(nearest("a word that is much longer than any command of any program could ever be"));
}

static void test_sizes_and_durations(void **state) {
  char text[64];
  (void)state;
  xpf_text_set_chinese(false);
  assert_string_equal(xpf_print_bytes(0, text, sizeof text), "0 B");
  assert_string_equal(xpf_print_bytes(1023, text, sizeof text), "1023 B");
  assert_string_equal(xpf_print_bytes(18231, text, sizeof text), "17.8 KiB");
  assert_string_equal(xpf_print_bytes(4345298944.0, text, sizeof text), "4.0 GiB");
  assert_string_equal(xpf_print_duration(1.5, text, sizeof text), "1.5 s");
  assert_string_equal(xpf_print_duration(61, text, sizeof text), "1m 1s");
  assert_string_equal(xpf_print_duration(3600, text, sizeof text), "1h 0m");
  assert_string_equal(xpf_print_duration(86400 * 3 + 3601, text, sizeof text), "3d 1h");
  assert_string_equal(xpf_print_duration(1e308, text, sizeof text), "11574074d 1h");
  assert_string_equal(xpf_print_duration(-1e308, text, sizeof text), "0 s");
}

static void test_width_of_chinese(void **state) {
  (void)state;
  assert_int_equal(xpf_print_width("PID"), 3);
  assert_int_equal(xpf_print_width("进程"), 4);
  assert_int_equal(xpf_print_width("循环延迟 P99"), 12);
  assert_int_equal(xpf_print_width("é"), 1);
}

static void test_no_escape_sequence_gets_out(void **state) {
  char text[64] = {0};
  FILE *out = fmemopen(text, sizeof text, "w");
  (void)state;
  assert_non_null(out);
  xpf_print_line(out, "%s",
                 "a\033[31m\x9f\xc2\x9b"
                 "b\nc 进程");
  fclose(out);
  assert_string_equal(text, "a?[31m\x9f?b?c 进程\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_languages_take_the_same_arguments),
      cmocka_unit_test(test_locale_decides),
      cmocka_unit_test(test_suggestions),
      cmocka_unit_test(test_sizes_and_durations),
      cmocka_unit_test(test_width_of_chinese),
      cmocka_unit_test(test_no_escape_sequence_gets_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

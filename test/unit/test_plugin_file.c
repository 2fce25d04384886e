// links: src/daemon/plugin_file.c
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/plugin_file.h"

static struct xpf_plugin_file file;

static void test_names_and_periods(void **state) {
  (void)state;
  static const struct {
    const char *file, *name;
    unsigned period_s;
  } GOOD[] = {{"disk.30s.sh", "disk", 30}, {"disk", "disk", 0},    {"a-b_c.5m", "a-b_c", 300},
              {"x.1h.py", "x", 3600},      {"x.tar.10s", "x", 10}, {"x.js", "x", 0},
              {"x.24h", "x", 86400},       {"x.sh.", "x", 0}};
  for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
    xpf_plugin_file_name(&file, GOOD[i].file);
    assert_string_equal(file.name, GOOD[i].name);
    assert_int_equal(file.period_s, GOOD[i].period_s);
    assert_string_equal(file.refused, "");
  }
  const char *const bad[] = {"a b", "x.0s", "x.25h", "x.9999999s", "\xc3\xa4", "x{}.1s"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    xpf_plugin_file_name(&file, bad[i]);
    if (file.refused[0] == '\0')
      fail_msg("taken: %s", bad[i]);
  }
}

static void test_who_is_trusted(void **state) {
  (void)state;
  struct stat mine = {.st_uid = 1000, .st_mode = S_IFREG | 0755};
  assert_string_equal(xpf_plugin_file_distrust(&mine, 1000), "");
  assert_non_null(strstr(xpf_plugin_file_distrust(&mine, 1001), "belongs neither"));
  mine.st_uid = 0;
  assert_string_equal(xpf_plugin_file_distrust(&mine, 1001), "");
  mine.st_mode = S_IFREG | 0775;
  assert_non_null(strstr(xpf_plugin_file_distrust(&mine, 0), "group"));
  mine.st_mode = S_IFREG | 0757;
  assert_non_null(strstr(xpf_plugin_file_distrust(&mine, 0), "everybody"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_and_periods),
      cmocka_unit_test(test_who_is_trusted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

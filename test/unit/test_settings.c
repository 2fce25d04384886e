// clang-format off
// links: src/daemon/settings.c
// clang-format on
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/settings.h"

static char why[1024];
static struct xpf_settings settings;

#define READ(envp, ...)                                                                            \
  xpf_settings_read(&settings, (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)),            \
                    (char *[]){__VA_ARGS__}, envp, why, sizeof why)

static char *no_environment[] = {NULL};

static const char *text(enum xpf_setting_id id) {
  return xpf_settings_text(&settings, id);
}

static int done(void **state) {
  (void)state;
  xpf_settings_free(&settings);
  return 0;
}

static void test_defaults(void **state) {
  (void)state;
  assert_int_equal(xpf_settings_read(&settings, 0, NULL, no_environment, why, sizeof why), 0);
  assert_string_equal(text(XPF_SETTING_LISTEN), "127.0.0.1:12300");
  assert_true(settings.number[XPF_SETTING_KEEP_DAYS] > 13.9);
  assert_int_equal(settings.origin[XPF_SETTING_LISTEN], XPF_ORIGIN_DEFAULT);
}

static void test_arguments_in_both_forms(void **state) {
  (void)state;
  assert_int_equal(READ(no_environment, "--keep-days=2", "--data_dir", "/x y"), 0);
  assert_true(settings.number[XPF_SETTING_KEEP_DAYS] == 2);
  assert_string_equal(text(XPF_SETTING_DATA_DIR), "/x y");
  assert_string_equal(text(XPF_SETTING_KEEP_DAYS), "2");
}

static void test_argument_before_environment_before_file(void **state) {
  (void)state;
  char path[] = "/tmp/xprofd-settings-XXXXXX";
  int fd = mkstemp(path);
  static const char FILE_TEXT[] = "# a comment\n\n  listen = file:1 \nstore=none\nplugin-dir = p\n";
  assert_int_equal(write(fd, FILE_TEXT, sizeof FILE_TEXT - 1), sizeof FILE_TEXT - 1);
  close(fd);
  char config[64];
  snprintf(config, sizeof config, "XPROFD_CONFIG=%s", path);
  char *environment[] = {"XPROFD_STORE=sqlite", "XPROFD_LISTEN=env:1", config, "XPROFD_OTHER=1",
                         NULL};
  int error = READ(environment, "--listen", "arg:1");
  unlink(path);
  assert_int_equal(error, 0);
  assert_string_equal(text(XPF_SETTING_LISTEN), "arg:1");
  assert_string_equal(text(XPF_SETTING_STORE), "sqlite");
  assert_string_equal(text(XPF_SETTING_PLUGIN_DIR), "p");
  assert_int_equal(settings.origin[XPF_SETTING_PLUGIN_DIR], XPF_ORIGIN_FILE);
}

static void test_bad_input_names_the_place_and_what_would_be_right(void **state) {
  (void)state;
  assert_int_equal(READ(no_environment, "--keep_days", "soon"), -EINVAL);
  assert_string_equal(why, "--keep_days: `soon` is no number from 0.01 to 3650 (DAYS)");
  xpf_settings_free(&settings);
  assert_int_equal(READ(no_environment, "--keep_days", "nan"), -EINVAL);
  xpf_settings_free(&settings);
  assert_int_equal(READ(no_environment, "--keep_days"), -EINVAL);
  assert_string_equal(why, "--keep_days needs a value: DAYS");
  xpf_settings_free(&settings);
  assert_int_equal(READ(no_environment, "--no"), -EINVAL);
  assert_string_equal(why, "`--no` is no option of xprofd; `xprofd --help` lists them");
  xpf_settings_free(&settings);
  assert_int_equal(READ(no_environment, "listen"), -EINVAL);
  xpf_settings_free(&settings);
  char *environment[] = {"XPROFD_KEEP_MEGABYTES=1", NULL};
  assert_int_equal(xpf_settings_read(&settings, 0, NULL, environment, why, sizeof why), -EINVAL);
  assert_string_equal(why, "XPROFD_KEEP_MEGABYTES: `1` is no number from 8 to 1048576 (MB)");
  xpf_settings_free(&settings);
  assert_int_equal(READ(no_environment, "--config", "/nowhere/at all"), -ENOENT);
  assert_string_equal(why, "config: /nowhere/at all cannot be read: No such file or directory");
  xpf_settings_free(&settings);
  assert_int_equal(READ(no_environment, "--config", "/tmp"), -EIO);
}

static void test_bad_lines_of_a_file(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
    size_t size;
  } CASES[] = {
      {"listen\n", "f:1: `listen` has no `=`; lines read: name = value", 7},
      {"\n\nport = 1", "f:3: there is no setting `port`; `xprofd --help` lists them", 10},
      {"#\nlisten = \0x", "f:2: a NUL byte; this is no text file", 13},
      {" = 3", "f:1: there is no setting ``; `xprofd --help` lists them", 4},
  };
  for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
    memset(&settings, 0, sizeof settings);
    assert_int_equal(
        xpf_settings_parse_file(&settings, CASES[i].text, CASES[i].size, "f", why, sizeof why),
        -EINVAL);
    assert_string_equal(why, CASES[i].why);
    xpf_settings_free(&settings);
  }
}

static void test_help_wins_over_a_bad_file(void **state) {
  (void)state;
  assert_int_equal(READ(no_environment, "--config", "/nowhere", "-h"), 0);
  assert_true(settings.wants_help);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_defaults, done),
      cmocka_unit_test_teardown(test_arguments_in_both_forms, done),
      cmocka_unit_test_teardown(test_argument_before_environment_before_file, done),
      cmocka_unit_test_teardown(test_bad_input_names_the_place_and_what_would_be_right, done),
      cmocka_unit_test_teardown(test_bad_lines_of_a_file, done),
      cmocka_unit_test_teardown(test_help_wins_over_a_bad_file, done),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

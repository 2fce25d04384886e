// links: ctl/inspect_options.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../ctl/inspect_options.h"

static struct xpf_inspect_options options;

#define WORDS(text) words(text, sizeof(text))
static void words(const char *text, size_t size) {
  xpf_inspect_options_init(&options);
  xpf_inspect_options_words(&options, text, size);
}

static void test_port(void **state) {
  (void)state;
  WORDS("node\0app.js");
  assert_int_equal(options.port, 9229);
  WORDS("node\0--inspect-port=9300\0app.js");
  assert_int_equal(options.port, 9300);
  WORDS("node\0--inspect=0.0.0.0:9301");
  assert_int_equal(options.port, 9301);
  WORDS("node\0--inspect=[::1]:9302\0--debug-port=9303");
  assert_int_equal(options.port, 9303);
  WORDS("node\0--inspect-port=0");
  assert_int_equal(options.port, 0);
  WORDS("node\0--inspect=localhost\0--inspect-port=99999\0--inspect-port=9x");
  assert_int_equal(options.port, 9229);
}

static void test_flags(void **state) {
  (void)state;
  WORDS("node\0--disable-sigusr1\0--permission\0--no-addons\0--inspect-brk");
  assert_true(options.is_disabled && options.has_permission && options.has_no_addons);
  assert_true(options.is_waiting);
  assert_false(options.allows_addons);
  WORDS("node\0--experimental-permission\0--allow-addons\0--inspect-wait=1");
  assert_true(options.has_permission && options.allows_addons && options.is_waiting);
  WORDS("node\0--inspect-publish-uid=stderr");
  assert_true(options.is_hidden);
  WORDS("node\0--inspect-publish-uid=stderr,http");
  assert_false(options.is_hidden);
  WORDS("node\0--permissions\0--disable-sigusr12");
  assert_false(options.has_permission || options.is_disabled);
}

static void test_environment(void **state) {
  static const char variables[] = "PATH=/bin\0MY_NODE_OPTIONS=--inspect-port=1\0"
                                  "NODE_OPTIONS=  --inspect-port=9400   --no-addons\0X=";
  (void)state;
  xpf_inspect_options_init(&options);
  xpf_inspect_options_environment(&options, variables, sizeof variables);
  assert_int_equal(options.port, 9400);
  assert_true(options.has_no_addons);
  /* The command line wins. */
  xpf_inspect_options_words(&options, "--inspect-port=9401", sizeof "--inspect-port=9401");
  assert_int_equal(options.port, 9401);
}

/* The kernel's text may be cut anywhere; a word may have any length. */
static void test_cut_and_long(void **state) {
  static const char cut[] = {'-', '-', 'i', 'n', 's', 'p', 'e', 'c', 't', '=', '1'};
  char variable[2000] = "NODE_OPTIONS=";
  (void)state;
  words(cut, sizeof cut);
  assert_int_equal(options.port, 9229);
  words(cut, 0);
  memset(variable + strlen(variable), 'x', sizeof variable - 40);
  strcat(variable, " --inspect=5");
  xpf_inspect_options_environment(&options, variable, strlen(variable) + 1);
  assert_int_equal(options.port, 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_port),
      cmocka_unit_test(test_flags),
      cmocka_unit_test(test_environment),
      cmocka_unit_test(test_cut_and_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

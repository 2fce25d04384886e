// links: src/daemon/address.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/address.h"

static void what_is_read_is_written(void **state) {
  (void)state;
  static const char *const TEXTS[][2] = {
      {"127.0.0.1:12300", "127.0.0.1:12300"},
      {"0.0.0.0:0", "0.0.0.0:0"},
      {"localhost:80", "127.0.0.1:80"},
      {"[::1]:65535", "[::1]:65535"},
      {"[::]:1", "[::]:1"},
      {"[2001:db8::7]:443", "[2001:db8::7]:443"},
  };
  for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
    struct xpf_address address;
    char why[256] = "", text[XPF_ADDRESS_TEXT_SIZE];
    assert_int_equal(xpf_address_parse(&address, TEXTS[i][0], "listen", why, sizeof why), 0);
    xpf_address_write(&address, text);
    assert_string_equal(text, TEXTS[i][1]);
  }
}

static void what_is_none_is_refused(void **state) {
  (void)state;
  static const char *const TEXTS[] = {"",
                                      ":",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:x",
                                      "127.0.0.1:1x",
                                      "127.0.0.1: 1",
                                      "127.0.0.1:+1",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:99999999999999999999999",
                                      "127.1:80",
                                      "::1:80",
                                      "[::1:80",
                                      "[]:80",
                                      "[127.0.0.1]:80",
                                      "example.com:80",
                                      ":80"};
  for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
    struct xpf_address address;
    char why[256] = "";
    assert_true(xpf_address_parse(&address, TEXTS[i], "listen", why, sizeof why) < 0);
    assert_int_equal(strncmp(why, "listen: `", 9), 0);
    assert_non_null(strstr(why, "127.0.0.1:12300"));
  }
}

static bool is_loopback(const char *text) {
  struct xpf_address address;
  char why[256];
  assert_int_equal(xpf_address_parse(&address, text, "listen", why, sizeof why), 0);
  return xpf_address_is_loopback(&address);
}

static void loopback(void **state) {
  (void)state;
  assert_true(is_loopback("127.0.0.1:1"));
  assert_true(is_loopback("127.255.255.254:1"));
  assert_true(is_loopback("[::1]:1"));
  assert_true(is_loopback("[::ffff:127.0.0.1]:1"));
  assert_false(is_loopback("0.0.0.0:1"));
  assert_false(is_loopback("[::]:1"));
  assert_false(is_loopback("128.0.0.1:1"));
  assert_false(is_loopback("192.0.2.1:1"));
  assert_false(is_loopback("[::ffff:10.0.0.1]:1"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_read_is_written),
      cmocka_unit_test(what_is_none_is_refused),
      cmocka_unit_test(loopback),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

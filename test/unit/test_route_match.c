// links: src/daemon/route_match.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/route_match.h"

static const struct xpf_route ROUTES[] = {
    {.method = "GET", .path = "/**", .help = "rest"},
    {.method = "GET", .path = "/api/things/*", .help = "one"},
    {.method = "DELETE", .path = "/api/things/*", .help = "remove"},
    {.method = "GET", .path = "/api/things", .help = "all"},
    {.method = "POST", .path = "/api/things", .help = "make"},
    {.method = "GET", .path = "/api/things/last", .help = "last"},
    {.method = "POST", .path = "/rpc", .help = "rpc"},
};

static const char *part;
static unsigned methods;

static const char *find(const char *method, const char *path) {
  const struct xpf_route *route =
      xpf_route_find_in(ROUTES, sizeof ROUTES / sizeof ROUTES[0], method, path, &part, &methods);
  return route ? route->help : "none";
}

static void the_most_exact_path_wins(void **state) {
  (void)state;
  assert_string_equal(find("GET", "/api/things"), "all");
  assert_string_equal(find("GET", "/api/things/last"), "last");
  assert_string_equal(find("GET", "/api/things/7"), "one");
  assert_string_equal(part, "7");
  assert_string_equal(find("HEAD", "/api/things/7"), "one");
  assert_string_equal(find("POST", "/api/things"), "make");
}

static void the_rest_goes_to_the_rest(void **state) {
  (void)state;
  assert_string_equal(find("GET", "/"), "rest");
  assert_string_equal(part, "");
  assert_string_equal(find("GET", "/a/b.js"), "rest");
  assert_string_equal(part, "a/b.js");
  assert_string_equal(find("GET", "/api/things/7/8"), "rest");
  assert_string_equal(find("GET", "/api/things/"), "rest");
}

static void a_method_that_is_not_there(void **state) {
  (void)state;
  assert_string_equal(find("PUT", "/api/things"), "none");
  assert_int_equal(methods, xpf_method_bit("GET") | xpf_method_bit("POST"));
  assert_string_equal(find("GET", "/rpc"), "none"); /* not the rest: the path is known */
  assert_int_equal(methods, xpf_method_bit("POST"));
  assert_string_equal(find("BREW", "/rpc"), "none");
  assert_string_equal(find("GET", "no path"), "none");
  assert_int_equal(methods, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_most_exact_path_wins),
      cmocka_unit_test(the_rest_goes_to_the_rest),
      cmocka_unit_test(a_method_that_is_not_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

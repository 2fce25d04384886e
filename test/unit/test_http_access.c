// clang-format off
// links: src/daemon/http_access.c src/daemon/address.c
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

#include "asked.h"
#include "daemon/http.h"
#include "host/tcp_peer.h"

#define TOKEN "0123456789abcdef"

static struct xpf_http http;
static struct xpf_connection connection;
static struct xpf_refusal why;
#define OUR_UID 1000
static uid_t peer_uid;
static int peer_error;

const char *xpf_exchange_header(const struct xpf_exchange *exchange, const char *name) {
  for (unsigned i = 0; i < exchange->headers_count; i++)
    if (strcmp(exchange->headers[i].name, name) == 0)
      return exchange->headers[i].value;
  return NULL;
}

int xpf_http_refuse(struct xpf_refusal *refusal, int status, const char *field, const char *format,
                    ...) {
  va_list args;
  refusal->status = status;
  refusal->field = field;
  va_start(args, format);
  vsnprintf(refusal->message, sizeof refusal->message, format, args);
  va_end(args);
  return status;
}

int lws_get_socket_fd(struct lws *wsi) {
  (void)wsi;
  return 7;
}

/* Also when the test runs as root. */
uid_t geteuid(void) {
  return OUR_UID;
}

int xpf_tcp_peer_uid(int fd, uid_t *uid) {
  assert_int_equal(fd, 7);
  *uid = peer_uid;
  return peer_error;
}

static void connect_from(const char *peer, const char *local, const char *token) {
  char reason[128];
  memset(&connection, 0, sizeof connection);
  connection.http = &http;
  http.options.token = token;
  assert_int_equal(xpf_address_parse(&connection.peer, peer, "peer", reason, sizeof reason), 0);
  assert_int_equal(xpf_address_parse(&connection.local, local, "local", reason, sizeof reason), 0);
  peer_uid = OUR_UID;
  peer_error = 0;
}

/* The status; headers: names and values in turn, NULL at the end. */
static int request(enum xpf_access access, const char *method, const char *path, ...) {
  va_list args;
  asked.method = method;
  asked.path = path;
  asked.headers_count = 0;
  va_start(args, path);
  for (const char *name; (name = va_arg(args, const char *));)
    asked.headers[asked.headers_count++] = (struct xpf_pair){name, va_arg(args, const char *)};
  va_end(args);
  why = (struct xpf_refusal){0};
  int status = xpf_http_check_access(&connection, &asked, access, &why);
  assert_int_equal(status, why.status);
  return status;
}

#define READ(...) request(XPF_ACCESS_READ, "GET", "/metrics", __VA_ARGS__, NULL)
#define ACT(...)  request(XPF_ACCESS_ACT, "POST", "/api/profiles", __VA_ARGS__, NULL)
#define HERE      "host", "127.0.0.1:7120"

static int begin(void **state) {
  (void)state;
  ask(NULL);
  connect_from("127.0.0.1:5000", "127.0.0.1:7120", NULL);
  return 0;
}

static void test_this_host_without_a_token(void **state) {
  (void)state;
  assert_int_equal(READ(HERE), 0);
  assert_int_equal(ACT(HERE), 0);
  peer_uid = OUR_UID + 1;
  assert_int_equal(READ(HERE), 0);
  assert_int_equal(ACT(HERE), 403);
  assert_string_equal(why.message, "only the user that runs xprofd (uid 1000) and root may do this "
                                   "without the token");
  peer_uid = 0;
  assert_int_equal(ACT(HERE), 0);
  peer_error = -ENOENT;
  assert_int_equal(ACT(HERE), 403);
  assert_string_equal(why.message, "whose connection this is cannot be told (No such file or "
                                   "directory); show the token");
}

static void test_other_hosts_and_proxies(void **state) {
  static const char *const proxies[] = {"x-forwarded-for", "x-forwarded-host", "forwarded",
                                        "x-real-ip", "via"};
  (void)state;
  for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
    assert_int_equal(READ(HERE, proxies[i], "10.0.0.1"), 403);
    assert_string_equal(why.message,
                        "without the setting token_file only clients of this host are answered");
  }
  connect_from("10.0.0.1:5000", "10.0.0.2:7120", NULL);
  assert_int_equal(READ(HERE), 403);
  connect_from("127.0.0.1:5000", "10.0.0.2:7120", NULL);
  assert_int_equal(READ(HERE), 403);
  connect_from("10.0.0.1:5000", "10.0.0.2:7120", TOKEN);
  assert_int_equal(READ(HERE), 401);
  assert_string_equal(why.message,
                      "Authorization: it is missing; send `Authorization: Bearer TOKEN`");
  assert_int_equal(request(XPF_ACCESS_OPEN, "GET", "/healthz", NULL), 0);
}

static void test_tokens(void **state) {
  static const char *const wrong[] = {
      "Bearer", "Bearer ", "Bearer " TOKEN "0",       "Bearer 0123456789abcde", "Basic " TOKEN,
      TOKEN,    "",        "Bearer 0123456789abcdeF", "Bearer " TOKEN TOKEN,
  };
  (void)state;
  connect_from("10.0.0.1:5000", "10.0.0.2:7120", TOKEN);
  assert_int_equal(READ(HERE, "authorization", "Bearer " TOKEN), 0);
  assert_int_equal(ACT(HERE, "authorization", "bEARER   " TOKEN), 0);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    if (READ(HERE, "authorization", wrong[i]) != 401)
      fail_msg("\"%s\": %d", wrong[i], why.status);
  connect_from("127.0.0.1:5000", "127.0.0.1:7120", NULL); /* a wrong one does not count as none */
  assert_int_equal(READ(HERE, "authorization", "Bearer " TOKEN), 401);
}

/* Browsers give no header to streams and downloads: only there, and only to read. */
static void test_tokens_as_parameters(void **state) {
  (void)state;
  ask("token", TOKEN, NULL);
  connect_from("10.0.0.1:5000", "10.0.0.2:7120", TOKEN);
  assert_int_equal(request(XPF_ACCESS_READ, "GET", "/api/live", HERE, NULL), 0);
  assert_int_equal(request(XPF_ACCESS_READ, "GET", "/api/files/a.cpuprofile", HERE, NULL), 0);
  assert_int_equal(request(XPF_ACCESS_READ, "GET", "/metrics", HERE, NULL), 401);
  assert_int_equal(request(XPF_ACCESS_READ, "GET", "/api/live2", HERE, NULL), 401);
  assert_int_equal(request(XPF_ACCESS_ACT, "POST", "/api/live", HERE, NULL), 401);
  assert_int_equal(
      request(XPF_ACCESS_READ, "GET", "/api/live", HERE, "authorization", "Bearer x", NULL), 401);
}

/* A name can be made to mean this host by whoever owns it. */
static void test_names_of_this_host(void **state) {
  static const struct {
    const char *host;
    int status;
  } cases[] = {
      {"127.0.0.1", 0},
      {"127.0.0.1:7120", 0},
      {"localhost", 0},
      {"LocalHost:7120", 0},
      {"[::1]", 0},
      {"[::1]:7120", 0},
      {"10.0.0.1:80", 0},
      {"evil.example", 421},
      {"localhost.evil", 421},
      {"127.0.0.1.evil", 421},
      {"[evil]", 421},
      {"localhost:x", 421},
      {"[::1", 421},
      {"[::1]x", 421},
      {"[::1]:7x", 421},
      {"", 421},
      {":7120", 421},
      {"[", 421},
      {"2130706433", 421},
      {"127.1", 421},
      {"localhost:1@evil", 421},
      {"0123456789012345678901234567890123456789012345678901234567890123456789", 421},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (READ("host", cases[i].host) != cases[i].status)
      fail_msg("\"%s\": %d", cases[i].host, why.status);
  READ("host", "evil.example");
  assert_string_equal(why.message, "Host: `evil.example` is neither an address nor localhost; "
                                   "without a token only those are answered");
  connect_from("10.0.0.1:5000", "10.0.0.2:7120", TOKEN); /* who shows it may use any name */
  assert_int_equal(READ("host", "prod.example", "authorization", "Bearer " TOKEN), 0);
}

static void test_pages_of_other_sites(void **state) {
  static const char *const others[] = {
      "http://evil.example",   "null",           "",
      "http://127.0.0.1:7121", "127.0.0.1:7120", "http://127.0.0.1:7120.evil"};
  (void)state;
  assert_int_equal(ACT(HERE, "origin", "http://127.0.0.1:7120"), 0);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (ACT(HERE, "origin", others[i]) != 403 || READ(HERE, "origin", others[i]) != 403)
      fail_msg("\"%s\": %d", others[i], why.status);
    assert_string_equal(why.field, "Origin");
  }
  assert_int_equal(READ(HERE, "sec-fetch-site", "none"), 0);
  assert_int_equal(READ(HERE, "sec-fetch-site", "same-origin"), 0);
  assert_int_equal(READ(HERE, "sec-fetch-site", "cross-site"), 403);
  assert_int_equal(READ(HERE, "sec-fetch-site", "same-site"), 403);
  connect_from("10.0.0.1:5000", "10.0.0.2:7120", TOKEN);
  /* With the token a page may read, but not act for somebody who only looks at it. */
  assert_int_equal(READ(HERE, "authorization", "Bearer " TOKEN, "origin", "http://evil.example"),
                   0);
  assert_int_equal(ACT(HERE, "authorization", "Bearer " TOKEN, "origin", "http://evil.example"),
                   403);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_this_host_without_a_token),
      TEST(test_other_hosts_and_proxies),
      TEST(test_tokens),
      TEST(test_tokens_as_parameters),
      TEST(test_names_of_this_host),
      TEST(test_pages_of_other_sites),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: src/daemon/http_request.c src/wire/utf8.c
/* What is made of a request. The tables of libwebsockets are the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libwebsockets.h>

#include "daemon/http.h"

static const char *tokens[WSI_TOKEN_COUNT]; /* NULL: not there */
static const char *fetch_site;
static const char *params[XPF_EXCHANGE_PARAMS_MAX + 2];
static char path[8192];
static int path_size, method;
static struct xpf_exchange exchange;
static struct xpf_refusal why;

const unsigned char *lws_token_to_string(enum lws_token_indexes token) {
  static const struct {
    enum lws_token_indexes token;
    const char *name;
  } NAMES[] = {
      {WSI_TOKEN_HOST, "host:"},
      {WSI_TOKEN_CONNECTION, "connection:"},
      {WSI_TOKEN_HTTP_CONTENT_LENGTH, "content-length:"},
      {WSI_TOKEN_HTTP_TRANSFER_ENCODING, "transfer-encoding:"},
      {WSI_TOKEN_HTTP_COOKIE, "cookie:"},
      {WSI_TOKEN_HTTP, "http/1.1 "},
      {WSI_TOKEN_GET_URI, "get"},
  };
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
    if (NAMES[i].token == token)
      return (const unsigned char *)NAMES[i].name;
  return NULL;
}

static int size_of(const char *text, int none) {
  return text ? (int)strlen(text) : none;
}

static int copy(char *out, int room, const char *text, int none) {
  int size = size_of(text, none);
  if (size >= room)
    return -1;
  if (size > 0)
    memcpy(out, text, (size_t)size);
  if (size >= 0)
    out[size] = '\0';
  return size;
}

int lws_hdr_total_length(struct lws *wsi, enum lws_token_indexes token) {
  (void)wsi;
  if (token != WSI_TOKEN_HTTP_URI_ARGS)
    return size_of(tokens[token], 0);
  int size = 0;
  for (int i = 0; params[i]; i++)
    size += (int)strlen(params[i]) + 1;
  return size;
}

int lws_hdr_copy(struct lws *wsi, char *out, int room, enum lws_token_indexes token) {
  (void)wsi;
  return copy(out, room, tokens[token], 0);
}

int lws_hdr_copy_fragment(struct lws *wsi, char *out, int room, enum lws_token_indexes token,
                          int at) {
  (void)wsi;
  assert_int_equal(token, WSI_TOKEN_HTTP_URI_ARGS);
  return copy(out, room, params[at], -1);
}

int lws_hdr_custom_length(struct lws *wsi, const char *name, int size) {
  (void)wsi, (void)size;
  return size_of(strcmp(name, "sec-fetch-site:") == 0 ? fetch_site : NULL, -1);
}

int lws_hdr_custom_copy(struct lws *wsi, char *out, int room, const char *name, int size) {
  (void)wsi, (void)name, (void)size;
  return copy(out, room, fetch_site, -1);
}

int lws_http_get_uri_and_method(struct lws *wsi, char **uri, int *size) {
  (void)wsi;
  *uri = path;
  *size = path_size;
  return method;
}

const char *xpf_exchange_header(const struct xpf_exchange *asked, const char *name) {
  for (unsigned i = 0; i < asked->headers_count; i++)
    if (strcmp(asked->headers[i].name, name) == 0)
      return asked->headers[i].value;
  return NULL;
}

enum { GET = 0, POST = 1 };

static void set_path(const char *text) {
  path_size = (int)strlen(text);
  strcpy(path, text);
}

static int begin(void **state) {
  (void)state;
  memset(tokens, 0, sizeof tokens);
  memset(params, 0, sizeof params);
  fetch_site = NULL;
  tokens[WSI_TOKEN_HTTP] = "HTTP/1.1";
  tokens[WSI_TOKEN_HOST] = "127.0.0.1:12300";
  method = GET;
  set_path("/metrics");
  return 0;
}

/* The status of the refusal, 0: taken. */
static int read_request(void) {
  free(exchange.texts);
  exchange = (struct xpf_exchange){.file = -1};
  why = (struct xpf_refusal){0};
  int status = xpf_http_read_request(NULL, &exchange, &why);
  assert_int_equal(status, why.status);
  assert_int_equal(status == 0, why.message[0] == '\0');
  return status;
}

static int end(void **state) {
  (void)state;
  free(exchange.texts);
  exchange.texts = NULL;
  return 0;
}

static void test_a_request(void **state) {
  (void)state;
  tokens[WSI_TOKEN_GET_URI] = path;
  tokens[WSI_TOKEN_HTTP_COOKIE] = "a=b";
  fetch_site = "same-origin";
  params[0] = "kind=thread";
  params[1] = "key=a=b";
  params[2] = "raw";
  params[3] = "=x";
  assert_int_equal(read_request(), 0);
  assert_string_equal(exchange.method, "GET");
  assert_string_equal(exchange.path, "/metrics");
  assert_true(exchange.keeps_alive);
  assert_false(exchange.is_head);
  assert_int_equal(exchange.body_expected, 0);
  assert_int_equal(exchange.headers_count, 3); /* neither the path nor the version is one */
  assert_string_equal(xpf_exchange_header(&exchange, "host"), "127.0.0.1:12300");
  assert_string_equal(xpf_exchange_header(&exchange, "cookie"), "a=b");
  assert_string_equal(xpf_exchange_header(&exchange, "sec-fetch-site"), "same-origin");
  static const char *const pairs[][2] = {
      {"kind", "thread"}, {"key", "a=b"}, {"raw", ""}, {"", "x"}};
  assert_int_equal(exchange.params_count, 4);
  for (unsigned i = 0; i < 4; i++) {
    assert_string_equal(exchange.params[i].name, pairs[i][0]);
    assert_string_equal(exchange.params[i].value, pairs[i][1]);
  }
}

static void test_the_length_of_the_body(void **state) {
  static const struct {
    int method;
    const char *length, *encoding;
    int status;
    size_t expected;
  } cases[] = {
      {GET, NULL, NULL, 0, 0},
      {GET, "0", NULL, 0, 0},
      {GET, "7", NULL, 0, 7},
      {POST, NULL, NULL, 411, 0},
      {POST, "0", NULL, 0, 0},
      {POST, "1048576", NULL, 0, XPF_EXCHANGE_BODY_MAX},
      {POST, "1048577", NULL, 413, 0},
      {POST, "18446744073709551617", NULL, 413, 0}, /* 1 in 64 bits */
      {POST, "-1", NULL, 400, 0},
      {POST, "+1", NULL, 400, 0},
      {POST, "1 ", NULL, 400, 0},
      {POST, "0x10", NULL, 400, 0},
      {POST, "1, 1", NULL, 400, 0}, /* sent twice */
      {POST, NULL, "chunked", 411, 0},
      {POST, "1", "chunked", 411, 0}, /* two readers could see two requests */
      {GET, NULL, "chunked", 411, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    method = cases[i].method;
    tokens[WSI_TOKEN_HTTP_CONTENT_LENGTH] = cases[i].length;
    tokens[WSI_TOKEN_HTTP_TRANSFER_ENCODING] = cases[i].encoding;
    if (read_request() != cases[i].status || exchange.body_expected != cases[i].expected)
      fail_msg("%zu: %d, %zu bytes", i, why.status, exchange.body_expected);
  }
}

static void test_who_keeps_the_connection(void **state) {
  static const struct {
    const char *version, *connection;
    bool keeps;
  } cases[] = {
      {"HTTP/1.1", NULL, true},
      {"HTTP/1.1", "keep-alive", true},
      {"HTTP/1.1", "close", false},
      {"HTTP/1.1", "CLOSE", false},
      {"HTTP/1.1", "Upgrade,\t close", false},
      {"HTTP/1.1", "close , x", false},
      {"HTTP/1.1", "closed", true},
      {"HTTP/1.1", "not-close", true},
      {"HTTP/1.1", ",,", true},
      {"HTTP/1.0", "keep-alive", false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    tokens[WSI_TOKEN_HTTP] = cases[i].version;
    tokens[WSI_TOKEN_CONNECTION] = cases[i].connection;
    if (read_request() != 0 || exchange.keeps_alive != cases[i].keeps)
      fail_msg("%s %s: %d", cases[i].version, cases[i].connection, why.status);
  }
}

static void test_versions_and_hosts(void **state) {
  static const char *const wrong[] = {NULL, "", "HTTP/2", "HTTP/1.12", "x: y"};
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    tokens[WSI_TOKEN_HTTP] = wrong[i];
    assert_int_equal(read_request(), 400);
    assert_string_equal(why.message, "this is no request of HTTP/1.1 or HTTP/1.0");
  }
  tokens[WSI_TOKEN_HOST] = NULL;
  tokens[WSI_TOKEN_HTTP] = "HTTP/1.1";
  assert_int_equal(read_request(), 400);
  assert_string_equal(why.field, "Host");
  tokens[WSI_TOKEN_HTTP] = "HTTP/1.0";
  assert_int_equal(read_request(), 0);
  method = -1;
  assert_int_equal(read_request(), 400);
}

static void test_paths_that_cannot_be_read(void **state) {
  static const char *const wrong[] = {"", "metrics", "/\xff", "/a\xc0\xaf"};
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    set_path(wrong[i]);
    assert_int_equal(read_request(), 400);
    assert_string_equal(why.message, "the path is not readable");
  }
  set_path("/metrics");
  path[3] = '\0'; /* %00 */
  assert_int_equal(read_request(), 400);
  set_path("/h\xc3\xa4user");
  assert_int_equal(read_request(), 0);
}

static void test_too_much(void **state) {
  static char long_header[16 * 1024];
  (void)state;
  memset(path, 'a', 4097);
  path[0] = '/';
  path[path_size = 4096] = '\0';
  assert_int_equal(read_request(), 0);
  path_size = 4097;
  assert_int_equal(read_request(), 414);
  path_size = 4090;
  params[0] = "k=12345";
  assert_int_equal(read_request(), 414); /* both together */

  begin(NULL);
  memset(long_header, 'a', sizeof long_header - 1);
  tokens[WSI_TOKEN_HTTP_COOKIE] = long_header;
  assert_int_equal(read_request(), 431);

  begin(NULL);
  for (int i = 0; i < XPF_EXCHANGE_PARAMS_MAX; i++)
    params[i] = "a=1";
  assert_int_equal(read_request(), 0);
  assert_int_equal(exchange.params_count, XPF_EXCHANGE_PARAMS_MAX);
  params[XPF_EXCHANGE_PARAMS_MAX] = "a=1";
  assert_int_equal(read_request(), 400);
  assert_string_equal(why.message, "more than 32 parameters");
}

static void test_parameters_that_are_not_text(void **state) {
  (void)state;
  params[0] = "key=\xff";
  assert_int_equal(read_request(), 400);
  assert_string_equal(why.message, "a parameter is not UTF-8");
  params[0] = "\xed\xa0\x80=1"; /* half a surrogate pair */
  assert_int_equal(read_request(), 400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_request),
      TEST(test_the_length_of_the_body),
      TEST(test_who_keeps_the_connection),
      TEST(test_versions_and_hosts),
      TEST(test_paths_that_cannot_be_read),
      TEST(test_too_much),
      TEST(test_parameters_that_are_not_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

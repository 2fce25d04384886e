// links: ctl/websocket.c
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../ctl/websocket.h"

#define MAX 100000

static struct xpf_websocket websocket;
static char *data;
static size_t size;

static int begin(void **state) {
  (void)state;
  xpf_websocket_init(&websocket, MAX);
  return 0;
}

static int end(void **state) {
  (void)state;
  xpf_websocket_free(&websocket);
  return 0;
}

static int feed(const char *bytes, size_t count) {
  assert_int_equal(xpf_websocket_feed(&websocket, bytes, count), 0);
  return xpf_websocket_next(&websocket, &data, &size);
}
#define FEED(text) feed(text, sizeof(text) - 1)

static void test_text(void **state) {
  (void)state;
  assert_int_equal(FEED("\x81\x05hello\x81\x00"), XPF_WEBSOCKET_TEXT);
  assert_string_equal(data, "hello");
  assert_int_equal(size, 5);
  assert_int_equal(xpf_websocket_next(&websocket, &data, &size), XPF_WEBSOCKET_TEXT);
  assert_string_equal(data, "");
  assert_int_equal(xpf_websocket_next(&websocket, &data, &size), 0);
  assert_int_equal(FEED("\x82\x01x"), XPF_WEBSOCKET_BINARY);
}

static void test_byte_by_byte(void **state) {
  static const char bytes[] = "\x81\x7e\x00\x80";
  (void)state;
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(feed(bytes + i, 1), 0);
  for (size_t i = 0; i < 127; i++)
    assert_int_equal(FEED("a"), 0);
  assert_int_equal(FEED("b"), XPF_WEBSOCKET_TEXT);
  assert_int_equal(size, 128);
  assert_int_equal(data[127], 'b');
}

static void test_parts_with_control_between(void **state) {
  (void)state;
  assert_int_equal(FEED("\x01\x02he\x89\x04ping\x00\x01l\x8a\x00\x80\x02lo"), XPF_WEBSOCKET_PING);
  assert_string_equal(data, "ping");
  assert_int_equal(xpf_websocket_next(&websocket, &data, &size), XPF_WEBSOCKET_PONG);
  assert_string_equal(data, "");
  assert_int_equal(xpf_websocket_next(&websocket, &data, &size), XPF_WEBSOCKET_TEXT);
  assert_string_equal(data, "hello");
  assert_int_equal(FEED("\x88\x02\x03\xe8"), XPF_WEBSOCKET_CLOSE);
  assert_int_equal(size, 2);
}

static void test_broken_rules(void **state) {
  static const struct {
    const char *bytes;
    size_t size;
  } cases[] = {
#define CASE(text) {text, sizeof(text) - 1}
      CASE("\xc1\x00"),             /* a reserved bit */
      CASE("\x81\x81\x01\x02\x03"), /* masked by the server */
      CASE("\x83\x00"),             /* no such opcode */
      CASE("\x8b\x00"),
      CASE("\x80\x01x"),                                /* goes on with nothing */
      CASE("\x09\x00"),                                 /* a control frame in parts */
      CASE("\x89\x7e\x00\x80"),                         /* a long control frame */
      CASE("\x81\x7e\x00\x7d"),                         /* not the shortest length */
      CASE("\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff"), /* neither */
      CASE("\x81\x7f\x80\x00\x00\x00\x00\x01\x00\x00"), /* a negative length */
      CASE("\x01\x01x\x81\x01y"),                       /* begins in the middle */
#undef CASE
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    xpf_websocket_free(&websocket);
    xpf_websocket_init(&websocket, MAX);
    assert_int_equal(feed(cases[i].bytes, cases[i].size), -EPROTO);
  }
}

static void test_limit(void **state) {
  char part[4 + 0xff00] = {0x01, 0x7e, (char)0xff, 0x00};
  (void)state;
  /* Said to be long: refused before its bytes are there. */
  assert_int_equal(FEED("\x81\x7f\x00\x00\x00\x00\x7f\xff\xff\xff"), -EMSGSIZE);
  xpf_websocket_free(&websocket);
  xpf_websocket_init(&websocket, MAX);
  assert_int_equal(feed(part, sizeof part), 0);
  part[0] = 0x00;
  assert_int_equal(feed(part, sizeof part), -EMSGSIZE);
}

/* What is sent, unmasked as a server would, is what was meant. */
static void check_head(size_t count) {
  static const unsigned char mask[4] = {0x11, 0x22, 0x33, 0x44};
  unsigned char head[XPF_WEBSOCKET_HEAD_BYTES];
  size_t head_size = xpf_websocket_head(head, XPF_WEBSOCKET_TEXT, count, mask);
  uint64_t length = head[1] & 0x7f;
  size_t at = 2, extra = length == 126 ? 2 : length == 127 ? 8 : 0;

  assert_int_equal(head[0], 0x81);
  assert_int_equal(head[1] & 0x80, 0x80);
  if (extra > 0)
    length = 0;
  for (; at < 2 + extra; at++)
    length = length << 8 | head[at];
  assert_int_equal(length, count);
  assert_memory_equal(head + at, mask, 4);
  assert_int_equal(head_size, at + 4);
}

static void test_sending(void **state) {
  static const unsigned char mask[4] = {1, 2, 3, 4};
  char text[] = "abcdefg";
  (void)state;
  check_head(0);
  check_head(125);
  check_head(126);
  check_head(0xffff);
  check_head(0x10000);
  xpf_websocket_mask(text, 7, mask);
  assert_int_equal(text[0], 'a' ^ 1);
  assert_int_equal(text[6], 'g' ^ 3);
  xpf_websocket_mask(text, 7, mask);
  assert_string_equal(text, "abcdefg");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_text, begin, end),
      cmocka_unit_test_setup_teardown(test_byte_by_byte, begin, end),
      cmocka_unit_test_setup_teardown(test_parts_with_control_between, begin, end),
      cmocka_unit_test_setup_teardown(test_broken_rules, begin, end),
      cmocka_unit_test_setup_teardown(test_limit, begin, end),
      cmocka_unit_test(test_sending),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

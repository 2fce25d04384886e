// links: src/wire/value_frame.c
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/value_frame.h"

static struct xpf_value_frame frame;

static void feed(const char *text) {
  size_t size = strlen(text);
  char *copy = malloc(size ? size : 1); /* the sanitizer sees a read behind it */
  memcpy(copy, text, size);
  assert_int_equal(xpf_value_frame_feed(&frame, copy, size), 0);
  free(copy);
}

static void expect(const char *expected) {
  const char *text;
  size_t size;
  assert_int_equal(xpf_value_frame_next(&frame, &text, &size), XPF_VALUE_FRAME_TEXT);
  assert_int_equal(size, strlen(expected));
  assert_memory_equal(text, expected, size);
}

static void expect_result(enum xpf_value_frame_result result) {
  const char *text;
  size_t size;
  assert_int_equal(xpf_value_frame_next(&frame, &text, &size), result);
}

static int set_up(void **state) {
  (void)state;
  xpf_value_frame_init(&frame, 40);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  xpf_value_frame_free(&frame);
  return 0;
}

static void test_texts_end_with_their_brackets(void **state) {
  (void)state;
  feed("{\"a\":1}{\"b\":[{}]}\r\n\n [1,2]\n{\"c\"");
  expect("{\"a\":1}");
  expect("{\"b\":[{}]}");
  expect("[1,2]");
  expect_result(XPF_VALUE_FRAME_NONE);
  feed(":2}");
  expect("{\"c\":2}");
  expect_result(XPF_VALUE_FRAME_NONE);
}

static void test_brackets_in_strings_do_not_count(void **state) {
  (void)state;
  feed("{\"}\\\"]\\\\\":\"{[\"}");
  expect("{\"}\\\"]\\\\\":\"{[\"}");
}

static void test_byte_by_byte(void **state) {
  (void)state;
  const char text[] = "{\"x\\\\\":\"\\u007d\\\"}\"} []";
  for (size_t i = 0; i < sizeof text - 1; i++) {
    char one[2] = {text[i], '\0'};
    feed(one);
    if (text[i] == '}' && text[i + 1] == ' ')
      expect("{\"x\\\\\":\"\\u007d\\\"}\"}");
  }
  expect("[]");
}

static void test_long_texts_are_skipped_to_their_end(void **state) {
  (void)state;
  feed("{\"long\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
  expect_result(XPF_VALUE_FRAME_TOO_LONG);
  expect_result(XPF_VALUE_FRAME_NONE);
  for (int i = 0; i < 1000; i++) {
    feed("yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
    expect_result(XPF_VALUE_FRAME_NONE);
    assert_true(frame.capacity < 4096); /* what is skipped is not kept */
  }
  feed("\"}{\"a\":1}");
  expect("{\"a\":1}");
}

static void test_exactly_the_limit(void **state) {
  (void)state;
  feed("{\"a\":\"34567890123456789012345678901234\"}");
  expect("{\"a\":\"34567890123456789012345678901234\"}");
  feed("{\"a\":\"34567890123456789012345678901234567\"}{}");
  expect_result(XPF_VALUE_FRAME_TOO_LONG);
  expect("{}");
}

static void test_garbage_is_the_end(void **state) {
  (void)state;
  feed("{} GET / HTTP/1.1\n{}");
  expect("{}");
  expect_result(XPF_VALUE_FRAME_GARBAGE);
  feed("{}");
  expect_result(XPF_VALUE_FRAME_GARBAGE);
}

static void test_a_bracket_that_was_not_opened_is_garbage(void **state) {
  (void)state;
  feed("}");
  expect_result(XPF_VALUE_FRAME_GARBAGE);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_texts_end_with_their_brackets),
      TEST(test_brackets_in_strings_do_not_count),
      TEST(test_byte_by_byte),
      TEST(test_long_texts_are_skipped_to_their_end),
      TEST(test_exactly_the_limit),
      TEST(test_garbage_is_the_end),
      TEST(test_a_bracket_that_was_not_opened_is_garbage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

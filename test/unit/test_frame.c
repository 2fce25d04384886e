// links: src/wire/frame.c -Wl,--wrap=realloc
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "wire/frame.h"

static bool no_memory;

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size) {
  return no_memory ? NULL : __real_realloc(block, size);
}

/* Everything that can be taken, as text: "<line>" and "!" for one too long. */
static void take_all(struct xpf_frame *frame, char *text, size_t capacity) {
  char *line;
  size_t size;
  for (;;) {
    enum xpf_frame_result result = xpf_frame_next(frame, &line, &size);
    if (result == XPF_FRAME_NONE)
      return;
    size_t used = strlen(text);
    if (result == XPF_FRAME_TOO_LONG) {
      snprintf(text + used, capacity - used, "!");
      continue;
    }
    assert_int_equal(line[size], '\0');
    snprintf(text + used, capacity - used, "<%s>", line);
  }
}

static void feed(struct xpf_frame *frame, const char *data, size_t size) {
  char *copy = malloc(size ? size : 1);
  memcpy(copy, data, size);
  assert_int_equal(xpf_frame_feed(frame, copy, size), 0);
  free(copy);
}

static void expect_lines(size_t max, const char *input, const char *expected) {
  size_t size = strlen(input);
  for (size_t first = 0; first <= size; first++) {
    for (size_t step = 1; step <= size + 1; step++) {
      for (int take_between = 0; take_between < 2; take_between++) {
        struct xpf_frame frame;
        char text[512] = "";
        xpf_frame_init(&frame, max);
        feed(&frame, input, first);
        for (size_t at = first; at < size; at += step) {
          if (take_between)
            take_all(&frame, text, sizeof text);
          feed(&frame, input + at, size - at < step ? size - at : step);
        }
        take_all(&frame, text, sizeof text);
        assert_string_equal(text, expected);
        xpf_frame_free(&frame);
      }
    }
  }
}

static void any_split_gives_the_same_lines(void **state) {
  (void)state;
  expect_lines(8, "", "");
  expect_lines(8, "one\ntwo\n", "<one><two>");
  expect_lines(8, "one\r\ntwo\r\nrest", "<one><two>");
  expect_lines(8, "\n\n\r\na\n\n", "<a>");
  expect_lines(8, "a\rb\n\r\r\n", "<a\rb><\r>");
}

static void the_limit_is_exact(void **state) {
  (void)state;
  expect_lines(4, "1234\n", "<1234>");
  expect_lines(4, "1234\r\nab\n", "<1234><ab>");
  expect_lines(4, "12345\nab\n", "!<ab>");
  expect_lines(4, "12345\r\nab\n", "!<ab>");
  expect_lines(4, "123456\nab\n", "!<ab>");
  expect_lines(4, "1234567890\nab\n12345678\ncd\n", "!<ab>!<cd>");
  expect_lines(4, "12345678901234567890", "!");
  expect_lines(4, "1234\r\r\nab\n", "!<ab>");
  expect_lines(4, "1234\r5\nab\n", "!<ab>");
  expect_lines(0, "\n\r\na\nbc\n", "!!");
}

static void too_long_is_told_before_its_end(void **state) {
  (void)state;
  struct xpf_frame frame;
  char text[64] = "";
  xpf_frame_init(&frame, 4);
  feed(&frame, "123456", 6);
  take_all(&frame, text, sizeof text);
  assert_string_equal(text, "!");
  feed(&frame, "789", 3);
  take_all(&frame, text, sizeof text);
  assert_string_equal(text, "!");
  feed(&frame, "\nok\n", 4);
  take_all(&frame, text, sizeof text);
  assert_string_equal(text, "!<ok>");
  xpf_frame_free(&frame);
}

static void half_a_line_waits_for_its_end(void **state) {
  (void)state;
  struct xpf_frame frame;
  char *line;
  size_t size;
  xpf_frame_init(&frame, 100);
  feed(&frame, "whole\n", 6);
  feed(&frame, "half", 4);
  assert_int_equal(xpf_frame_next(&frame, &line, &size), XPF_FRAME_LINE);
  assert_int_equal(xpf_frame_next(&frame, &line, &size), XPF_FRAME_NONE);
  feed(&frame, "\n", 1);
  assert_int_equal(xpf_frame_next(&frame, &line, &size), XPF_FRAME_LINE);
  assert_string_equal(line, "half");
  xpf_frame_free(&frame);
}

static void nul_bytes_stay_in_the_line(void **state) {
  (void)state;
  struct xpf_frame frame;
  char *line;
  size_t size;
  xpf_frame_init(&frame, 100);
  feed(&frame, "a\0b\n", 4);
  assert_int_equal(xpf_frame_next(&frame, &line, &size), XPF_FRAME_LINE);
  assert_int_equal(size, 3);
  assert_memory_equal(line, "a\0b", 4);
  xpf_frame_free(&frame);
}

static double cpu_seconds(void) {
  return (double)clock() / CLOCKS_PER_SEC;
}

/* Feeds size bytes in one-byte steps, asking for a line after each. */
static double bytewise_seconds(size_t size) {
  struct xpf_frame frame;
  char *line = NULL;
  size_t length = 0;
  xpf_frame_init(&frame, size);
  double start = cpu_seconds();
  for (size_t i = 0; i < size; i++) {
    assert_int_equal(xpf_frame_feed(&frame, "x", 1), 0);
    if (xpf_frame_next(&frame, &line, &length) != XPF_FRAME_NONE)
      fail_msg("a line without newline");
  }
  feed(&frame, "\n", 1);
  assert_int_equal(xpf_frame_next(&frame, &line, &length), XPF_FRAME_LINE);
  double seconds = cpu_seconds() - start;
  assert_int_equal(length, size);
  xpf_frame_free(&frame);
  return seconds;
}

static void single_bytes_are_linear(void **state) {
  (void)state;
  bytewise_seconds(10000);
  /* Were it quadratic, 1 MB would take 10^12 / 2 byte looks: minutes, even at 16 a cycle. */
  assert_true(bytewise_seconds(1024 * 1024) < 5);
}

/* One line taken for every one fed, with a backlog that never empties. */
static void a_backlog_is_linear(void **state) {
  (void)state;
  struct xpf_frame frame;
  char *line;
  size_t size;
  xpf_frame_init(&frame, 100);
  for (int i = 0; i < 100000; i++)
    feed(&frame, "0123456789\n", 11);
  double start = cpu_seconds();
  for (int i = 0; i < 200000; i++) {
    feed(&frame, "0123456789\n", 11);
    assert_int_equal(xpf_frame_next(&frame, &line, &size), XPF_FRAME_LINE);
  }
  assert_true(cpu_seconds() - start < 5);
  assert_true(frame.capacity < 8 * 1024 * 1024);
  xpf_frame_free(&frame);
}

static void endless_line(bool take_between) {
  static char block[64 * 1024];
  struct xpf_frame frame;
  char *line;
  size_t size, most = 0;
  int told = 0;
  memset(block, 'x', sizeof block);
  xpf_frame_init(&frame, 1024 * 1024);
  for (int i = 0; i < 1600; i++) { /* 100 MB */
    assert_int_equal(xpf_frame_feed(&frame, block, sizeof block), 0);
    if (take_between && xpf_frame_next(&frame, &line, &size) == XPF_FRAME_TOO_LONG)
      told++;
    if (frame.capacity > most)
      most = frame.capacity;
  }
  feed(&frame, "\nlast\n", 6);
  while (xpf_frame_next(&frame, &line, &size) == XPF_FRAME_TOO_LONG)
    told++;
  assert_int_equal(told, 1);
  assert_string_equal(line, "last");
  assert_true(most <= 4 * 1024 * 1024);
  xpf_frame_free(&frame);
}

static void an_endless_line_is_bounded(void **state) {
  (void)state;
  endless_line(true);
  endless_line(false);
}

static void one_huge_feed_is_bounded(void **state) {
  (void)state;
  size_t size = 100 * 1024 * 1024;
  char *block = malloc(size);
  assert_non_null(block);
  memset(block, 'x', size);
  memcpy(block + size - 4, "\nab\n", 4);
  struct xpf_frame frame;
  char text[16] = "";
  xpf_frame_init(&frame, 1000);
  assert_int_equal(xpf_frame_feed(&frame, block, size), 0);
  assert_true(frame.capacity < 8 * 1024);
  take_all(&frame, text, sizeof text);
  assert_string_equal(text, "!<ab>");
  xpf_frame_free(&frame);
  free(block);
}

static void an_empty_frame_keeps_no_big_buffer(void **state) {
  (void)state;
  struct xpf_frame frame;
  char *line;
  size_t size;
  xpf_frame_init(&frame, 1024 * 1024);
  for (int i = 0; i < 500 * 1024; i++)
    assert_int_equal(xpf_frame_feed(&frame, "x", 1), 0);
  feed(&frame, "\n", 1);
  assert_int_equal(xpf_frame_next(&frame, &line, &size), XPF_FRAME_LINE);
  assert_int_equal(size, 500 * 1024);
  assert_int_equal(xpf_frame_next(&frame, &line, &size), XPF_FRAME_NONE);
  assert_true(frame.capacity <= 64 * 1024);
  feed(&frame, "again\n", 6);
  assert_int_equal(xpf_frame_next(&frame, &line, &size), XPF_FRAME_LINE);
  assert_string_equal(line, "again");
  xpf_frame_free(&frame);
}

static void without_memory_nothing_of_a_feed_is_kept(void **state) {
  (void)state;
  static char big[5000];
  struct xpf_frame frame;
  char text[64] = "";
  memset(big, 'x', sizeof big);
  memcpy(big, "yz\nb\n", 5);
  xpf_frame_init(&frame, sizeof big + 1);
  feed(&frame, "a\nw", 3);
  no_memory = true;
  assert_int_equal(xpf_frame_feed(&frame, big, sizeof big), -ENOMEM);
  no_memory = false;
  feed(&frame, "c\n", 2);
  take_all(&frame, text, sizeof text);
  assert_string_equal(text, "<a><wc>");
  xpf_frame_free(&frame);
}

static void without_memory_skipping_goes_on(void **state) {
  (void)state;
  static char big[20000]; /* a buffer that is given back */
  struct xpf_frame frame;
  char text[64] = "";
  memset(big, 'x', sizeof big);
  big[0] = '\n';
  xpf_frame_init(&frame, sizeof big);
  for (int i = 0; i < 3; i++)
    feed(&frame, big + 1, sizeof big - 1);
  take_all(&frame, text, sizeof text);
  no_memory = true;
  assert_int_equal(xpf_frame_feed(&frame, big, sizeof big), -ENOMEM);
  no_memory = false;
  feed(&frame, "still the long one\nab\n", 22);
  take_all(&frame, text, sizeof text);
  assert_string_equal(text, "!<ab>");
  xpf_frame_free(&frame);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_split_gives_the_same_lines),
      cmocka_unit_test(the_limit_is_exact),
      cmocka_unit_test(too_long_is_told_before_its_end),
      cmocka_unit_test(half_a_line_waits_for_its_end),
      cmocka_unit_test(nul_bytes_stay_in_the_line),
      cmocka_unit_test(single_bytes_are_linear),
      cmocka_unit_test(a_backlog_is_linear),
      cmocka_unit_test(an_endless_line_is_bounded),
      cmocka_unit_test(one_huge_feed_is_bounded),
      cmocka_unit_test(an_empty_frame_keeps_no_big_buffer),
      cmocka_unit_test(without_memory_nothing_of_a_feed_is_kept),
      cmocka_unit_test(without_memory_skipping_goes_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

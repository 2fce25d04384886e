// links: src/format/sink.c -Wl,--wrap=malloc,--wrap=realloc
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/sink.h"

/* volatile: the compiler takes these for functions that read no variable of ours. malloc, because
 * it makes one of a realloc of NULL. */
static volatile bool memory_is_out;

void *__real_malloc(size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size) {
  return memory_is_out ? NULL : __real_malloc(size);
}
void *__wrap_realloc(void *memory, size_t size) {
  return memory_is_out ? NULL : __real_realloc(memory, size);
}

struct failing_sink {
  struct xpf_sink sink;
  int calls, fail_from, error;
};

static int failing_write(struct xpf_sink *sink, const void *data, size_t size) {
  struct failing_sink *f = (struct failing_sink *)sink;
  (void)data;
  (void)size;
  f->calls++;
  return f->calls >= f->fail_from ? f->error : 0;
}

static void first_error_is_kept_and_stops_writing(void **state) {
  (void)state;
  struct failing_sink f = {.sink = {.write = failing_write}, .fail_from = 2, .error = -ENOSPC};
  assert_int_equal(xpf_sink_text(&f.sink, "abc"), 0);
  assert_int_equal(f.sink.bytes, 3);
  assert_int_equal(xpf_sink_text(&f.sink, "de"), -ENOSPC);
  f.error = -EIO;
  assert_int_equal(xpf_sink_text(&f.sink, "f"), -ENOSPC);
  assert_int_equal(f.sink.error, -ENOSPC);
  assert_int_equal(f.calls, 2);
  assert_int_equal(f.sink.bytes, 3);
}

static void empty_write_is_nothing(void **state) {
  (void)state;
  struct failing_sink f = {.sink = {.write = failing_write}, .fail_from = 1, .error = -EIO};
  assert_int_equal(xpf_sink_write(&f.sink, "x", 0), 0);
  assert_int_equal(f.calls, 0);
}

static void memory_is_a_string_before_the_first_write(void **state) {
  (void)state;
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, 10);
  assert_string_equal(m.data, "");
  assert_int_equal(m.size, 0);
  xpf_memory_sink_free(&m);
  xpf_memory_sink_free(&m);
}

static void memory_grows_and_stays_a_string(void **state) {
  (void)state;
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  char expected[5001] = "";
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(xpf_sink_write(&m.sink, "hello", 5), 0);
    memcpy(expected + i * 5, "hello", 6);
    assert_int_equal(strlen(m.data), m.size);
  }
  assert_string_equal(m.data, expected);
  assert_int_equal(m.sink.bytes, 5000);
  xpf_memory_sink_free(&m);
}

static void memory_keeps_zero_bytes(void **state) {
  (void)state;
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, 8);
  assert_int_equal(xpf_sink_write(&m.sink, "a\0b", 3), 0);
  assert_int_equal(m.size, 3);
  assert_memory_equal(m.data, "a\0b\0", 4);
  xpf_memory_sink_free(&m);
}

static void memory_has_a_limit(void **state) {
  (void)state;
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, 4);
  assert_int_equal(xpf_sink_text(&m.sink, "abc"), 0);
  assert_int_equal(xpf_sink_text(&m.sink, "de"), -EFBIG);
  assert_string_equal(m.data, "abc");
  assert_int_equal(xpf_sink_text(&m.sink, "d"), -EFBIG);
  xpf_memory_sink_free(&m);
  xpf_memory_sink_init(&m, 4);
  assert_int_equal(xpf_sink_text(&m.sink, "abcd"), 0);
  assert_string_equal(m.data, "abcd");
  xpf_memory_sink_free(&m);
}

static void out_of_memory_keeps_what_there_is(void **state) {
  (void)state;
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  assert_int_equal(xpf_sink_text(&m.sink, "abc"), 0);
  char big[4096];
  memset(big, 'x', sizeof(big));
  memory_is_out = true;
  int rc = xpf_sink_write(&m.sink, big, sizeof(big));
  memory_is_out = false;
  assert_int_equal(rc, -ENOMEM);
  assert_string_equal(m.data, "abc");
  xpf_memory_sink_free(&m);
  memory_is_out = true;
  xpf_memory_sink_init(&m, SIZE_MAX);
  memory_is_out = false;
  assert_int_equal(xpf_sink_text(&m.sink, "abc"), -ENOMEM);
  xpf_memory_sink_free(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(first_error_is_kept_and_stops_writing),
      cmocka_unit_test(empty_write_is_nothing),
      cmocka_unit_test(memory_is_a_string_before_the_first_write),
      cmocka_unit_test(memory_grows_and_stays_a_string),
      cmocka_unit_test(memory_keeps_zero_bytes),
      cmocka_unit_test(memory_has_a_limit),
      cmocka_unit_test(out_of_memory_keeps_what_there_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

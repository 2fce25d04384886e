// links: src/core/trace_stream.c -pthread
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/trace_stream.h"

static struct xpf_trace_chunk *chunk_of(const char *text, uint32_t events) {
  size_t size = strlen(text);
  struct xpf_trace_chunk *chunk = malloc(sizeof *chunk + size + 1);
  assert_non_null(chunk);
  memcpy(chunk->text, text, size + 1);
  chunk->size = size;
  chunk->events = events;
  return chunk;
}

static void assert_next(struct xpf_trace_stream *stream, const char *text) {
  struct xpf_trace_chunk *chunk = xpf_trace_stream_take(stream);
  assert_non_null(chunk);
  assert_string_equal(chunk->text, text);
  free(chunk);
}

static void chunks_come_in_order_and_then_the_end(void **state) {
  (void)state;
  struct xpf_trace_stream *stream = xpf_trace_stream_new(100);
  assert_true(xpf_trace_stream_put(stream, chunk_of("a", 1)));
  assert_true(xpf_trace_stream_put(stream, chunk_of("b", 1)));
  assert_next(stream, "a");
  assert_true(xpf_trace_stream_put(stream, chunk_of("c", 1)));
  xpf_trace_stream_close(stream);
  xpf_trace_stream_close(stream);
  assert_next(stream, "b");
  assert_next(stream, "c");
  assert_null(xpf_trace_stream_take(stream));
  assert_int_equal(xpf_trace_stream_dropped(stream), 0);
  xpf_trace_stream_unref(stream);
}

static void what_does_not_fit_is_dropped_and_counted(void **state) {
  (void)state;
  struct xpf_trace_stream *stream = xpf_trace_stream_new(4);
  assert_true(xpf_trace_stream_put(stream, chunk_of("larger than all", 3))); /* alone it may wait */
  assert_false(xpf_trace_stream_put(stream, chunk_of("x", 5)));
  assert_next(stream, "larger than all");
  assert_true(xpf_trace_stream_put(stream, chunk_of("1234", 1)));
  assert_false(xpf_trace_stream_put(stream, chunk_of("5", 7)));
  assert_next(stream, "1234");
  xpf_trace_stream_drop(stream, 10);
  xpf_trace_stream_close(stream);
  assert_false(xpf_trace_stream_put(stream, chunk_of("late", 100)));
  assert_int_equal(xpf_trace_stream_dropped(stream), 122);
  assert_null(xpf_trace_stream_take(stream));
  xpf_trace_stream_unref(stream);
}

static void what_nobody_takes_goes_with_the_stream(void **state) {
  (void)state;
  struct xpf_trace_stream *stream = xpf_trace_stream_new(100);
  assert_true(xpf_trace_stream_put(stream, chunk_of("a", 1)));
  assert_ptr_equal(xpf_trace_stream_ref(stream), stream);
  xpf_trace_stream_unref(stream);
  assert_true(xpf_trace_stream_put(stream, chunk_of("b", 1)));
  xpf_trace_stream_unref(stream);
}

#define CHUNKS 2000

static void *put_all(void *arg) {
  for (int i = 0; i < CHUNKS; i++)
    xpf_trace_stream_put(arg, chunk_of("12345678", 1));
  xpf_trace_stream_close(arg);
  return NULL;
}

static void a_slow_taker_loses_none_uncounted(void **state) {
  (void)state;
  struct xpf_trace_stream *stream = xpf_trace_stream_new(64);
  struct xpf_trace_chunk *chunk;
  pthread_t thread;
  uint64_t taken = 0;
  assert_int_equal(pthread_create(&thread, NULL, put_all, stream), 0);
  while ((chunk = xpf_trace_stream_take(stream)) != NULL) {
    taken += chunk->events;
    free(chunk);
  }
  pthread_join(thread, NULL);
  assert_int_equal(taken + xpf_trace_stream_dropped(stream), CHUNKS);
  assert_true(taken > 0);
  xpf_trace_stream_unref(stream);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chunks_come_in_order_and_then_the_end),
      cmocka_unit_test(what_does_not_fit_is_dropped_and_counted),
      cmocka_unit_test(what_nobody_takes_goes_with_the_stream),
      cmocka_unit_test(a_slow_taker_loses_none_uncounted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

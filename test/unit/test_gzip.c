// links: src/format/gzip.c src/format/source.c src/format/sink.c -lz
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/gzip.h"

static struct xpf_memory_source memory;

static void packed(const char *text, struct xpf_memory_sink *m) {
  xpf_memory_sink_init(m, SIZE_MAX);
  struct xpf_sink *gzip = xpf_gzip_sink_new(&m->sink);
  assert_non_null(gzip);
  assert_int_equal(xpf_sink_text(gzip, text), 0);
  assert_int_equal(xpf_gzip_sink_finish(gzip), 0);
  xpf_gzip_sink_free(gzip);
}

/* What a reader gets; *error the source's. */
static size_t unpacked(const char *data, size_t size, char *out, size_t room, int *error) {
  xpf_memory_source_init(&memory, data, size);
  struct xpf_source *source = xpf_gzip_source_new(&memory.source);
  size_t used = 0;
  assert_non_null(source);
  while (used < room && xpf_source_has(source))
    out[used++] = (char)source->buffer[source->at++];
  *error = source->error;
  xpf_gzip_source_free(source);
  return used;
}

static void round_trip(void **state) {
  (void)state;
  struct xpf_memory_sink m, again;
  char *text = malloc(300001), *out = malloc(300001);
  for (int i = 0; i < 300000; i++)
    text[i] = (char)('a' + i * 7 % 23);
  text[300000] = '\0';
  int error;
  packed(text, &m);
  packed(text, &again);
  assert_true(xpf_gzip_detect((unsigned char *)m.data, m.size));
  assert_int_equal(m.size, again.size);
  assert_memory_equal(m.data, again.data, m.size); /* no time in it */
  assert_int_equal(unpacked(m.data, m.size, out, 300001, &error), 300000);
  assert_int_equal(error, 0);
  assert_memory_equal(text, out, 300000);
  xpf_memory_sink_free(&m);
  xpf_memory_sink_free(&again);
  free(text);
  free(out);
}

static void members_follow_each_other(void **state) {
  (void)state;
  struct xpf_memory_sink one, two;
  char both[256], out[64];
  int error;
  packed("first ", &one);
  packed("second", &two);
  memcpy(both, one.data, one.size);
  memcpy(both + one.size, two.data, two.size);
  size_t size = one.size + two.size;
  assert_int_equal(unpacked(both, size, out, sizeof(out), &error), 12);
  assert_int_equal(error, 0);
  assert_memory_equal(out, "first second", 12);
  both[size] = 'x';
  unpacked(both, size + 1, out, sizeof(out), &error);
  assert_int_equal(error, -EBADMSG);
  xpf_memory_sink_free(&one);
  xpf_memory_sink_free(&two);
}

static void damage_is_an_error(void **state) {
  (void)state;
  struct xpf_memory_sink m;
  char out[64];
  int error;
  packed("text that is not long", &m);
  for (size_t size = 2; size < m.size; size++) {
    unpacked(m.data, size, out, sizeof(out), &error);
    assert_int_equal(error, -ENODATA);
  }
  m.data[m.size - 6] ^= 1; /* the checksum */
  unpacked(m.data, m.size, out, sizeof(out), &error);
  assert_int_equal(error, -EBADMSG);
  xpf_memory_sink_free(&m);
}

static void errors_of_the_sink_are_kept(void **state) {
  (void)state;
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, 4);
  struct xpf_sink *gzip = xpf_gzip_sink_new(&m.sink);
  xpf_sink_text(gzip, "text");
  assert_int_equal(xpf_gzip_sink_finish(gzip), -EFBIG);
  xpf_gzip_sink_free(gzip);
  xpf_memory_sink_free(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(round_trip),
      cmocka_unit_test(members_follow_each_other),
      cmocka_unit_test(damage_is_an_error),
      cmocka_unit_test(errors_of_the_sink_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

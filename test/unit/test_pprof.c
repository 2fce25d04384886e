// links: src/format/pprof.c src/format/pprof_read.c src/format/pprof_build.c src/format/pprof.proto
// links: src/format/gzip.c src/format/frame_class.c src/format/stack.c src/format/stack_tree.c
// links: -lprotobuf-c -lz
// links: src/format/profile.c src/format/profile_time.c src/format/string_table.c
// links: src/format/array.c src/format/id_table.c src/format/source.c src/format/sink.c
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
#include "format/pprof.h"
#include "profile_text.h"

/* What pprof_write wrote, unpacked; size in *size. */
static char *unpacked(const struct xpf_profile *p, size_t *size) {
  static struct xpf_memory_source memory;
  struct xpf_memory_sink packed, plain;
  xpf_memory_sink_init(&packed, SIZE_MAX);
  xpf_memory_sink_init(&plain, SIZE_MAX);
  assert_int_equal(xpf_pprof_write(p, &packed.sink), 0);
  xpf_memory_source_init(&memory, packed.data, packed.size);
  struct xpf_source *source = xpf_gzip_source_new(&memory.source);
  while (xpf_source_has(source)) {
    xpf_sink_write(&plain.sink, source->buffer + source->at, source->end - source->at);
    source->at = source->end;
  }
  assert_int_equal(source->error, 0);
  xpf_gzip_source_free(source);
  xpf_memory_sink_free(&packed);
  *size = plain.size;
  return plain.data;
}

static struct xpf_profile *round_trip(const struct xpf_profile *p) {
  struct xpf_read_error error;
  size_t size;
  char *data = unpacked(p, &size);
  assert_true(xpf_pprof_detect((unsigned char *)data, size));
  struct xpf_profile *q = profile_of(xpf_pprof_read, data, size, &error);
  assert_non_null(q);
  free(data);
  return q;
}

static struct xpf_profile *sample(void) {
  static const struct xpf_profile_frame frames[] = {
      {"(root)", "", "", 0, 0, 0},
      {"", "file:///app/a.js", "", 1, 1, 1},
      {"hot @;", "/app/b.js", "", 1, 10, 5},
      {"(idle)", "", "", 0, 0, 0},
      {"", "file:///app/a.js", "", 1, 1, 30},
  };
  static const uint32_t parents[] = {XPF_NO_PARENT, 0, 1, 0, 1};
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  for (uint32_t i = 0; i < 5; i++) {
    xpf_profile_node_add(p, parents[i], i + 1, &frames[i]);
    p->nodes[i].self[XPF_CPU_SAMPLES] = i * 10;
    p->nodes[i].self[XPF_CPU_WALL] = i * 1000003;
    if (i == 2) {
      xpf_profile_tick_add(p, 12, 15);
      xpf_profile_tick_add(p, 11, 5);
    }
  }
  p->start_us = 5000;
  p->end_us = 25000;
  p->time_ns = 1700000000000000001;
  p->period = 1000000;
  return p;
}

static void cpu_profiles_come_back(void **state) {
  (void)state;
  struct xpf_profile *p = sample(), *q = round_trip(p);
  assert_int_equal(q->kind, XPF_PROFILE_CPU);
  assert_int_equal(q->nodes_count, 5);
  check_node(q, 1, "", "/app/a.js", 1, 0);
  check_node(q, 2, "hot @;", "/app/b.js", 10, 0);
  assert_int_equal(q->nodes[2].self[XPF_CPU_SAMPLES], 20);
  assert_int_equal(q->nodes[2].self[XPF_CPU_WALL], 2000006);
  assert_int_equal(q->nodes[2].ticks_count, 2);
  assert_int_equal(q->ticks[q->nodes[2].ticks_start].line, 11);
  assert_int_equal(q->ticks[q->nodes[2].ticks_start + 1].ticks, 15);
  check_node(q, 3, "(idle)", "", 0, 0);
  assert_int_equal(q->nodes[3].self[XPF_CPU_WALL], 3000009);
  check_node(q, 4, "", "/app/a.js", 1, 0); /* another function of the same line */
  assert_int_equal(q->end_us - q->start_us, 20000);
  assert_true(q->time_ns == p->time_ns);
  assert_int_equal(q->period, 1000000);
  assert_string_equal(xpf_profile_string(q, q->values[q->default_value].type), "wall");
  xpf_profile_free(p);
  xpf_profile_free(q);
}

static void heap_profiles_come_back(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_HEAP);
  struct xpf_profile_frame frame = {"f", "/a.js", "", 1, 2, 3};
  xpf_profile_node_add(p, XPF_NO_PARENT, 1, &frame);
  xpf_profile_node_add(p, 0, 2, &frame);
  p->nodes[1].self[XPF_HEAP_SPACE] = 4096;
  p->nodes[1].self[XPF_HEAP_OBJECTS] = 2;
  p->period = 524288;
  struct xpf_profile *q = round_trip(p);
  assert_int_equal(q->kind, XPF_PROFILE_HEAP);
  assert_int_equal(q->nodes[1].self[XPF_HEAP_SPACE], 4096);
  assert_int_equal(q->nodes[1].self[XPF_HEAP_OBJECTS], 2);
  assert_int_equal(q->period, 524288);
  assert_string_equal(xpf_profile_string(q, q->period_of.unit), "bytes");
  assert_int_equal(xpf_profile_value_find(q, "inuse_space"), XPF_HEAP_SPACE);
  xpf_profile_free(p);
  xpf_profile_free(q);
}

static void same_profile_same_bytes(void **state) {
  (void)state;
  struct xpf_profile *p = sample(), *q = sample();
  struct xpf_memory_sink a, b;
  xpf_memory_sink_init(&a, SIZE_MAX);
  xpf_memory_sink_init(&b, SIZE_MAX);
  assert_int_equal(xpf_pprof_write(p, &a.sink), 0);
  assert_int_equal(xpf_pprof_write(q, &b.sink), 0);
  assert_int_equal(a.size, b.size);
  assert_memory_equal(a.data, b.data, a.size);
  xpf_memory_sink_free(&a);
  xpf_memory_sink_free(&b);
  xpf_profile_free(p);
  xpf_profile_free(q);
}

/* sample_type {1 2}, string_table "", "samples", "count"; then what a case adds. */
#define HEAD                                                                                       \
  "\x0a\x04\x08\x01\x10\x02"                                                                       \
  "2\0"                                                                                            \
  "2\x07samples"                                                                                   \
  "2\x05"                                                                                          \
  "count"
#define HEAD_SIZE (sizeof(HEAD) - 1)

static void check_damage(const char *more, size_t size, enum xpf_read_reason reason,
                         uint64_t offset) {
  char data[128];
  struct xpf_read_error error;
  memcpy(data, HEAD, HEAD_SIZE);
  memcpy(data + HEAD_SIZE, more, size);
  struct xpf_profile *p = profile_of(xpf_pprof_read, data, HEAD_SIZE + size, &error);
  if (p != NULL || error.reason != reason || error.offset != HEAD_SIZE + offset)
    fail_msg("reason %d (%s) at %llu", (int)error.reason, error.detail,
             (unsigned long long)error.offset);
}

static void damage_has_a_place(void **state) {
  (void)state;
  check_damage("\x12\x05\x0a", 3, XPF_READ_TRUNCATED, 0);
  check_damage("\x12\x02\x0a\x09", 4, XPF_READ_SYNTAX, 0);             /* a Sample beyond its end */
  check_damage("\x12\x04\x08\x01\x10\x01", 6, XPF_READ_UNKNOWN_ID, 6); /* location 1 */
  check_damage("\x12\x04\x10\x01\x10\x02", 6, XPF_READ_OUT_OF_RANGE, 0); /* two values */
  check_damage("\"\x02\x08\x01\"\x02\x08\x01", 8, XPF_READ_TWICE, 4);
  check_damage("\"\x00", 2, XPF_READ_OUT_OF_RANGE, 0); /* id 0 */
  check_damage("\x07", 1, XPF_READ_SYNTAX, 0);
  check_damage("\x4f", 1, XPF_READ_SYNTAX, 0);
  check_damage("\x12\xff\xff\xff\xff\x7f", 6, XPF_READ_TOO_LARGE, 0);
  struct xpf_read_error error;
  assert_null(profile_of(xpf_pprof_read, "", 0, &error));
  assert_int_equal(error.reason, XPF_READ_MISSING);
}

static void texts_are_no_pprof(void **state) {
  (void)state;
  static const char *const texts[] = {"{\"nodes\":[]}", "a;b 3\n", "", "\n\n\n", "hello world"};
  for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
    assert_false(xpf_pprof_detect((const unsigned char *)texts[i], strlen(texts[i])));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cpu_profiles_come_back),  cmocka_unit_test(heap_profiles_come_back),
      cmocka_unit_test(same_profile_same_bytes), cmocka_unit_test(damage_has_a_place),
      cmocka_unit_test(texts_are_no_pprof),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

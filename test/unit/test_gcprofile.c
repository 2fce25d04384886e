// links: src/format/gcprofile.c src/format/json.c src/format/sink.c
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../golden/golden.h"
#include "format/gcprofile.h"

#define SECOND_NS 1000000000ull

static char *written(const struct xpf_gc_profile *profile) {
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  assert_int_equal(xpf_gcprofile_write(profile, &m.sink), 0);
  return m.data;
}

static struct xpf_gc_record sample_record(enum xpf_gc_kind kind, uint32_t v8_type) {
  struct xpf_gc_record record = {
      .kind = kind,
      .v8_type = v8_type,
      .start_ns = 5 * SECOND_NS + 2510049,
      .end_ns = 5 * SECOND_NS + 40174004,
      .total_spent_ns = 1200999999,
      .total_count = 92,
      .uptime_s = 21,
      .before_count = 2,
      .after_count = 1,
      .before = {{"new_space", 16777216, 1, 2, 3}, {"old_space", 4, 5, 6, 7}},
      .after = {{"new_space", 16777216, 0, 18446744073709551615u, 8}},
  };
  return record;
}

static void as_the_golden_file(void **state) {
  (void)state;
  static const enum xpf_gc_kind kinds[] = {XPF_GC_SCAVENGE, XPF_GC_MINOR_MARKSWEEP,
                                           XPF_GC_MARKSWEEP, XPF_GC_INCREMENTAL,
                                           XPF_GC_WEAK_CALLBACKS};
  static const uint32_t types[] = {1, 2, 4, 8, 16};
  struct xpf_gc_record records[5];
  for (int i = 0; i < 5; i++)
    records[i] = sample_record(kinds[i], types[i]);
  struct xpf_gc_profile profile = {.start_ns = 5 * SECOND_NS,
                                   .stop_ns = 65 * SECOND_NS + 123456789,
                                   .dropped = 3,
                                   .records = records,
                                   .count = 5};
  char *text = written(&profile);
  char *golden = golden_read(__FILE__, "sample.gcprofile");
  assert_non_null(golden);
  assert_string_equal(text, golden);
  free(golden);
  free(text);
}

static void without_collections(void **state) {
  (void)state;
  struct xpf_gc_profile profile = {.start_ns = 12345678901234, .stop_ns = 12346 * SECOND_NS};
  char *text = written(&profile);
  assert_string_equal(text, "{\"startTime\":12345.678901,\"gc\":[],\"stopTime\":12346}");
  free(text);
}

static void check_start(uint64_t offset_ns, const char *expected) {
  struct xpf_gc_record record = sample_record(XPF_GC_SCAVENGE, 1);
  record.start_ns = SECOND_NS + offset_ns;
  struct xpf_gc_profile profile = {.start_ns = SECOND_NS, .records = &record, .count = 1};
  char *text = written(&profile);
  const char *start = strstr(text, "\"start\":");
  assert_non_null(start);
  assert_int_equal(strncmp(start + 8, expected, strlen(expected)), 0);
  assert_int_equal(start[8 + strlen(expected)], ',');
  free(text);
}

static void offsets_have_six_significant_digits(void **state) {
  (void)state;
  check_start(0, "0");
  check_start(2510049, "2.51005");
  check_start(1, "1e-06");
  check_start(123456789, "123.457");
  check_start(999999999, "1000");
  check_start(1234567 * 1000000ull, "1234570");
}

static void a_record_from_before_the_start_is_at_zero(void **state) {
  (void)state;
  check_start(0 - 5ull, "0");
}

static void broken_records_stay_in_bounds(void **state) {
  (void)state;
  struct xpf_gc_record *record = malloc(sizeof(*record)); /* the sanitizer sees its end */
  *record = sample_record((enum xpf_gc_kind)99, 77);
  record->before_count = UINT32_MAX;
  record->after_count = XPF_HEAP_SPACES_MAX + 1;
  for (int i = 0; i < XPF_HEAP_SPACES_MAX; i++)
    memset(record->after[i].name, 'n', sizeof(record->after[i].name));
  struct xpf_gc_profile profile = {.records = record, .count = 1};
  char *text = written(&profile);
  assert_non_null(strstr(text, "\"type\":77,"));
  uint32_t spaces = 0;
  for (const char *at = text; (at = strstr(at, "\"space_size\"")) != NULL; at++)
    spaces++;
  assert_int_equal(spaces, 2 * XPF_HEAP_SPACES_MAX);
  char name[sizeof(record->after[0].name) + 3] = {'"'}; /* all of it, in quotes */
  memset(name + 1, 'n', sizeof(record->after[0].name));
  name[sizeof(name) - 2] = '"';
  assert_non_null(strstr(text, name));
  free(text);
  free(record);
}

static void sink_errors_are_returned(void **state) {
  (void)state;
  struct xpf_gc_record record = sample_record(XPF_GC_SCAVENGE, 1);
  struct xpf_gc_profile profile = {.records = &record, .count = 1};
  for (size_t max = 0; max < 300; max += 10) {
    struct xpf_memory_sink m;
    xpf_memory_sink_init(&m, max);
    assert_int_equal(xpf_gcprofile_write(&profile, &m.sink), -EFBIG);
    xpf_memory_sink_free(&m);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(as_the_golden_file),
      cmocka_unit_test(without_collections),
      cmocka_unit_test(offsets_have_six_significant_digits),
      cmocka_unit_test(a_record_from_before_the_start_is_at_zero),
      cmocka_unit_test(broken_records_stay_in_bounds),
      cmocka_unit_test(sink_errors_are_returned),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: src/format/cpuprofile.c src/format/json.c src/format/sink.c
// links: src/format/profile.c src/format/profile_time.c src/format/string_table.c
// links: src/format/array.c src/format/id_table.c
// links: -Wl,--wrap=malloc
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

#include "../golden/golden.h"
#include "format/cpuprofile.h"

static volatile long fail_at; /* the malloc with this number fails; 0: none */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
  return fail_at > 0 && --fail_at == 0 ? NULL : __real_malloc(size);
}

static struct xpf_profile *sample_profile(void) {
  static const struct xpf_profile_frame frames[] = {
      {"(root)", "", "", 0, 0, 0},
      {"", "/app/serve.js", "", 81, 1, 1},
      {"hot", "/app/serve.js", "Optimized too many times", 81, 15, 15},
      {"(idle)", "", "", 0, 0, 0},
      {"caf\xc3\xa9 \"\xff\"", "file:///app/\n.mjs", "", 2147483647, 2147483647, 2},
  };
  static const uint32_t parents[] = {XPF_NO_PARENT, 0, 1, 0, 1};
  static const uint32_t hits[] = {0, 1, 3, 2, 0};
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  for (uint32_t i = 0; i < 5; i++) {
    xpf_profile_node_add(p, parents[i], i + 1, &frames[i]);
    p->nodes[i].self[XPF_CPU_SAMPLES] = hits[i];
    if (i == 2) {
      xpf_profile_tick_add(p, 16, 2);
      xpf_profile_tick_add(p, 17, 1);
    }
  }
  p->start_us = 1000000;
  p->end_us = 1007000;
  for (uint32_t i = 0; i < 3; i++)
    xpf_profile_sample_add(p, i + 1, 1001000 + i * 1000, 0);
  xpf_profile_detail_add(p, "{\"url\":\"/\"}");
  xpf_profile_detail_add(p, "second");
  return p;
}

static char *written(const struct xpf_profile *p) {
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  assert_int_equal(xpf_cpuprofile_write(p, &m.sink), 0);
  assert_int_equal(strlen(m.data), m.size);
  return m.data;
}

static void as_the_golden_file(void **state) {
  (void)state;
  struct xpf_profile *p = sample_profile();
  char *text = written(p);
  char *golden = golden_read(__FILE__, "sample.cpuprofile");
  assert_non_null(golden);
  assert_string_equal(text, golden);
  free(golden);
  free(text);
  xpf_profile_free(p);
}

static void empty_profile(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  char *text = written(p);
  assert_string_equal(text,
                      "{\"typeId\":\"xprofiler-cpu-profile\",\"title\":\"xprofiler\",\"nodes\":"
                      "[],\"startTime\":0,\"endTime\":0,\"samples\":[],\"timeDeltas\":[],"
                      "\"httpDetail\":[]}");
  free(text);
  xpf_profile_free(p);
}

static void deltas_count_from_the_start(void **state) {
  (void)state;
  struct xpf_profile *p = sample_profile();
  char *text = written(p);
  assert_non_null(
      strstr(text, "\"samples\":[1,2,3],\"timeDeltas\":[1000,1000,1000],\"httpDetail\""));
  free(text);
  xpf_profile_free(p);
}

static void borders_of_the_clock(void **state) {
  (void)state;
  struct xpf_profile *p = sample_profile();
  p->start_us = p->samples[0].at_us = INT64_MIN;
  p->end_us = p->samples[1].at_us = p->samples[2].at_us = INT64_MAX;
  char *text = written(p);
  assert_non_null(strstr(text, "\"timeDeltas\":[0,18446744073709551615,0]"));
  free(text);
  xpf_profile_free(p);
}

static void heap_profiles_are_refused(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_HEAP);
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  assert_int_equal(xpf_cpuprofile_write(p, &m.sink), -EINVAL);
  assert_int_equal(m.size, 0);
  xpf_memory_sink_free(&m);
  xpf_profile_free(p);
}

static void errors_are_returned_and_kept(void **state) {
  (void)state;
  struct xpf_profile *p = sample_profile();
  struct xpf_memory_sink m;
  for (size_t max = 0; max < 1000; max += 50) {
    xpf_memory_sink_init(&m, max);
    assert_int_equal(xpf_cpuprofile_write(p, &m.sink), -EFBIG);
    xpf_memory_sink_free(&m);
  }
  xpf_memory_sink_init(&m, SIZE_MAX);
  fail_at = 1;
  int rc = xpf_cpuprofile_write(p, &m.sink);
  fail_at = 0;
  assert_int_equal(rc, -ENOMEM);
  assert_int_equal(m.sink.error, -ENOMEM);
  xpf_memory_sink_free(&m);
  xpf_profile_free(p);
}

static int discard(struct xpf_sink *sink, const void *data, size_t size) {
  (void)sink;
  (void)data;
  (void)size;
  return 0;
}

/* 100,000 nodes and 500,000 samples take about 0.1 s; the limit leaves room for a slow machine. */
static void large_profiles_are_fast(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  for (uint32_t i = 0; i < 100000; i++) {
    char name[32];
    snprintf(name, sizeof(name), "function%u", i % 3000);
    struct xpf_profile_frame frame = {name, "/app/node_modules/package/lib/index.js", "", 9, 8, 7};
    assert_int_equal(xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : i / 2, i + 1, &frame), i);
  }
  p->end_us = 600000000;
  for (uint32_t i = 0; i < 500000; i++)
    xpf_profile_sample_add(p, i % 100000 + 1, (int64_t)i * 1000, 0);
  struct xpf_sink sink = {.write = discard};
  clock_t start = clock();
  assert_int_equal(xpf_cpuprofile_write(p, &sink), 0);
  double spent_s = (double)(clock() - start) / CLOCKS_PER_SEC;
  assert_true(sink.bytes > 20000000);
  assert_true(spent_s < 5);
  print_message("written in %.3f s\n", spent_s);
  xpf_profile_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(as_the_golden_file),          cmocka_unit_test(empty_profile),
      cmocka_unit_test(deltas_count_from_the_start), cmocka_unit_test(borders_of_the_clock),
      cmocka_unit_test(heap_profiles_are_refused),   cmocka_unit_test(errors_are_returned_and_kept),
      cmocka_unit_test(large_profiles_are_fast),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

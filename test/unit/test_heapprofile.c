// links: src/format/heapprofile.c src/format/json.c src/format/sink.c
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
#include <cmocka.h>

#include "../golden/golden.h"
#include "format/heapprofile.h"

static volatile long fail_at; /* the malloc with this number fails; 0: none */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
  return fail_at > 0 && --fail_at == 0 ? NULL : __real_malloc(size);
}

static const struct xpf_profile_frame root_frame = {"(root)", "", "", 0, 0, 0};

static struct xpf_profile *sample_profile(void) {
  static const struct xpf_profile_frame frames[] = {
      {"(root)", "", "", 0, 0, 0},          {"first", "/app/a.js", "", 5, 10, 3},
      {"deep", "/app/a.js", "", 5, 1, 1},   {"deeper", "/app/b.js", "", 6, 0, 0},
      {"second", "/app/c.js", "", 7, 2, 2},
  };
  static const uint32_t parents[] = {XPF_NO_PARENT, 0, 1, 2, 0};
  static const int64_t bytes[] = {0, 524288, 10000000000, 16, 32};
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_HEAP);
  for (uint32_t i = 0; i < 5; i++) {
    xpf_profile_node_add(p, parents[i], i * 2 + 1, &frames[i]);
    p->nodes[i].self[XPF_HEAP_SPACE] = bytes[i];
  }
  xpf_profile_sample_add(p, 5, 1, 10000000000);
  xpf_profile_sample_add(p, 7, 2, 16);
  return p;
}

static void as_the_golden_file(void **state) {
  (void)state;
  struct xpf_profile *p = sample_profile();
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  assert_int_equal(xpf_heapprofile_write(p, &m.sink), 0);
  char *golden = golden_read(__FILE__, "sample.heapprofile");
  assert_non_null(golden);
  assert_string_equal(m.data, golden);
  free(golden);
  xpf_memory_sink_free(&m);
  xpf_profile_free(p);
}

static void only_a_root(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_HEAP);
  xpf_profile_node_add(p, XPF_NO_PARENT, 1, &root_frame);
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  assert_int_equal(xpf_heapprofile_write(p, &m.sink), 0);
  assert_string_equal(m.data,
                      "{\"head\":{\"callFrame\":{\"functionName\":\"(root)\",\"scriptId\":\"0\","
                      "\"url\":\"\",\"lineNumber\":0,\"columnNumber\":0},\"selfSize\":0,"
                      "\"selfCount\":0,\"id\":1,\"children\":[]},\"samples\":[],"
                      "\"sampleType\":\"inuse_space\"}");
  xpf_memory_sink_free(&m);
  xpf_profile_free(p);
}

/* Closing brackets match opening ones in kind and number, outside strings (which have none here).
 */
static void check_nesting(const char *text, size_t deepest) {
  char *open = malloc(2 * deepest + 16);
  size_t depth = 0, seen = 0;
  for (; *text != '\0'; text++) {
    if (*text == '{' || *text == '[') {
      assert_true(depth < 2 * deepest + 16);
      open[depth++] = *text;
    } else if (*text == '}' || *text == ']') {
      assert_true(depth > 0);
      assert_int_equal(open[--depth], *text == '}' ? '{' : '[');
    }
    seen = depth > seen ? depth : seen;
    assert_false(*text == ',' && (text[1] == ']' || text[1] == '}'));
  }
  assert_int_equal(depth, 0);
  assert_true(seen >= 2 * deepest);
  free(open);
}

static void deep_trees(void **state) {
  (void)state;
  enum { DEPTH = 100000 };
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_HEAP);
  for (uint32_t i = 0; i < DEPTH; i++)
    xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : i - 1, i + 1, &root_frame);
  for (uint32_t i = 0; i < DEPTH; i++) /* a second child on every level, in a later place */
    xpf_profile_node_add(p, i, DEPTH + i + 1, &root_frame);
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  assert_int_equal(xpf_heapprofile_write(p, &m.sink), 0);
  check_nesting(m.data, DEPTH);
  uint32_t nodes = 0;
  for (const char *at = m.data; *at != '\0'; at++)
    nodes += strncmp(at, "\"selfSize\"", 10) == 0;
  assert_int_equal(nodes, 2 * DEPTH);
  xpf_memory_sink_free(&m);
  xpf_profile_free(p);
}

static void unusable_profiles_are_refused(void **state) {
  (void)state;
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  xpf_profile_node_add(p, XPF_NO_PARENT, 1, &root_frame);
  assert_int_equal(xpf_heapprofile_write(p, &m.sink), -EINVAL);
  xpf_profile_free(p);
  p = xpf_profile_new(XPF_PROFILE_HEAP);
  assert_int_equal(xpf_heapprofile_write(p, &m.sink), -EINVAL);
  xpf_profile_free(p);
  assert_int_equal(m.size, 0);
  xpf_memory_sink_free(&m);
}

static void errors_are_returned_and_kept(void **state) {
  (void)state;
  struct xpf_profile *p = sample_profile();
  struct xpf_memory_sink m;
  for (size_t max = 0; max < 500; max += 10) {
    xpf_memory_sink_init(&m, max);
    assert_int_equal(xpf_heapprofile_write(p, &m.sink), -EFBIG);
    xpf_memory_sink_free(&m);
  }
  xpf_memory_sink_init(&m, SIZE_MAX);
  fail_at = 1;
  int rc = xpf_heapprofile_write(p, &m.sink);
  fail_at = 0;
  assert_int_equal(rc, -ENOMEM);
  assert_int_equal(m.sink.error, -ENOMEM);
  xpf_memory_sink_free(&m);
  xpf_profile_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(as_the_golden_file),
      cmocka_unit_test(only_a_root),
      cmocka_unit_test(deep_trees),
      cmocka_unit_test(unusable_profiles_are_refused),
      cmocka_unit_test(errors_are_returned_and_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: src/format/heapprofile_read.c src/format/heapprofile.c src/format/gcprofile_read.c
// links: src/format/frame_class.c
// links: src/format/json.c src/format/json_read.c
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

#include "../golden/golden.h"
#include "format/frame_class.h"
#include "format/gcprofile.h"
#include "format/heapprofile.h"
#include "profile_text.h"

static void our_own_comes_back_byte_by_byte(void **state) {
  (void)state;
  char *golden = golden_read(__FILE__, "sample.heapprofile");
  struct xpf_profile *p = profile_of_text(xpf_heapprofile_read, golden);
  char *text = text_of_profile(xpf_heapprofile_write, p);
  assert_string_equal(text, golden);
  free(text);
  free(golden);
  xpf_profile_free(p);
}

static void of_xprofiler_3(void **state) {
  (void)state;
  struct xpf_profile *p = profile_of_text(
      xpf_heapprofile_read,
      "{\"head\":{\"callFrame\":{\"functionName\":\"(root)\",\"scriptId\":0,\"url\":\"\","
      "\"lineNumber\":0,\"columnNumber\":0},\"selfSize\":0,\"children\":[{\"callFrame\":{"
      "\"functionName\":\"a\",\"scriptId\":5,\"url\":\"/a.js\",\"lineNumber\":3,\"columnNumber\":9"
      "},\"selfSize\":64,\"children\":[]},{\"children\":[{\"selfSize\":1}],\"selfSize\":2}]}}");
  assert_int_equal(p->nodes_count, 4);
  check_node(p, 1, "a", "/a.js", 3, 9);
  assert_int_equal(p->nodes[1].self[XPF_HEAP_SPACE], 64);
  assert_int_equal(p->nodes[2].parent, 0);
  assert_int_equal(p->nodes[3].parent, 2);
  xpf_profile_free(p);
}

static void counts_are_those_of_the_samples(void **state) {
  (void)state;
  struct xpf_profile *p = profile_of_text(
      xpf_heapprofile_read,
      "{\"samples\":[{\"size\":24,\"nodeId\":2,\"ordinal\":1},{\"size\":8,\"nodeId\":2,\"ordinal\":"
      "2}],\"head\":{\"id\":1,\"children\":[{\"selfSize\":32,\"id\":2}]},\"sampleType\":"
      "\"alloc_space\"}");
  assert_int_equal(p->nodes[1].self[XPF_HEAP_OBJECTS], 2);
  assert_int_equal(xpf_profile_value_find(p, "alloc_space"), XPF_HEAP_SPACE);
  assert_int_equal(p->samples[1].node, 1);
  xpf_profile_free(p);
}

static void heap_refused(void **state) {
  (void)state;
  check_refused(xpf_heapprofile_read, "{}", XPF_READ_MISSING, 2);
  check_refused(xpf_heapprofile_read, "{\"head\":[]}", XPF_READ_WRONG_TYPE, 8);
  check_refused(xpf_heapprofile_read, "{\"head\":{\"children\":[3]}}", XPF_READ_WRONG_TYPE, 21);
  check_refused(xpf_heapprofile_read, "{\"head\":{\"children\":[{}", XPF_READ_TRUNCATED, 23);
  check_refused(xpf_heapprofile_read, "{\"head\":{\"selfSize\":-1}}", XPF_READ_OUT_OF_RANGE, 20);
  check_refused(xpf_heapprofile_read, "{\"head\":{},\"samples\":[{\"nodeId\":9}]}",
                XPF_READ_UNKNOWN_ID, 21);
  check_refused(xpf_heapprofile_read, "{\"head\":{},\"head\":{}}", XPF_READ_TWICE, 11);
}

static void every_cut_is_noticed(void **state) {
  (void)state;
  static const struct {
    const char *name;
    reader_fn *read;
  } files[] = {{"sample.heapprofile", xpf_heapprofile_read},
               {"sample.gcprofile", xpf_gcprofile_read}};
  for (size_t i = 0; i < 2; i++) {
    char *golden = golden_read(__FILE__, files[i].name);
    struct xpf_read_error error;
    for (size_t size = 0; size < strlen(golden); size++) {
      assert_null(profile_of(files[i].read, golden, size, &error));
      assert_int_equal(error.reason, XPF_READ_TRUNCATED);
    }
    free(golden);
  }
}

/* As xprofiler 3 wrote it: "type" twice in an entry. */
static void collections_become_samples(void **state) {
  (void)state;
  struct xpf_profile *p = profile_of_text(
      xpf_gcprofile_read,
      "\n{\"startTime\":100.5,\"gc\":[{\"totalSpentfromStart\":1200,\"start\":2.5,\"type\":"
      "\"scavenge\",\"before\":[{\"name\":\"new_space\",\"space_used_size\":100},{\"name\":"
      "\"old_space\",\"space_used_size\":7}],\"end\":4,\"type\":\"scavenge\",\"after\":[{\"name\":"
      "\"new_space\",\"space_used_size\":30}]},{\"start\":10,\"type\":16,\"end\":11},{\"start\":20,"
      "\"type\":\"scavenge\",\"end\":21}],\"stopTime\":101}");
  assert_int_equal(p->kind, XPF_PROFILE_GC);
  assert_int_equal(p->nodes_count, 3);
  check_node(p, 1, "(gc scavenge)", "", 0, 0);
  check_node(p, 2, "(gc 16)", "", 0, 0);
  assert_int_equal(xpf_frame_class_of("(gc scavenge)", ""), XPF_FRAME_GC);
  assert_int_equal(p->nodes[1].self[XPF_GC_COUNT], 2);
  assert_int_equal(p->nodes[1].self[XPF_GC_PAUSE], 2500000);
  assert_int_equal(p->nodes[1].self[XPF_GC_FREED], 77);
  assert_int_equal(p->samples_count, 3);
  assert_int_equal(p->samples[0].at_us, 100502500);
  assert_int_equal(p->samples[0].value, 1500000);
  assert_int_equal(p->end_us, 101000000);
  xpf_profile_free(p);
}

static void gc_refused(void **state) {
  (void)state;
  check_refused(xpf_gcprofile_read, "{}", XPF_READ_MISSING, 2);
  check_refused(xpf_gcprofile_read, "{\"gc\":[{\"start\":1,\"end\":2}]}", XPF_READ_MISSING, 7);
  check_refused(xpf_gcprofile_read, "{\"gc\":[{\"start\":-1}]}", XPF_READ_OUT_OF_RANGE, 16);
  check_refused(xpf_gcprofile_read, "{\"gc\":[1]}", XPF_READ_WRONG_TYPE, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(our_own_comes_back_byte_by_byte),
      cmocka_unit_test(of_xprofiler_3),
      cmocka_unit_test(counts_are_those_of_the_samples),
      cmocka_unit_test(heap_refused),
      cmocka_unit_test(every_cut_is_noticed),
      cmocka_unit_test(collections_become_samples),
      cmocka_unit_test(gc_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

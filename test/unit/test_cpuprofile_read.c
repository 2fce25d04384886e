// links: src/format/cpuprofile_read.c src/format/cpuprofile.c
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
#include "format/cpuprofile.h"
#include "profile_text.h"

static char *read_and_written(const char *text) {
  struct xpf_profile *p = profile_of_text(xpf_cpuprofile_read, text);
  char *written = text_of_profile(xpf_cpuprofile_write, p);
  xpf_profile_free(p);
  return written;
}

/* The golden file has its nodes in another order; nothing else may change, and nothing at all from
 * then on. */
static void our_own_comes_back_byte_by_byte(void **state) {
  (void)state;
  char *golden = golden_read(__FILE__, "sample.cpuprofile");
  char *once = read_and_written(golden), *twice = read_and_written(once);
  assert_int_equal(strlen(once), strlen(golden));
  assert_string_equal(twice, once);
  free(twice);
  free(once);
  free(golden);
}

#define OLD_NODE(id, name, script, url, line, children)                                            \
  "{\"id\":" id ",\"hitCount\":3,\"callFrame\":{\"functionName\":\"" name                          \
  "\",\"scriptId\":" script ",\"bailoutReason\":\"\",\"url\":\"" url "\",\"lineNumber\":" line     \
  ",\"columnNumber\":" line "},\"children\":[" children "]}"

static void xprofiler_3_counts_lines_from_1(void **state) {
  (void)state;
  struct xpf_profile *p =
      profile_of_text(xpf_cpuprofile_read,
                      "\n{\"typeId\":\"xprofiler-cpu-profile\",\"nodes\":[" OLD_NODE(
                          "1", "(root)", "0", "", "0",
                          "6") "," OLD_NODE("6", "hot", "81", "/s.js", "15",
                                            "") "],\"startTime\":100,\"endTime\":200,\"samples\":"
                                                "[6],\"timeDeltas\":[10],\"httpDetail\":[\"x\"]}");
  assert_int_equal(p->nodes_count, 2);
  check_node(p, 0, "(root)", "", 0, 0);
  check_node(p, 1, "hot", "/s.js", 15, 15);
  assert_int_equal(p->nodes[1].script_id, 81);
  assert_int_equal(p->nodes[1].self[XPF_CPU_SAMPLES], 3);
  assert_int_equal(p->nodes[1].self[XPF_CPU_WALL], 90000);
  assert_int_equal(p->details_count, 1);
  xpf_profile_free(p);
}

static void any_order_of_keys_and_nodes(void **state) {
  (void)state;
  struct xpf_profile *p = profile_of_text(
      xpf_cpuprofile_read,
      "{\"timeDeltas\":[5,20,10],\"samples\":[9,4,9],\"extra\":{\"deep\":[[]]},\"endTime\":100,"
      "\"nodes\":[{\"parent\":7,\"callFrame\":{\"url\":\"/b.js\",\"functionName\":\"b\","
      "\"scriptId\":\"3\",\"lineNumber\":0,\"columnNumber\":4},\"id\":9},"
      "{\"id\":4,\"callFrame\":{\"functionName\":\"c\"}},{\"id\":7,\"children\":[4],"
      "\"callFrame\":{\"functionName\":\"(root)\",\"lineNumber\":-1,\"columnNumber\":-1}}],"
      "\"startTime\":50}");
  assert_int_equal(p->nodes_count, 3);
  check_node(p, 0, "(root)", "", 0, 0);
  check_node(p, 1, "b", "/b.js", 1, 5);
  check_node(p, 2, "c", "", 0, 0);
  assert_int_equal(p->samples_count, 3);
  assert_int_equal(p->samples[0].node, 1);
  assert_int_equal(p->samples[0].at_us, 55);
  assert_int_equal(p->samples[1].at_us, 75);
  assert_int_equal(p->nodes[1].self[XPF_CPU_SAMPLES], 2); /* no hitCount: counted */
  assert_int_equal(p->nodes[1].self[XPF_CPU_WALL], 35000);
  assert_int_equal(p->nodes[2].self[XPF_CPU_WALL], 10000);
  xpf_profile_free(p);
}

static void negative_deltas_are_sorted(void **state) {
  (void)state;
  struct xpf_profile *p = profile_of_text(
      xpf_cpuprofile_read, "{\"nodes\":[{\"id\":1,\"children\":[2]},{\"id\":2}],\"startTime\":0,"
                           "\"endTime\":100,\"samples\":[1,2],\"timeDeltas\":[60,-20]}");
  assert_int_equal(p->samples[0].node, 1);
  assert_int_equal(p->samples[0].at_us, 40);
  assert_int_equal(p->samples[1].at_us, 60);
  xpf_profile_free(p);
}

static void without_deltas_samples_are_even(void **state) {
  (void)state;
  struct xpf_profile *p = profile_of_text(
      xpf_cpuprofile_read,
      "{\"nodes\":[{\"id\":1}],\"startTime\":0,\"endTime\":100,\"samples\":[1,1,1,1]}");
  assert_int_equal(p->samples[3].at_us, 75);
  xpf_profile_free(p);
}

static void refused(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum xpf_read_reason reason;
    uint64_t offset;
  } cases[] = {
      {"", XPF_READ_TRUNCATED, 0},
      {"[]", XPF_READ_WRONG_TYPE, 0},
      {"{}", XPF_READ_MISSING, 2},
      {"{\"nodes\":7}", XPF_READ_WRONG_TYPE, 9},
      {"{\"nodes\":[7]}", XPF_READ_WRONG_TYPE, 10},
      {"{\"nodes\":[{}]}", XPF_READ_MISSING, 10},
      {"{\"nodes\":[{\"id\":-1}]}", XPF_READ_OUT_OF_RANGE, 16},
      {"{\"nodes\":[{\"id\":1},{\"id\":1}]}", XPF_READ_TWICE, 19},
      {"{\"nodes\":[{\"id\":1},{\"id\":2}]}", XPF_READ_NO_TREE, 19},
      {"{\"nodes\":[{\"id\":1,\"children\":[1]}]}", XPF_READ_NO_TREE, 10},
      {"{\"nodes\":[{\"id\":1,\"children\":[5]}]}", XPF_READ_UNKNOWN_ID, 10},
      {"{\"nodes\":[{\"id\":1},{\"id\":2,\"children\":[3]},{\"id\":3,\"children\":[2]}]}",
       XPF_READ_NO_TREE, 10},
      {"{\"nodes\":[{\"id\":1}],\"samples\":[2]}", XPF_READ_UNKNOWN_ID, 30},
      {"{\"nodes\":[{\"id\":1}],\"samples\":[1],\"timeDeltas\":[]}", XPF_READ_SYNTAX, 30},
      {"{\"nodes\":[{\"id\":1}],\"samples\":[\"1\"]}", XPF_READ_WRONG_TYPE, 31},
      {"{\"nodes\":[],\"nodes\":[]}", XPF_READ_TWICE, 12},
      {"{\"nodes\":[{\"id\":1,\"callFrame\":{\"url\":1}}]}", XPF_READ_WRONG_TYPE, 37},
      {"{\"startTime\":1e30,\"nodes\":[]}", XPF_READ_OUT_OF_RANGE, 13},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
    check_refused(xpf_cpuprofile_read, cases[i].text, cases[i].reason, cases[i].offset);
}

static void every_cut_is_noticed(void **state) {
  (void)state;
  char *golden = golden_read(__FILE__, "sample.cpuprofile");
  struct xpf_read_error error;
  for (size_t size = 0; size < strlen(golden); size++) {
    assert_null(profile_of(xpf_cpuprofile_read, golden, size, &error));
    assert_int_equal(error.reason, XPF_READ_TRUNCATED);
    assert_true(error.offset <= size);
  }
  free(golden);
}

static void a_profile_without_samples_gets_some(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_OTHER);
  struct xpf_profile_frame frame = {"f", "", "", 0, 0, 0};
  xpf_profile_value_set(p, 0, "samples", "count");
  xpf_profile_node_add(p, XPF_NO_PARENT, 1, &frame);
  xpf_profile_node_add(p, 0, 2, &frame);
  xpf_profile_node_add(p, 1, 3, &frame);
  p->nodes[1].self[0] = 2;
  p->nodes[2].self[0] = 5;
  char *text = text_of_profile(xpf_cpuprofile_write, p);
  assert_non_null(strstr(text, "\"endTime\":7000,\"samples\":[2,3],\"timeDeltas\":[0,2000]"));
  struct xpf_profile *q = profile_of_text(xpf_cpuprofile_read, text);
  assert_int_equal(q->nodes[1].self[XPF_CPU_WALL], 2000000);
  assert_int_equal(q->nodes[2].self[XPF_CPU_WALL], 5000000);
  assert_int_equal(q->nodes[2].self[XPF_CPU_SAMPLES], 5);
  free(text);
  xpf_profile_free(p);
  xpf_profile_free(q);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(our_own_comes_back_byte_by_byte),
      cmocka_unit_test(xprofiler_3_counts_lines_from_1),
      cmocka_unit_test(any_order_of_keys_and_nodes),
      cmocka_unit_test(negative_deltas_are_sorted),
      cmocka_unit_test(without_deltas_samples_are_even),
      cmocka_unit_test(refused),
      cmocka_unit_test(every_cut_is_noticed),
      cmocka_unit_test(a_profile_without_samples_gets_some),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

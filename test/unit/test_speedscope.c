// links: src/format/speedscope.c src/format/timeline.c src/format/frame_class.c
// links: src/format/stack.c src/format/stack_tree.c src/format/json.c src/format/sink.c
// links: src/format/profile.c src/format/string_table.c src/format/array.c src/format/id_table.c
// links: -lcjson
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>
#include <cmocka.h>

#include "format/speedscope.h"
#include "format/stack.h"
#include "profile_text.h"
#include "xpf_version.h"

#define HEAD(title, active)                                                                        \
  "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","                           \
  "\"exporter\":\"xprofiler@" XPF_VERSION "\",\"name\":\"" title                                   \
  "\",\"activeProfileIndex\":" active ",\"shared\":{\"frames\":["
#define CUT                    "{\"name\":\"(truncated)\"}]},\"profiles\":["
#define EVENT(type, frame, at) "{\"type\":\"" type "\",\"frame\":" frame ",\"at\":" at "}"

/* root: f (你), f again below it, g */
static struct xpf_profile *make(enum xpf_profile_kind kind) {
  static const struct xpf_profile_frame frames[] = {
      {"(root)", "", "", 0, 0, 0},
      {"f", "file:///a%20b/\xe4\xbd\xa0.js", "", 1, 3, 7},
      {"f", "file:///a%20b/\xe4\xbd\xa0.js", "", 1, 3, 7},
      {"", "node:fs", "", 2, 5, 0},
  };
  static const uint32_t parents[] = {XPF_NO_PARENT, 0, 1, 0};
  struct xpf_profile *p = xpf_profile_new(kind);
  for (uint32_t i = 0; i < 4; i++)
    assert_int_equal(xpf_profile_node_add(p, parents[i], i, &frames[i]), i);
  return p;
}

#define FRAMES                                                                                     \
  "{\"name\":\"(root)\"},{\"name\":\"f\",\"file\":\"/a b/\xe4\xbd\xa0.js\",\"line\":3,\"col\":7}," \
  "{\"name\":\"(anonymous)\",\"file\":\"node:fs\",\"line\":5},"

static void in_the_order_of_time(void **state) {
  (void)state;
  struct xpf_profile *p = make(XPF_PROFILE_CPU);
  p->start_us = 1000;
  p->end_us = 1100;
  xpf_profile_sample_add(p, 2, 1010, 0);
  xpf_profile_sample_add(p, 3, 1030, 0);
  char *text = text_of_profile(xpf_speedscope_write, p);
  assert_string_equal(
      text, HEAD("xprofiler", "0") FRAMES CUT
      "{\"type\":\"evented\",\"name\":\"wall\",\"unit\":\"microseconds\",\"startValue\":0,"
      "\"events\":[" EVENT("O", "1", "10") "," EVENT("O", "1", "10") "," EVENT(
          "C", "1", "30") "," EVENT("C", "1",
                                    "30") "," EVENT("O", "2",
                                                    "30") "," EVENT("C", "2",
                                                                    "100") "],\"endValue\":100}]}");
  free(text);
  xpf_profile_free(p);
}

/* One profile for each value; only what is above 0, the stack from the root on. */
static void without_an_order(void **state) {
  (void)state;
  struct xpf_profile *p = make(XPF_PROFILE_HEAP);
  p->default_value = XPF_HEAP_SPACE;
  p->title = (uint32_t)xpf_profile_string_add(p, "the \"heap\"");
  p->nodes[2].self[XPF_HEAP_OBJECTS] = 2;
  p->nodes[2].self[XPF_HEAP_SPACE] = INT64_MAX;
  p->nodes[3].self[XPF_HEAP_OBJECTS] = -4; /* of a difference */
  p->nodes[3].self[XPF_HEAP_SPACE] = 9;
  char *text = text_of_profile(xpf_speedscope_write, p);
  assert_string_equal(
      text, HEAD("the \\\"heap\\\"", "1") FRAMES CUT
      "{\"type\":\"sampled\",\"name\":\"inuse_objects\",\"unit\":\"none\",\"samples\":[[1,1]],"
      "\"weights\":[2],\"startValue\":0,\"endValue\":2},"
      "{\"type\":\"sampled\",\"name\":\"inuse_space\",\"unit\":\"bytes\",\"samples\":[[1,1],[2]],"
      "\"weights\":[9223372036854775807,9],\"startValue\":0,\"endValue\":9223372036854775807}]}");
  free(text);
  xpf_profile_free(p);
}

static void nothing_in_it(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_OTHER);
  char *text = text_of_profile(xpf_speedscope_write, p);
  assert_string_equal(text, HEAD("xprofiler", "0") CUT "]}");
  free(text);
  xpf_profile_free(p);
}

/* What is cut off near the root has a frame of its own: the last one. */
static void deep_stacks_are_cut(void **state) {
  (void)state;
  enum { DEPTH = XPF_STACK_MAX + 50 };
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_HEAP);
  struct xpf_profile_frame frame = {"f", "", "", 0, 0, 0};
  for (uint32_t i = 0; i < DEPTH; i++)
    xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : i - 1, i, &frame);
  p->nodes[DEPTH - 1].self[XPF_HEAP_OBJECTS] = 1;
  char *text = text_of_profile(xpf_speedscope_write, p);
  cJSON *page = cJSON_Parse(text);
  const cJSON *profiles = cJSON_GetObjectItem(page, "profiles");
  const cJSON *samples = cJSON_GetObjectItem(cJSON_GetArrayItem(profiles, 0), "samples");
  const cJSON *stack = cJSON_GetArrayItem(samples, 0);
  assert_int_equal(cJSON_GetArraySize(stack), XPF_STACK_MAX + 1);
  assert_int_equal(cJSON_GetArrayItem(stack, 0)->valueint, 1);
  assert_int_equal(cJSON_GetArrayItem(stack, 1)->valueint, 0);
  cJSON_Delete(page);
  free(text);
  xpf_profile_free(p);
}

/* Wherever the room ends, the error is told, and kept. */
static void no_room(void **state) {
  (void)state;
  struct xpf_profile *timed = make(XPF_PROFILE_CPU), *heap = make(XPF_PROFILE_HEAP);
  xpf_profile_sample_add(timed, 2, 4, 0);
  heap->nodes[2].self[XPF_HEAP_OBJECTS] = 2;
  const struct xpf_profile *const profiles[] = {timed, heap};
  for (size_t i = 0; i < 2; i++) {
    char *whole = text_of_profile(xpf_speedscope_write, profiles[i]);
    size_t size = strlen(whole);
    for (size_t room = 0; room < size; room++) {
      struct xpf_memory_sink m;
      xpf_memory_sink_init(&m, room);
      assert_int_equal(xpf_speedscope_write(profiles[i], &m.sink), -EFBIG);
      assert_int_equal(m.sink.error, -EFBIG);
      xpf_memory_sink_free(&m);
    }
    free(whole);
  }
  xpf_profile_free(timed);
  xpf_profile_free(heap);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(in_the_order_of_time),
      cmocka_unit_test(without_an_order),
      cmocka_unit_test(nothing_in_it),
      cmocka_unit_test(deep_stacks_are_cut),
      cmocka_unit_test(no_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

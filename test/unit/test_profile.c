// links: src/format/profile.c src/format/profile_time.c src/format/string_table.c
// links: src/format/array.c src/format/id_table.c
// links: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
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

#include "format/profile.h"

/* The allocation with this number fails, counted down from when it is set; 0: none. volatile: the
 * compiler takes malloc for a function that reads no variable of ours. */
static volatile long fail_at;

static bool allocation_fails(void) {
  return fail_at > 0 && --fail_at == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size) {
  return allocation_fails() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
  return allocation_fails() ? NULL : __real_calloc(count, size);
}
void *__wrap_realloc(void *memory, size_t size) {
  return allocation_fails() ? NULL : __real_realloc(memory, size);
}

static const struct xpf_profile_frame root_frame = {"(root)", "", "", 0, 0, 0};

static void new_profile_is_empty(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_OTHER);
  assert_int_equal(p->kind, XPF_PROFILE_OTHER);
  assert_int_equal(p->nodes_count, 0);
  assert_string_equal(xpf_profile_string(p, 0), "");
  assert_string_equal(xpf_profile_string(p, 1), "");
  assert_string_equal(xpf_profile_string(p, UINT32_MAX), "");
  xpf_profile_free(p);
  xpf_profile_free(NULL);
}

static void nodes_keep_what_was_given(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  assert_int_equal(xpf_profile_node_add(p, XPF_NO_PARENT, 1, &root_frame), 0);
  char name[] = "hot";
  struct xpf_profile_frame frame = {name, "/a.js", "no reason", 81, 15, -1};
  assert_int_equal(xpf_profile_node_add(p, 0, 6, &frame), 1);
  name[0] = 'x'; /* the profile has its own copy */
  const struct xpf_profile_node *node = &p->nodes[1];
  assert_int_equal(node->id, 6);
  assert_int_equal(node->parent, 0);
  assert_string_equal(xpf_profile_string(p, node->function_name), "hot");
  assert_string_equal(xpf_profile_string(p, node->url), "/a.js");
  assert_string_equal(xpf_profile_string(p, node->bailout_reason), "no reason");
  assert_int_equal(node->script_id, 81);
  assert_int_equal(node->line, 15);
  assert_int_equal(node->column, -1);
  for (uint32_t i = 0; i < XPF_PROFILE_VALUES_MAX; i++)
    assert_int_equal(node->self[i], 0);
  xpf_profile_free(p);
}

static void parents_must_stand_before(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  assert_int_equal(xpf_profile_node_add(p, 0, 1, &root_frame), -EINVAL);
  assert_int_equal(xpf_profile_tick_add(p, 1, 1), -EINVAL);
  assert_int_equal(xpf_profile_node_add(p, XPF_NO_PARENT, 1, &root_frame), 0);
  assert_int_equal(xpf_profile_node_add(p, XPF_NO_PARENT, 2, &root_frame), -EINVAL);
  assert_int_equal(xpf_profile_node_add(p, 1, 2, &root_frame), -EINVAL);
  assert_int_equal(p->nodes_count, 1);
  xpf_profile_free(p);
}

static void equal_strings_are_stored_once(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_OTHER);
  xpf_profile_node_add(p, XPF_NO_PARENT, 1, &root_frame);
  for (uint32_t i = 1; i <= 20000; i++) {
    char name[32], url[32];
    snprintf(name, sizeof(name), "function%u", i % 5000);
    snprintf(url, sizeof(url), "file%u", i % 7);
    struct xpf_profile_frame frame = {name, url, NULL, 0, 0, 0};
    assert_int_equal(xpf_profile_node_add(p, i - 1, i + 1, &frame), i);
  }
  for (uint32_t i = 1; i <= 20000; i++) {
    char name[32];
    snprintf(name, sizeof(name), "function%u", i % 5000);
    assert_string_equal(xpf_profile_string(p, p->nodes[i].function_name), name);
    assert_string_equal(xpf_profile_string(p, p->nodes[i].bailout_reason), "");
    if (i > 5000)
      assert_int_equal(p->nodes[i].function_name, p->nodes[i - 5000].function_name);
  }
  /* "", "(root)", 5000 names and 7 files; the next index is free. */
  assert_string_not_equal(xpf_profile_string(p, 5008), "");
  assert_string_equal(xpf_profile_string(p, 5009), "");
  xpf_profile_free(p);
}

static void strings_do_not_move(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  struct xpf_profile_frame frame = {"first", NULL, NULL, 0, 0, 0};
  xpf_profile_node_add(p, XPF_NO_PARENT, 1, &frame);
  const char *first = xpf_profile_string(p, p->nodes[0].function_name);
  char *huge = __real_malloc(200001);
  memset(huge, 'h', 200000);
  huge[200000] = '\0';
  frame.function_name = huge;
  xpf_profile_node_add(p, 0, 2, &frame);
  frame.function_name = first;
  frame.url = xpf_profile_string(p, p->nodes[1].function_name);
  assert_int_equal(xpf_profile_node_add(p, 0, 3, &frame), 2);
  assert_string_equal(first, "first");
  assert_int_equal(p->nodes[2].function_name, p->nodes[0].function_name);
  assert_int_equal(p->nodes[2].url, p->nodes[1].function_name);
  assert_string_equal(frame.url, huge);
  free(huge);
  xpf_profile_free(p);
}

static void ticks_belong_to_the_last_node(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  xpf_profile_node_add(p, XPF_NO_PARENT, 1, &root_frame);
  assert_int_equal(xpf_profile_tick_add(p, 3, 10), 0);
  assert_int_equal(xpf_profile_tick_add(p, 4, 11), 0);
  xpf_profile_node_add(p, 0, 2, &root_frame);
  xpf_profile_node_add(p, 0, 3, &root_frame);
  assert_int_equal(xpf_profile_tick_add(p, 5, 12), 0);
  assert_int_equal(p->nodes[0].ticks_start, 0);
  assert_int_equal(p->nodes[0].ticks_count, 2);
  assert_int_equal(p->nodes[1].ticks_count, 0);
  assert_int_equal(p->nodes[2].ticks_start, 2);
  assert_int_equal(p->nodes[2].ticks_count, 1);
  assert_int_equal(p->ticks[2].line, 5);
  assert_int_equal(p->ticks[2].ticks, 12);
  xpf_profile_free(p);
}

static void samples_and_details_are_kept(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  assert_int_equal(xpf_profile_sample_add(p, 7, 0, 0), -ENOENT);
  xpf_profile_node_add(p, XPF_NO_PARENT, 70, &root_frame);
  xpf_profile_node_add(p, 0, 7, &root_frame);
  xpf_profile_node_add(p, 0, 7, &root_frame); /* the first of one id has the samples */
  for (uint32_t i = 0; i < 1000; i++)
    assert_int_equal(xpf_profile_sample_add(p, 7, -5 + (int64_t)i, i * 2), 0);
  assert_int_equal(xpf_profile_sample_add(p, 8, 0, 0), -ENOENT);
  char text[] = "GET /";
  assert_int_equal(xpf_profile_detail_add(p, text), 0);
  text[0] = 'P';
  assert_int_equal(p->samples_count, 1000);
  assert_int_equal(p->samples[999].node, 1);
  assert_int_equal(p->samples[0].at_us, -5);
  assert_int_equal(p->samples[999].value, 1998);
  assert_int_equal(p->details_count, 1);
  assert_string_equal(p->details[0], "GET /");
  xpf_profile_free(p);
}

static void check_value(const struct xpf_profile *p, uint32_t index, const char *type,
                        const char *unit) {
  assert_true(index < p->values_count);
  assert_string_equal(xpf_profile_string(p, p->values[index].type), type);
  assert_string_equal(xpf_profile_string(p, p->values[index].unit), unit);
  assert_int_equal(xpf_profile_value_find(p, type), index);
}

static void every_kind_says_what_it_counts(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  assert_int_equal(p->values_count, 2);
  check_value(p, XPF_CPU_SAMPLES, "samples", "count");
  check_value(p, XPF_CPU_WALL, "wall", "nanoseconds");
  assert_int_equal(p->default_value, XPF_CPU_WALL);
  assert_string_equal(xpf_profile_string(p, p->period_of.unit), "nanoseconds");
  xpf_profile_free(p);
  p = xpf_profile_new(XPF_PROFILE_HEAP);
  check_value(p, XPF_HEAP_OBJECTS, "inuse_objects", "count");
  check_value(p, XPF_HEAP_SPACE, "inuse_space", "bytes");
  assert_string_equal(xpf_profile_string(p, p->period_of.type), "space");
  assert_int_equal(xpf_profile_alloc_set(p), 0);
  check_value(p, XPF_HEAP_OBJECTS, "alloc_objects", "count");
  check_value(p, XPF_HEAP_SPACE, "alloc_space", "bytes");
  assert_int_equal(xpf_profile_value_find(p, "inuse_space"), XPF_NO_INDEX);
  xpf_profile_free(p);
  p = xpf_profile_new(XPF_PROFILE_GC);
  check_value(p, XPF_GC_PAUSE, "pause", "nanoseconds");
  xpf_profile_free(p);
}

static void values_of_other_profiles_are_given(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_OTHER);
  assert_int_equal(p->values_count, 0);
  assert_int_equal(xpf_profile_value_set(p, 1, "late", "count"), -EINVAL);
  for (uint32_t i = 0; i < XPF_PROFILE_VALUES_MAX; i++)
    assert_int_equal(xpf_profile_value_set(p, i, i == 3 ? "last" : "type", "count"), 0);
  assert_int_equal(xpf_profile_value_set(p, XPF_PROFILE_VALUES_MAX, "more", "count"), -EINVAL);
  check_value(p, 3, "last", "count");
  xpf_profile_free(p);
}

static void effective_interval_is_the_mean(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  p->start_us = 1000;
  p->end_us = 2000;
  assert_true(xpf_profile_effective_interval_us(p) == 0);
  assert_true(xpf_profile_node_add(p, XPF_NO_PARENT, 1, &root_frame) >= 0);
  for (int i = 0; i < 8; i++)
    xpf_profile_sample_add(p, 1, 0, 0);
  assert_true(xpf_profile_effective_interval_us(p) == 125);
  p->nodes[0].self[XPF_CPU_SAMPLES] = 4; /* of the eight samples only four came by the timer */
  assert_true(xpf_profile_effective_interval_us(p) == 250);
  p->end_us = 500;
  assert_true(xpf_profile_effective_interval_us(p) == 0);
  xpf_profile_free(p);
}

static void totals_have_all_below(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  const uint32_t parents[] = {XPF_NO_PARENT, 0, 1, 1, 0};
  const int64_t self[] = {0, 5, 7, 11, 13};
  for (uint32_t i = 0; i < 5; i++) {
    xpf_profile_node_add(p, parents[i], i + 1, &root_frame);
    p->nodes[i].self[XPF_CPU_WALL] = self[i];
  }
  int64_t totals[5];
  xpf_profile_totals(p, XPF_CPU_WALL, totals);
  const int64_t expected[] = {36, 23, 7, 11, 13};
  assert_memory_equal(totals, expected, sizeof(totals));
  p->nodes[4].self[XPF_CPU_WALL] = INT64_MAX; /* no overflow */
  xpf_profile_totals(p, XPF_CPU_WALL, totals);
  assert_true(totals[0] == INT64_MAX);
  xpf_profile_free(p);
}

static void children_come_in_order(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  const uint32_t parents[] = {XPF_NO_PARENT, 0, 1, 0, 1, 0};
  for (uint32_t i = 0; i < 6; i++)
    xpf_profile_node_add(p, parents[i], i + 1, &root_frame);
  uint32_t first[6], next[6];
  xpf_profile_children(p, first, next);
  const uint32_t none = XPF_NO_PARENT;
  const uint32_t expected_first[] = {1, 2, none, none, none, none};
  const uint32_t expected_next[] = {none, 3, 4, 5, none, none};
  assert_memory_equal(first, expected_first, sizeof(first));
  assert_memory_equal(next, expected_next, sizeof(next));
  xpf_profile_free(p);
}

/* Adds node number i with its own strings, a tick, a sample and a detail. The first error. */
static int add_all(struct xpf_profile *p, uint32_t i) {
  char name[32], url[32];
  snprintf(name, sizeof(name), "name%u", i);
  snprintf(url, sizeof(url), "url%u", i);
  struct xpf_profile_frame frame = {name, url, "reason", 1, 2, 3};
  int64_t index = xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : i - 1, i + 1, &frame);
  if (index < 0)
    return (int)index;
  int rc = xpf_profile_tick_add(p, i, i);
  if (rc == 0)
    rc = xpf_profile_sample_add(p, i + 1, i, i);
  return rc < 0 ? rc : xpf_profile_detail_add(p, name);
}

static void check_valid(const struct xpf_profile *p) {
  for (uint32_t i = 0; i < p->nodes_count; i++) {
    char name[32];
    snprintf(name, sizeof(name), "name%u", i);
    assert_string_equal(xpf_profile_string(p, p->nodes[i].function_name), name);
    assert_int_equal(p->nodes[i].parent, i == 0 ? XPF_NO_PARENT : i - 1);
    assert_true(p->nodes[i].ticks_start + p->nodes[i].ticks_count <= p->ticks_count);
  }
  for (uint32_t i = 0; i < p->details_count; i++)
    assert_memory_equal(p->details[i], "name", 4);
}

static void every_failed_allocation_leaves_it_valid(void **state) {
  (void)state;
  enum { NODES = 600 };
  long failures = 0;
  for (long at = 1;; at++) {
    fail_at = at;
    struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
    if (p == NULL) {
      failures++;
      continue;
    }
    int rc = 0;
    uint32_t i = 0;
    while (i < NODES && (rc = add_all(p, i)) == 0)
      i++;
    bool failed = fail_at == 0;
    fail_at = 0;
    check_valid(p);
    if (!failed) {
      assert_int_equal(i, NODES);
      xpf_profile_free(p);
      break;
    }
    failures++;
    assert_int_equal(rc, -ENOMEM);
    /* And it goes on where it stopped, with the node that failed (if it is not there). */
    for (i = p->nodes_count; i < NODES; i++)
      assert_int_equal(add_all(p, i), 0);
    check_valid(p);
    assert_int_equal(p->nodes_count, NODES);
    xpf_profile_free(p);
  }
  assert_true(failures > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(new_profile_is_empty),
      cmocka_unit_test(nodes_keep_what_was_given),
      cmocka_unit_test(parents_must_stand_before),
      cmocka_unit_test(equal_strings_are_stored_once),
      cmocka_unit_test(strings_do_not_move),
      cmocka_unit_test(ticks_belong_to_the_last_node),
      cmocka_unit_test(samples_and_details_are_kept),
      cmocka_unit_test(every_kind_says_what_it_counts),
      cmocka_unit_test(values_of_other_profiles_are_given),
      cmocka_unit_test(effective_interval_is_the_mean),
      cmocka_unit_test(totals_have_all_below),
      cmocka_unit_test(children_come_in_order),
      cmocka_unit_test(every_failed_allocation_leaves_it_valid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

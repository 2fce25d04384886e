// links: src/format/timeline.c src/format/profile.c src/format/string_table.c
// links: src/format/array.c src/format/id_table.c -Wl,--wrap=calloc
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/stack.h"
#include "format/timeline.h"

static volatile bool memory_is_out;
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
  return memory_is_out ? NULL : __real_calloc(count, size);
}

/* "+2@10": node 2 opens at 10 µs. */
struct story {
  char text[1024];
  size_t used;
  unsigned calls, calls_max;
};

static bool tell(void *arg, uint32_t node, int64_t at_us, bool opens) {
  struct story *story = arg;
  story->used += (size_t)snprintf(story->text + story->used, sizeof(story->text) - story->used,
                                  "%s%c%u@%lld", story->used > 0 ? " " : "", opens ? '+' : '-',
                                  (unsigned)node, (long long)at_us);
  return ++story->calls != story->calls_max;
}

static void check_story(const struct xpf_profile *p, const char *expected) {
  struct story story = {0};
  assert_int_equal(xpf_timeline_walk(p, tell, &story), 0);
  assert_string_equal(story.text, expected);
}

/* root 0: a 1 (b 2 (c 3)), d 4; from 5 to 100 µs. */
static struct xpf_profile *make(enum xpf_profile_kind kind) {
  static const uint32_t parents[] = {XPF_NO_PARENT, 0, 1, 2, 0};
  struct xpf_profile *p = xpf_profile_new(kind);
  struct xpf_profile_frame frame = {"f", "", "", 0, 0, 0};
  for (uint32_t i = 0; i < 5; i++)
    assert_int_equal(xpf_profile_node_add(p, parents[i], i, &frame), i);
  p->start_us = 5;
  p->end_us = 100;
  return p;
}

static void sample(struct xpf_profile *p, uint32_t node, int64_t at_us, uint64_t value) {
  assert_int_equal(xpf_profile_sample_add(p, node, at_us, value), 0);
}

static void what_stays_on_the_stack_stays_open(void **state) {
  (void)state;
  struct xpf_profile *p = make(XPF_PROFILE_CPU);
  sample(p, 3, 10, 0);
  sample(p, 3, 15, 0);
  sample(p, 2, 20, 0);
  sample(p, 4, 30, 0);
  sample(p, 1, 40, 0);
  sample(p, 0, 50, 0);
  check_story(p, "+1@10 +2@10 +3@10 -3@20 -2@30 -1@30 +4@30 -4@40 +1@40 -1@50");
  xpf_profile_free(p);
}

static void the_last_sample_lasts_until_the_end(void **state) {
  (void)state;
  struct xpf_profile *p = make(XPF_PROFILE_CPU);
  sample(p, 4, 10, 0);
  check_story(p, "+4@10 -4@100");
  p->end_us = 0; /* not known */
  check_story(p, "+4@10 -4@10");
  xpf_profile_free(p);
}

static void time_never_goes_back(void **state) {
  (void)state;
  struct xpf_profile *p = make(XPF_PROFILE_CPU);
  sample(p, 4, -7, 0); /* before the start */
  sample(p, 1, 30, 0);
  sample(p, 4, 20, 0);
  check_story(p, "+4@5 -4@30 +1@30 -1@30 +4@30 -4@100");
  xpf_profile_free(p);
}

static void a_collection_has_a_time_of_its_own(void **state) {
  (void)state;
  struct xpf_profile *p = make(XPF_PROFILE_GC);
  sample(p, 1, 10, 5000);
  sample(p, 1, 20, 40999);
  sample(p, 4, 30, 1000); /* while that one ran */
  check_story(p, "+1@10 -1@15 +1@20 -1@60 +4@60 -4@61");
  xpf_profile_free(p);
}

static void a_time_beyond_all_clocks_is_the_last_one(void **state) {
  (void)state;
  struct xpf_profile *p = make(XPF_PROFILE_GC);
  sample(p, 1, INT64_MAX - 1, UINT64_MAX);
  check_story(p, "+1@9223372036854775806 -1@9223372036854775807");
  xpf_profile_free(p);
}

static void who_has_enough_is_not_called_again(void **state) {
  (void)state;
  struct xpf_profile *p = make(XPF_PROFILE_CPU);
  struct story story = {.calls_max = 2};
  sample(p, 3, 10, 0);
  sample(p, 4, 20, 0);
  assert_int_equal(xpf_timeline_walk(p, tell, &story), 0);
  assert_string_equal(story.text, "+1@10 +2@10");
  xpf_profile_free(p);
}

struct depth {
  uint32_t now, most, open[XPF_STACK_MAX + 1];
};

static bool follow(void *arg, uint32_t node, int64_t at_us, bool opens) {
  struct depth *depth = arg;
  (void)at_us;
  if (opens) {
    assert_true(depth->now < XPF_STACK_MAX);
    depth->open[depth->now++] = node;
  } else {
    assert_true(depth->now > 0);
    assert_int_equal(depth->open[--depth->now], node);
  }
  depth->most = depth->now > depth->most ? depth->now : depth->most;
  return true;
}

static void of_very_deep_stacks_the_deepest_are_left_out(void **state) {
  (void)state;
  enum { DEPTH = XPF_STACK_MAX + 50 };
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  struct xpf_profile_frame frame = {"f", "", "", 0, 0, 0};
  struct depth depth = {0};
  for (uint32_t i = 0; i < DEPTH; i++)
    xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : i - 1, i, &frame);
  sample(p, DEPTH - 1, 1, 0);
  sample(p, 3, 2, 0);
  sample(p, DEPTH - 2, 3, 0);
  assert_int_equal(xpf_timeline_walk(p, follow, &depth), 0);
  assert_int_equal(depth.most, XPF_STACK_MAX);
  assert_int_equal(depth.now, 0);
  xpf_profile_free(p);
}

static void without_times_there_is_no_order(void **state) {
  (void)state;
  struct story story = {0};
  struct xpf_profile *cpu = make(XPF_PROFILE_CPU), *heap = make(XPF_PROFILE_HEAP);
  assert_int_equal(xpf_timeline_walk(cpu, tell, &story), -EINVAL);
  sample(heap, 1, 1, 8);
  assert_int_equal(xpf_timeline_walk(heap, tell, &story), -EINVAL);
  assert_int_equal(story.calls, 0);
  sample(cpu, 1, 10, 0);
  memory_is_out = true;
  int rc = xpf_timeline_walk(cpu, tell, &story);
  memory_is_out = false;
  assert_int_equal(rc, -ENOMEM);
  assert_int_equal(story.calls, 0);
  xpf_profile_free(cpu);
  xpf_profile_free(heap);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_stays_on_the_stack_stays_open),
      cmocka_unit_test(the_last_sample_lasts_until_the_end),
      cmocka_unit_test(time_never_goes_back),
      cmocka_unit_test(a_collection_has_a_time_of_its_own),
      cmocka_unit_test(a_time_beyond_all_clocks_is_the_last_one),
      cmocka_unit_test(who_has_enough_is_not_called_again),
      cmocka_unit_test(of_very_deep_stacks_the_deepest_are_left_out),
      cmocka_unit_test(without_times_there_is_no_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

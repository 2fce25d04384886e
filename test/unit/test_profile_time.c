// links: src/format/profile.c src/format/profile_time.c src/format/string_table.c
// links: src/format/array.c src/format/id_table.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "format/profile.h"

static const struct xpf_profile_frame frame = {"f", "", "", 0, 0, 0};

/* A profile with samples of the nodes 1, 2, … (id = index + 1) at these times. */
static struct xpf_profile *timed(int64_t start_us, int64_t end_us, const int64_t *at_us,
                                 uint32_t count) {
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  p->start_us = start_us;
  p->end_us = end_us;
  for (uint32_t i = 0; i < count; i++) {
    xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : 0, i + 1, &frame);
    p->nodes[i].self[XPF_CPU_SAMPLES] = 1;
  }
  for (uint32_t i = 0; i < count; i++)
    assert_int_equal(xpf_profile_sample_add(p, i + 1, at_us[i], 0), 0);
  return p;
}

static void check_sorted(int64_t start_us, int64_t end_us, const int64_t *at_us, uint32_t count,
                         const uint32_t *nodes, const int64_t *times) {
  struct xpf_profile *p = timed(start_us, end_us, at_us, count);
  assert_int_equal(xpf_profile_sort(p), 0);
  for (uint32_t i = 0; i < count; i++) {
    assert_int_equal(p->samples[i].node, nodes[i]);
    assert_true(p->samples[i].at_us == times[i]);
  }
  assert_true(p->end_us >= p->start_us);
  xpf_profile_free(p);
}

static void sorted_by_time_and_equal_ones_keep_their_order(void **state) {
  (void)state;
  check_sorted(100, 400, (const int64_t[]){300, 150, 300, 150, 200}, 5,
               (const uint32_t[]){1, 3, 4, 0, 2}, (const int64_t[]){150, 150, 200, 300, 300});
}

static void outside_is_moved_to_the_border(void **state) {
  (void)state;
  check_sorted(100, 400, (const int64_t[]){-50, 120, 9000, INT64_MIN, INT64_MAX}, 5,
               (const uint32_t[]){0, 3, 1, 2, 4}, (const int64_t[]){100, 100, 120, 400, 400});
}

static void end_before_start(void **state) {
  (void)state;
  check_sorted(100, 50, (const int64_t[]){70, 60}, 2, (const uint32_t[]){0, 1},
               (const int64_t[]){100, 100});
}

static void a_sample_lasts_until_the_next(void **state) {
  (void)state;
  struct xpf_profile *p = timed(100, 1000, (const int64_t[]){150, 400, 900}, 3);
  xpf_profile_sample_add(p, 1, 950, 0);
  assert_int_equal(xpf_profile_sort(p), 0);
  xpf_profile_wall_fill(p);
  assert_int_equal(p->nodes[0].self[XPF_CPU_WALL], (250 + 50) * 1000);
  assert_int_equal(p->nodes[1].self[XPF_CPU_WALL], 500 * 1000);
  assert_int_equal(p->nodes[2].self[XPF_CPU_WALL], 50 * 1000);
  xpf_profile_wall_fill(p); /* again: the same, not the double */
  assert_int_equal(p->nodes[1].self[XPF_CPU_WALL], 500 * 1000);
  xpf_profile_free(p);
}

static void without_samples_hits_share_the_time(void **state) {
  (void)state;
  struct xpf_profile *p = timed(0, 1000, NULL, 0);
  xpf_profile_node_add(p, XPF_NO_PARENT, 1, &frame);
  xpf_profile_node_add(p, 0, 2, &frame);
  p->nodes[0].self[XPF_CPU_SAMPLES] = 1;
  p->nodes[1].self[XPF_CPU_SAMPLES] = 3;
  xpf_profile_wall_fill(p);
  assert_int_equal(p->nodes[0].self[XPF_CPU_WALL], 250000);
  assert_int_equal(p->nodes[1].self[XPF_CPU_WALL], 750000);
  xpf_profile_free(p);
}

static void no_overflow(void **state) {
  (void)state;
  struct xpf_profile *p = timed(INT64_MIN, INT64_MAX, (const int64_t[]){INT64_MIN, 0}, 2);
  assert_int_equal(xpf_profile_sort(p), 0);
  xpf_profile_wall_fill(p);
  assert_true(p->nodes[0].self[XPF_CPU_WALL] == INT64_MAX);
  assert_true(p->nodes[1].self[XPF_CPU_WALL] == INT64_MAX);
  xpf_profile_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sorted_by_time_and_equal_ones_keep_their_order),
      cmocka_unit_test(outside_is_moved_to_the_border),
      cmocka_unit_test(end_before_start),
      cmocka_unit_test(a_sample_lasts_until_the_next),
      cmocka_unit_test(without_samples_hits_share_the_time),
      cmocka_unit_test(no_overflow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

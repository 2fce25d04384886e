// links: src/daemon/history_steps.c src/daemon/history_fold.c -lm
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "daemon/history_fold.h"
#include "daemon/history_steps.h"

#define COUNT 10

static double values[COUNT], maxima[COUNT], weights[COUNT];

/* Steps from 100 s on. */
static struct xpf_steps begin(enum xpf_steps_kind kind, int64_t step_ms, int64_t hold_ms) {
  struct xpf_steps steps = {.kind = kind,
                            .from_ms = 100000,
                            .step_ms = step_ms,
                            .count = COUNT,
                            .hold_ms = hold_ms,
                            .end_ms = 1000000,
                            .values = values,
                            .maxima = kind == XPF_STEPS_GAUGE ? maxima : NULL,
                            .weights = weights};
  xpf_steps_begin(&steps);
  return steps;
}

static void expect(const double *expected) {
  for (unsigned i = 0; i < COUNT; i++)
    if (isnan(expected[i]) ? !isnan(values[i]) : fabs(values[i] - expected[i]) > 1e-9)
      fail_msg("step %u is %.17g, not %.17g", i, values[i], expected[i]);
}

static void gauge(struct xpf_steps *steps, int64_t at_s, double value) {
  xpf_steps_point(steps, at_s * 1000, 1000, value, value);
}

static void a_gauge_holds_no_longer_than_it_may(void **state) {
  (void)state;
  struct xpf_steps steps = begin(XPF_STEPS_GAUGE, 1000, 3000);
  gauge(&steps, 98, 7); /* before the range, and holds into it */
  gauge(&steps, 102, 5);
  gauge(&steps, 103, NAN); /* it was told that there is none */
  gauge(&steps, 104, 9);
  xpf_steps_end(&steps);
  expect((double[]){7, NAN, 5, NAN, 9, 9, 9, NAN, NAN, NAN});
}

static void a_gauge_ends_with_its_entity(void **state) {
  (void)state;
  struct xpf_steps steps = begin(XPF_STEPS_GAUGE, 1000, 60000);
  steps.end_ms = 103000;
  gauge(&steps, 100, 1);
  xpf_steps_end(&steps);
  expect((double[]){1, 1, 1, NAN, NAN, NAN, NAN, NAN, NAN, NAN});
}

static void a_step_is_the_mean_and_the_highest(void **state) {
  (void)state;
  struct xpf_steps steps = begin(XPF_STEPS_GAUGE, 4000, 1000);
  for (int i = 0; i < 8; i++)
    gauge(&steps, 100 + i, i);
  xpf_steps_end(&steps);
  expect((double[]){1.5, 5.5, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN});
  assert_true(maxima[0] == 3 && maxima[1] == 7 && isnan(maxima[2]));
}

static void coarse_and_fine_points_follow_each_other(void **state) {
  (void)state;
  struct xpf_steps steps = begin(XPF_STEPS_GAUGE, 2000, 1000);
  xpf_steps_point(&steps, 90000, 10000, 1, 100);
  xpf_steps_point(&steps, 100000, 10000, 4, 6);
  gauge(&steps, 110, 8);
  gauge(&steps, 111, 10);
  xpf_steps_end(&steps);
  expect((double[]){4, 4, 4, 4, 4, 9, NAN, NAN, NAN, NAN});
  assert_true(maxima[4] == 6 && maxima[5] == 10);
}

static void a_counter_is_a_rate(void **state) {
  (void)state;
  struct xpf_steps steps = begin(XPF_STEPS_RATE, 1000, 3000);
  const double counts[] = {1000, 1010, 1030, 5, 6};
  for (int i = 0; i < 5; i++)
    gauge(&steps, 99 + i, counts[i]);
  gauge(&steps, 106, 36); /* seconds 104 and 105 are missing, but not for too long */
  xpf_steps_end(&steps);
  expect((double[]){10, 20, 5 /* began anew */, 1, 10, 10, 10, NAN, NAN, NAN});
}

static void a_long_gap_is_no_rate(void **state) {
  (void)state;
  struct xpf_steps steps = begin(XPF_STEPS_RATE, 1000, 3000);
  gauge(&steps, 99, 0);
  gauge(&steps, 100, 4);
  gauge(&steps, 106, 100);
  gauge(&steps, 107, 103);
  xpf_steps_end(&steps);
  expect((double[]){4, NAN, NAN, NAN, NAN, NAN, NAN, 3, NAN, NAN});
}

static void coarse_rates_go_on_as_fine_ones(void **state) {
  (void)state;
  struct xpf_steps steps = begin(XPF_STEPS_RATE, 1000, 3000);
  xpf_steps_counter(&steps, 90000, 10000, 500, 3);
  gauge(&steps, 100, 507);
  xpf_steps_end(&steps);
  expect((double[]){7, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN});
}

static void a_counter_as_it_is(void **state) {
  (void)state;
  struct xpf_steps steps = begin(XPF_STEPS_LAST, 2000, 1000);
  for (int i = 0; i < 4; i++)
    gauge(&steps, 100 + i, 10 * i);
  xpf_steps_end(&steps);
  expect((double[]){10, 30, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN});
}

static void folding(void **state) {
  (void)state;
  static const bool is_counter[] = {false, true};
  struct xpf_fold fold;
  double row[4];
  assert_int_equal(xpf_fold_init(&fold, 2, is_counter, 3000), 0);
  assert_false(xpf_fold_take(&fold, row));
  xpf_fold_point(&fold, 1000, (double[]){1, 100});
  xpf_fold_point(&fold, 2000, (double[]){5, 110});
  xpf_fold_point(&fold, 3000, (double[]){NAN, 4}); /* the counter began anew */
  assert_true(xpf_fold_take(&fold, row));
  assert_true(row[0] == 3 && row[1] == 5 && row[2] == 4 && row[3] == 7);
  xpf_fold_point(&fold, 4000, (double[]){2, 10}); /* its rate is from the step before */
  assert_true(xpf_fold_take(&fold, row));
  assert_true(row[0] == 2 && row[1] == 2 && row[2] == 10 && row[3] == 6);
  xpf_fold_point(&fold, 9000, (double[]){NAN, 90}); /* not seen for too long */
  assert_true(xpf_fold_take(&fold, row));
  assert_true(isnan(row[0]) && isnan(row[1]) && row[2] == 90 && isnan(row[3]));
  xpf_fold_free(&fold);
}

static void folding_again(void **state) {
  (void)state;
  static const bool is_counter[] = {false, true};
  struct xpf_fold fold;
  double row[4];
  assert_int_equal(xpf_fold_init(&fold, 2, is_counter, 3000), 0);
  xpf_fold_row(&fold, (double[]){1, 9, 100, 10});
  xpf_fold_row(&fold, (double[]){3, 4, 200, 20});
  xpf_fold_row(&fold, (double[]){NAN, NAN, 300, NAN});
  assert_true(xpf_fold_take(&fold, row));
  assert_true(row[0] == 2 && row[1] == 9 && row[2] == 300 && row[3] == 15);
  assert_false(xpf_fold_take(&fold, row));
  xpf_fold_free(&fold);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_gauge_holds_no_longer_than_it_may),
      cmocka_unit_test(a_gauge_ends_with_its_entity),
      cmocka_unit_test(a_step_is_the_mean_and_the_highest),
      cmocka_unit_test(coarse_and_fine_points_follow_each_other),
      cmocka_unit_test(a_counter_is_a_rate),
      cmocka_unit_test(a_long_gap_is_no_rate),
      cmocka_unit_test(coarse_rates_go_on_as_fine_ones),
      cmocka_unit_test(a_counter_as_it_is),
      cmocka_unit_test(folding),
      cmocka_unit_test(folding_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

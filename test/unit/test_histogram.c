// links: src/core/histogram.c -pthread
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/histogram.h"

static void buckets_and_limits_agree(void **state) {
  (void)state;
  uint64_t lowest = 0;
  for (uint32_t b = 0; b < XPF_HISTOGRAM_BUCKETS; b++) {
    uint32_t limit = xpf_histogram_bucket_limit_us(b);
    assert_true(limit >= lowest);
    assert_int_equal(xpf_histogram_bucket((uint32_t)lowest), b);
    assert_int_equal(xpf_histogram_bucket(limit), b);
    /* The limit is at most 1/16 above the lowest value of its bucket. */
    assert_true((limit - lowest) * 16 <= lowest);
    lowest = (uint64_t)limit + 1;
  }
  assert_true(lowest == (uint64_t)1 << 32); /* no value without a bucket */
}

static void known_buckets(void **state) {
  (void)state;
  assert_int_equal(xpf_histogram_bucket(0), 0);
  assert_int_equal(xpf_histogram_bucket(31), 31);
  assert_int_equal(xpf_histogram_bucket(32), 32);
  assert_int_equal(xpf_histogram_bucket(33), 32);
  assert_int_equal(xpf_histogram_bucket(34), 33);
  assert_int_equal(xpf_histogram_bucket(63), 47);
  assert_int_equal(xpf_histogram_bucket(64), 48);
  assert_int_equal(xpf_histogram_bucket(1000), 32 + 4 * 16 + 15);
  assert_int_equal(xpf_histogram_bucket(UINT32_MAX), XPF_HISTOGRAM_BUCKETS - 1);
  assert_int_equal(xpf_histogram_bucket_limit_us(32), 33);
  assert_int_equal(xpf_histogram_bucket_limit_us(32 + 4 * 16 + 15), 1023);
  assert_int_equal(xpf_histogram_bucket_limit_us(XPF_HISTOGRAM_BUCKETS - 1), UINT32_MAX);
  assert_int_equal(xpf_histogram_bucket_limit_us(UINT32_MAX), UINT32_MAX);
}

static void empty(void **state) {
  (void)state;
  struct xpf_histogram h = {0};
  assert_int_equal(xpf_histogram_count(&h), 0);
  assert_int_equal(xpf_histogram_percentile_us(&h, 99), 0);
  assert_true(xpf_histogram_mean_us(&h) == 0);
}

static int compare(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return a < b ? -1 : a > b;
}

/* The value at that rank of the sorted array, the rank in tenths of a percent. */
static uint32_t exact_percentile(const uint32_t *sorted, uint32_t count, uint32_t permille) {
  uint64_t rank = ((uint64_t)permille * count + 999) / 1000;
  return sorted[rank == 0 ? 0 : rank - 1];
}

static void percentiles_against_a_sorted_array(void **state) {
  (void)state;
  enum { MAX = 3000 };
  static const uint32_t counts[] = {1, 2, 3, 10, 99, 100, 101, 1000, MAX};
  static uint32_t values[MAX];
  uint64_t random = 88172645463325252u;
  for (size_t c = 0; c < sizeof(counts) / sizeof(*counts); c++) {
    struct xpf_histogram h = {0};
    double sum = 0;
    for (uint32_t i = 0; i < counts[c]; i++) {
      random ^= random << 13;
      random ^= random >> 7;
      random ^= random << 17;
      values[i] = (uint32_t)random >> (random >> 59); /* every size of number */
      xpf_histogram_add(&h, values[i]);
      sum += values[i];
    }
    qsort(values, counts[c], sizeof(*values), compare);
    assert_int_equal(xpf_histogram_count(&h), counts[c]);
    for (uint32_t permille = 0; permille <= 1000; permille++) {
      uint32_t exact = exact_percentile(values, counts[c], permille);
      uint32_t got = xpf_histogram_percentile_us(&h, permille / 10.0);
      assert_int_equal(got, xpf_histogram_bucket_limit_us(xpf_histogram_bucket(exact)));
      assert_true(got >= exact && (uint64_t)(got - exact) * 16 <= exact);
    }
    double mean = sum / counts[c], got = xpf_histogram_mean_us(&h);
    assert_true(got >= mean * (1 - 1.0 / 32) && got <= mean * (1 + 1.0 / 32));
  }
}

static void small_values_are_exact(void **state) {
  (void)state;
  struct xpf_histogram h = {0};
  for (uint32_t value = 1; value <= 20; value++)
    xpf_histogram_add(&h, value);
  assert_int_equal(xpf_histogram_percentile_us(&h, 50), 10);
  assert_int_equal(xpf_histogram_percentile_us(&h, 95), 19);
  assert_int_equal(xpf_histogram_percentile_us(&h, 95.1), 20);
  assert_int_equal(xpf_histogram_percentile_us(&h, 0), 1);
  assert_int_equal(xpf_histogram_percentile_us(&h, -5), 1);
  assert_int_equal(xpf_histogram_percentile_us(&h, 1000), 20);
  assert_true(xpf_histogram_mean_us(&h) == 10.5);
}

static void the_mean_takes_the_middle_of_a_bucket(void **state) {
  (void)state;
  struct xpf_histogram h = {0};
  xpf_histogram_add(&h, 1000); /* 992 … 1023 */
  assert_true(xpf_histogram_mean_us(&h) == 1007.5);
  xpf_histogram_add(&h, 8);
  assert_true(xpf_histogram_mean_us(&h) == 507.75);
}

static void ranks_survive_binary_fractions(void **state) {
  (void)state;
  struct xpf_histogram h = {0};
  h.counts[1] = 999;
  h.counts[2] = 1;
  assert_int_equal(xpf_histogram_percentile_us(&h, 99.9), 1);
  assert_int_equal(xpf_histogram_percentile_us(&h, 99.91), 2);
}

static void full_counters(void **state) {
  (void)state;
  struct xpf_histogram h;
  memset(&h, 0xff, sizeof(h));
  assert_true(xpf_histogram_count(&h) == (uint64_t)UINT32_MAX * XPF_HISTOGRAM_BUCKETS);
  assert_int_equal(xpf_histogram_percentile_us(&h, 100), UINT32_MAX);
  assert_true(xpf_histogram_mean_us(&h) > 0);
}

static void since_is_the_difference(void **state) {
  (void)state;
  struct xpf_histogram now = {0}, before = {0}, out;
  xpf_histogram_add(&now, 5);
  xpf_histogram_add(&now, 5);
  xpf_histogram_add(&now, 1000);
  xpf_histogram_add(&before, 5);
  now.counts[7] = 2; /* this one has wrapped */
  before.counts[7] = UINT32_MAX;
  xpf_histogram_since(&now, &before, &out);
  assert_int_equal(out.counts[5], 1);
  assert_int_equal(out.counts[7], 3);
  assert_int_equal(xpf_histogram_count(&out), 5);
  xpf_histogram_since(&now, &before, &now); /* in place */
  assert_memory_equal(&now, &out, sizeof(now));
}

static void *add_many(void *arg) {
  for (uint32_t i = 0; i < 200000; i++)
    xpf_histogram_add(arg, i % 4096);
  return NULL;
}

static void a_reader_sees_growing_counts(void **state) {
  (void)state;
  static struct xpf_histogram h;
  pthread_t writer;
  assert_int_equal(pthread_create(&writer, NULL, add_many, &h), 0);
  uint64_t last = 0;
  for (int i = 0; i < 200; i++) {
    uint64_t count = xpf_histogram_count(&h);
    assert_true(count >= last);
    last = count;
    assert_true(xpf_histogram_percentile_us(&h, 99) <= 4095);
  }
  pthread_join(writer, NULL);
  assert_int_equal(xpf_histogram_count(&h), 200000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(buckets_and_limits_agree),
      cmocka_unit_test(known_buckets),
      cmocka_unit_test(empty),
      cmocka_unit_test(percentiles_against_a_sorted_array),
      cmocka_unit_test(small_values_are_exact),
      cmocka_unit_test(the_mean_takes_the_middle_of_a_bucket),
      cmocka_unit_test(ranks_survive_binary_fractions),
      cmocka_unit_test(full_counters),
      cmocka_unit_test(since_is_the_difference),
      cmocka_unit_test(a_reader_sees_growing_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

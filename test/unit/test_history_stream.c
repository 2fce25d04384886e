// links: src/daemon/history_stream.c src/daemon/history_pack.c -lz -lm
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/history_stream.h"

#define COLUMNS 3
#define STEPS   60

static const bool EXACT[COLUMNS] = {true, false, false};

/* Writes rows, reads them again. */
static void round_trip(const double (*rows)[COLUMNS], unsigned count, double (*out)[COLUMNS],
                       struct xpf_bytes *bytes) {
  struct xpf_stream_writer writer;
  bool present[STEPS] = {false};
  assert_int_equal(xpf_stream_writer_init(&writer, COLUMNS, EXACT), 0);
  for (unsigned i = 0; i < count; i++)
    assert_int_equal(xpf_stream_write(&writer, i, rows[i], bytes), 0);
  assert_int_equal(xpf_stream_read(bytes->data, bytes->size, COLUMNS, STEPS, &out[0][0], present),
                   0);
  for (unsigned i = 0; i < STEPS; i++)
    assert_int_equal(present[i], i < count);
  xpf_stream_writer_free(&writer);
}

static void same(double left, double right) {
  if (isnan(left))
    assert_true(isnan(right));
  else
    assert_memory_equal(&left, &right, sizeof left);
}

static void values_come_back_bit_by_bit(void **state) {
  (void)state;
  static const double rows[][COLUMNS] = {
      {0, NAN, 0.25},
      {9007199254740991.0, 1, 0.5},
      {-9007199254740991.0, -1, 0.125},
      {1e300, 1.5, NAN},
      {M_PI, 1e15, 123456.789},
      {0.1 + 0.2, 12.345678912, 1e-9},
      {1234.567890123, 0.001, -1e-9},
      {NAN, NAN, NAN},
      {NAN, 5, NAN},
      {42, 5, 1e18},
      {5e-324, 81235968, -7},
  };
  double out[STEPS][COLUMNS];
  struct xpf_bytes bytes = {0};
  unsigned count = sizeof rows / sizeof rows[0];
  round_trip(rows, count, out, &bytes);
  for (unsigned i = 0; i < count; i++)
    for (unsigned j = 0; j < COLUMNS; j++)
      same(rows[i][j], out[i][j]);
  xpf_bytes_free(&bytes);
}

static void columns_that_need_not_be_exact_keep_six_digits(void **state) {
  (void)state;
  static const double given[] = {M_PI, -M_PI, M_PI * 1e-3, M_PI * 1e6, M_PI * 1e-7, M_E * 1e12};
  for (unsigned i = 0; i < sizeof given / sizeof given[0]; i++) {
    double rows[1][COLUMNS] = {{given[i], given[i], given[i]}};
    double out[STEPS][COLUMNS];
    struct xpf_bytes bytes = {0};
    round_trip((const double(*)[COLUMNS])rows, 1, out, &bytes);
    same(given[i], out[0][0]);
    assert_true(fabs(out[0][1] / given[i] - 1) <= 1e-6);
    xpf_bytes_free(&bytes);
  }
}

static void what_does_not_change_takes_one_byte(void **state) {
  (void)state;
  double rows[STEPS][COLUMNS], out[STEPS][COLUMNS];
  for (unsigned i = 0; i < STEPS; i++)
    memcpy(rows[i], (double[COLUMNS]){1e9, 0.123456789123, NAN}, sizeof rows[i]);
  struct xpf_bytes bytes = {0}, first = {0};
  round_trip((const double(*)[COLUMNS])rows, 1, out, &first);
  round_trip((const double(*)[COLUMNS])rows, STEPS, out, &bytes);
  assert_int_equal(bytes.size, first.size + STEPS - 1);
  xpf_bytes_free(&bytes);
  xpf_bytes_free(&first);
}

static void streams_can_be_joined(void **state) {
  (void)state;
  struct xpf_stream_writer writer;
  struct xpf_bytes bytes = {0};
  double rows[STEPS * COLUMNS];
  bool present[STEPS] = {false};
  assert_int_equal(xpf_stream_writer_init(&writer, COLUMNS, EXACT), 0);
  xpf_stream_write(&writer, 7, (double[]){1, 2, 3}, &bytes);
  xpf_stream_writer_restart(&writer);
  xpf_stream_write(&writer, 9, (double[]){1, 2, NAN}, &bytes);
  xpf_stream_writer_restart(&writer);
  xpf_stream_write(&writer, 7, (double[]){4, 5, 6}, &bytes); /* the clock went back */
  assert_int_equal(xpf_stream_read(bytes.data, bytes.size, COLUMNS, STEPS, rows, present), 0);
  assert_true(present[7] && present[9] && !present[8]);
  assert_true(rows[7 * COLUMNS] == 4 && rows[7 * COLUMNS + 2] == 6);
  assert_true(rows[9 * COLUMNS] == 1 && isnan(rows[9 * COLUMNS + 2]));
  xpf_stream_writer_free(&writer);
  xpf_bytes_free(&bytes);
}

static void a_damaged_stream_is_refused(void **state) {
  (void)state;
  struct xpf_stream_writer writer;
  struct xpf_bytes bytes = {0};
  double rows[STEPS * COLUMNS];
  bool present[STEPS];
  xpf_stream_writer_init(&writer, COLUMNS, EXACT);
  xpf_stream_write(&writer, 0, (double[]){M_PI, 2, 3}, &bytes);
  for (size_t size = 1; size < bytes.size; size++)
    assert_int_equal(xpf_stream_read(bytes.data, size, COLUMNS, STEPS, rows, present), -EBADMSG);
  static const uint8_t late[] = {STEPS << 1};      /* a step that is not in it */
  static const uint8_t many[] = {1, 0xff};         /* more columns than there are */
  static const uint8_t from_nothing[] = {1, 1, 4}; /* a difference to no value */
  assert_int_equal(xpf_stream_read(late, sizeof late, COLUMNS, STEPS, rows, present), -EBADMSG);
  assert_int_equal(xpf_stream_read(many, sizeof many, COLUMNS, STEPS, rows, present), -EBADMSG);
  assert_int_equal(
      xpf_stream_read(from_nothing, sizeof from_nothing, COLUMNS, STEPS, rows, present), -EBADMSG);
  xpf_stream_writer_free(&writer);
  xpf_bytes_free(&bytes);
}

static void packing(void **state) {
  (void)state;
  struct xpf_packer *packer = xpf_packer_new();
  struct xpf_bytes packed = {0}, back = {0};
  uint8_t data[5000];
  assert_non_null(packer);
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (uint8_t)(i % 7);
  assert_int_equal(xpf_pack(packer, data, sizeof data, &packed), 0);
  assert_true(packed.size < 200);
  assert_int_equal(xpf_unpack(packer, packed.data, packed.size, sizeof data, &back), 0);
  assert_int_equal(back.size, sizeof data);
  assert_memory_equal(back.data, data, sizeof data);
  back.size = 0;
  assert_int_equal(xpf_unpack(packer, packed.data, packed.size, sizeof data - 1, &back), -EBADMSG);
  assert_int_equal(xpf_unpack(packer, packed.data, packed.size - 1, sizeof data, &back), -EBADMSG);
  assert_int_equal(xpf_unpack(packer, packed.data, 0, sizeof data, &back), -EBADMSG);
  uint32_t random = 1;
  for (size_t i = 0; i < 50; i++)
    data[i] = (uint8_t)((random = random * 1103515245 + 12345) >> 16);
  back.size = 0;
  assert_int_equal(xpf_pack(packer, data, 50, &packed), 0);
  assert_int_equal(packed.size, 51); /* what cannot be packed is kept as it is */
  assert_int_equal(xpf_unpack(packer, packed.data, packed.size, 50, &back), 0);
  assert_memory_equal(back.data, data, 50);
  xpf_bytes_free(&packed);
  xpf_bytes_free(&back);
  xpf_packer_free(packer);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_come_back_bit_by_bit),
      cmocka_unit_test(columns_that_need_not_be_exact_keep_six_digits),
      cmocka_unit_test(what_does_not_change_takes_one_byte),
      cmocka_unit_test(streams_can_be_joined),
      cmocka_unit_test(a_damaged_stream_is_refused),
      cmocka_unit_test(packing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

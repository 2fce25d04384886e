// links: src/host/proc_grid.c src/host/proc_text.c -lm
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "host/proc_grid.h"

static char before_text[1024], now_text[1024];
static struct xpf_proc_grid before, now;

static void parse(const char *first, const char *second, const struct xpf_proc_grid_form *form) {
  snprintf(before_text, sizeof before_text, "%s", first);
  snprintf(now_text, sizeof now_text, "%s", second);
  assert_int_equal(xpf_proc_grid_parse(&before, before_text, form), 0);
  assert_int_equal(xpf_proc_grid_parse(&now, now_text, form), 0);
}

static int tear_down(void **state) {
  (void)state;
  xpf_proc_grid_free(&before);
  xpf_proc_grid_free(&now);
  return 0;
}

static void test_interrupts(void **state) {
  (void)state;
  const char first[] =
      "           CPU0       CPU1\n 24:  1  20   IO-APIC 5-edge  disk  \nERR:  3\n";
  const char second[] =
      "           CPU0       CPU1\n 24:  4  19   IO-APIC 5-edge  disk\nNEW:  5 6\nERR:  4\n";
  struct xpf_proc_grid_form form = {.columns = xpf_proc_grid_header_words(first), .skip_lines = 1};
  assert_int_equal(form.columns, 2);
  parse(first, second, &form);
  assert_int_equal(now.count, 3);
  assert_string_equal(now.rows[0].name, "24");
  assert_string_equal(now.rows[0].about, "IO-APIC 5-edge  disk");
  assert_true(xpf_proc_grid_growth(&before, &now, 0, 0) == 3);
  assert_true(xpf_proc_grid_growth(&before, &now, 0, 1) == 0); /* it shrank */
  assert_true(isnan(xpf_proc_grid_growth(&before, &now, 1, 0)));
  assert_true(xpf_proc_grid_growth(&before, &now, 2, 0) == 1); /* found at another place */
  assert_true(isnan(xpf_proc_grid_value(&now, 2, 1)));
  assert_true(isnan(xpf_proc_grid_value(&now, 0, 7)));
}

static void test_words_before_the_name_and_a_prefix(void **state) {
  (void)state;
  const struct xpf_proc_grid_form disks = {.columns = 3, .skip_words = 2};
  parse(" 254 0 vda 1 2 3 4\n", " 254 0 vda 2 4 6 8\n short\n", &disks);
  assert_int_equal(now.count, 1);
  assert_string_equal(now.rows[0].name, "vda");
  assert_true(xpf_proc_grid_growth(&before, &now, 0, 2) == 3);
  tear_down(NULL);
  const struct xpf_proc_grid_form cpus = {.columns = 10, .prefix = "cpu"};
  parse("cpu  1 2\ncpu0 1 2\nintr 5\n", "cpu  1 2\ncpu0 1 2\nintr 5\n", &cpus);
  assert_int_equal(now.count, 2);
  assert_true(isnan(xpf_proc_grid_value(&now, 1, 2)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_interrupts, tear_down),
      cmocka_unit_test_teardown(test_words_before_the_name_and_a_prefix, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

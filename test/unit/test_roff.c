// links: src/format/roff.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "format/roff.h"

static void assert_line(const char *macro, const char *text, const char *expected) {
  char *line = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&line, &size);
  assert_non_null(out);
  xpf_roff_line(out, macro, text);
  fclose(out);
  assert_string_equal(line, expected);
  free(line);
}

static void test_escapes(void **state) {
  (void)state;
  assert_line("", "", "\n");
  assert_line(".B ", "plain words", ".B plain words\n");
  assert_line("", ".SH is no heading", "\\&.SH is no heading\n");
  assert_line("", "'br is no break", "\\&\\(aqbr is no break\n");
  assert_line("", "a-b \\ it's ~/x", "a\\-b \\e it\\(aqs \\(ti/x\n");
}

static void test_bold(void **state) {
  (void)state;
  assert_line("", "`sqlite`, or `none`.", "\\fBsqlite\\fR, or \\fBnone\\fR.\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_escapes), cmocka_unit_test(test_bold)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

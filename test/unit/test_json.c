// links: src/format/json.c src/format/sink.c
#include <errno.h>
#include <float.h>
#include <locale.h>
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

#include "format/json.h"

static struct xpf_memory_sink memory;
static struct xpf_json json;

static int begin(bool pretty) {
  xpf_memory_sink_init(&memory, SIZE_MAX);
  xpf_json_init(&json, &memory.sink, pretty);
  return 0;
}

static void check(const char *expected) {
  assert_int_equal(memory.sink.error, 0);
  assert_string_equal(memory.data, expected);
  xpf_memory_sink_free(&memory);
}

static void check_string(const char *text, const char *expected) {
  begin(false);
  xpf_json_string(&json, text);
  check(expected);
}

static void check_double(double value, const char *expected) {
  begin(false);
  xpf_json_double(&json, value);
  check(expected);
}

static void write_sample(void) {
  xpf_json_object_begin(&json);
  xpf_json_key(&json, "a");
  xpf_json_int(&json, 1);
  xpf_json_key(&json, "b");
  xpf_json_array_begin(&json);
  xpf_json_bool(&json, true);
  xpf_json_bool(&json, false);
  xpf_json_object_begin(&json);
  xpf_json_object_end(&json);
  xpf_json_array_begin(&json);
  xpf_json_array_end(&json);
  xpf_json_array_end(&json);
  xpf_json_key(&json, "c");
  xpf_json_object_begin(&json);
  xpf_json_key(&json, "d");
  xpf_json_string(&json, NULL);
  xpf_json_object_end(&json);
  xpf_json_object_end(&json);
}

static void compact_document(void **state) {
  (void)state;
  begin(false);
  write_sample();
  check("{\"a\":1,\"b\":[true,false,{},[]],\"c\":{\"d\":null}}");
}

static void pretty_document(void **state) {
  (void)state;
  begin(true);
  write_sample();
  check("{\n  \"a\": 1,\n  \"b\": [\n    true,\n    false,\n    {},\n    []\n  ],\n"
        "  \"c\": {\n    \"d\": null\n  }\n}");
}

static void integers(void **state) {
  (void)state;
  begin(false);
  xpf_json_array_begin(&json);
  xpf_json_int(&json, 0);
  xpf_json_int(&json, -1);
  xpf_json_int(&json, INT64_MIN);
  xpf_json_int(&json, INT64_MAX);
  xpf_json_uint(&json, UINT64_MAX);
  xpf_json_uint(&json, 10);
  xpf_json_array_end(&json);
  check("[0,-1,-9223372036854775808,9223372036854775807,18446744073709551615,10]");
}

static void doubles_are_short(void **state) {
  (void)state;
  check_double(0, "0");
  check_double(-0.0, "0");
  check_double(1, "1");
  check_double(-2, "-2");
  check_double(0.1, "0.1");
  check_double(40.174, "40.174");
  check_double(1.0 / 3, "0.3333333333333333");
  check_double(0.1 + 0.2, "0.30000000000000004");
  check_double(9007199254740991.0, "9007199254740991");
  check_double(1e22, "1e+22");
  check_double(5e-324, "5e-324");
  check_double(DBL_MAX, "1.7976931348623157e+308");
}

static void doubles_that_json_has_not_are_zero(void **state) {
  (void)state;
  check_double((double)NAN, "0");
  check_double((double)INFINITY, "0");
  check_double((double)-INFINITY, "0");
}

static void doubles_read_back(void **state) {
  (void)state;
  uint64_t bits = 88172645463325252u;
  for (int i = 0; i < 20000; i++) {
    bits ^= bits << 13;
    bits ^= bits >> 7;
    bits ^= bits << 17;
    double value;
    memcpy(&value, &bits, sizeof(value));
    if (!isfinite(value))
      continue;
    begin(false);
    xpf_json_double(&json, value);
    assert_true(strtod(memory.data, NULL) == value);
    xpf_memory_sink_free(&memory);
  }
}

static void doubles_ignore_the_locale(void **state) {
  (void)state;
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ps_AF.UTF-8"};
  const char *found = NULL;
  for (size_t i = 0; i < sizeof(names) / sizeof(*names) && found == NULL; i++)
    found = setlocale(LC_NUMERIC, names[i]);
  if (found == NULL)
    skip();
  check_double(40.174, "40.174");
  check_double(1.5e-7, "1.5e-07");
  setlocale(LC_NUMERIC, "C");
}

static void escapes(void **state) {
  (void)state;
  check_string("", "\"\"");
  check_string("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
  check_string("\b\t\n\v\f\r", "\"\\b\\t\\n\\u000b\\f\\r\"");
  check_string("\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"");
  begin(false);
  xpf_json_object_begin(&json);
  xpf_json_key(&json, "k\n\xff");
  xpf_json_string(&json, "v");
  xpf_json_object_end(&json);
  check("{\"k\\n\xef\xbf\xbd\":\"v\"}");
}

static void well_formed_utf8_is_kept(void **state) {
  (void)state;
  check_string("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf",
               "\"\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf\"");
  check_string("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
}

#define FFFD "\xef\xbf\xbd"

/* One U+FFFD for each longest start of a character, as TextDecoder gives. */
static void broken_utf8_is_replaced(void **state) {
  (void)state;
  check_string("a\x80z", "\"a" FFFD "z\"");
  check_string("\xff\xfe", "\"" FFFD FFFD "\"");
  check_string("\xc0\xaf", "\"" FFFD FFFD "\"");
  check_string("\xc3", "\"" FFFD "\"");
  check_string("\xc3\"", "\"" FFFD "\\\"\"");
  check_string("\xe2\x82", "\"" FFFD "\"");
  check_string("\xe2\x82z", "\"" FFFD "z\"");
  check_string("\xe0\x80\x80", "\"" FFFD FFFD FFFD "\"");
  check_string("\xed\xa0\x80", "\"" FFFD FFFD FFFD "\"");
  check_string("\xf0\x9f\x98", "\"" FFFD "\"");
  check_string("\xf0\x8f\xbf\xbf", "\"" FFFD FFFD FFFD FFFD "\"");
  check_string("\xf4\x90\x80\x80", "\"" FFFD FFFD FFFD FFFD "\"");
  check_string("\xf5\x80", "\"" FFFD FFFD "\"");
}

static void long_strings(void **state) {
  (void)state;
  /* Every length around the inner buffer's, ended by an escape. */
  for (size_t size = 500; size < 1100; size++) {
    char text[1200], expected[1200];
    memset(text, 'x', size);
    memcpy(text + size, "\n", 2);
    expected[0] = '"';
    memset(expected + 1, 'x', size);
    memcpy(expected + 1 + size, "\\n\"", 4);
    check_string(text, expected);
  }
}

static void any_depth(void **state) {
  (void)state;
  enum { DEPTH = 100000 };
  begin(false);
  for (int i = 0; i < DEPTH; i++) {
    xpf_json_array_begin(&json);
    xpf_json_int(&json, 7);
  }
  for (int i = 0; i < DEPTH; i++)
    xpf_json_array_end(&json);
  assert_int_equal(memory.size, DEPTH * 4 - 1);
  assert_memory_equal(memory.data, "[7,[7,[7", 8);
  assert_string_equal(memory.data + memory.size - 3, "]]]");
  xpf_memory_sink_free(&memory);
}

static void surplus_ends_are_ignored(void **state) {
  (void)state;
  begin(false);
  xpf_json_array_begin(&json);
  xpf_json_array_end(&json);
  xpf_json_array_end(&json);
  check("[]");
}

static void sink_error_is_kept(void **state) {
  (void)state;
  xpf_memory_sink_init(&memory, 4);
  xpf_json_init(&json, &memory.sink, false);
  write_sample();
  assert_int_equal(memory.sink.error, -EFBIG);
  assert_true(memory.size <= 4);
  xpf_memory_sink_free(&memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(compact_document),
      cmocka_unit_test(pretty_document),
      cmocka_unit_test(integers),
      cmocka_unit_test(doubles_are_short),
      cmocka_unit_test(doubles_that_json_has_not_are_zero),
      cmocka_unit_test(doubles_read_back),
      cmocka_unit_test(doubles_ignore_the_locale),
      cmocka_unit_test(escapes),
      cmocka_unit_test(well_formed_utf8_is_kept),
      cmocka_unit_test(broken_utf8_is_replaced),
      cmocka_unit_test(long_strings),
      cmocka_unit_test(any_depth),
      cmocka_unit_test(surplus_ends_are_ignored),
      cmocka_unit_test(sink_error_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

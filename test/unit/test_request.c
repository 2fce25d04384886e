// links: src/wire/request.c src/wire/document.c src/wire/reply.c src/wire/utf8.c -lcjson
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/document.h"
#include "wire/reply.h"
#include "wire/request.h"
#include "wire/utf8.h"
#include "xpf_protocol.h"

/* On a heap block of the exact size, so that the sanitizer sees a read behind the end. */
static int parse(struct xpf_request *request, const char *line, size_t size,
                 struct xpf_fault *fault) {
  char *copy = calloc(1, size ? size : 1);
  memcpy(copy, line, size);
  memset(fault, 0, sizeof *fault);
  int rc = xpf_request_parse(request, copy, size, fault);
  free(copy);
  return rc;
}

static void expect_good(const char *line) {
  struct xpf_request request;
  struct xpf_fault fault;
  if (parse(&request, line, strlen(line), &fault) != 0)
    fail_msg("%s: %s", line, fault.message);
  assert_non_null(request.method);
  xpf_request_free(&request);
}

/* id: how the error reply carries it. */
static void expect_bad_bytes(const char *line, size_t size, int code, const char *field,
                             const char *words, const char *id) {
  struct xpf_request request;
  struct xpf_fault fault;
  if (parse(&request, line, size, &fault) >= 0)
    fail_msg("taken: %s", line);
  assert_int_equal(fault.code, code);
  assert_string_equal(fault.field, field);
  if (strstr(fault.message, words) == NULL)
    fail_msg("%s: \"%s\" lacks \"%s\"", line, fault.message, words);
  char *reply = xpf_reply_error(request.id, &fault, NULL);
  char expected[128];
  snprintf(expected, sizeof expected, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{", id);
  assert_memory_equal(reply, expected, strlen(expected));
  free(reply);
  xpf_request_free(&request);
}

static void expect_bad(const char *line, int code, const char *field, const char *words,
                       const char *id) {
  expect_bad_bytes(line, strlen(line), code, field, words, id);
}

static void a_request_is_read(void **state) {
  (void)state;
  static const char line[] =
      " {\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"start_cpu_profiling\","
      "\"params\":{\"thread_id\":3,\"name\":\"é\\u00e9\\ud83d\\ude42\"}}\t";
  struct xpf_request request;
  struct xpf_fault fault;
  const char *name = NULL;
  unsigned thread_id = 0;
  assert_int_equal(parse(&request, line, sizeof line - 1, &fault), 0);
  assert_string_equal(request.method, "start_cpu_profiling");
  assert_string_equal(request.id->valuestring, "a");
  assert_int_equal(xpf_param_string(request.params, "name", 100, &name, &fault), 0);
  assert_string_equal(name, "éé🙂");
  assert_int_equal(xpf_param_thread_id(request.params, &thread_id, &fault), 0);
  assert_int_equal(thread_id, 3);
  xpf_request_free(&request);
  assert_null(request.root);
}

static void what_may_be_absent(void **state) {
  (void)state;
  static const char line[] = "{\"method\":\"check_version\",\"more\":[1,2,{}]}";
  struct xpf_request request;
  struct xpf_fault fault;
  assert_int_equal(parse(&request, line, sizeof line - 1, &fault), 0);
  assert_null(request.params);
  assert_null(request.id);
  xpf_request_free(&request);
  expect_good("{\"id\":null,\"method\":\"\",\"params\":{}}");
}

static void what_is_no_json(void **state) {
  (void)state;
  static const char *const lines[] = {
      "",
      " ",
      "{",
      "}",
      "]",
      "{]",
      "[}",
      "nul",
      "truely",
      "\"",
      "'a'",
      "{\"a\"}",
      "{\"a\":}",
      "{\"a\":1,}",
      "{,}",
      "{a:1}",
      "[1,]",
      "[,1]",
      "[1 2]",
      "01",
      "+1",
      "1.",
      ".5",
      "-",
      "1e",
      "1e+",
      "0x10",
      "NaN",
      "Infinity",
      "-Infinity",
      "{\"a\":1",
      "[[1]",
      "\"\\x\"",
      "\"\\u12\"",
      "\"\\u12g4\"",
      "\"\\ud800\"",
      "\"\\udc00\"",
      "\"\\ud800\\u0041\"",
      "\"\\ud83d\\ud83d\"",
      "{\"a\":1}}",
      "{} {}",
      "{}x",
      "\xef\xbb\xbf{}",
      "// c\n{}",
      "\"a\tb\"",
      "\v{}",
      "{\"method\":\"a\"},",
      "1 1",
      "\"\\",
      "\"\\u",
      "[1:2]",
      "{\"a\",1}",
      "{1:2}",
      "{\"a\":1 \"b\":2}",
      "[\"a\" \"b\"]",
      "{\"a\":1,,\"b\":2}",
      "tru",
      "\"a\\\"",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    expect_bad(lines[i], XPF_RPC_PARSE, "", "at byte ", "null");
}

static void what_is_no_utf8(void **state) {
  (void)state;
  expect_bad("{\"method\":\"\xff\"}", XPF_RPC_PARSE, "",
             "at byte 12 there is bytes that are not UTF-8", "null");
  expect_bad("{\"method\":\"\xed\xa0\x80\"}", XPF_RPC_PARSE, "", "UTF-8", "null");
}

static void nul_never_cuts_a_string(void **state) {
  (void)state;
  expect_bad("{\"id\":1,\"method\":\"heapdump\\u0000x\"}", XPF_RPC_PARSE, "", "NUL", "null");
  expect_bad("{\"method\":\"a\",\"params\":{\"name\":\"a\\u0000/../b\"}}", XPF_RPC_PARSE, "", "NUL",
             "null");
  expect_bad("{\"method\\u0000\":\"a\"}", XPF_RPC_PARSE, "", "NUL", "null");
  /* Wrong hex digits are a NUL to cJSON. */
  expect_bad("{\"method\":\"a\\uzzzzb\"}", XPF_RPC_PARSE, "", "escape", "null");
  static const char raw[] = "{\"method\":\"a\0b\"}";
  expect_bad_bytes(raw, sizeof raw - 1, XPF_RPC_PARSE, "", "control character", "null");
  static const char between[] = "{\0\"method\":\"a\"}";
  expect_bad_bytes(between, sizeof between - 1, XPF_RPC_PARSE, "", "at byte 2", "null");
  static const char behind[] = "{\"method\":\"a\"}\0";
  expect_bad_bytes(behind, sizeof behind - 1, XPF_RPC_PARSE, "", "behind", "null");
  /* An escaped backslash before u0000 is harmless. */
  expect_good("{\"method\":\"a\\\\u0000\"}");
}

static void what_is_no_request(void **state) {
  (void)state;
  expect_bad("[{\"method\":\"a\"}]", XPF_RPC_INVALID, "", "Batches", "null");
  expect_bad("[]", XPF_RPC_INVALID, "", "Batches", "null");
  expect_bad("7", XPF_RPC_INVALID, "", "object", "null");
  expect_bad("\"x\"", XPF_RPC_INVALID, "", "object", "null");
  expect_bad("null", XPF_RPC_INVALID, "", "object", "null");
  expect_bad("{\"id\":7}", XPF_RPC_INVALID, "method", "no method", "7");
  expect_bad("{\"id\":7,\"method\":5}", XPF_RPC_INVALID, "method", "string", "7");
  expect_bad("{\"id\":7,\"method\":null}", XPF_RPC_INVALID, "method", "string", "7");
  expect_bad("{\"jsonrpc\":\"1.0\",\"id\":\"q\",\"method\":\"a\"}", XPF_RPC_INVALID, "jsonrpc",
             "2.0", "\"q\"");
  expect_bad("{\"jsonrpc\":2.0,\"method\":\"a\",\"id\":7}", XPF_RPC_INVALID, "jsonrpc", "2.0", "7");
  expect_bad("{\"method\":\"a\",\"params\":[1],\"id\":7}", XPF_RPC_INVALID, "params", "object",
             "7");
  expect_bad("{\"method\":\"a\",\"params\":null,\"id\":7}", XPF_RPC_INVALID, "params", "object",
             "7");
  expect_bad("{\"method\":\"a\",\"params\":\"x\",\"id\":7}", XPF_RPC_INVALID, "params", "object",
             "7");
  expect_bad("{\"method\":\"a\",\"id\":{}}", XPF_RPC_INVALID, "id", "id", "null");
  expect_bad("{\"method\":\"a\",\"id\":[1]}", XPF_RPC_INVALID, "id", "id", "null");
  expect_bad("{\"method\":\"a\",\"id\":true}", XPF_RPC_INVALID, "id", "id", "null");
  expect_bad("{\"method\":\"a\",\"id\":1e999}", XPF_RPC_INVALID, "id", "finite", "null");
}

static void nothing_counts_twice(void **state) {
  (void)state;
  expect_bad("{\"method\":\"a\",\"id\":7,\"method\":\"b\"}", XPF_RPC_INVALID, "method", "twice",
             "7");
  expect_bad("{\"method\":\"a\",\"m\\u0065thod\":\"b\"}", XPF_RPC_INVALID, "method", "twice",
             "null");
  expect_bad("{\"id\":7,\"method\":\"a\",\"id\":8}", XPF_RPC_INVALID, "id", "twice", "null");
  expect_bad("{\"params\":{},\"method\":\"a\",\"params\":{},\"id\":1}", XPF_RPC_INVALID, "params",
             "twice", "1");
  /* Names are exact: another case is another name. */
  expect_good("{\"method\":\"a\",\"Method\":5,\"ID\":{}}");
}

static char *nest(size_t depth, const char *open, const char *close) {
  char *line = calloc(1, depth * (strlen(open) + strlen(close)) + 2);
  for (size_t i = 0; i < depth; i++)
    strcpy(line + i * strlen(open), open);
  strcat(line, "1");
  char *end = line + strlen(line);
  for (size_t i = 0; i < depth; i++)
    strcpy(end + i * strlen(close), close);
  return line;
}

static void nesting_is_bounded(void **state) {
  (void)state;
  char *line = nest(100000, "[", "]");
  expect_bad(line, XPF_RPC_PARSE, "", "at byte 65 there is too deep nesting", "null");
  free(line);
  line = nest(100000, "[", "");
  expect_bad(line, XPF_RPC_PARSE, "", "too deep", "null");
  free(line);
  line = nest(65, "{\"a\":", "}");
  expect_bad(line, XPF_RPC_PARSE, "", "too deep", "null");
  free(line);
  line = nest(64, "{\"a\":", "}");
  expect_bad(line, XPF_RPC_INVALID, "method", "no method", "null");
  free(line);
}

static void values_are_bounded(void **state) {
  (void)state;
  size_t count = XPF_REQUEST_VALUES_MAX;
  char *line = calloc(1, 2 * count + 100);
  strcpy(line, "{\"id\":1,\"method\":\"a\",\"x\":[0");
  char *at = line + strlen(line);
  for (size_t i = 0; i < count; i++, at += 2)
    memcpy(at, ",0", 2);
  strcpy(at, "]}");
  expect_bad(line, XPF_RPC_PARSE, "", "too many values", "null");
  /* Object, three keys, two values, an array: seven, and as many zeros as are left. */
  strcpy(line + strlen("{\"id\":1,\"method\":\"a\",\"x\":[") + 2 * (count - 7) - 1, "]}");
  expect_good(line);
  free(line);
}

static void numbers_must_fit(void **state) {
  (void)state;
  expect_bad("{\"method\":\"a\",\"id\":7,\"params\":{\"b\":1,\"c\":1e999}}", XPF_RPC_PARAMS, "c",
             "too large", "7");
  expect_bad("{\"method\":\"a\",\"id\":7,\"params\":{\"c\":{\"d\":[-1e400]}}}", XPF_RPC_PARAMS, "c",
             "too large", "7");
  expect_bad(
      "{\"method\":\"a\",\"id\":1234567890123456789012345678901234567890123456789012345678901234}",
      XPF_RPC_PARSE, "", "too many digits", "null");
  expect_good("{\"method\":\"a\",\"params\":{\"tiny\":1e-999,\"b\":1e308,\"c\":-0.0}}");
}

static void expect_id(const char *text) {
  char line[600], expected[600];
  struct xpf_request request;
  struct xpf_fault fault;
  snprintf(line, sizeof line, "{\"id\":%s,\"method\":\"a\"}", text);
  assert_int_equal(parse(&request, line, strlen(line), &fault), 0);
  cJSON *kept = cJSON_Duplicate(request.id, true);
  xpf_request_free(&request);
  char *reply = xpf_reply_result(kept, NULL);
  snprintf(expected, sizeof expected, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}\n", text);
  assert_string_equal(reply, expected);
  free(reply);
  cJSON_Delete(kept);
}

static void ids_come_back_as_they_went(void **state) {
  (void)state;
  expect_id("0");
  expect_id("-1");
  expect_id("null");
  expect_id("1.5");
  expect_id("1e3");
  expect_id("1000000000000000");
  expect_id("9007199254740992");
  expect_id("9007199254740993");
  expect_id("18446744073709551615");
  expect_id("123456789012345678901234567890");
  expect_id("\"a\\\"b\\n\"");
  expect_id("\"\"");
  expect_bad("{\"method\":\"a\",\"id\":"
             "\"0123456789012345678901234567890123456789012345678901234567890123456789"
             "0123456789012345678901234567890123456789012345678901234567890123456789"
             "0123456789012345678901234567890123456789012345678901234567890123456789"
             "01234567890123456789012345678901234567890123456\"}",
             XPF_RPC_INVALID, "id", "too long", "null");
}

/* ---- parameters ---- */

static cJSON *params_of(const char *text) {
  cJSON *params = cJSON_Parse(text);
  assert_non_null(params);
  return params;
}

enum verdict { GOOD, BAD };

static void expect_int(const char *value, enum verdict verdict, long long expected) {
  char text[128];
  struct xpf_fault fault = {0};
  long long out = -77;
  snprintf(text, sizeof text, "{\"other\":9,\"n\":%s}", value);
  cJSON *params = params_of(text);
  int rc = xpf_param_int(params, "n", 50, 1000000, &out, &fault);
  assert_int_equal(out, verdict == GOOD ? expected : -77);
  if (verdict == GOOD) {
    assert_int_equal(rc, 0);
  } else {
    assert_true(rc < 0);
    assert_int_equal(fault.code, XPF_RPC_PARAMS);
    assert_string_equal(fault.field, "n");
    assert_string_equal(fault.message, "n must be a whole number from 50 to 1000000.");
  }
  cJSON_Delete(params);
}

static void whole_numbers(void **state) {
  (void)state;
  expect_int("50", GOOD, 50);
  expect_int("1000000", GOOD, 1000000);
  expect_int("1e3", GOOD, 1000);
  expect_int("60.0", GOOD, 60);
  expect_int("null", GOOD, -77);
  expect_int("49", BAD, 0);
  expect_int("1000001", BAD, 0);
  expect_int("60.5", BAD, 0);
  expect_int("-60", BAD, 0);
  expect_int("1e999", BAD, 0);
  expect_int("-1e999", BAD, 0);
  expect_int("1e300", BAD, 0);
  expect_int("18446744073709551716", BAD, 0);
  expect_int("\"60\"", BAD, 0);
  expect_int("true", BAD, 0);
  expect_int("[60]", BAD, 0);
  expect_int("{}", BAD, 0);
}

static void wide_ranges_do_not_overflow(void **state) {
  (void)state;
  struct xpf_fault fault;
  long long out = 5;
  cJSON *params = params_of("{\"a\":9223372036854775808,\"b\":-9007199254740992,\"c\":1e999}");
  assert_true(xpf_param_int(params, "a", LLONG_MIN, LLONG_MAX, &out, &fault) < 0);
  assert_string_equal(fault.message, "a must be a whole number.");
  assert_true(xpf_param_int(params, "b", 0, LLONG_MAX, &out, &fault) < 0);
  assert_string_equal(fault.message, "b must be a whole number, 0 or more.");
  assert_true(xpf_param_int(params, "c", LLONG_MIN, LLONG_MAX, &out, &fault) < 0);
  assert_int_equal(out, 5);
  assert_int_equal(xpf_param_int(params, "b", LLONG_MIN, LLONG_MAX, &out, &fault), 0);
  assert_int_equal(out, -9007199254740992);
  cJSON_Delete(params);
}

static void absent_leaves_the_default(void **state) {
  (void)state;
  struct xpf_fault fault;
  cJSON *params = params_of("{\"a\":null,\"thread_id\":null}");
  const cJSON *all[] = {NULL, params};
  for (size_t i = 0; i < 2; i++) {
    bool flag = true;
    long long number = 7;
    const char *text = "default";
    unsigned thread_id = 9;
    assert_int_equal(xpf_param_bool(all[i], "a", &flag, &fault), 0);
    assert_int_equal(xpf_param_int(all[i], "a", 0, 1, &number, &fault), 0);
    assert_int_equal(xpf_param_string(all[i], "a", 3, &text, &fault), 0);
    assert_int_equal(xpf_param_thread_id(all[i], &thread_id, &fault), 0);
    assert_true(flag);
    assert_int_equal(number, 7);
    assert_string_equal(text, "default");
    assert_int_equal(thread_id, 9);
  }
  cJSON_Delete(params);
}

static void booleans(void **state) {
  (void)state;
  struct xpf_fault fault;
  bool flag = false;
  cJSON *params =
      params_of("{\"yes\":true,\"no\":false,\"n\":1,\"s\":\"true\",\"d\":true,\"d\":false}");
  assert_int_equal(xpf_param_bool(params, "yes", &flag, &fault), 0);
  assert_true(flag);
  assert_true(xpf_param_bool(params, "n", &flag, &fault) < 0);
  assert_int_equal(fault.code, XPF_RPC_PARAMS);
  assert_string_equal(fault.field, "n");
  assert_string_equal(fault.message, "n must be true or false.");
  assert_true(xpf_param_bool(params, "s", &flag, &fault) < 0);
  assert_true(xpf_param_bool(params, "d", &flag, &fault) < 0);
  assert_string_equal(fault.message, "d is given twice.");
  assert_true(flag);
  assert_int_equal(xpf_param_bool(params, "no", &flag, &fault), 0);
  assert_false(flag);
  cJSON_Delete(params);
}

static void strings(void **state) {
  (void)state;
  struct xpf_fault fault;
  const char *text = NULL;
  cJSON *params = params_of("{\"name\":\"12345\",\"é\":\"123456\",\"n\":5}");
  assert_int_equal(xpf_param_string(params, "name", 5, &text, &fault), 0);
  assert_string_equal(text, "12345");
  assert_true(xpf_param_string(params, "é", 5, &text, &fault) < 0);
  assert_string_equal(fault.field, "é");
  assert_string_equal(fault.message, "é must be a string of at most 5 bytes.");
  assert_true(xpf_param_string(params, "n", 5, &text, &fault) < 0);
  assert_string_equal(fault.message, "n must be a string.");
  assert_int_equal(xpf_param_string(params, "NAME", 5, &text, &fault), 0);
  assert_string_equal(text, "12345");
  cJSON_Delete(params);
}

static void expect_thread_id(const char *value, enum verdict verdict, unsigned expected) {
  char text[128];
  struct xpf_fault fault = {0};
  unsigned out = 4711;
  snprintf(text, sizeof text, "{\"thread_id\":%s}", value);
  cJSON *params = params_of(text);
  int rc = xpf_param_thread_id(params, &out, &fault);
  if (verdict == GOOD) {
    assert_int_equal(rc, 0);
    assert_int_equal(out, expected);
  } else {
    assert_true(rc < 0);
    assert_int_equal(out, 4711);
    assert_int_equal(fault.code, XPF_RPC_PARAMS);
    assert_string_equal(fault.field, "thread_id");
    assert_non_null(strstr(fault.message, "whole number from 0 to 4294967295"));
  }
  cJSON_Delete(params);
}

static void thread_ids(void **state) {
  (void)state;
  expect_thread_id("0", GOOD, 0);
  expect_thread_id("3", GOOD, 3);
  expect_thread_id("\"3\"", GOOD, 3);
  expect_thread_id("\"0\"", GOOD, 0);
  expect_thread_id("4294967295", GOOD, 4294967295u);
  expect_thread_id("\"4294967295\"", GOOD, 4294967295u);
  expect_thread_id("4294967296", BAD, 0);
  expect_thread_id("\"4294967296\"", BAD, 0);
  expect_thread_id("\"18446744073709551617\"", BAD, 0);
  expect_thread_id("-1", BAD, 0);
  expect_thread_id("\"-1\"", BAD, 0);
  expect_thread_id("1.5", BAD, 0);
  expect_thread_id("\"\"", BAD, 0);
  expect_thread_id("\" 3\"", BAD, 0);
  expect_thread_id("\"3 \"", BAD, 0);
  expect_thread_id("\"+3\"", BAD, 0);
  expect_thread_id("\"0x3\"", BAD, 0);
  expect_thread_id("\"3a\"", BAD, 0);
  expect_thread_id("true", BAD, 0);
  expect_thread_id("[3]", BAD, 0);
}

static void faults_are_cut_at_whole_characters(void **state) {
  (void)state;
  struct xpf_fault fault;
  char text[1024];
  for (size_t lead = 0; lead < 4; lead++) {
    memset(text, 'a', lead);
    text[lead] = '\0';
    for (int i = 0; i < 200; i++)
      strcat(text, "🙂");
    xpf_fault_set(&fault, XPF_RPC_PARAMS, text, "%s", text);
    size_t message = strlen(fault.message), field = strlen(fault.field);
    assert_int_equal(xpf_utf8_check(fault.message, message), message);
    assert_int_equal(xpf_utf8_check(fault.field, field), field);
    assert_true(message > 507 && field > 59);
  }
  xpf_fault_set(&fault, XPF_RPC_BUSY, NULL, "%s is %s", "it", "short");
  assert_int_equal(fault.code, XPF_RPC_BUSY);
  assert_string_equal(fault.field, "");
  assert_string_equal(fault.message, "it is short");
  xpf_fault_set(NULL, XPF_RPC_BUSY, "", "nobody asks");
}

/* ---- without memory ---- */

static int allocations_left;

static void *scarce_malloc(size_t size) {
  return allocations_left-- > 0 ? malloc(size) : NULL;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  static const char line[] =
      "{\"id\":\"x\",\"method\":\"a\",\"params\":{\"b\":[1,\"c\",{\"d\":null}]}}";
  struct xpf_request request;
  struct xpf_fault fault;
  int failures = 0, rc;
  cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = scarce_malloc, .free_fn = free});
  do {
    allocations_left = failures;
    rc = parse(&request, line, sizeof line - 1, &fault);
    if (rc != 0) {
      failures++;
      assert_int_equal(fault.code, XPF_RPC_INTERNAL);
      assert_null(request.root);
    }
    xpf_request_free(&request);
  } while (rc != 0 && failures < 1000);
  cJSON_InitHooks(NULL);
  assert_in_range(failures, 10, 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_is_read),
      cmocka_unit_test(what_may_be_absent),
      cmocka_unit_test(what_is_no_json),
      cmocka_unit_test(what_is_no_utf8),
      cmocka_unit_test(nul_never_cuts_a_string),
      cmocka_unit_test(what_is_no_request),
      cmocka_unit_test(nothing_counts_twice),
      cmocka_unit_test(nesting_is_bounded),
      cmocka_unit_test(values_are_bounded),
      cmocka_unit_test(numbers_must_fit),
      cmocka_unit_test(ids_come_back_as_they_went),
      cmocka_unit_test(whole_numbers),
      cmocka_unit_test(wide_ranges_do_not_overflow),
      cmocka_unit_test(absent_leaves_the_default),
      cmocka_unit_test(booleans),
      cmocka_unit_test(strings),
      cmocka_unit_test(thread_ids),
      cmocka_unit_test(faults_are_cut_at_whole_characters),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: src/wire/reply.c src/wire/request.c src/wire/document.c src/wire/utf8.c -lcjson
// links: -Wl,--wrap=malloc -Wl,--wrap=strdup
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/reply.h"
#include "xpf_protocol.h"

static int allocations_left = 1 << 30;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
  return allocations_left-- > 0 ? __real_malloc(size) : NULL;
}

char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text) {
  char *copy = malloc(strlen(text) + 1);
  return copy ? strcpy(copy, text) : NULL;
}

static void *scarce_malloc(size_t size) {
  return malloc(size);
}

static void expect_line(char *take_line, const char *expected) {
  assert_non_null(take_line);
  assert_string_equal(take_line, expected);
  free(take_line);
}

static cJSON *json(const char *text) {
  cJSON *item = cJSON_Parse(text);
  assert_non_null(item);
  return item;
}

static void results(void **state) {
  (void)state;
  cJSON *id = json("7"), *name = json("\"a\\\"\"");
  expect_line(xpf_reply_result(id, json("{\"version\":\"4.0.0\",\"protocol\":1}")),
              "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"version\":\"4.0.0\",\"protocol\":1}}\n");
  expect_line(xpf_reply_result(name, NULL),
              "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"\",\"result\":{}}\n");
  expect_line(xpf_reply_result(NULL, json("[]")),
              "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":[]}\n");
  /* The id stays the caller's. */
  assert_int_equal(id->valueint, 7);
  cJSON_Delete(id);
  cJSON_Delete(name);
}

static void errors(void **state) {
  (void)state;
  struct xpf_fault fault = {XPF_RPC_METHOD, "", "not support command: x"};
  cJSON *id = json("1");
  expect_line(xpf_reply_error(id, &fault, NULL),
              "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,"
              "\"message\":\"not support command: x\"}}\n");
  expect_line(xpf_reply_error(NULL, &fault, json("{\"a\":1}")),
              "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32601,"
              "\"message\":\"not support command: x\",\"data\":{\"a\":1}}}\n");
  strcpy(fault.field, "thread_id");
  expect_line(xpf_reply_error(id, &fault, NULL),
              "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,"
              "\"message\":\"not support command: x\",\"data\":{\"field\":\"thread_id\"}}}\n");
  expect_line(
      xpf_reply_error(id, &fault, json("{\"a\":1}")),
      "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,"
      "\"message\":\"not support command: x\",\"data\":{\"a\":1,\"field\":\"thread_id\"}}}\n");
  expect_line(xpf_reply_error(id, &fault, json("{\"field\":\"given\"}")),
              "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,"
              "\"message\":\"not support command: x\",\"data\":{\"field\":\"given\"}}}\n");
  cJSON_Delete(id);
}

static void calls(void **state) {
  (void)state;
  expect_line(xpf_notification("progress", json("{\"id\":1,\"state\":\"running\"}")),
              "{\"jsonrpc\":\"2.0\",\"method\":\"progress\","
              "\"params\":{\"id\":1,\"state\":\"running\"}}\n");
  expect_line(xpf_notification("x", NULL), "{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n");
  expect_line(
      xpf_request_line(3, "heapdump", json("{\"wait\":true}")),
      "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"heapdump\",\"params\":{\"wait\":true}}\n");
  expect_line(xpf_request_line(9007199254740991, "m", NULL),
              "{\"jsonrpc\":\"2.0\",\"id\":9007199254740991,\"method\":\"m\"}\n");
}

static void expect_number(double value, const char *text) {
  char expected[128];
  cJSON *result = cJSON_CreateObject();
  cJSON_AddItemToArray(cJSON_AddArrayToObject(result, "a"), cJSON_CreateNumber(value));
  snprintf(expected, sizeof expected, "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{\"a\":[%s]}}\n",
           text);
  expect_line(xpf_reply_result(NULL, result), expected);
}

static void whole_numbers_have_no_exponent(void **state) {
  (void)state;
  expect_number(0, "0");
  expect_number(-12, "-12");
  expect_number(4294967296, "4294967296");
  expect_number(999999999999999, "999999999999999");
  expect_number(1e15, "1000000000000000");
  expect_number(-1e15, "-1000000000000000");
  expect_number(1e15 + 1, "1000000000000001");
  expect_number(9007199254740991, "9007199254740991");
  expect_number(9007199254740992, "9007199254740992");
  expect_number(18446744073709551616.0, "18446744073709551616");
  expect_number(1e20, "100000000000000000000");
  expect_number(1e21, "1e+21");
  expect_number(0.5, "0.5");
  expect_number(1e15 + 0.5, "1000000000000000.5");
  expect_number(1e-7, "1e-07");
}

static void what_is_no_number_is_null(void **state) {
  (void)state;
  expect_number(1e308 * 10, "null");
  expect_number(-1e308 * 10, "null");
  expect_number((1e308 * 10) * 0, "null");
}

static void borrowed_items_stay_untouched(void **state) {
  (void)state;
  cJSON *mine = cJSON_CreateObject();
  cJSON_AddNumberToObject(mine, "n", 1e15);
  cJSON *result = cJSON_CreateObject();
  cJSON_AddItemReferenceToObject(result, "r", mine);
  cJSON_AddItemReferenceToObject(result, "n", mine->child);
  char *line = xpf_reply_result(NULL, result);
  assert_non_null(line);
  free(line);
  assert_true(cJSON_IsNumber(mine->child));
  cJSON_Delete(mine);
}

static void bytes_that_are_no_text(void **state) {
  (void)state;
  cJSON *result = cJSON_CreateObject();
  cJSON_AddStringToObject(result, "filepath", "/tmp/\xff\xfe/\xe4\xb8/进\n");
  cJSON_AddStringToObject(result, "\xc3", "\x01\x7f\xc3");
  expect_line(xpf_reply_result(NULL, result),
              "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{"
              "\"filepath\":\"/tmp/\xef\xbf\xbd\xef\xbf\xbd/\xef\xbf\xbd\xef\xbf\xbd/进\\n\","
              "\"\xef\xbf\xbd\":\"\\u0001\x7f\xef\xbf\xbd\"}}\n");
}

static void a_line_is_one_line(void **state) {
  (void)state;
  struct xpf_fault fault = {XPF_RPC_INTERNAL, "a\nb", "c\nd\r\n"};
  char *line = xpf_reply_error(NULL, &fault, NULL);
  assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
  free(line);
}

/* ---- without memory ---- */

static char *make_reply(int which, const cJSON *id) {
  static const struct xpf_fault fault = {XPF_RPC_PARAMS, "field", "message"};
  cJSON *extra = cJSON_CreateObject();
  cJSON_AddNumberToObject(extra, "bytes", 1e17);
  switch (which) {
  case 0:
    return xpf_reply_result(id, extra);
  case 1:
    return xpf_reply_error(id, &fault, extra);
  case 2:
    return xpf_notification("progress", extra);
  case 3:
    return xpf_request_line(5, "m", extra);
  default:
    cJSON_Delete(extra);
    return xpf_reply_result(id, NULL);
  }
}

/* Nothing leaks (the sanitizer looks), nothing half is ever sent. */
static void every_allocation_may_fail(void **state) {
  (void)state;
  cJSON *id = json("\"id\"");
  cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = scarce_malloc, .free_fn = free});
  for (int which = 0; which < 5; which++) {
    int enough = 0;
    bool whole = false;
    for (; !whole && enough < 1000; enough++) {
      allocations_left = enough;
      char *line = make_reply(which, id);
      whole = allocations_left >= 0;
      allocations_left = 1 << 30;
      if (line != NULL) {
        assert_int_equal(line[strlen(line) - 1], '\n');
        cJSON *back = cJSON_Parse(line);
        assert_non_null(back);
        assert_true(cJSON_HasObjectItem(back, which < 2 || which > 3 ? "id" : "method"));
        cJSON_Delete(back);
      }
      free(line);
    }
    assert_in_range(enough, 8, 100);
  }
  cJSON_InitHooks(NULL);
  cJSON_Delete(id);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(results),
      cmocka_unit_test(errors),
      cmocka_unit_test(calls),
      cmocka_unit_test(whole_numbers_have_no_exponent),
      cmocka_unit_test(what_is_no_number_is_null),
      cmocka_unit_test(borrowed_items_stay_untouched),
      cmocka_unit_test(bytes_that_are_no_text),
      cmocka_unit_test(a_line_is_one_line),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: src/daemon/rpc.c src/daemon/rpc_lep.c src/format/json.c src/format/sink.c
// links: src/wire/document.c src/wire/reply.c src/wire/request.c src/wire/utf8.c -lcjson -lm
/* One text in, one text out; what runs the methods is the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/rpc.h"
#include "xpf_protocol.h"

static const struct xpf_rpc_method METHODS[] = {
    {.name = "Now", .params = "pid, limit", .access = XPF_ACCESS_READ}, /* within the call */
    {.name = "Later", .params = "", .access = XPF_ACCESS_READ},         /* when the test says so */
    {.name = "Absent", .params = "", .access = XPF_ACCESS_READ},
    {.name = "Act", .params = "", .access = XPF_ACCESS_ACT},
};

static struct xpf_rpc_asker *waiting[8];
static unsigned waiting_count, left_count, answers_count;
static char params_seen[128]; /* of the last method that was run */
static char *answer;
static const struct xpf_rpc_origin HTTP = {.access = XPF_ACCESS_READ, .takes_lep = false};
static const struct xpf_rpc_origin TCP = {.access = XPF_ACCESS_READ, .takes_lep = true};
static const struct xpf_rpc_origin OWNER = {.access = XPF_ACCESS_ACT, .takes_lep = false};

const struct xpf_rpc_method *xpf_rpc_method_find(const char *name) {
  for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++)
    if (strcmp(METHODS[i].name, name) == 0)
      return &METHODS[i];
  return NULL;
}

static void give(struct xpf_rpc_asker *asker, bool is_raw, char *text) {
  struct xpf_rpc_call call = {.is_raw = is_raw};
  call.out.data = text;
  call.out.size = strlen(text);
  asker->answered(asker, &call, NULL);
}

void xpf_rpc_jobs_ask(struct xpf_rpc_jobs *jobs, const struct xpf_rpc_method *method,
                      const cJSON *params, bool is_raw, struct xpf_rpc_asker *asker) {
  struct xpf_fault fault;
  struct xpf_rpc_call call = {.quality = "absent"};
  char *text = params ? cJSON_PrintUnformatted(params) : NULL;
  assert_null(jobs);
  snprintf(params_seen, sizeof params_seen, "%s", text ? text : "none");
  free(text);
  if (strcmp(method->name, "Later") == 0) {
    waiting[waiting_count++] = asker;
  } else if (strcmp(method->name, "Absent") == 0) {
    xpf_fault_set(&fault, XPF_RPC_UNSUPPORTED, "", "absent: no such file.");
    asker->answered(asker, &call, &fault);
  } else {
    give(asker, is_raw, is_raw ? "a \"text\"\n" : "{\"a\":1}");
  }
}

void xpf_rpc_asker_leave(struct xpf_rpc_asker *asker) {
  (void)asker;
  left_count++;
}

static void on_answered(void *arg, char *take_text, size_t size) {
  assert_ptr_equal(arg, &answer);
  assert_int_equal(take_text == NULL, size == 0);
  answers_count++;
  answer = take_text ? strndup(take_text, size) : NULL; /* it need not end with a NUL byte */
  free(take_text);
}

static int begin(void **state) {
  (void)state;
  waiting_count = left_count = answers_count = 0;
  return 0;
}

static struct xpf_rpc_exchange *take(const struct xpf_rpc_origin *origin, const char *text) {
  free(answer);
  answer = NULL;
  answers_count = 0;
  return xpf_rpc_take(NULL, text, strlen(text), origin, on_answered, &answer);
}

static void check_answer(const char *expected) {
  assert_int_equal(answers_count, 1);
  if (!expected) {
    assert_null(answer);
    return;
  }
  assert_non_null(answer);
  assert_string_equal(answer, expected);
}

/* Answered at once, with that text; NULL: with nothing. */
static void check(const struct xpf_rpc_origin *origin, const char *text, const char *expected) {
  assert_null(take(origin, text));
  check_answer(expected);
}

#define CALL(id, method) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\"}"
#define RESULT(id)       "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{\"a\":1}}"

static void test_one_request(void **state) {
  (void)state;
  check(&HTTP, CALL("1", "Now"), RESULT("1") "\n");
  check(&HTTP, CALL("\"x\"", "Now"), RESULT("\"x\"") "\n");
  check(&HTTP, CALL("null", "Now"), RESULT("null") "\n");
  check(&HTTP, CALL("12345678901234567890", "Now"), RESULT("12345678901234567890") "\n");
  check(&HTTP, "{\"jsonrpc\":\"2.0\",\"method\":\"Now\"}", NULL); /* a notification */
  check(&HTTP, "{\"jsonrpc\":\"2.0\",\"method\":\"None\"}", NULL);
}

static void test_params(void **state) {
  (void)state;
#define WITH(params) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Now\",\"params\":" params "}"
  check(&HTTP, WITH("{\"pid\":7}"), RESULT("1") "\n");
  assert_string_equal(params_seen, "{\"pid\":7}");
  check(&HTTP, WITH("[]"), RESULT("1") "\n"); /* by position, and none */
  assert_string_equal(params_seen, "none");
  assert_null(take(&HTTP, WITH("[7]")));
  assert_non_null(strstr(answer, "params must be an object: parameters are given by name."));
  check(&HTTP, WITH("{\"raw\":true}"),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"a \\\"text\\\"\\n\"}\n");
  check(&HTTP, WITH("{\"raw\":false}"), RESULT("1") "\n");
  assert_null(take(&HTTP, WITH("{\"raw\":\"yes\"}")));
  assert_non_null(strstr(answer, "\"code\":-32602"));
  assert_non_null(strstr(answer, "\"field\":\"raw\""));
  check(&HTTP, WITH("{\"limit\":1,\"raw\":false,\"pid\":7}"), RESULT("1") "\n");
  check(&HTTP, WITH("{\"raww\":true}"),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"Now has no "
        "parameter \\\"raww\\\"; it takes pid, limit, raw.\",\"data\":{\"field\":\"raww\"}}}\n");
  static const char *const unknown[] = {"{\"pi\":1}", "{\"pidd\":1}",
                                        "{\"\":1}",   "{\"pid, limit\":1}",
                                        "{\",\":1}",  "{\"pid\":7,\"PID\":7}"};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    char text[128];
    snprintf(text, sizeof text, WITH("%s"), unknown[i]);
    assert_null(take(&HTTP, text));
    assert_non_null(strstr(answer, "Now has no parameter"));
  }
#undef WITH
  assert_null(
      take(&OWNER, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Act\",\"params\":{\"a\":1}}"));
  assert_non_null(strstr(answer, "Act has no parameter \\\"a\\\"; it takes raw."));
}

static void test_what_is_refused(void **state) {
  (void)state;
  check(&HTTP, CALL("1", "None"),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"There is no method "
        "\\\"None\\\"; ListAllMethod lists them.\",\"data\":{\"field\":\"method\"}}}\n");
  assert_null(take(&HTTP, CALL("1", "Act")));
  assert_non_null(strstr(answer, "denied: Act is only for"));
  assert_non_null(strstr(answer, "\"quality\":\"denied\""));
  check(&OWNER, CALL("1", "Act"), RESULT("1") "\n");
  assert_null(take(&HTTP, CALL("1", "Absent")));
  assert_non_null(strstr(answer, "\"quality\":\"absent\""));
  assert_null(take(&HTTP, "{\"jsonrpc\":\"2.0\",\"id\":1"));
  assert_non_null(strstr(answer, "\"id\":null"));
  assert_non_null(strstr(answer, "\"code\":-32700"));
  assert_non_null(strstr(answer, "at byte 24 there is an early end."));
  assert_null(take(&HTTP, ""));
  assert_non_null(strstr(answer, "\"code\":-32700"));
  assert_null(take(&HTTP, "7"));
  assert_non_null(strstr(answer, "\"code\":-32600"));
}

static void test_a_batch(void **state) {
  (void)state;
  check(&HTTP, "[" CALL("1", "Now") "]", "[" RESULT("1") "]\n");
  check(&HTTP, "[{\"jsonrpc\":\"2.0\",\"method\":\"Now\"}]", NULL);
  assert_null(take(&HTTP, "[" CALL("1", "Now") ",7,{\"jsonrpc\":\"2.0\",\"method\":\"Now\"}," CALL(
                              "2", "Now") "]"));
  assert_memory_equal(answer, "[" RESULT("1") ",{", strlen("[" RESULT("1") ",{"));
  assert_non_null(strstr(answer, "\"code\":-32600"));
  assert_non_null(strstr(answer, "}," RESULT("2") "]\n"));
  assert_null(take(&HTTP, "[]"));
  assert_non_null(strstr(answer, "A batch must have 1 to 64 requests."));
  char text[64 * 1024] = "[";
  for (int i = 0; i < 64; i++)
    strcat(text, i == 0 ? CALL("1", "Now") : "," CALL("1", "Now"));
  strcat(text, "]");
  assert_null(take(&HTTP, text));
  assert_int_equal(strlen(answer), 64 * strlen(RESULT("1") ",") + 2);
  strcpy(text + strlen(text) - 1, "," CALL("1", "Now") "]");
  assert_null(take(&HTTP, text));
  assert_non_null(strstr(answer, "A batch must have 1 to 64 requests."));
}

/* The answers of a batch stand in its order, whichever is ready first. */
static void test_a_batch_that_waits(void **state) {
  (void)state;
  assert_non_null(
      take(&HTTP, "[" CALL("1", "Later") "," CALL("2", "Now") "," CALL("3", "Later") "]"));
  assert_int_equal(waiting_count, 2);
  give(waiting[1], false, "{\"a\":1}");
  assert_int_equal(answers_count, 0);
  give(waiting[0], false, "{\"a\":1}");
  check_answer("[" RESULT("1") "," RESULT("2") "," RESULT("3") "]\n");
}

static void test_nobody_waits_any_more(void **state) {
  (void)state;
  struct xpf_rpc_exchange *exchange = take(&HTTP, "[" CALL("1", "Now") "," CALL("2", "Later") "]");
  assert_non_null(exchange);
  xpf_rpc_exchange_leave(exchange);
  assert_int_equal(left_count, 2);
  assert_int_equal(answers_count, 0);
}

/* LEP's clients send no version, perhaps no id, and params of any kind. */
static void test_leps_dialect(void **state) {
  (void)state;
  static const char *const requests[] = {
      "{\"method\":\"Now\"}",
      "{\"method\":\"Now\",\"params\":[1,2]}",
      "{\"method\":\"Now\",\"params\":\"x\"}",
      "{\"method\":\"Now\",\"params\":{\"none\":1},\"more\":[]}",
  };
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    assert_null(take(&TCP, requests[i]));
    assert_string_equal(params_seen, "none");
    assert_non_null(strstr(answer, "a \\\"text\\\"\\nlepdendstring\""));
    assert_null(take(&HTTP, requests[i]));
    assert_null(strstr(answer, "lepdendstring"));
    assert_non_null(strstr(answer, "\"error\""));
  }
  check(&HTTP, "{\"id\":1,\"method\":\"Now\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600,\"message\":\"The request has no "
        "\\\"jsonrpc\\\": \\\"2.0\\\".\",\"data\":{\"field\":\"jsonrpc\"}}}\n");
  assert_null(take(&TCP, "[{\"id\":1,\"method\":\"Now\"}]")); /* LEP has no batches */
  assert_non_null(strstr(answer, "\"code\":-32600"));
  check(&TCP, CALL("1", "Now"), RESULT("1") "\n");
  struct xpf_rpc_exchange *exchange = take(&TCP, "{\"method\":\"Later\"}");
  assert_true(xpf_rpc_exchange_is_lep(exchange));
  give(waiting[0], true, "late");
  assert_non_null(strstr(answer, "latelepdendstring"));
}

static int free_answer(void **state) {
  (void)state;
  free(answer);
  answer = NULL;
  return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, free_answer)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_one_request),        TEST(test_params),
      TEST(test_what_is_refused),    TEST(test_a_batch),
      TEST(test_a_batch_that_waits), TEST(test_nobody_waits_any_more),
      TEST(test_leps_dialect),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

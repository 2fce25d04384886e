// links: src/daemon/metrics_reply.c src/daemon/metric_kinds.c -lcjson
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>
#include <cmocka.h>

#include "daemon/metrics_reply.h"

#define RECORDED "test/fuzz/corpus/metrics_reply/real"

static struct xpf_metrics_reply reply;

static int parse(const char *text) {
  /* A block of its own, so that the sanitizer sees a read behind it. */
  char *copy = strdup(text);
  assert_non_null(copy);
  int status = xpf_metrics_reply_parse(&reply, copy, strlen(copy));
  free(copy);
  return status;
}

static char *recorded(void) {
  FILE *file = fopen(RECORDED, "r");
  assert_non_null(file);
  char *text = calloc(1, 65536);
  assert_non_null(text);
  assert_true(fread(text, 1, 65535, file) > 1000);
  fclose(file);
  return text;
}

static void assert_same(double value, const cJSON *object, const char *key, double factor) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if (!cJSON_IsNumber(item)) {
    assert_true(isnan(value));
    return;
  }
  if (value != item->valuedouble * factor)
    fail_msg("%s is %.17g in place of %.17g", key, value, item->valuedouble * factor);
}

/* Every number of a real reply, compared with what another parser says. */
static void every_number_of_a_real_reply(void **state) {
  (void)state;
  char *text = recorded();
  cJSON *root = cJSON_Parse(text);
  const cJSON *result = cJSON_GetObjectItemCaseSensitive(root, "result");
  const cJSON *process = cJSON_GetObjectItemCaseSensitive(result, "process");
  const cJSON *threads = cJSON_GetObjectItemCaseSensitive(result, "threads");
  assert_int_equal(parse(text), 0);
  assert_false(reply.is_error);
  assert_int_equal(reply.id, 1);
  for (unsigned i = 0; i < XPF_NODE_FIELDS; i++)
    assert_same(reply.node[i], process, xpf_node_keys[i], xpf_node_factors[i]);
  assert_int_equal(reply.threads_count, 2);
  for (int t = 0; t < 2; t++)
    for (unsigned i = 0; i < XPF_THREAD_LISTED; i++)
      assert_same(reply.threads[t].values[i], cJSON_GetArrayItem(threads, t), xpf_thread_keys[i],
                  xpf_thread_factors[i]);
  assert_int_equal(reply.threads[0].thread_id, 1);
  assert_false(reply.threads[0].is_main);
  assert_int_equal(reply.threads[1].thread_id, 0);
  assert_true(reply.threads[1].is_main);
  cJSON_Delete(root);
  free(text);
}

static void in_base_units(void **state) {
  (void)state;
  assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"process\":{\"cpu_now\":50,"
                         "\"cpu_user_ms\":1500,\"rss\":4096},\"threads\":[]}}"),
                   0);
  assert_true(reply.node[XPF_NODE_cpu_now] == 0.5);
  assert_true(reply.node[XPF_NODE_cpu_user_ms] == 1.5);
  assert_true(reply.node[XPF_NODE_rss] == 4096);
  assert_true(isnan(reply.node[XPF_NODE_swap]));
  assert_string_equal(xpf_kind_node.fields[XPF_NODE_cpu_user_ms].key, "cpu_user_seconds");
  assert_string_equal(xpf_kind_node.fields[XPF_NODE_cpu_user_ms].unit, "seconds");
}

static void statuses_and_spaces(void **state) {
  (void)state;
  char *text = recorded();
  assert_int_equal(parse(text), 0);
  const double *values = reply.threads[0].values;
  assert_true(values[XPF_THREAD_http_responses_2xx] == 15);
  assert_true(values[XPF_THREAD_http_responses_4xx] == 2);
  assert_true(values[XPF_THREAD_http_responses_5xx] == 1);
  assert_true(values[XPF_THREAD_http_responses_1xx] == 0);
  assert_true(isnan(values[XPF_THREAD_trusted_space_used])); /* that V8 has none */
  assert_int_equal(
      parse("{\"id\":1,\"result\":{\"threads\":[{\"thread_id\":3,\"spaces\":[{\"used\":7,\"name\":"
            "\"trusted_space\",\"size\":9}]}]}}"),
      0);
  assert_true(reply.threads[0].values[XPF_THREAD_trusted_space_used] == 7);
  assert_true(reply.threads[0].values[XPF_THREAD_trusted_space_size] == 9);
  free(text);
}

static void numbers_of_all_shapes(void **state) {
  static const char *const NUMBERS[] = {
      "0",
      "-0",
      "12345678901234567890",
      "0.1",
      "1234567890123456.123456789",
      "1e3",
      "-2.5E-3",
      "9007199254740993",
      "0.30000000000000004",
      "99.99",
      "123456.7890",
      "4503599627370497.5",
  };
  (void)state;
  for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
    char text[256];
    snprintf(text, sizeof text, "{\"id\":1,\"result\":{\"process\":{\"rss\": %s}}}", NUMBERS[i]);
    assert_int_equal(parse(text), 0);
    if (reply.node[XPF_NODE_rss] != strtod(NUMBERS[i], NULL))
      fail_msg("%s is read as %.17g", NUMBERS[i], reply.node[XPF_NODE_rss]);
  }
  assert_int_equal(parse("{\"id\":1,\"result\":{\"process\":{\"rss\":1e999}}}"), -EPROTO);
}

/* In any order, with members nobody knows, and values of other types. */
static void unknown_members(void **state) {
  (void)state;
  assert_int_equal(parse("{ \"result\" : {\"new\":[1,{\"a\":\"]}\\\"\"}],\"process\":{\"swap\":3,"
                         "\"future\":{\"x\":[]},\"rss\":\"many\",\"vsize\":null,\"cpu_now\":7}} , "
                         "\"id\":9}"),
                   0);
  assert_int_equal(reply.id, 9);
  assert_true(reply.node[XPF_NODE_swap] == 3);
  assert_true(isnan(reply.node[XPF_NODE_rss]));
  assert_true(isnan(reply.node[XPF_NODE_vsize]));
  assert_true(reply.node[XPF_NODE_cpu_now] == 0.07);
}

static void errors_and_others(void **state) {
  (void)state;
  assert_int_equal(parse("{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32000,\"message\":"
                         "\"the sampler does not run\",\"data\":{\"message\":{}}}}"),
                   0);
  assert_true(reply.is_error);
  assert_string_equal(reply.message, "the sampler does not run");
  assert_int_equal(parse("{\"id\":null,\"error\":{\"code\":1,\"message\":\"busy\"}}"), 0);
  assert_int_equal(reply.id, -1);
  assert_int_equal(parse("{\"method\":\"progress\",\"params\":{\"id\":1}}"), 1);
}

static void nonsense(void **state) {
  static const char *const TEXTS[] = {
      "",
      "{",
      "[]",
      "{}",
      "{\"id\":1}",
      "{\"id\":1,\"result\":{},\"error\":{}}",
      "{\"id\":1,\"result\":[]}",
      "{\"id\":1,\"result\":{\"process\":[]}}",
      "{\"id\":1,\"result\":{\"process\":{\"rss\":}}}",
      "{\"id\":1,\"result\":{\"process\":{\"rss\":1,}}}",
      "{\"id\":1,\"result\":{\"process\":{\"rss\":1}}",
      "{\"id\":1,\"result\":{\"threads\":[{}]}}",
      "{\"id\":1,\"result\":{\"threads\":[{\"thread_id\":-1}]}}",
      "{\"id\":1,\"result\":{}} x",
      "{\"id\":1,\"result\":{\"a\":\"\\",
      "{\"id\":1,\"result\":{\"a\":]}}",
      "HTTP/1.1 200 OK",
  };
  (void)state;
  for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
    if (parse(TEXTS[i]) != -EPROTO)
      fail_msg("taken: %s", TEXTS[i]);
}

static void many_threads_are_bounded(void **state) {
  (void)state;
  size_t size = 0, room = 4 << 20;
  char *text = malloc(room);
  assert_non_null(text);
  size += (size_t)snprintf(text, room, "{\"id\":1,\"result\":{\"threads\":[");
  for (unsigned i = 0; i < 3000; i++)
    size += (size_t)snprintf(text + size, room - size, "%s{\"thread_id\":%u}", i ? "," : "", i);
  snprintf(text + size, room - size, "]}}");
  assert_int_equal(parse(text), 0);
  assert_int_equal(reply.threads_count, XPF_REPLY_THREADS_MAX);
  free(text);
}

/* Megabytes of keys that nobody knows are passed over, and what is known is found between them. */
static void many_unknown_keys(void **state) {
  (void)state;
  size_t size = 0, room = 8 << 20;
  char *text = malloc(room);
  assert_non_null(text);
  size += (size_t)snprintf(text, room, "{\"id\":1,\"result\":{\"process\":{\"cpu_now\":100");
  for (unsigned i = 0; i < 500000; i++)
    size += (size_t)snprintf(text + size, room - size, ",\"k%u\":1", i);
  snprintf(text + size, room - size, ",\"cpu_15\":200}}}");
  assert_int_equal(parse(text), 0);
  assert_true(reply.node[XPF_NODE_cpu_now] == 1);
  assert_true(reply.node[XPF_NODE_cpu_15] == 2); /* the one that comes next */
  free(text);
}

/* What Prometheus and the API are made of: complete, and every key once. */
static void kinds_are_sound(void **state) {
  const struct xpf_kind *const KINDS[] = {&xpf_kind_node, &xpf_kind_thread};
  (void)state;
  for (unsigned k = 0; k < 2; k++)
    for (unsigned i = 0; i < KINDS[k]->fields_count; i++) {
      const struct xpf_field *field = &KINDS[k]->fields[i];
      assert_true(field->key[0] != '\0' && field->help[0] != '\0');
      assert_null(strstr(field->key, "_ms"));
      assert_null(strstr(field->key, "percent"));
      bool is_total = field->family && strlen(field->family) > 6 &&
                      strcmp(field->family + strlen(field->family) - 6, "_total") == 0;
      if (field->family)
        assert_int_equal(is_total, field->type == XPF_FIELD_COUNTER);
      for (unsigned j = 0; j < i; j++)
        assert_string_not_equal(field->key, KINDS[k]->fields[j].key);
    }
  const struct xpf_field *space = &xpf_kind_thread.fields[XPF_THREAD_new_lo_space_used];
  assert_string_equal(space->family, "xprofiler_heap_space_used_bytes");
  assert_string_equal(space->labels, "space=\"new_large_object_space\"");
}

int main(void) {
  xpf_metric_kinds_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_number_of_a_real_reply),
      cmocka_unit_test(in_base_units),
      cmocka_unit_test(statuses_and_spaces),
      cmocka_unit_test(numbers_of_all_shapes),
      cmocka_unit_test(unknown_members),
      cmocka_unit_test(errors_and_others),
      cmocka_unit_test(nonsense),
      cmocka_unit_test(many_threads_are_bounded),
      cmocka_unit_test(kinds_are_sound),
      cmocka_unit_test(many_unknown_keys),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  xpf_metrics_reply_free(&reply);
  return failed;
}

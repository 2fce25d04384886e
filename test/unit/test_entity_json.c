// clang-format off
// links: src/daemon/entity_json.c src/daemon/entity_filter.c src/daemon/world.c src/wire/utf8.c
// links: src/format/json.c src/format/sink.c -lm
// clang-format on
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

#include "asked.h"
#include "daemon/entity_json.h"
#include "format/sink.h"

static const struct xpf_field FIELDS[] = {
    {"load", "x_load", NULL, XPF_FIELD_GAUGE, "", "how much", "here"},
    {"bytes", "x_total", "kind=\"a\"", XPF_FIELD_COUNTER, "bytes", "how \"many\"", "there"},
};
static const char *const INFO[] = {"name", "user", NULL};
static const struct xpf_kind HOST = {.name = "host", .help = "the host"};
static const struct xpf_kind PROCESS = {.name = "process",
                                        .help = "a process",
                                        .labels = {"pid", NULL},
                                        .fields = FIELDS,
                                        .fields_count = XPF_ROWS(FIELDS),
                                        .info = INFO,
                                        .stale_after_ms = 3000};
static const struct xpf_kind THREAD = {.name = "thread", .labels = {"pid", "thread_id", NULL}};

static struct xpf_world *world;

static int begin(void **state) {
  (void)state;
  world = xpf_world_new();
  return world == NULL || xpf_world_add_kind(world, &HOST) < 0 ||
         xpf_world_add_kind(world, &PROCESS) < 0;
}

static int end(void **state) {
  (void)state;
  xpf_world_free(world);
  return 0;
}

static struct xpf_entity *process(const char *pid) {
  const char *labels[] = {pid};
  struct xpf_entity *host = xpf_world_entity(world, &HOST, NULL, NULL, NULL);
  return xpf_world_entity(world, &PROCESS, NULL, labels, host);
}

static void check_json(const struct xpf_entity *entity, const char *fields, bool values_only,
                       const char *expected) {
  struct xpf_name_list list;
  struct xpf_memory_sink m;
  struct xpf_json json;
  assert_int_equal(xpf_name_list_parse(&list, fields), 0);
  xpf_memory_sink_init(&m, SIZE_MAX);
  xpf_json_init(&json, &m.sink, false);
  (values_only ? xpf_entity_json_values : xpf_entity_json)(&json, entity, &list, 10000);
  assert_string_equal(m.data, expected);
  xpf_memory_sink_free(&m);
}

static void test_everything(void **state) {
  (void)state;
  struct xpf_entity *entity = process("12");
  entity->since_ms = 1000;
  xpf_entity_set(entity, 0, 0.5);
  xpf_entity_set(entity, 1, 9007199254740992);
  assert_int_equal(xpf_entity_set_info(entity, 0, "\xe4\xbd\xa0 \"x\"\x1b"), 0);
  xpf_entity_updated(entity, 10000);
  check_json(entity, NULL, false,
             "{\"kind\":\"process\",\"key\":\"12\",\"parent\":\"\",\"labels\":{\"pid\":\"12\"},"
             "\"info\":{\"name\":\"\xe4\xbd\xa0 \\\"x\\\"\\u001b\"},\"since_ms\":1000,"
             "\"updated_ms\":10000,\"gone\":false,"
             "\"values\":{\"load\":0.5,\"bytes\":9007199254740992},\"quality\":{}}");
}

static void test_what_is_not_known(void **state) {
  (void)state;
  struct xpf_entity *entity = process("12");
  xpf_entity_set(entity, 0, INFINITY);
  xpf_entity_mark(entity, 1, XPF_QUALITY_DENIED);
  xpf_entity_updated(entity, 10000);
  check_json(entity, "", true,
             "{\"kind\":\"process\",\"key\":\"12\",\"values\":{\"load\":null,\"bytes\":null},"
             "\"quality\":{\"load\":\"absent\",\"bytes\":\"denied\"}}");
  xpf_entity_set(entity, 0, 3);
  xpf_entity_updated(entity, 10000 - 3001);
  check_json(entity, "load,none", true,
             "{\"kind\":\"process\",\"key\":\"12\",\"values\":{\"load\":3},"
             "\"quality\":{\"load\":\"stale\"}}");
}

static void test_kinds(void **state) {
  (void)state;
  struct xpf_memory_sink m;
  struct xpf_json json;
  xpf_memory_sink_init(&m, SIZE_MAX);
  xpf_json_init(&json, &m.sink, false);
  xpf_kind_json(&json, &PROCESS);
  assert_string_equal(
      m.data,
      "{\"name\":\"process\",\"help\":\"a process\",\"labels\":[\"pid\"],"
      "\"info\":[\"name\",\"user\"],\"stale_after_ms\":3000,\"fields\":["
      "{\"key\":\"load\",\"type\":\"gauge\",\"unit\":\"\",\"family\":\"x_load\",\"labels\":null,"
      "\"help\":\"how much\",\"source\":\"here\"},"
      "{\"key\":\"bytes\",\"type\":\"counter\",\"unit\":\"bytes\",\"family\":\"x_total\","
      "\"labels\":\"kind=\\\"a\\\"\",\"help\":\"how "
      "\\\"many\\\"\",\"source\":\"there\"}],\"gone\":false}");
  xpf_memory_sink_free(&m);
}

static void test_a_kind_of_the_past(void **state) {
  (void)state;
  const struct xpf_store_past_kind kind = {
      .name = "old", .fields = "a g\nbc c\n", .stale_after_ms = 9};
  struct xpf_memory_sink m;
  struct xpf_json json;
  xpf_memory_sink_init(&m, SIZE_MAX);
  xpf_json_init(&json, &m.sink, false);
  xpf_kind_json_gone(&json, &kind);
  assert_string_equal(
      m.data, "{\"name\":\"old\",\"help\":\"\",\"labels\":[],\"info\":[],\"stale_after_ms\":9,"
              "\"fields\":[{\"key\":\"a\",\"type\":\"gauge\",\"unit\":\"\",\"family\":null,"
              "\"labels\":null,\"help\":\"\",\"source\":null},"
              "{\"key\":\"bc\",\"type\":\"counter\",\"unit\":\"\",\"family\":null,"
              "\"labels\":null,\"help\":\"\",\"source\":null}],\"gone\":true}");
  xpf_memory_sink_free(&m);
}

static void test_lists_of_names(void **state) {
  (void)state;
  struct xpf_name_list list;
  char text[XPF_FILTER_TEXT_MAX + 1];
  assert_int_equal(xpf_name_list_parse(&list, ",a,,bc,"), 0);
  assert_int_equal(list.count, 2);
  assert_true(xpf_name_list_has(&list, "a") && xpf_name_list_has(&list, "bc"));
  assert_false(xpf_name_list_has(&list, "b") || xpf_name_list_has(&list, ""));
  assert_int_equal(xpf_name_list_parse(&list, ""), 0);
  assert_true(xpf_name_list_has(&list, "anything"));
  memset(text, 'a', sizeof text);
  text[XPF_FILTER_TEXT_MAX - 1] = '\0';
  assert_int_equal(xpf_name_list_parse(&list, text), 0);
  text[XPF_FILTER_TEXT_MAX - 1] = 'a';
  text[XPF_FILTER_TEXT_MAX] = '\0';
  assert_int_equal(xpf_name_list_parse(&list, text), -E2BIG);
  for (unsigned i = 0; i < XPF_FILTER_NAMES_MAX; i++)
    memcpy(text + 2 * i, "a,", 3);
  assert_int_equal(xpf_name_list_parse(&list, text), 0);
  strcpy(text + 2 * XPF_FILTER_NAMES_MAX, "a");
  assert_int_equal(xpf_name_list_parse(&list, text), -E2BIG);
}

static int read_filter(struct xpf_entity_filter *filter, const char *kind, const char *key) {
  asked_daemon.world = world;
  return xpf_entity_filter_read(filter, ask("kind", kind, "key", key, NULL), false);
}

static void test_requests(void **state) {
  (void)state;
  struct xpf_entity_filter filter;
  char many[256] = "";
  struct xpf_entity *one = process("12"), *other = process("34");
  const struct xpf_entity *host = one->parent;
  assert_int_equal(read_filter(&filter, "process", "12"), 0);
  assert_true(xpf_entity_filter_has(&filter, one));
  assert_false(xpf_entity_filter_has(&filter, other));
  assert_false(xpf_entity_filter_has(&filter, host));
  const char *labels[] = {"12", "3"};
  const struct xpf_entity *thread = xpf_world_entity(world, &THREAD, NULL, labels, one);
  assert_false(xpf_entity_filter_has(&filter, thread)); /* another kind */
  assert_int_equal(read_filter(&filter, "", "12"), 0);
  assert_true(xpf_entity_filter_has(&filter, thread));
  assert_int_equal(read_filter(&filter, "", "34"), 0);
  assert_false(xpf_entity_filter_has(&filter, thread));
  assert_int_equal(read_filter(&filter, "", ""), 0);
  assert_true(xpf_entity_filter_has(&filter, one) && xpf_entity_filter_has(&filter, host));
  assert_string_equal(asked_answer, "");
  assert_int_equal(read_filter(&filter, "process,disk", ""), -ENOENT);
  assert_string_equal(asked_answer, "400 kind kind: there is no kind `disk`; /api/kinds lists "
                                    "them: host, process, thread");
  struct xpf_exchange *past = ask("kind", "process,disk", NULL); /* there may have been one */
  assert_int_equal(xpf_entity_filter_read(&filter, past, true), 0);
  assert_string_equal(asked_answer, "");
  for (unsigned i = 0; i < XPF_FILTER_NAMES_MAX + 1; i++)
    strcat(many, "a,");
  assert_int_equal(read_filter(&filter, "", many), -E2BIG);
  assert_string_equal(asked_answer, "400 key key: at most 64 at a time, 4095 characters");
}

static void check_field(const char *kind, const char *fields, const char *expected) {
  struct xpf_entity_filter filter;
  asked_daemon.world = world;
  struct xpf_exchange *exchange = ask("kind", kind, "fields", fields, NULL);
  assert_int_equal(xpf_entity_filter_read(&filter, exchange, false), expected[0] ? -ENOENT : 0);
  assert_string_equal(asked_answer, expected);
  assert_int_equal(xpf_entity_filter_read(&filter, ask("kind", kind, "fields", fields, NULL), true),
                   0); /* there may have been one */
}

static void test_fields_that_there_are_not(void **state) {
  (void)state;
  xpf_world_add_kind(world, &HOST);
  xpf_world_add_kind(world, &PROCESS);
  check_field("process", "bytes,load", "");
  check_field("", "bytes", "");
  check_field("host,process", "load", ""); /* one of them has it */
  check_field(
      "process", "load,loads",
      "400 fields fields: process has no field `loads`; /api/kinds lists them: load, bytes");
  check_field(
      "host,process", "loa",
      "400 fields fields: host and others have no field `loa`; /api/kinds lists them: load, "
      "bytes");
  check_field("host", "load",
              "400 fields fields: host has no field `load`; /api/kinds lists them: ");
  check_field("", "loads", "400 fields fields: no kind has a field `loads`; /api/kinds lists them");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_everything),
      TEST(test_what_is_not_known),
      TEST(test_kinds),
      TEST(test_a_kind_of_the_past),
      TEST(test_lists_of_names),
      TEST(test_requests),
      TEST(test_fields_that_there_are_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// clang-format off
// links: src/daemon/world.c src/wire/utf8.c
// clang-format on
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>

#include "daemon/world.h"

static const struct xpf_field FIELDS[] = {
    {"a", "a", NULL, XPF_FIELD_GAUGE, "", "a", "here"},
    {"b", "b_total", NULL, XPF_FIELD_COUNTER, "seconds", "b", "here"},
};
static const char *const INFO[] = {"name", NULL};
static const struct xpf_kind PROCESS = {.name = "process",
                                        .labels = {"pid", NULL},
                                        .fields = FIELDS,
                                        .fields_count = XPF_ROWS(FIELDS),
                                        .info = INFO,
                                        .stale_after_ms = 3000};
static const struct xpf_kind THREAD = {.name = "thread",
                                       .labels = {"pid", "thread_id", NULL},
                                       .fields = FIELDS,
                                       .fields_count = XPF_ROWS(FIELDS)};

struct told {
  struct xpf_world_listener listener;
  char text[512];
};

static void say(struct told *told, const char *what, const char *key) {
  size_t length = strlen(told->text);
  snprintf(told->text + length, sizeof told->text - length, "%s %s;", what, key);
}
static void came(void *arg, const struct xpf_entity *entity) {
  say(arg, "came", entity->key);
}
static void gone(void *arg, const struct xpf_entity *entity) {
  say(arg, "gone", entity->key);
}
static void event(void *arg, const struct xpf_event *event) {
  say(arg, event->name, event->text);
}
static void frame(void *arg, int64_t now_ms) {
  say(arg, "frame", now_ms == 7 ? "7" : "?");
}

static struct told listen(struct xpf_world *world, struct told *told) {
  memset(told, 0, sizeof *told);
  told->listener = (struct xpf_world_listener){came, gone, event, frame, told, NULL};
  xpf_world_listen(world, &told->listener);
  return *told;
}

static struct xpf_entity *process(struct xpf_world *world, const char *pid) {
  const char *labels[] = {pid};
  return xpf_world_entity(world, &PROCESS, NULL, labels, NULL);
}

static void test_values_begin_absent_and_say_what_they_are(void **state) {
  (void)state;
  struct xpf_world *world = xpf_world_new();
  struct xpf_entity *entity = process(world, "12");
  assert_string_equal(entity->key, "12");
  assert_int_equal(xpf_entity_quality(entity, 0, 1000), XPF_QUALITY_ABSENT);
  assert_true(isnan(entity->values[0]));
  xpf_entity_set(entity, 0, 2.5);
  xpf_entity_mark(entity, 1, xpf_quality_of_error(-EACCES));
  xpf_entity_updated(entity, 1000);
  assert_int_equal(xpf_entity_quality(entity, 0, 4000), XPF_QUALITY_OK);
  assert_int_equal(xpf_entity_quality(entity, 0, 4001), XPF_QUALITY_STALE);
  assert_int_equal(xpf_entity_quality(entity, 1, 4001), XPF_QUALITY_DENIED);
  assert_string_equal(xpf_quality_name(XPF_QUALITY_DENIED), "denied");
  xpf_entity_set(entity, 0, INFINITY);
  assert_int_equal(xpf_entity_quality(entity, 0, 1000), XPF_QUALITY_ABSENT);
  assert_int_equal(xpf_quality_of_error(-ENOENT), XPF_QUALITY_ABSENT);
  xpf_world_free(world);
}

static void test_the_same_key_is_the_same_entity_within_its_kind(void **state) {
  (void)state;
  struct xpf_world *world = xpf_world_new();
  struct xpf_entity *first = process(world, "12");
  assert_ptr_equal(process(world, "12"), first);
  const char *labels[] = {"12", "0"};
  struct xpf_entity *thread = xpf_world_entity(world, &THREAD, "12", labels, first);
  assert_ptr_not_equal(thread, first);
  assert_ptr_equal(xpf_world_find(world, &THREAD, "12"), thread);
  assert_null(xpf_world_find(world, &THREAD, "13"));
  assert_ptr_equal(xpf_world_kind_named(world, "thread"), &THREAD);
  assert_null(xpf_world_kind(world, 2));
  assert_int_equal(xpf_world_count(world), 2);
  xpf_world_free(world);
}

static void test_listeners_hear_children_go_first(void **state) {
  (void)state;
  struct xpf_world *world = xpf_world_new();
  struct told told;
  listen(world, &told);
  struct xpf_entity *parent = process(world, "1");
  for (int i = 0; i < 3; i++) {
    char id[2] = {(char)('0' + i), '\0'};
    const char *labels[] = {"1", id};
    xpf_world_entity(world, &THREAD, NULL, labels, parent);
  }
  process(world, "2");
  xpf_world_frame(world, 7);
  xpf_world_remove(world, parent);
  xpf_world_event(world, "oom_kill", NULL, "one");
  assert_string_equal(told.text, "came 1;came 1/0;came 1/1;came 1/2;came 2;frame 7;"
                                 "gone 1/0;gone 1/1;gone 1/2;gone 1;oom_kill one;");
  assert_int_equal(xpf_world_count(world), 1);
  xpf_world_unlisten(world, &told.listener);
  xpf_world_frame(world, 8);
  assert_null(strstr(told.text, "?"));
  xpf_world_free(world);
}

static void test_texts_are_made_utf8_and_replaced(void **state) {
  (void)state;
  struct xpf_world *world = xpf_world_new();
  struct xpf_entity *entity = process(world, "a\xff\xfe");
  assert_string_equal(entity->labels[0], "a??");
  assert_ptr_equal(xpf_world_find(world, &PROCESS, "a??"), entity);
  assert_null(entity->info[0]);
  assert_int_equal(xpf_entity_set_info(entity, 0, "caf\xc3\xa9"), 0);
  assert_string_equal(entity->info[0], "caf\xc3\xa9");
  assert_int_equal(xpf_entity_set_info(entity, 0, NULL), 0);
  assert_null(entity->info[0]);
  xpf_world_free(world);
}

static void test_the_number_of_entities_is_bounded_and_told_once(void **state) {
  (void)state;
  struct xpf_world *world = xpf_world_new();
  char pid[16];
  for (int i = 0; i < XPF_ENTITIES_MAX; i++) {
    snprintf(pid, sizeof pid, "%d", i);
    assert_non_null(process(world, pid));
  }
  struct told told;
  listen(world, &told);
  assert_null(process(world, "one more"));
  assert_null(process(world, "and another"));
  assert_non_null(process(world, "5"));
  const char *first = strstr(told.text, "too_many_entities");
  assert_non_null(first);
  assert_null(strstr(first + 1, "too_many_entities"));
  xpf_world_free(world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values_begin_absent_and_say_what_they_are),
      cmocka_unit_test(test_the_same_key_is_the_same_entity_within_its_kind),
      cmocka_unit_test(test_listeners_hear_children_go_first),
      cmocka_unit_test(test_texts_are_made_utf8_and_replaced),
      cmocka_unit_test(test_the_number_of_entities_is_bounded_and_told_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

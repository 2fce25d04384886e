// links: src/daemon/plugin_series.c src/daemon/plugin_families.c src/daemon/world.c
// links: src/format/promtext.c src/wire/document.c src/wire/utf8.c -lcjson -lm
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

#include "daemon/plugin_series.h"

static const struct xpf_field OWN_FIELDS[] = {
    {"x", "node_load1", NULL, XPF_FIELD_GAUGE, "", "load", "test"},
};
static const struct xpf_kind OWN = {
    .name = "host_load", .help = "", .fields = OWN_FIELDS, .fields_count = 1};

static struct xpf_world *world;
static struct xpf_plugin_families *families;
static struct xpf_plugin_series *series;

static int set_up(void **state) {
  (void)state;
  world = xpf_world_new();
  assert_true(xpf_world_add_kind(world, &OWN) >= 0);
  assert_int_equal(xpf_plugin_families_new(&families, world), 0);
  series = xpf_plugin_series_new(world, families, "mail", 60000);
  assert_non_null(series);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  xpf_plugin_series_free(series);
  assert_int_equal(xpf_world_count(world), 0);
  xpf_world_free(world);
  xpf_plugin_families_free(families);
  return 0;
}

static int line(const char *text) {
  char *copy = strdup(text);
  int result = xpf_plugin_series_line(series, copy, strlen(copy), 1000);
  free(copy);
  return result;
}

static const struct xpf_entity *find(const char *kind, const char *key) {
  const struct xpf_kind *found = xpf_world_kind_named(world, kind);
  return found ? xpf_world_find(world, found, key) : NULL;
}

static void test_values_become_entities(void **state) {
  (void)state;
  assert_int_equal(line("# HELP depth jobs that wait"), 0);
  assert_int_equal(line("# TYPE depth gauge"), 0);
  assert_int_equal(line("depth{q=\"a/b%\"} 7"), 0);
  const struct xpf_entity *entity = find("plugin_depth", "mail/a%2Fb%25");
  assert_non_null(entity);
  assert_true(entity->values[0] == 7);
  assert_string_equal(entity->labels[0], "mail");
  assert_string_equal(entity->labels[1], "a/b%");
  assert_string_equal(entity->kind->help, "jobs that wait");
  assert_string_equal(entity->kind->fields[0].family, "depth");
  assert_int_equal(entity->kind->fields[0].type, XPF_FIELD_GAUGE);
  assert_int_equal(line("depth{q=\"a/b%\"} NaN"), 0);
  assert_true(isnan(entity->values[0]));
  assert_int_equal(entity->qualities[0], XPF_QUALITY_ABSENT);
  assert_int_equal(xpf_plugin_series_count(series), 1);
}

static void test_json_is_the_same(void **state) {
  (void)state;
  assert_int_equal(
      line("{\"name\":\"jobs_total\",\"type\":\"counter\",\"value\":3,\"labels\":{\"b\":\"2\","
           "\"a\":\"1\",\"plugin\":\"x\"},\"unit\":\"jobs\"}"),
      0);
  const struct xpf_entity *entity = find("plugin_jobs_total", "mail/1/2/x");
  assert_non_null(entity); /* labels in the order of their names, their own `plugin` renamed */
  assert_string_equal(entity->kind->labels[3], "exported_plugin");
  assert_int_equal(entity->kind->fields[0].type, XPF_FIELD_COUNTER);
  assert_string_equal(entity->kind->fields[0].unit, "jobs");
  const char *const bad[] = {"{\"name\":\"x\"}",
                             "{\"value\":1}",
                             "{\"name\":\"5\",\"value\":1}",
                             "{\"name\":\"x\",\"value\":\"1\"}",
                             "{\"name\":\"x\",\"value\":1,\"labels\":[]}",
                             "{\"name\":\"x\",\"value\":1,\"labels\":{\"a\":1}}",
                             "{",
                             "{\"name\":\"x\",\"value\":1,\"labels\":{\"a-b\":\"1\"}}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(line(bad[i]), -1);
  assert_int_equal(xpf_plugin_series_refused(series), sizeof bad / sizeof bad[0]);
  assert_string_not_equal(xpf_plugin_series_wrong(series), "");
}

static void test_parts_of_a_histogram_count(void **state) {
  (void)state;
  line("# TYPE wait_seconds histogram");
  line("wait_seconds_bucket{le=\"+Inf\"} 5");
  line("wait_seconds_sum 2.5");
  assert_int_equal(find("plugin_wait_seconds_bucket", "mail/+Inf")->kind->fields[0].type,
                   XPF_FIELD_COUNTER);
  assert_int_equal(find("plugin_wait_seconds_sum", "mail")->kind->fields[0].type,
                   XPF_FIELD_COUNTER);
}

static void test_a_set_drops_what_it_does_not_have(void **state) {
  (void)state;
  xpf_plugin_series_begin(series);
  line("a 1");
  line("b 1");
  xpf_plugin_series_end(series);
  assert_int_equal(xpf_plugin_series_count(series), 2);
  xpf_plugin_series_begin(series);
  line("b 2");
  assert_int_equal(line("# EOF"), 1);
  xpf_plugin_series_end(series);
  assert_int_equal(xpf_plugin_series_count(series), 1);
  assert_null(find("plugin_a", "mail"));
  xpf_plugin_series_expire(series, 1001);
  assert_int_equal(xpf_plugin_series_count(series), 0);
}

static void test_names_that_are_taken(void **state) {
  (void)state;
  assert_int_equal(line("node_load1 5"), -1);
  assert_int_equal(line("xprofd_x 5"), -1);
  assert_int_equal(line("xprofiler_x 5"), -1);
  assert_int_equal(line("# TYPE own counter"), 0);
  assert_int_equal(line("own 5"), 0);
  struct xpf_plugin_series *other = xpf_plugin_series_new(world, families, "other", 60000);
  char gauge[] = "own 5";
  assert_int_equal(xpf_plugin_series_line(other, gauge, strlen(gauge), 1000), -1);
  assert_non_null(strstr(xpf_plugin_series_wrong(other), "another type"));
  char type[] = "# TYPE own counter", counter[] = "own 6";
  assert_int_equal(xpf_plugin_series_line(other, type, strlen(type), 1000), 0);
  assert_int_equal(xpf_plugin_series_line(other, counter, strlen(counter), 1000), 0);
  assert_non_null(find("plugin_own", "other")); /* one kind for both */
  xpf_plugin_series_free(other);
}

static void test_bounds(void **state) {
  (void)state;
  char text[128];
  for (int i = 0; i < XPF_PLUGIN_SERIES_MAX + 10; i++) {
    snprintf(text, sizeof text, "many{i=\"%d\"} 1", i);
    assert_int_equal(line(text), i < XPF_PLUGIN_SERIES_MAX ? 0 : -1);
  }
  assert_int_equal(xpf_plugin_series_count(series), XPF_PLUGIN_SERIES_MAX);
  assert_int_equal(line("many{i=\"5\"} 2"), 0); /* one that it has */
  xpf_plugin_series_begin(series);
  xpf_plugin_series_end(series);
  for (int i = 0; i < XPF_PLUGIN_FAMILIES_MAX + 10; i++) {
    snprintf(text, sizeof text, "family_%d 1", i);
    assert_int_equal(line(text), i < XPF_PLUGIN_FAMILIES_MAX - 1 ? 0 : -1); /* and `many` */
  }
  assert_int_equal(
      line("family_1{a=\"1\",b=\"2\",c=\"3\",d=\"4\",e=\"5\",f=\"6\",g=\"7\",h=\"8\"} 1"), -1);
  char binary[] = "x\0y 1";
  assert_int_equal(xpf_plugin_series_line(series, binary, sizeof binary - 1, 1000), -1);
  assert_int_equal(line("x{a=\"\xff\"} 1"), -1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_values_become_entities),     TEST(test_json_is_the_same),
      TEST(test_parts_of_a_histogram_count), TEST(test_a_set_drops_what_it_does_not_have),
      TEST(test_names_that_are_taken),       TEST(test_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

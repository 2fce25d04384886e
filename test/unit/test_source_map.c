// links: src/format/source_map.c src/format/source_map_apply.c src/format/json_read.c
// links: src/format/source.c src/format/string_table.c src/format/array.c
// links: src/format/profile.c src/format/id_table.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/source_map.h"

static struct xpf_read_error error;

static struct xpf_source_map *map_of(const char *text) {
  static struct xpf_memory_source memory;
  struct xpf_source_map *map = NULL;
  error = (struct xpf_read_error){0};
  xpf_memory_source_init(&memory, text, strlen(text));
  int rc = xpf_source_map_read(&memory.source, &map, &error);
  assert_int_equal(rc == 0, map != NULL);
  return map;
}

static void check_place(const struct xpf_source_map *map, uint32_t line, uint32_t column,
                        const char *source, uint32_t source_line, uint32_t source_column,
                        const char *name) {
  struct xpf_source_place place;
  assert_true(xpf_source_map_find(map, line, column, &place));
  assert_string_equal(place.source, source);
  assert_string_equal(place.name, name);
  assert_int_equal(place.line, source_line);
  assert_int_equal(place.column, source_column);
}

static void places_are_found(void **state) {
  (void)state;
  struct xpf_source_place place;
  /* line 1: column 1 to a.ts 1:1, column 10 to a.ts 3:3 "foo"; line 3: column 3 to /b.ts 3:2 */
  struct xpf_source_map *map = map_of("{\"version\":3,\"sources\":[\"a.ts\",\"/b.ts\"],\"names\":"
                                      "[\"foo\"],\"mappings\":\"AAAA,SAEEA;;ECAD\",\"sourceRoot\":"
                                      "\"src\"}");
  assert_non_null(map);
  check_place(map, 1, 1, "src/a.ts", 1, 1, "");
  check_place(map, 1, 9, "src/a.ts", 1, 1, "");
  check_place(map, 1, 10, "src/a.ts", 3, 3, "foo");
  check_place(map, 1, 999, "src/a.ts", 3, 3, "foo");
  check_place(map, 3, 3, "/b.ts", 3, 2, "");
  assert_false(xpf_source_map_find(map, 2, 1, &place));
  assert_false(xpf_source_map_find(map, 3, 1, &place));
  assert_false(xpf_source_map_find(map, 0, 1, &place));
  assert_true(xpf_source_map_find_line(map, 3, &place));
  assert_int_equal(place.line, 3);
  assert_false(xpf_source_map_find_line(map, 2, &place));
  xpf_source_map_free(map);
}

static void sections_are_moved(void **state) {
  (void)state;
  struct xpf_source_map *map = map_of(
      "{\"version\":3,\"sections\":[{\"offset\":{\"line\":0,\"column\":5},\"map\":{"
      "\"sources\":[\"a\"],\"names\":[],\"mappings\":\"AAAA\"}},{\"map\":{\"sources\":[\"b\"],"
      "\"mappings\":\"AACA\"},\"offset\":{\"line\":4,\"column\":0}}]}");
  assert_non_null(map);
  check_place(map, 1, 6, "a", 1, 1, "");
  check_place(map, 5, 1, "b", 2, 1, "");
  xpf_source_map_free(map);
}

static void damage_is_refused(void **state) {
  (void)state;
  assert_null(map_of("{}"));
  assert_int_equal(error.reason, XPF_READ_MISSING);
  assert_null(map_of("{\"mappings\":\"AA\",\"sources\":[\"a\"]}")); /* two numbers */
  assert_int_equal(error.reason, XPF_READ_SYNTAX);
  assert_null(map_of("{\"mappings\":\"AAAA\"}")); /* no such source */
  assert_int_equal(error.reason, XPF_READ_SYNTAX);
  assert_null(map_of("{\"mappings\":\"gggggggggA\"}"));               /* no end of a number */
  assert_null(map_of("{\"mappings\":\"DAAA\",\"sources\":[\"a\"]}")); /* column -1 */
  assert_null(map_of("{\"mappings\":\"AAAA"));
  assert_int_equal(error.reason, XPF_READ_TRUNCATED);
}

static const char *with_root(void *arg, const char *source, char *buffer, size_t size) {
  snprintf(buffer, size, "%s/%s", (const char *)arg, source);
  return buffer;
}

static void frames_move_to_their_sources(void **state) {
  (void)state;
  static const struct xpf_profile_frame frames[] = {{"(root)", "", "", 0, 0, 0},
                                                    {"a", "/made.js", "", 1, 1, 10},
                                                    {"b", "/other.js", "", 2, 1, 10}};
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_OTHER);
  for (uint32_t i = 0; i < 3; i++)
    xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : 0, i + 1, &frames[i]);
  struct xpf_source_map *map =
      map_of("{\"sources\":[\"a.ts\"],\"names\":[\"foo\"],\"mappings\":\"AAAA,SAEEA\"}");
  char root[] = "/src";
  assert_int_equal(xpf_source_map_apply(map, p, p->nodes[1].url, with_root, root), 0);
  assert_string_equal(xpf_profile_string(p, p->nodes[1].function_name), "foo");
  assert_string_equal(xpf_profile_string(p, p->nodes[1].url), "/src/a.ts");
  assert_int_equal(p->nodes[1].line, 3);
  assert_int_equal(p->nodes[1].column, 3);
  assert_string_equal(xpf_profile_string(p, p->nodes[2].url), "/other.js");
  assert_string_equal(xpf_profile_string(p, p->nodes[2].function_name), "b");
  xpf_source_map_free(map);
  xpf_profile_free(p);
}

/* var u=e=>e,i=function(n){},f=async t=>t,o={onData:n=>n};function s(t){}
 * A frame stands where its parameters begin, and they have names of their own. */
static void functions_have_no_names_of_parameters(void **state) {
  static const struct {
    const char *made, *name;
    int32_t column;
  } cases[] = {{"u", "alone", 7},
               {"i", "expression", 22},
               {"f", "asyncAlone", 36},
               {"f", "asyncAlone", 30},
               {"o.onData", "o.onData", 51},
               {"s", "plain", 67},
               {"", "", 7}};
  size_t count = sizeof cases / sizeof *cases;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_OTHER);
  struct xpf_source_map *map =
      map_of("{\"sources\":[\"a.ts\"],\"names\":[\"alone\",\"value\",\"expression\",\"first\","
             "\"asyncAlone\",\"plain\"],\"mappings\":\"AAAA,IAAAA,EAAAC,KACAC,EAAA,SAAAC,KACAC,"
             "QAAAH,QACA,OAAAA,MACA,SAAAI,CAAA\"}");
  char root[] = "/src";
  (void)state;
  assert_non_null(map);
  for (size_t i = 0; i < count; i++) {
    struct xpf_profile_frame frame = {cases[i].made, "/made.js", "", 1, 1, cases[i].column};
    assert_true(xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : 0, (uint32_t)i + 1, &frame) >= 0);
  }
  assert_int_equal(xpf_source_map_apply(map, p, p->nodes[0].url, with_root, root), 0);
  for (size_t i = 0; i < count; i++) {
    assert_string_equal(xpf_profile_string(p, p->nodes[i].function_name), cases[i].name);
    assert_string_equal(xpf_profile_string(p, p->nodes[i].url), "/src/a.ts");
  }
  xpf_source_map_free(map);
  xpf_profile_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(places_are_found),
      cmocka_unit_test(sections_are_moved),
      cmocka_unit_test(damage_is_refused),
      cmocka_unit_test(frames_move_to_their_sources),
      cmocka_unit_test(functions_have_no_names_of_parameters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

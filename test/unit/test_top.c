// links: src/format/top.c src/format/frame_class.c
// links: src/format/profile.c src/format/string_table.c
// links: src/format/array.c src/format/id_table.c
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "format/top.h"
#include "profile_spec.h"

/* root
 *   main 1: a 10 (main 2, a 5 (a 3)), b 20
 *   (idle) 100 */
static const struct spec recursive[] = {
    {XPF_NO_PARENT, "(root)", "", 0, 0},
    {0, "main", "/m.js", 1, 1},
    {1, "a", "/m.js", 5, 10},
    {2, "main", "/m.js", 1, 2},
    {2, "a", "/m.js", 5, 5},
    {4, "a", "/m.js", 5, 3},
    {1, "b", "/node_modules/p/b.js", 9, 20},
    {0, "(idle)", "", 0, 100},
};

static void check_row(const struct xpf_top *top, const struct xpf_profile *p, uint32_t index,
                      const char *name, int64_t self, int64_t total, uint32_t nodes) {
  assert_true(index < top->count);
  const struct xpf_top_row *row = &top->rows[index];
  assert_string_equal(xpf_profile_string(p, p->nodes[row->node].function_name), name);
  assert_int_equal(row->self, self);
  assert_int_equal(row->total, total);
  assert_int_equal(row->nodes, nodes);
}

static void recursion_counts_once(void **state) {
  (void)state;
  struct xpf_profile *p = make(recursive, 8);
  struct xpf_top top;
  assert_int_equal(xpf_top_make(&top, p, XPF_CPU_WALL), 0);
  assert_int_equal(top.sum, 141);
  assert_int_equal(top.count, 4);
  xpf_top_sort(&top, p, XPF_TOP_TOTAL);
  check_row(&top, p, 0, "(idle)", 100, 100, 1);
  check_row(&top, p, 1, "main", 3, 41, 2);
  check_row(&top, p, 2, "b", 20, 20, 1);
  check_row(&top, p, 3, "a", 18, 20, 3);
  xpf_top_sort(&top, p, XPF_TOP_SELF);
  check_row(&top, p, 1, "b", 20, 20, 1);
  check_row(&top, p, 2, "a", 18, 20, 3);
  check_row(&top, p, 3, "main", 3, 41, 2);
  int64_t sums[XPF_FRAME_CLASSES_COUNT];
  xpf_top_classes(&top, sums);
  assert_int_equal(sums[XPF_FRAME_IDLE], 100);
  assert_int_equal(sums[XPF_FRAME_PACKAGE], 20);
  assert_int_equal(sums[XPF_FRAME_JS], 21);
  assert_int_equal(sums[XPF_FRAME_GC], 0);
  xpf_top_free(&top);
  xpf_profile_free(p);
}

static void native_code_has_an_origin(void **state) {
  static const struct spec specs[] = {
      {XPF_NO_PARENT, "(root)", "", 0, 0},
      {0, "login", "/app.js", 2, 1},
      {1, "scrypt", "node:internal/crypto/scrypt", 40, 1},
      {2, "run", "", 0, 60},                       /* login's */
      {0, "render", "/app.js", 9, 1},              /* 4 */
      {4, "p", "/node_modules/p/p.js", 1, 1},      /* nearer, but not the application's */
      {5, "run", "", 0, 25},                       /* render's */
      {1, "run", "", 0, 15},                       /* login's again */
      {0, "onread", "node:net", 5, 1},             /* 8 */
      {8, "q", "/node_modules/q/q.js", 1, 1},      /* 9 */
      {9, "end", "node:internal/streams/x", 3, 1}, /* 10 */
      {10, "writev", "", 0, 7},                    /* q's: a package before Node.js */
      {10, "run", "", 0, 0},                       /* nothing of its own */
      {0, "lonely", "", 0, 3},                     /* nobody's */
      {0, "emit", "node:events", 1, 1},            /* 14 */
      {14, "second", "node:net", 1, 1},            /* 15 */
      {15, "close", "", 0, 2},                     /* the nearest of Node.js */
      {0, "(program)", "", 0, 4},
  };
  static const struct {
    const char *name;
    uint32_t origin;
    int64_t self;
  } expected[] = {{"run", 1, 75},   {"writev", 9, 7},    {"lonely", 0, 0},
                  {"close", 15, 2}, {"(program)", 0, 0}, {"scrypt", 0, 0}};
  struct xpf_profile *p = make(specs, sizeof specs / sizeof *specs);
  struct xpf_top top;
  size_t found = 0;
  (void)state;
  assert_int_equal(xpf_top_make(&top, p, XPF_CPU_WALL), 0);
  for (uint32_t i = 0; i < top.count; i++)
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
      const struct xpf_profile_node *node = &p->nodes[top.rows[i].node];
      if (strcmp(xpf_profile_string(p, node->function_name), expected[k].name) != 0)
        continue;
      assert_int_equal(top.rows[i].origin, expected[k].origin);
      assert_int_equal(top.rows[i].origin_self, expected[k].self);
      found++;
    }
  assert_int_equal(found, sizeof expected / sizeof *expected);
  xpf_top_free(&top);
  xpf_profile_free(p);
}

static void same_name_in_other_places_is_another_function(void **state) {
  (void)state;
  static const struct spec specs[] = {
      {XPF_NO_PARENT, "(root)", "", 0, 0},
      {0, "f", "/a.js", 1, 1},
      {0, "f", "/a.js", 2, 2},
      {0, "f", "/b.js", 1, 4},
      {0, "f", "/a.js", 1, 8},
  };
  struct xpf_profile *p = make(specs, 5);
  struct xpf_top top;
  assert_int_equal(xpf_top_make(&top, p, XPF_CPU_WALL), 0);
  xpf_top_sort(&top, p, XPF_TOP_SELF);
  assert_int_equal(top.count, 3);
  check_row(&top, p, 0, "f", 9, 9, 2);
  check_row(&top, p, 1, "f", 4, 4, 1);
  check_row(&top, p, 2, "f", 2, 2, 1);
  xpf_top_free(&top);
  xpf_profile_free(p);
}

static void a_root_of_its_own_stays(void **state) {
  (void)state;
  static const struct spec specs[] = {{XPF_NO_PARENT, "(root)", "", 0, 7}};
  struct xpf_profile *p = make(specs, 1);
  struct xpf_top top;
  assert_int_equal(xpf_top_make(&top, p, XPF_CPU_WALL), 0);
  assert_int_equal(top.count, 1);
  assert_int_equal(top.sum, 7);
  xpf_top_free(&top);
  xpf_profile_free(p);
}

static void nothing_and_wrong(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  struct xpf_top top;
  assert_int_equal(xpf_top_make(&top, p, XPF_CPU_WALL), 0);
  assert_int_equal(top.count, 0);
  xpf_top_sort(&top, p, XPF_TOP_SELF);
  xpf_top_free(&top);
  assert_int_equal(xpf_top_make(&top, p, 2), -EINVAL);
  xpf_profile_free(p);
}

/* Every node a child of the one before, two functions in turn: as deep as a hostile file makes it.
 */
static void deep_trees(void **state) {
  (void)state;
  enum { DEPTH = 300000 };
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  for (uint32_t i = 0; i < DEPTH; i++) {
    struct xpf_profile_frame frame = {i % 2 ? "odd" : "even", "/d.js", "", 1, 1, 1};
    xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : i - 1, i + 1, &frame);
    p->nodes[i].self[XPF_CPU_WALL] = 1;
  }
  struct xpf_top top;
  assert_int_equal(xpf_top_make(&top, p, XPF_CPU_WALL), 0);
  xpf_top_sort(&top, p, XPF_TOP_TOTAL);
  check_row(&top, p, 0, "even", DEPTH / 2, DEPTH, DEPTH / 2);
  check_row(&top, p, 1, "odd", DEPTH / 2, DEPTH - 1, DEPTH / 2);
  xpf_top_free(&top);
  xpf_profile_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(recursion_counts_once),
      cmocka_unit_test(native_code_has_an_origin),
      cmocka_unit_test(same_name_in_other_places_is_another_function),
      cmocka_unit_test(a_root_of_its_own_stays),
      cmocka_unit_test(nothing_and_wrong),
      cmocka_unit_test(deep_trees),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

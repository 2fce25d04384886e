// links: src/format/top_diff.c src/format/top.c src/format/frame_class.c src/format/stack_tree.c
// links: src/format/profile.c src/format/string_table.c src/format/array.c src/format/id_table.c
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "format/top_diff.h"
#include "profile_spec.h"

#define ROWS(specs) (uint32_t)(sizeof(specs) / sizeof(*(specs)))

/* "f 20-50 20-90": name, self and total, before and after. */
static void check_row(const struct xpf_top_diff *diff, const struct xpf_profile *base,
                      const struct xpf_profile *profile, uint32_t index, const char *expected) {
  char text[256];
  assert_true(index < diff->count);
  const struct xpf_top_diff_row *row = &diff->rows[index];
  const struct xpf_profile *named = row->node != XPF_NO_INDEX ? profile : base;
  uint32_t node = row->node != XPF_NO_INDEX ? row->node : row->base_node;
  snprintf(text, sizeof(text), "%s:%d %g-%g %g-%g",
           xpf_profile_string(named, named->nodes[node].function_name), named->nodes[node].line,
           row->base_self, row->self, row->base_total, row->total);
  assert_string_equal(text, expected);
}

static void the_largest_change_first(void **state) {
  (void)state;
  static const struct spec before[] = {
      {XPF_NO_PARENT, "(root)", "", 0, 0}, {0, "main", "/m.js", 1, 1},
      {1, "stays", "/m.js", 10, 50},       {1, "grows", "/m.js", 20, 10},
      {0, "goes", "/old.js", 7, 15},
  };
  static const struct spec after[] = {
      {XPF_NO_PARENT, "(root)", "", 0, 0}, {0, "comes", "/new.js", 9, 20},
      {0, "main", "/m.js", 1, 1},          {2, "grows", "/m.js", 25, 40}, /* moved by 5 lines */
      {2, "stays", "/m.js", 10, 50},
  };
  struct xpf_profile *base = make(before, ROWS(before)), *p = make(after, ROWS(after));
  struct xpf_top_diff diff;
  assert_int_equal(xpf_top_diff_make(&diff, base, XPF_CPU_WALL, 1, p, XPF_CPU_WALL, 1), 0);
  assert_int_equal(diff.count, 5);
  check_row(&diff, base, p, 0, "grows:25 10-40 10-40");
  check_row(&diff, base, p, 1, "comes:9 0-20 0-20");
  check_row(&diff, base, p, 2, "goes:7 15-0 15-0");
  check_row(&diff, base, p, 3, "main:1 1-1 61-91");
  check_row(&diff, base, p, 4, "stays:10 50-50 50-50");
  assert_int_equal(diff.rows[1].base_node, XPF_NO_INDEX);
  assert_int_equal(diff.rows[2].node, XPF_NO_INDEX);
  xpf_top_diff_free(&diff);
  assert_int_equal(diff.count, 0);
  xpf_profile_free(base);
  xpf_profile_free(p);
}

static void scales_make_them_comparable(void **state) {
  (void)state;
  static const struct spec before[] = {{XPF_NO_PARENT, "(root)", "", 0, 0},
                                       {0, "f", "file:///a%20b.js", 1, 10}};
  static const struct spec after[] = {{XPF_NO_PARENT, "(root)", "", 0, 0},
                                      {0, "f", "/a b.js", 1, 100}}; /* the same file */
  struct xpf_profile *base = make(before, 2), *p = make(after, 2);
  struct xpf_top_diff diff;
  assert_int_equal(xpf_top_diff_make(&diff, base, XPF_CPU_WALL, 0.5, p, XPF_CPU_WALL, 0.05), 0);
  assert_int_equal(diff.count, 1);
  check_row(&diff, base, p, 0, "f:1 5-5 5-5");
  xpf_top_diff_free(&diff);
  xpf_profile_free(base);
  xpf_profile_free(p);
}

/* Of two functions with one name in one file the values are one sum; without a name the line tells
 * them apart. */
static void names_and_lines(void **state) {
  (void)state;
  static const struct spec before[] = {
      {XPF_NO_PARENT, "(root)", "", 0, 0},
      {0, "get", "/a.js", 1, 1},
      {0, "get", "/a.js", 50, 2},
      {0, "", "/a.js", 3, 10},
      {0, "", "/a.js", 4, 20},
      {0, "get", "/b.js", 1, 5},
  };
  static const struct spec after[] = {
      {XPF_NO_PARENT, "(root)", "", 0, 0},
      {0, "get", "/a.js", 2, 7},
      {0, "", "/a.js", 4, 20},
  };
  struct xpf_profile *base = make(before, ROWS(before)), *p = make(after, ROWS(after));
  struct xpf_top_diff diff;
  assert_int_equal(xpf_top_diff_make(&diff, base, XPF_CPU_WALL, 1, p, XPF_CPU_WALL, 1), 0);
  assert_int_equal(diff.count, 4);
  check_row(&diff, base, p, 0, ":3 10-0 10-0");
  check_row(&diff, base, p, 1, "get:1 5-0 5-0");
  check_row(&diff, base, p, 2, "get:2 3-7 3-7");
  check_row(&diff, base, p, 3, ":4 20-20 20-20");
  xpf_top_diff_free(&diff);
  xpf_profile_free(base);
  xpf_profile_free(p);
}

static void nothing_and_wrong(void **state) {
  (void)state;
  struct xpf_profile *empty = xpf_profile_new(XPF_PROFILE_CPU);
  struct xpf_top_diff diff;
  assert_int_equal(xpf_top_diff_make(&diff, empty, XPF_CPU_WALL, 1, empty, XPF_CPU_WALL, 1), 0);
  assert_int_equal(diff.count, 0);
  xpf_top_diff_free(&diff);
  assert_int_equal(xpf_top_diff_make(&diff, empty, 2, 1, empty, XPF_CPU_WALL, 1), -EINVAL);
  assert_int_equal(xpf_top_diff_make(&diff, empty, XPF_CPU_WALL, 1, empty, 2, 1), -EINVAL);
  assert_null(diff.rows);
  xpf_profile_free(empty);
}

/* More functions than any table begins with, and values at the border. */
static void many_and_huge(void **state) {
  (void)state;
  enum { COUNT = 5000 };
  struct xpf_profile *base = xpf_profile_new(XPF_PROFILE_CPU);
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  struct xpf_top_diff diff;
  char name[32];
  struct xpf_profile_frame frame = {"(root)", "", "", 0, 0, 0};
  xpf_profile_node_add(base, XPF_NO_PARENT, 0, &frame);
  xpf_profile_node_add(p, XPF_NO_PARENT, 0, &frame);
  for (uint32_t i = 1; i <= COUNT; i++) {
    snprintf(name, sizeof(name), "f%u", (unsigned)i);
    frame.function_name = name;
    xpf_profile_node_add(base, 0, i, &frame);
    base->nodes[i].self[XPF_CPU_WALL] = i;
  }
  frame.function_name = "f1";
  xpf_profile_node_add(p, 0, 1, &frame);
  p->nodes[1].self[XPF_CPU_WALL] = INT64_MAX;
  assert_int_equal(xpf_top_diff_make(&diff, base, XPF_CPU_WALL, 1, p, XPF_CPU_WALL, 1e-18), 0);
  assert_int_equal(diff.count, COUNT);
  check_row(&diff, base, p, 0, "f5000:0 5000-0 5000-0");
  check_row(&diff, base, p, COUNT - 8, "f1:0 1-9.22337 1-9.22337");
  for (uint32_t i = 1; i < diff.count; i++) {
    const struct xpf_top_diff_row *rows = diff.rows;
    double last = rows[i - 1].self - rows[i - 1].base_self, now = rows[i].self - rows[i].base_self;
    assert_true((last < 0 ? -last : last) >= (now < 0 ? -now : now));
  }
  xpf_top_diff_free(&diff);
  xpf_profile_free(base);
  xpf_profile_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_largest_change_first),
      cmocka_unit_test(scales_make_them_comparable),
      cmocka_unit_test(names_and_lines),
      cmocka_unit_test(nothing_and_wrong),
      cmocka_unit_test(many_and_huge),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

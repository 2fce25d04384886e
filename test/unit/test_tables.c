// links: src/format/id_table.c src/format/stack_tree.c src/format/string_table.c src/format/array.c
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/id_table.h"
#include "format/stack_tree.h"
#include "format/string_table.h"

static void ids_are_found(void **state) {
  (void)state;
  struct xpf_id_table table = {0};
  assert_int_equal(xpf_id_table_find(&table, 0), XPF_NO_INDEX);
  for (uint32_t i = 0; i < 10000; i++)
    assert_int_equal(xpf_id_table_add(&table, UINT64_MAX - i * UINT64_C(4294967296), i), 0);
  assert_int_equal(xpf_id_table_add(&table, UINT64_MAX, 77), 1);
  for (uint32_t i = 0; i < 10000; i++)
    assert_int_equal(xpf_id_table_find(&table, UINT64_MAX - i * UINT64_C(4294967296)), i);
  assert_int_equal(xpf_id_table_find(&table, 5), XPF_NO_INDEX);
  xpf_id_table_free(&table);
  xpf_id_table_free(&table);
}

static void equal_stacks_are_one(void **state) {
  (void)state;
  struct xpf_stack_tree tree;
  assert_int_equal(xpf_stack_tree_init(&tree), 0);
  int64_t a = xpf_stack_tree_child(&tree, 0, 7), b = xpf_stack_tree_child(&tree, (uint32_t)a, 7);
  assert_int_equal(a, 1);
  assert_int_equal(b, 2);
  assert_int_equal(xpf_stack_tree_child(&tree, 0, 7), a);
  assert_int_equal(xpf_stack_tree_child(&tree, 0, 8), 3);
  for (uint32_t i = 0; i < 50000; i++)
    assert_int_equal(xpf_stack_tree_child(&tree, 3 + i, 9), 4 + i);
  assert_int_equal(xpf_stack_tree_child(&tree, (uint32_t)a, 7), b);
  assert_int_equal(tree.nodes[b].parent, a);
  assert_int_equal(tree.nodes[b].frame, 7);
  assert_int_equal(tree.count, 50004);
  xpf_stack_tree_free(&tree);
}

static void texts_are_stored_once(void **state) {
  (void)state;
  struct xpf_string_table *table = xpf_string_table_new();
  assert_int_equal(xpf_string_table_add(table, "", 0), 0);
  assert_int_equal(xpf_string_table_add(table, "one", 3), 1);
  assert_int_equal(xpf_string_table_add(table, "one two", 3), 1);
  assert_int_equal(xpf_string_table_add(table, "one\0two", 7), 1);
  const char *one = xpf_string_table_text(table, 1);
  for (int i = 0; i < 20000; i++) {
    char text[16];
    snprintf(text, sizeof(text), "t%d", i);
    assert_int_equal(xpf_string_table_add(table, text, strlen(text)), 2 + i);
  }
  assert_ptr_equal(xpf_string_table_text(table, 1), one);
  assert_string_equal(one, "one");
  assert_string_equal(xpf_string_table_text(table, 20001), "t19999");
  assert_string_equal(xpf_string_table_text(table, 20002), "");
  assert_int_equal(xpf_string_table_count(table), 20002);
  xpf_string_table_free(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ids_are_found),
      cmocka_unit_test(equal_stacks_are_one),
      cmocka_unit_test(texts_are_stored_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

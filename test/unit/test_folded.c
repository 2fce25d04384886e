// links: src/format/folded.c src/format/folded_read.c src/format/frame_class.c src/format/stack.c
// links: src/format/stack_tree.c
// links: src/format/profile.c src/format/profile_time.c src/format/string_table.c
// links: src/format/array.c src/format/id_table.c src/format/source.c src/format/sink.c
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/folded.h"
#include "format/stack.h"
#include "profile_text.h"

static struct xpf_profile *sample(void) {
  static const struct xpf_profile_frame frames[] = {
      {"(root)", "", "", 0, 0, 0},
      {"", "file:///app/my%20dir/a.js", "", 1, 1, 1},
      {"get a;b\nc", "/app/node_modules/@s/p/\xe4\xbd\xa0.js", "", 1, 10, 5},
      {"(idle)", "", "", 0, 0, 0},
      {"f (x)", "", "", 0, 0, 0},
      {"read", "node:fs", "", 1, 7, 0},
  };
  static const uint32_t parents[] = {XPF_NO_PARENT, 0, 1, 0, 2, 2};
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  p->default_value = XPF_CPU_SAMPLES;
  for (uint32_t i = 0; i < 6; i++) {
    xpf_profile_node_add(p, parents[i], i + 1, &frames[i]);
    p->nodes[i].self[XPF_CPU_SAMPLES] = i * 10;
  }
  return p;
}

static const char expected[] =
    "(anonymous) (/app/my dir/a.js:1:1) 10\n"
    "(anonymous) (/app/my dir/a.js:1:1);get a\xcd\xbe"
    "b\xe2\x90\x8a"
    "c "
    "(/app/node_modules/@s/p/\xe4\xbd\xa0.js:10:5) 20\n"
    "(idle) 30\n"
    "(anonymous) (/app/my dir/a.js:1:1);get a\xcd\xbe"
    "b\xe2\x90\x8a"
    "c "
    "(/app/node_modules/@s/p/\xe4\xbd\xa0.js:10:5);f (x) 40\n"
    "(anonymous) (/app/my dir/a.js:1:1);get a\xcd\xbe"
    "b\xe2\x90\x8a"
    "c "
    "(/app/node_modules/@s/p/\xe4\xbd\xa0.js:10:5);read (node:fs:7) 50\n";

static void written(void **state) {
  (void)state;
  struct xpf_profile *p = sample();
  char *text = text_of_profile(xpf_folded_write, p);
  assert_string_equal(text, expected);
  free(text);
  xpf_profile_free(p);
}

static void names_and_places_come_back(void **state) {
  (void)state;
  struct xpf_profile *p = profile_of_text(xpf_folded_read, expected);
  assert_int_equal(p->nodes_count, 6);
  check_node(p, 1, "", "/app/my dir/a.js", 1, 1);
  check_node(p, 2, "get a;b\nc", "/app/node_modules/@s/p/\xe4\xbd\xa0.js", 10, 5);
  check_node(p, 3, "(idle)", "", 0, 0);
  check_node(p, 4, "f (x)", "", 0, 0);
  check_node(p, 5, "read", "node:fs", 7, 0);
  assert_int_equal(p->nodes[2].self[0], 20);
  assert_string_equal(xpf_profile_string(p, p->values[0].type), "samples");
  char *again = text_of_profile(xpf_folded_write, p);
  assert_string_equal(again, expected);
  free(again);
  xpf_profile_free(p);
}

static void stacks_of_others(void **state) {
  (void)state;
  struct xpf_profile *p =
      profile_of_text(xpf_folded_read,
                      "main;std::map<int, (a)>::find;leaf 3\r\n\nmain;leaf 1.9\nmain;leaf 1\nx -4");
  assert_int_equal(p->nodes_count, 6);
  check_node(p, 2, "std::map<int, (a)>::find", "", 0, 0);
  assert_int_equal(p->nodes[4].self[0], 2);
  assert_int_equal(p->nodes[5].self[0], -4);
  xpf_profile_free(p);
}

static void refused(void **state) {
  (void)state;
  check_refused(xpf_folded_read, "", XPF_READ_EMPTY, 0);
  check_refused(xpf_folded_read, "a;b 3\nno number\n", XPF_READ_SYNTAX, 6);
  check_refused(xpf_folded_read, "a 1.2.3\n", XPF_READ_SYNTAX, 0);
  check_refused(xpf_folded_read, "a 99999999999999999999\n", XPF_READ_OUT_OF_RANGE, 0);
  check_refused(xpf_folded_read, "a 9223372036854775807\na 1\n", XPF_READ_OUT_OF_RANGE, 22);
  struct xpf_read_error error;
  assert_null(profile_of(xpf_folded_read, "a\0b 1\n", 6, &error));
  assert_int_equal(error.reason, XPF_READ_SYNTAX);
}

static void detected(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool is_folded;
  } cases[] = {{"a;b 3\n", true}, {"\n\na 1", true},   {"a;b\n", false}, {"{\"a\": 1}", false},
               {"", false},       {"\x01 3\n", false}, {"12\n", false},  {"a 3 \r\n", true}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
    if (xpf_folded_detect((const unsigned char *)cases[i].text, strlen(cases[i].text)) !=
        cases[i].is_folded)
      fail_msg("%s", cases[i].text);
}

static void deep_stacks_are_cut(void **state) {
  (void)state;
  enum { DEPTH = XPF_STACK_MAX + 50 };
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  struct xpf_profile_frame frame = {"f", "", "", 0, 0, 0};
  for (uint32_t i = 0; i < DEPTH; i++)
    xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : i - 1, i + 1, &frame);
  p->nodes[DEPTH - 1].self[XPF_CPU_WALL] = 1;
  char *text = text_of_profile(xpf_folded_write, p);
  assert_int_equal(strncmp(text, "(truncated);f;f;", 16), 0);
  size_t frames = 1;
  for (const char *at = text; *at != '\0'; at++)
    frames += *at == ';';
  assert_int_equal(frames, XPF_STACK_MAX + 1);
  free(text);
  xpf_profile_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(written),          cmocka_unit_test(names_and_places_come_back),
      cmocka_unit_test(stacks_of_others), cmocka_unit_test(refused),
      cmocka_unit_test(detected),         cmocka_unit_test(deep_stacks_are_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: src/format/frame_class.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "format/frame_class.h"

static void classes(void **state) {
  (void)state;
  static const struct {
    const char *name, *url, *word;
  } cases[] = {
      {"(root)", "", "root"},
      {"(program)", "", "program"},
      {"(idle)", "", "idle"},
      {"(garbage collector)", "", "gc"},
      {"Garbage Collection", "", "gc"},
      {"(idle)", "/app/a.js", "js"}, /* a function may be called anything */
      {"processTicksAndRejections", "node:internal/process/task_queues", "node"},
      {"processTimers", "internal/timers.js", "node"},
      {"emit", "events.js", "node"},
      {"f", "/app/lib/a.js", "js"},
      {"f", "file:///app/lib/a.mjs", "js"},
      {"f", "a/events.js", "js"},
      {"f", "webpack:///./src/a.ts", "js"},
      {"f", "C:\\app\\a.js", "js"},
      {"f", "evalmachine.<anonymous>", "js"},
      {"f", "/app/node_modules/lodash/a.js", "package"},
      {"wasm-function[3]", "wasm://wasm/0a1b", "wasm"},
      {"wasm-function[3]", "", "wasm"},
      {"stringify", "", "native"},
      {"uv__io_poll", "", "native"},
      {"", "", "native"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
    const char *word = xpf_frame_class_word(xpf_frame_class_of(cases[i].name, cases[i].url));
    if (strcmp(word, cases[i].word) != 0)
      fail_msg("%s at %s: %s", cases[i].name, cases[i].url, word);
  }
  assert_string_equal(xpf_frame_class_title(XPF_FRAME_GC), "garbage collector");
  assert_string_equal(xpf_frame_class_word(XPF_FRAME_CLASSES_COUNT), "");
}

static void packages(void **state) {
  (void)state;
  static const struct {
    const char *url, *package;
  } cases[] = {
      {"/app/node_modules/lodash/lodash.js", "lodash"},
      {"file:///app/node_modules/@scope/name/lib/a.mjs", "@scope/name"},
      {"/app/node_modules/a/node_modules/b/index.js", "b"},
      {"/app/node_modules/.pnpm/koa@2.1.0/node_modules/koa/lib/x.js", "koa"},
      {"/app/node_modules/.pnpm/x.js", ""},
      {"C:\\app\\node_modules\\@a\\b\\c.js", "@a\\b"},
      {"node_modules/x/y.js", "x"},
      {"/app/my_node_modules/x/y.js", ""},
      {"/app/node_modules_old/x/y.js", ""},
      {"/app/node_modules/", ""},
      {"/app/node_modules", ""},
      {"/app/node_modules/x", "x"},
      {"/app/node_modules/@a", "@a"},
      {"/app/a.js", ""},
      {"", ""},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
    size_t size = 99;
    const char *package = xpf_frame_package(cases[i].url, &size);
    assert_int_equal(package == NULL, *cases[i].package == '\0');
    if (size != strlen(cases[i].package) ||
        (size > 0 && memcmp(package, cases[i].package, size) != 0))
      fail_msg("%s: %.*s", cases[i].url, (int)size, package);
  }
}

static void paths(void **state) {
  (void)state;
  char buffer[64], small[8];
  assert_string_equal(xpf_frame_path("file:///app/a%20b/%E4%BD%A0.js", buffer, sizeof(buffer)),
                      "/app/a b/\xe4\xbd\xa0.js");
  assert_string_equal(xpf_frame_path("/app/100%20.js", buffer, sizeof(buffer)), "/app/100%20.js");
  assert_string_equal(xpf_frame_path("file:///a%zz%4", buffer, sizeof(buffer)), "/a%zz%4");
  assert_string_equal(xpf_frame_path("file:///a%00b", buffer, sizeof(buffer)), "/a%00b");
  assert_string_equal(xpf_frame_path("node:fs", buffer, sizeof(buffer)), "node:fs");
  assert_string_equal(xpf_frame_path("file:///a/long/path.js", small, sizeof(small)), "/a/long");
  assert_string_equal(xpf_frame_name(""), "(anonymous)");
  assert_string_equal(xpf_frame_name("f"), "f");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(classes),
      cmocka_unit_test(packages),
      cmocka_unit_test(paths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

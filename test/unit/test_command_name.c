// links: src/target/command_name.c src/host/printable.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "target/command_name.h"

/* words: with '|' where the kernel has a NUL. */
static void assert_name(const char *words, const char *wanted) {
  char name[64];
  size_t size = strlen(words);
  char *arguments = malloc(size + 1);
  assert_non_null(arguments);
  for (size_t i = 0; i < size; i++)
    arguments[i] = words[i] == '|' ? '\0' : words[i];
  assert_string_equal(xpf_command_name(name, sizeof name, arguments, size), wanted);
  free(arguments);
}

static void scripts(void **state) {
  (void)state;
  assert_name("node|/srv/shop/bin/worker.js|", "worker.js");
  assert_name("/usr/bin/node|/srv/shop/server.js|--port|80|", "shop/server.js");
  assert_name("node|server.js|", "server.js");
  assert_name("node|./index.mjs|", "index.mjs");
  assert_name("/opt/node-v20/bin/node|/srv/wt/node_modules/.bin/next|start|", "next");
  assert_name("nodejs|lib|", "lib");
}

static void options_before_the_script(void **state) {
  (void)state;
  assert_name("node|--max-old-space-size=4096|--inspect|app/worker.js|-x|", "worker.js");
  assert_name("node|-r|dotenv/config|--import|./register.mjs|main.ts|", "main.ts");
  assert_name("node|--|-odd.js|", "-odd.js");
  assert_name("node|--enable-source-maps|", "node");
}

static void no_script(void **state) {
  (void)state;
  assert_name("node|", "node");
  assert_name("/usr/bin/node|", "node");
  assert_name("node|-e|setInterval(() => {}, 1)|", "node -e");
  assert_name("node|--require|x|-p|1|", "node -e");
  assert_name("", "");
  assert_name("|||", "");
}

static void titles(void **state) {
  (void)state;
  assert_name("shop: master||||||", "shop: master");
  assert_name("PM2 v5.3.0: God Daemon (/root/.pm2)||||", "PM2 v5.3.0: God Daemon (/root/.pm2)");
  assert_name("evil\x1b[2Jname", "evil?[2Jname");
}

static void other_programs(void **state) {
  (void)state;
  assert_name("/opt/app/electron|--type=renderer|", "electron");
}

static void names_that_do_not_fit(void **state) {
  char name[8];
  (void)state;
  assert_string_equal(xpf_command_name(name, sizeof name, "node\0a/very_long.js", 19), "very_lo");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scripts),        cmocka_unit_test(options_before_the_script),
      cmocka_unit_test(no_script),      cmocka_unit_test(titles),
      cmocka_unit_test(other_programs), cmocka_unit_test(names_that_do_not_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

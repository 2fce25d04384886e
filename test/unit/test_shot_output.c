// links: ctl/shot_output.c ctl/file_out.c ctl/verdict.c ctl/print.c ctl/text.c ctl/options.c
// links: ctl/config_option.c ctl/duration.c ctl/suggest.c ctl/shot_kind.c ctl/summary_cpu.c
// links: ctl/summary_gc.c ctl/summary_heap.c ctl/summary_report.c ctl/summary_row.c
// links: ctl/summary_snapshot.c src/target/reply_field.c ctl/style.c src/format/
// links: src/format/pprof.proto generated/flamegraph_page.c -lcjson -lprotobuf-c -lz -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "../../ctl/shot_output.h"

static struct xpf_invocation invocation;
static struct xpf_shot_output output;
static struct xpf_verdict verdict;
static char home[64];

/* The plan of `-o path --format format` (NULL: not given) for so many targets. */
static int plan(const struct xpf_shot_kind *kind, const char *path, const char *format,
                size_t targets) {
  static struct xpf_ctl_command command;
  command.argument = kind;
  invocation = (struct xpf_invocation){.command = &command};
  invocation.options.values[XPF_OPTION_OUTPUT].text = path;
  invocation.options.values[XPF_OPTION_FORMAT].text = format;
  if (path != NULL)
    invocation.options.given |= XPF_OPTION_BIT(OUTPUT);
  if (format != NULL)
    invocation.options.given |= XPF_OPTION_BIT(FORMAT);
  return xpf_shot_output_plan(&output, &invocation, targets, &verdict);
}

static void expect_format(const char *name) {
  if (name == NULL)
    assert_null(output.format);
  else
    assert_string_equal(output.format->name, name);
}

static void expect_path(unsigned thread_id, const char *original, const char *expected) {
  struct xpf_shot_target target = {.pid = 12, .thread_id = thread_id};
  char path[256];
  assert_string_equal(xpf_shot_output_path(&output, &target, original, path, sizeof path),
                      expected);
}

static const char *in_home(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", home, name);
  return path;
}

static void test_nothing_asked(void **state) {
  (void)state;
  assert_int_equal(plan(&xpf_shot_kind_cpu, NULL, NULL, 1), 0);
  assert_true(xpf_shot_output_is_original(&output));
}

static void test_the_extension_decides(void **state) {
  static const struct {
    const char *name, *format;
  } cases[] = {{"a.cpuprofile", NULL},
               {"a.pb.gz", "pprof"},
               {"a.html", "flamegraph"},
               {"a.FOLDED", "folded"},
               {"a.speedscope.json", "speedscope"},
               {"a", NULL},
               {".cpu", NULL},
               {"cpu.2026-11-25", NULL}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(plan(&xpf_shot_kind_cpu, in_home(cases[i].name), NULL, 1), 0);
    expect_format(cases[i].format);
    assert_false(xpf_shot_output_is_original(&output));
  }
}

/* They are never converted: a name that says otherwise is refused, any other is only a name. */
static void test_what_is_no_profile(void **state) {
  static const struct {
    const struct xpf_shot_kind *kind;
    const char *name;
    int status;
  } cases[] = {{&xpf_shot_kind_report, "a.json", 0},
               {&xpf_shot_kind_report, "a.txt", 0},
               {&xpf_shot_kind_report, "a.diag", 0},
               {&xpf_shot_kind_snapshot, "a.heapsnapshot", 0},
               {&xpf_shot_kind_snapshot, "a.JSON", 0},
               {&xpf_shot_kind_snapshot, "a.2026-11-25", 0},
               {&xpf_shot_kind_trace, "a.trace.json", 0},
               {&xpf_shot_kind_trace, "a.json", 0},
               {&xpf_shot_kind_trace, "a.pb.gz", XPF_EXIT_USAGE},
               {&xpf_shot_kind_trace, "a.html", XPF_EXIT_USAGE},
               {&xpf_shot_kind_snapshot, "a.html", XPF_EXIT_USAGE},
               {&xpf_shot_kind_snapshot, "a.heapprofile", XPF_EXIT_USAGE},
               {&xpf_shot_kind_snapshot, "a.trace.json", XPF_EXIT_USAGE},
               {&xpf_shot_kind_report, "a.speedscope.json", XPF_EXIT_USAGE}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(plan(cases[i].kind, in_home(cases[i].name), NULL, 1), cases[i].status);
    expect_format(NULL);
    if (cases[i].status != 0)
      assert_non_null(strstr(verdict.message, "possible are: "));
  }
}

static void test_the_option_decides_before_the_extension(void **state) {
  (void)state;
  assert_int_equal(plan(&xpf_shot_kind_cpu, in_home("a.txt"), "pprof", 1), 0);
  expect_format("pprof");
  assert_int_equal(plan(&xpf_shot_kind_gc, "-", "gcprofile", 1), 0);
  expect_format(NULL);
  assert_int_equal(plan(&xpf_shot_kind_snapshot, NULL, "heapsnapshot", 1), 0);
  expect_format(NULL);
}

static void test_what_does_not_fit(void **state) {
  (void)state;
  assert_int_equal(plan(&xpf_shot_kind_cpu, NULL, "gif", 1), XPF_EXIT_USAGE);
  assert_non_null(strstr(verdict.message, "cpuprofile, pprof, folded"));
  assert_int_equal(plan(&xpf_shot_kind_snapshot, NULL, "pprof", 1), XPF_EXIT_USAGE);
  assert_non_null(strstr(verdict.message, "possible are: heapsnapshot"));
  assert_int_equal(plan(&xpf_shot_kind_heap, in_home("a.cpuprofile"), NULL, 1), XPF_EXIT_USAGE);
  assert_int_equal(plan(&xpf_shot_kind_cpu, in_home("a.svg"), NULL, 1), XPF_EXIT_USAGE);
  assert_non_null(strstr(verdict.message, "a.svg"));
  assert_int_equal(plan(&xpf_shot_kind_cpu, "-", NULL, 2), XPF_EXIT_USAGE);
  assert_int_equal(plan(&xpf_shot_kind_cpu, in_home("none/a"), NULL, 1), XPF_EXIT_FAILED);
}

static void test_paths(void **state) {
  const char *original = "/logs/x-cpuprofile-12-20260101-0.cpuprofile";
  char expected[160];
  (void)state;
  plan(&xpf_shot_kind_cpu, NULL, "pprof", 1);
  expect_path(0, original, "x-cpuprofile-12-20260101-0.pb.gz");
  plan(&xpf_shot_kind_cpu, "a.html", NULL, 1);
  expect_path(3, original, "a.html");
  plan(&xpf_shot_kind_cpu, "dir.d/a.pb.gz", "pprof", 2);
  output.path = "dir.d/a.pb.gz";
  expect_path(0, original, "dir.d/a-12.pb.gz");
  expect_path(3, original, "dir.d/a-12-w3.pb.gz");
  plan(&xpf_shot_kind_cpu, home, NULL, 2);
  snprintf(expected, sizeof expected, "%s/x-cpuprofile-12-20260101-0.cpuprofile", home);
  expect_path(0, original, expected);
}

/* A hostile target would have us write .bashrc. */
static void test_names_of_a_hostile_target(void **state) {
  static const char *const names[] = {"/logs/.bashrc",  "/logs/x-/../..",          "",
                                      "/logs/Makefile", "/logs/x-a\nb.cpuprofile", "/"};
  (void)state;
  plan(&xpf_shot_kind_cpu, NULL, "pprof", 1);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    expect_path(7, names[i], "x-12-7.pb.gz");
}

static int make_home(void **state) {
  (void)state;
  strcpy(home, "/tmp/xpf-plan-XXXXXX");
  return mkdtemp(home) == NULL;
}

static int remove_home(void **state) {
  (void)state;
  return rmdir(home);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_nothing_asked),
      TEST(test_the_extension_decides),
      TEST(test_what_is_no_profile),
      TEST(test_the_option_decides_before_the_extension),
      TEST(test_what_does_not_fit),
      TEST(test_paths),
      TEST(test_names_of_a_hostile_target),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: ctl/summary_cpu.c ctl/summary_gc.c ctl/summary_heap.c ctl/summary_report.c
// links: ctl/summary_row.c ctl/summary_snapshot.c ctl/print.c src/target/reply_field.c ctl/style.c
// links: ctl/text.c src/format/array.c src/format/frame_class.c src/format/id_table.c
// links: src/format/json_read.c src/format/profile.c src/format/profile_time.c src/format/sink.c
// links: src/format/source.c src/format/string_table.c src/format/top.c -lcjson -lm
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <limits.h>

#include "../../ctl/summary.h"
#include "../../ctl/summary_row.h"
#include "../../ctl/text.h"
#include "format/source.h"

static uint32_t add(struct xpf_profile *profile, uint32_t parent, uint32_t id, const char *name,
                    const char *url, int32_t line) {
  struct xpf_profile_frame frame = {
      .function_name = name, .url = url, .bailout_reason = "", .line = line};
  int64_t index = xpf_profile_node_add(profile, parent, id, &frame);
  assert_true(index >= 0);
  return (uint32_t)index;
}

typedef void (*printer)(FILE *out, const cJSON *summary, unsigned columns);

/* The printed text; the caller frees it. Deletes the summary. */
static char *print(printer fn, cJSON *summary, unsigned columns) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  assert_non_null(summary);
  fn(out, summary, columns);
  fclose(out);
  cJSON_Delete(summary);
  return text;
}

static void expect_text(printer fn, cJSON *summary, const char *expected) {
  char *text = print(fn, summary, UINT_MAX);
  assert_string_equal(text, expected);
  free(text);
}

/* 100 ms: half idle, 30 in hot (below main), 10 in main itself, 10 of collections. */
static struct xpf_profile *make_cpu(void) {
  static const struct {
    uint32_t id;
    int64_t at_us;
  } samples[] = {{2, 0}, {4, 50000}, {3, 80000}, {5, 90000}};
  struct xpf_profile *profile = xpf_profile_new(XPF_PROFILE_CPU);
  assert_non_null(profile);
  profile->end_us = 100000;
  add(profile, XPF_NO_PARENT, 1, "(root)", "", 0);
  add(profile, 0, 2, "(idle)", "", 0);
  add(profile, 0, 3, "main", "file:///srv/shop/app.js", 3);
  add(profile, 2, 4, "hot", "/srv/shop/node_modules/@a/b/hot.js", 7);
  add(profile, 0, 5, "(garbage collector)", "", 0);
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(xpf_profile_sample_add(profile, samples[i].id, samples[i].at_us, 0), 0);
  assert_int_equal(xpf_profile_sort(profile), 0);
  xpf_profile_wall_fill(profile);
  return profile;
}

static void test_cpu(void **state) {
  struct xpf_profile *profile = make_cpu();
  (void)state;
  cJSON *summary = xpf_summary_cpu(profile);
  char *json = cJSON_PrintUnformatted(summary);
  assert_string_equal(
      json,
      "{\"total_ms\":100,\"busy_ms\":50,\"classes_ms\":{\"idle\":50,\"gc\":10,\"js\":10,"
      "\"package\":30},\"by_self\":[{\"function\":\"hot\",\"file\":\"/srv/shop/node_modules/@a/b/"
      "hot.js\",\"line\":7,\"column\":0,\"class\":\"package\",\"package\":\"@a/b\",\"self_ms\":30,"
      "\"total_ms\":30},{\"function\":\"main\",\"file\":\"/srv/shop/"
      "app.js\",\"line\":3,\"column\":0,"
      "\"class\":\"js\",\"self_ms\":10,\"total_ms\":40}],\"by_total\":[{\"function\":\"main\","
      "\"file\":"
      "\"/srv/shop/"
      "app.js\",\"line\":3,\"column\":0,\"class\":\"js\",\"self_ms\":10,\"total_ms\":40},"
      "{\"function\":\"hot\",\"file\":\"/srv/shop/node_modules/@a/b/"
      "hot.js\",\"line\":7,\"column\":0,"
      "\"class\":\"package\",\"package\":\"@a/b\",\"self_ms\":30,\"total_ms\":30}]}");
  free(json);
  expect_text(xpf_summary_cpu_print, summary,
              "\n  Where the time of the thread went (100.0 ms)\n"
              "   50.0 %  ########           50.0 ms  idle\n"
              "   30.0 %  #####              30.0 ms  packages (node_modules)\n"
              "   10.0 %  ##                 10.0 ms  garbage collector\n"
              "   10.0 %  ##                 10.0 ms  application\n"
              "\n  Functions by self time (of 50.0 ms not idle; second: with what they call)\n"
              "   60.0 %  ################   30.0 ms   30.0 ms  hot                     "
              "/srv/shop/node_modules/@a/b/hot.js:7\n"
              "   20.0 %  #####              10.0 ms   40.0 ms  main                    "
              "/srv/shop/app.js:3\n"
              "\n  Functions by total time (of 50.0 ms not idle; second: without what they call)\n"
              "   80.0 %  ################   40.0 ms   10.0 ms  main                    "
              "/srv/shop/app.js:3\n"
              "   60.0 %  ############       30.0 ms   30.0 ms  hot                     "
              "/srv/shop/node_modules/@a/b/hot.js:7\n");
  xpf_profile_free(profile);
}

/* 100 ms of native code, 80 of it from login; where the line is narrow first its place goes. */
static void test_native_code(void **state) {
  struct xpf_profile *profile = xpf_profile_new(XPF_PROFILE_CPU);
  (void)state;
  profile->end_us = 100000;
  add(profile, XPF_NO_PARENT, 1, "(root)", "", 0);
  add(profile, add(profile, 0, 2, "login", "/srv/shop/user.js", 2), 3, "run", "", 0);
  add(profile, add(profile, 0, 4, "", "/srv/shop/user.js", 9), 5, "run", "", 0);
  assert_int_equal(xpf_profile_sample_add(profile, 3, 0, 0), 0);
  assert_int_equal(xpf_profile_sample_add(profile, 5, 80000, 0), 0);
  assert_int_equal(xpf_profile_sort(profile), 0);
  xpf_profile_wall_fill(profile);
  cJSON *summary = xpf_summary_cpu(profile);
  char *json = cJSON_PrintUnformatted(summary);
  assert_non_null(strstr(json, "{\"function\":\"run\",\"class\":\"native\",\"origin\":{"
                               "\"function\":\"login\",\"file\":\"/srv/shop/user.js\",\"line\":2,"
                               "\"column\":0,\"class\":\"js\",\"share\":0.8},\"self_ms\":100,"));
  free(json);
  char *text = print(xpf_summary_cpu_print, summary, UINT_MAX);
  assert_non_null(strstr(text, "run                     80 % from login /srv/shop/user.js:2\n"));
  free(text);
  for (unsigned columns = 60; columns < 140; columns++) {
    text = print(xpf_summary_cpu_print, xpf_summary_cpu(profile), columns);
    const char *row = strstr(text, "100.0 ms  run");
    assert_non_null(row);
    assert_int_equal(strstr(row, "80 % from login") != NULL, columns >= 80);
    for (const char *line = strstr(text, "100.0 %"); line != NULL;
         line = strstr(line + 1, "100.0 %"))
      assert_true(strcspn(line, "\n") <= columns);
    free(text);
  }
  xpf_profile_free(profile);
}

static void test_narrow_terminals(void **state) {
  struct xpf_profile *profile = make_cpu();
  (void)state;
  for (unsigned columns = 60; columns < 140; columns++) {
    char *text = print(xpf_summary_cpu_print, xpf_summary_cpu(profile), columns);
    const char *row = strstr(text, "hot  ");
    if (columns >= 90) {
      assert_non_null(row);
      assert_non_null(strstr(row, "hot.js:7\n"));
    }
    for (const char *line = strstr(text, " 60.0 %"); line != NULL;
         line = strstr(line + 1, " 60.0 %"))
      assert_true(strcspn(line, "\n") <= columns);
    free(text);
  }
  xpf_profile_free(profile);
}

static void test_an_empty_profile(void **state) {
  struct xpf_profile *profile = xpf_profile_new(XPF_PROFILE_CPU);
  (void)state;
  add(profile, XPF_NO_PARENT, 1, "(root)", "", 0);
  expect_text(xpf_summary_cpu_print, xpf_summary_cpu(profile), "");
  xpf_profile_free(profile);
  profile = xpf_profile_new(XPF_PROFILE_HEAP);
  add(profile, XPF_NO_PARENT, 1, "(root)", "", 0);
  char *text = print(xpf_summary_heap_print, xpf_summary_heap(profile), 80);
  assert_null(strstr(text, "nan"));
  free(text);
  xpf_profile_free(profile);
}

static void test_heap(void **state) {
  struct xpf_profile *profile = xpf_profile_new(XPF_PROFILE_HEAP);
  (void)state;
  add(profile, XPF_NO_PARENT, 1, "(root)", "", 0);
  uint32_t a = add(profile, 0, 2, "keep", "/a.js", 1), b = add(profile, a, 3, "", "/a.js", 9);
  uint32_t again = add(profile, b, 4, "keep", "/a.js", 1);
  profile->nodes[a].self[XPF_HEAP_SPACE] = 1024;
  profile->nodes[a].self[XPF_HEAP_OBJECTS] = 2;
  profile->nodes[b].self[XPF_HEAP_SPACE] = 2048;
  profile->nodes[b].self[XPF_HEAP_OBJECTS] = 1;
  profile->nodes[again].self[XPF_HEAP_SPACE] = 5120;
  profile->nodes[again].self[XPF_HEAP_OBJECTS] = 4;
  expect_text(
      xpf_summary_heap_print, xpf_summary_heap(profile),
      "\n  Biggest allocators (of 8.0 KiB in 7 objects, estimated from samples; second: objects)\n"
      "   75.0 %  ################   6.0 KiB         6  keep                    /a.js:1\n"
      "   25.0 %  #####              2.0 KiB         1  (anonymous)             /a.js:9\n");
  xpf_profile_free(profile);
}

static void test_gc(void **state) {
  struct xpf_profile *profile = xpf_profile_new(XPF_PROFILE_GC);
  (void)state;
  profile->start_us = 1000000;
  profile->end_us = 3000000;
  add(profile, XPF_NO_PARENT, 1, "(root)", "", 0);
  add(profile, 0, 2, "(gc scavenge)", "", 0);
  add(profile, 0, 3, "(gc marksweep)", "", 0);
  for (uint64_t i = 0; i < 7; i++)
    assert_int_equal(
        xpf_profile_sample_add(profile, 2, 1000000 + (int64_t)i * 100000, (i + 1) * 1000000), 0);
  assert_int_equal(xpf_profile_sample_add(profile, 3, 2500000, 72000000), 0);
  cJSON *summary = xpf_summary_gc(profile);
  assert_true(cJSON_GetObjectItem(summary, "share_percent")->valuedouble == 5);
  expect_text(
      xpf_summary_gc_print, summary,
      "\n  8 collections took 100.0 ms: 5.0 % of 2.00 s\n"
      "   72.0 %  ############       72.0 ms       1 x  marksweep               longest 72.0 ms\n"
      "   28.0 %  ####               28.0 ms       7 x  scavenge                longest 7.0 ms\n"
      "\n  Longest\n"
      "     72.0 ms  at 1.5 s  marksweep\n"
      "      7.0 ms  at 0.6 s  scavenge\n"
      "      6.0 ms  at 0.5 s  scavenge\n"
      "      5.0 ms  at 0.4 s  scavenge\n"
      "      4.0 ms  at 0.3 s  scavenge\n");
  xpf_profile_free(profile);
}

static cJSON *of_text(cJSON *(*make)(struct xpf_source *source), const char *text) {
  struct xpf_memory_source *memory = malloc(sizeof *memory);
  assert_non_null(memory);
  xpf_memory_source_init(memory, text, strlen(text));
  cJSON *summary = make(&memory->source);
  free(memory);
  return summary;
}

#define META                                                                                       \
  "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\"],"             \
  "\"node_types\":[[\"hidden\",\"object\",\"closure\",\"string\"],\"string\",\"number\"]},"        \
  "\"node_count\":5}"

static void test_snapshot(void **state) {
  (void)state;
  expect_text(xpf_summary_snapshot_print,
              of_text(xpf_summary_snapshot,
                      META ",\"nodes\":[1,1,1,100,1,1,2,100,2,0,3,40,3,2,4,10,3,0,5,6],"
                           "\"edges\":[1,2,[3]],\"strings\":[\"f\",\"Cart\",\"long text\"]}"),
              "\n  Constructors by own size (256 B in 5 objects; second: objects)\n"
              "   78.1 %  ################     200 B         2  Cart\n"
              "   15.6 %  ###                   40 B         1  Function\n"
              "    6.2 %  #                     16 B         2  (string)\n");
}

static void test_snapshots_that_are_none(void **state) {
  static const char *const texts[] = {"",
                                      "{",
                                      "[]",
                                      "{}",
                                      "{\"nodes\":[1,2,3]}",
                                      META "}",
                                      META ",\"nodes\":[1,\"x\"],\"strings\":[]}",
                                      META ",\"nodes\":[1,1,1,1],\"strings\":[\"a\"",
                                      "{\"snapshot\":{\"meta\":{\"node_fields\":7}}}"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_null(of_text(xpf_summary_snapshot, texts[i]));
  /* Wild numbers do no harm. */
  cJSON *summary =
      of_text(xpf_summary_snapshot,
              META ",\"nodes\":[-5,-9223372036854775807,1,1e300,99,99,1,-1],\"strings\":[]}");
  assert_non_null(summary);
  cJSON_Delete(summary);
}

static void test_report(void **state) {
  (void)state;
  expect_text(
      xpf_summary_report_print,
      of_text(
          xpf_summary_report,
          "{\"vmState\":\"JS\",\"loopBlockedMs\":61000,\"jsStacks\":[{\"functionName\":\"spin\","
          "\"scriptName\":\"/a.js\",\"lineNumber\":3},{\"functionName\":\"anonymous\"}],"
          "\"heapStatistics\":{\"heapTotalUsed\":1048576,\"heapLimit\":2097152,\"external\":0},"
          "\"libuvHandles\":[{\"type\":\"tcp\",\"isActive\":1},{\"type\":\"tcp\",\"isActive\":1},"
          "{\"type\":\"timer\",\"isActive\":0},{\"type\":\"async\",\"isActive\":1}],"
          "\"process\":{\"rss\":4194304,\"threads\":11,\"openFds\":20,\"fdLimit\":1024}}"),
      "\n  In short\n"
      "  heap 1.0 MiB used, limit 2.0 MiB, external 0 B\n"
      "  process: RSS 4.0 MiB, 11 threads, 20 of 1024 file descriptors\n"
      "  active handles: 2 tcp, 1 async\n"
      "\n  Stack (state of V8: JS)\n"
      "  The event loop has not turned for 61.0 s.\n"
      "  spin  /a.js:3\n"
      "  anonymous  \n");
}

static void test_reports_that_are_none(void **state) {
  (void)state;
  assert_null(of_text(xpf_summary_report, ""));
  assert_null(of_text(xpf_summary_report, "{\"vmState\":"));
  free(print(xpf_summary_report_print, of_text(xpf_summary_report, "{}"), 80));
  free(print(xpf_summary_report_print,
             of_text(xpf_summary_report, "{\"jsStacks\":3,\"libuvHandles\":[1]}"), 80));
}

static int plain(void **state) {
  (void)state;
  xpf_text_set_chinese(false);
  return setenv("LC_ALL", "C", 1);
}

#define TEST(name) cmocka_unit_test_setup(name, plain)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_cpu),
      TEST(test_native_code),
      TEST(test_narrow_terminals),
      TEST(test_an_empty_profile),
      TEST(test_heap),
      TEST(test_gc),
      TEST(test_snapshot),
      TEST(test_snapshots_that_are_none),
      TEST(test_report),
      TEST(test_reports_that_are_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

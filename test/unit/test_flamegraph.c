// links: src/format/flamegraph.c src/format/flame_tree.c generated/flamegraph_page.c -lcjson
// links: src/format/profile.c src/format/profile_time.c src/format/frame_class.c
// links: src/format/array.c src/format/id_table.c src/format/string_table.c
// links: src/format/json.c src/format/sink.c -Wl,--wrap=malloc -Wl,--wrap=realloc
// links: src/format/gzip.c src/format/source.c -lz
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <cjson/cJSON.h>
#include <cmocka.h>

#include "format/flamegraph.h"
#include "format/flamegraph_page.h"
#include "format/gzip.h"

static volatile long fail_at; /* the allocation with this number fails; 0: none */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
  return fail_at > 0 && --fail_at == 0 ? NULL : __real_malloc(size);
}
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size) {
  return fail_at > 0 && --fail_at == 0 ? NULL : __real_realloc(old, size);
}

static const struct xpf_profile_frame ROOT = {.function_name = "(root)", .url = ""};

static uint32_t add(struct xpf_profile *p, uint32_t parent, const char *name, const char *url,
                    int32_t line, int64_t samples) {
  struct xpf_profile_frame frame = {
      .function_name = name, .url = url, .line = line, .column = line > 0 ? 3 : 0};
  int64_t index = xpf_profile_node_add(p, parent, p->nodes_count + 1, &frame);
  assert_true(index >= 0);
  p->nodes[index].self[XPF_CPU_SAMPLES] = samples;
  p->nodes[index].self[XPF_CPU_WALL] = samples * 1000000;
  return (uint32_t)index;
}

static struct xpf_profile *new_profile(void) {
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  assert_non_null(p);
  assert_int_equal(xpf_profile_node_add(p, XPF_NO_PARENT, 1, &ROOT), 0);
  return p;
}

static struct xpf_profile *small_profile(void) {
  struct xpf_profile *p = new_profile();
  uint32_t main = add(p, 0, "main", "file:///app/main.js", 10, 1);
  add(p, main, "parse", "file:///app/node_modules/@a/b/index.js", 5, 7);
  add(p, 0, "(idle)", "", 0, 90);
  p->start_us = 1000;
  p->end_us = 99000;
  for (uint32_t i = 0; i < 4; i++)
    assert_int_equal(xpf_profile_sample_add(p, i < 2 ? 3 : i, 2000 + i * 1000, 0), 0);
  return p;
}

static char *written(const struct xpf_profile *base, const struct xpf_profile *p,
                     const struct xpf_flamegraph_head *head) {
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  int rc = base != NULL
               ? xpf_flamegraph_diff_write(base, p, head, XPF_FLAMEGRAPH_BY_DURATION, &m.sink)
               : xpf_flamegraph_titled_write(p, head, &m.sink);
  assert_int_equal(rc, 0);
  return m.data;
}

/* The data of a page, as its script reads it: what stands between the two tags. */
static cJSON *data_of(const char *page) {
  static const char open[] = "<script type=\"application/json\" id=\"data\">";
  const char *begin = strstr(page, open);
  assert_non_null(begin);
  begin += strlen(open);
  const char *end = strstr(begin, "</script>");
  assert_non_null(end);
  cJSON *data = cJSON_ParseWithLength(begin, (size_t)(end - begin));
  assert_non_null(data);
  return data;
}

static const cJSON *at(const cJSON *data, const char *key, const char *column) {
  const cJSON *found =
      cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(data, key), column);
  assert_non_null(found);
  return found;
}

static void assert_numbers(const cJSON *array, const double *wanted, int count) {
  assert_int_equal(cJSON_GetArraySize(array), count);
  for (int i = 0; i < count; i++)
    assert_true(cJSON_GetArrayItem(array, i)->valuedouble == wanted[i]);
}

static const char *text_at(const cJSON *data, const cJSON *indices, int item) {
  int index = cJSON_GetArrayItem(indices, item)->valueint;
  return cJSON_GetArrayItem(cJSON_GetObjectItem(data, "strings"), index)->valuestring;
}

static void columns_of_a_profile(void **state) {
  (void)state;
  struct xpf_profile *p = small_profile();
  struct xpf_flamegraph_head head = {.title = "shop", .process = "node shop.js (pid 7)"};
  char *page = written(NULL, p, &head);
  cJSON *data = data_of(page);
  assert_numbers(at(data, "nodes", "up"), (double[]){0, 1, 1, 3}, 4);
  assert_numbers(at(data, "nodes", "frame"), (double[]){0, 1, 2, 3}, 4);
  const cJSON *self = at(data, "nodes", "self");
  assert_numbers(cJSON_GetArrayItem(self, 0), (double[]){0, 1, 7, 90}, 4);
  assert_numbers(cJSON_GetArrayItem(self, 1), (double[]){0, 1e6, 7e6, 9e7}, 4);
  assert_string_equal(text_at(data, at(data, "frames", "name"), 2), "parse");
  assert_string_equal(text_at(data, at(data, "frames", "package"), 2), "@a/b");
  assert_string_equal(text_at(data, at(data, "frames", "package"), 1), "");
  assert_numbers(at(data, "frames", "line"), (double[]){0, 10, 5, 0}, 4);
  assert_string_equal(cJSON_GetObjectItem(data, "title")->valuestring, "shop");
  assert_null(cJSON_GetObjectItem(cJSON_GetObjectItem(data, "nodes"), "base"));
  assert_non_null(strstr(page, "<title>shop</title>"));
  cJSON_Delete(data);
  free(page);
  xpf_profile_free(p);
}

static void equal_samples_are_one_run(void **state) {
  (void)state;
  struct xpf_profile *p = small_profile();
  char *page = written(NULL, p, NULL);
  cJSON *data = data_of(page);
  /* Nodes 2, 2, 1, 2 of 1 ms each, the last until the end; the first begins 1 ms after the start.
   */
  assert_numbers(at(data, "samples", "node"), (double[]){2, -1, 1}, 3);
  assert_numbers(at(data, "samples", "weight"), (double[]){2e6, 1e6, 94e6}, 3);
  assert_true(at(data, "samples", "start")->valuedouble == 1e6);
  cJSON_Delete(data);
  free(page);
  xpf_profile_free(p);
}

static void pauses_between_collections_are_nobodys(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_GC);
  xpf_profile_node_add(p, XPF_NO_PARENT, 1, &ROOT);
  add(p, 0, "scavenge", "", 0, 0);
  p->end_us = 10000;
  xpf_profile_sample_add(p, 2, 1000, 0);
  xpf_profile_sample_add(p, 2, 2000, 500000);
  xpf_profile_sample_add(p, 2, 4000, 6000000);
  char *page = written(NULL, p, NULL);
  cJSON *data = data_of(page);
  assert_numbers(at(data, "samples", "node"), (double[]){0, 1, -1, 1}, 4);
  assert_numbers(at(data, "samples", "weight"), (double[]){1e6, 5e5, 15e5, 6e6}, 4);
  cJSON_Delete(data);
  free(page);
  xpf_profile_free(p);
}

static void hostile_names_stay_data(void **state) {
  (void)state;
  static const char *const names[] = {
      "</script><script>alert(1)</script>",
      "<!-- <script>",
      "\"quoted\" 'and' \\back`slash`${x}",
      "line\xe2\x80\xa8separator\xe2\x80\xa9",
      "\xe2\x80\xaeright to left",
      "broken \xff\xc3",
      "tab\tnewline\n\x01",
      "名字 with spaces @ & entities &lt;",
  };
  struct xpf_profile *p = new_profile();
  for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
    add(p, 0, names[i], names[i], 1, 1);
  struct xpf_flamegraph_head head = {.title = "</title><script>&", .process = names[0]};
  char *page = written(NULL, p, &head);
  assert_non_null(strstr(page, "<title>&lt;/title&gt;&lt;script&gt;&amp;</title>"));
  cJSON *data = data_of(page);
  for (int i = 0; i < 8; i++)
    if (i != 5)
      assert_string_equal(text_at(data, at(data, "frames", "name"), i + 1), names[i]);
  assert_string_equal(text_at(data, at(data, "frames", "name"), 6),
                      "broken \xef\xbf\xbd\xef\xbf\xbd");
  /* Of tags that begin a script there are those of the page, and none of the profile. */
  int scripts = 0;
  for (const char *found = page; (found = strstr(found, "<script")) != NULL; found++)
    scripts++;
  assert_int_equal(scripts, 2);
  cJSON_Delete(data);
  free(page);
  xpf_profile_free(p);
}

static void same_profile_same_bytes(void **state) {
  (void)state;
  struct xpf_profile *p = small_profile(), *q = small_profile();
  char *first = written(NULL, p, NULL), *second = written(NULL, q, NULL);
  assert_string_equal(first, second);
  free(first);
  free(second);
  xpf_profile_free(p);
  xpf_profile_free(q);
}

static void empty_and_single(void **state) {
  (void)state;
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_HEAP);
  char *page = written(NULL, p, NULL);
  cJSON *data = data_of(page);
  assert_int_equal(cJSON_GetArraySize(at(data, "nodes", "frame")), 0);
  assert_string_equal(cJSON_GetObjectItem(data, "title")->valuestring, "Heap profile");
  cJSON_Delete(data);
  free(page);
  xpf_profile_node_add(p, XPF_NO_PARENT, 1, &ROOT);
  page = written(NULL, p, NULL);
  data = data_of(page);
  assert_numbers(at(data, "nodes", "up"), (double[]){0}, 1);
  assert_null(cJSON_GetObjectItem(data, "samples"));
  cJSON_Delete(data);
  free(page);
  xpf_profile_free(p);
}

static void comparison_has_both_sides(void **state) {
  (void)state;
  struct xpf_profile *base = new_profile(), *now = new_profile();
  uint32_t a = add(base, 0, "main", "/one/node_modules/x/a.js", 10, 4);
  add(base, a, "gone", "/app/b.js", 1, 6);
  add(base, a, "", "/app/b.js", 7, 2);
  /* main has moved in its file, and its package to another folder; the nameless function too. */
  uint32_t b = add(now, 0, "main", "/two/node_modules/x/a.js", 25, 5);
  add(now, b, "", "/app/b.js", 8, 3);
  base->end_us = 1000;
  now->end_us = 3000;
  char *page = written(base, now, NULL);
  cJSON *data = data_of(page);
  assert_numbers(at(data, "nodes", "up"), (double[]){0, 1, 1, 2, 3}, 5);
  assert_numbers(cJSON_GetArrayItem(at(data, "nodes", "self"), 0), (double[]){0, 5, 3, 0, 0}, 5);
  assert_numbers(cJSON_GetArrayItem(at(data, "nodes", "base"), 0), (double[]){0, 4, 0, 6, 2}, 5);
  assert_string_equal(cJSON_GetObjectItem(data, "scale")->valuestring, "duration");
  assert_null(cJSON_GetObjectItem(data, "samples"));
  cJSON_Delete(data);
  free(page);
  xpf_profile_free(base);
  xpf_profile_free(now);
}

static void nothing_in_common(void **state) {
  (void)state;
  struct xpf_profile *base = xpf_profile_new(XPF_PROFILE_HEAP), *now = new_profile();
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  assert_int_equal(xpf_flamegraph_diff_write(base, now, NULL, XPF_FLAMEGRAPH_BY_TOTAL, &m.sink),
                   -EINVAL);
  assert_int_equal(m.size, 0);
  xpf_memory_sink_free(&m);
  xpf_profile_free(base);
  xpf_profile_free(now);
}

struct full_sink {
  struct xpf_sink sink;
  size_t room;
};

static int full_write(struct xpf_sink *sink, const void *data, size_t size) {
  struct full_sink *full = (struct full_sink *)sink;
  (void)data;
  if (size > full->room)
    return -ENOSPC;
  full->room -= size;
  return 0;
}

static void error_of_the_sink(void **state) {
  (void)state;
  struct xpf_profile *p = small_profile();
  char *page = written(NULL, p, NULL);
  size_t size = strlen(page);
  free(page);
  for (size_t room = 0; room < size; room += size / 50) {
    struct full_sink full = {.sink = {.write = full_write}, .room = room};
    assert_int_equal(xpf_flamegraph_write(p, &full.sink), -ENOSPC);
  }
  struct full_sink full = {.sink = {.write = full_write}, .room = size};
  assert_int_equal(xpf_flamegraph_write(p, &full.sink), 0);
  assert_int_equal(full.room, 0);
  xpf_profile_free(p);
}

/* A wide and deep tree of many functions. */
static struct xpf_profile *large_profile(uint32_t nodes) {
  struct xpf_profile *p = new_profile();
  uint32_t seed = 1;
  char name[32], url[64];
  while (p->nodes_count < nodes) {
    seed = seed * 1664525u + 1013904223u;
    uint32_t back = 1 + (seed >> 8) % 40;
    uint32_t parent = p->nodes_count > back ? p->nodes_count - back : 0;
    snprintf(name, sizeof(name), "function%u", (seed >> 4) % 20000);
    snprintf(url, sizeof(url), "file:///app/lib/module%u.js", (seed >> 4) % 500);
    add(p, parent, name, url, 1 + (int32_t)((seed >> 4) % 900), seed % 7);
  }
  return p;
}

static void out_of_memory(void **state) {
  (void)state;
  struct xpf_profile *p = large_profile(3000), *base = small_profile();
  long failures = 0;
  for (;; failures++) {
    struct full_sink full = {.sink = {.write = full_write}, .room = SIZE_MAX};
    fail_at = failures + 1;
    int rc = xpf_flamegraph_diff_write(base, p, NULL, XPF_FLAMEGRAPH_BY_TOTAL, &full.sink);
    bool is_over = fail_at > 0;
    fail_at = 0;
    if (is_over) {
      assert_int_equal(rc, 0);
      break;
    }
    assert_int_equal(rc, -ENOMEM);
  }
  assert_true(failures > 10);
  xpf_profile_free(p);
  xpf_profile_free(base);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void two_hundred_thousand_nodes(void **state) {
  (void)state;
  struct xpf_profile *p = large_profile(200000);
  struct full_sink count = {.sink = {.write = full_write}, .room = SIZE_MAX};
  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  double begin = seconds();
  assert_int_equal(xpf_flamegraph_write(p, &count.sink), 0);
  double taken = seconds() - begin;
  getrusage(RUSAGE_SELF, &after);
  printf("200,000 nodes: %.0f ms of CPU, page of %.1f MB, %.0f MB more resident\n", taken * 1000,
         (double)count.sink.bytes / 1e6, (double)(after.ru_maxrss - before.ru_maxrss) / 1e3);
  /* 14 MB of nodes, doubled while growing, and their index; ten times as much with sanitizers. */
  assert_true(taken < 10);
  assert_true(after.ru_maxrss - before.ru_maxrss < 400 * 1000);
  assert_true(count.sink.bytes < 8 * 1000 * 1000);
  xpf_profile_free(p);
}

static void small_page(void **state) {
  (void)state;
  size_t size = 0, packed = 0;
  for (int part = 0; part < XPF_FLAMEGRAPH_PARTS; part++) {
    struct full_sink count = {.sink = {.write = full_write}, .room = SIZE_MAX};
    assert_int_equal(xpf_gzip_unpack(xpf_flamegraph_page[part].gzip,
                                     xpf_flamegraph_page[part].gzip_size, &count.sink),
                     0);
    assert_int_equal(count.sink.bytes, xpf_flamegraph_page[part].size);
    size += xpf_flamegraph_page[part].size;
    packed += xpf_flamegraph_page[part].gzip_size;
  }
  assert_true(size < 200 * 1000);
  assert_true(packed < 50 * 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_of_a_profile),
      cmocka_unit_test(equal_samples_are_one_run),
      cmocka_unit_test(pauses_between_collections_are_nobodys),
      cmocka_unit_test(hostile_names_stay_data),
      cmocka_unit_test(same_profile_same_bytes),
      cmocka_unit_test(empty_and_single),
      cmocka_unit_test(comparison_has_both_sides),
      cmocka_unit_test(nothing_in_common),
      cmocka_unit_test(error_of_the_sink),
      cmocka_unit_test(out_of_memory),
      cmocka_unit_test(two_hundred_thousand_nodes),
      cmocka_unit_test(small_page),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

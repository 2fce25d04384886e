// links: src/format/ src/format/pprof.proto generated/flamegraph_page.c
// links: src/wire/utf8.c -lprotobuf-c -lz -lm
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/format_table.h"
#include "format/gzip.h"
#include "profile_text.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *name_of(const struct xpf_format *format) {
  return format == NULL ? "-" : format->name;
}

static void found_by_name_or_extension(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"pprof", "pprof"},
      {"PPROF", "pprof"},
      {"html", "flamegraph"},
      {"pb", "pprof"},
      {"pb.gz", "pprof"},
      {"txt", "folded"},
      {"json", "trace"},
      {"trace", "trace"},
      {"speedscope.json", "speedscope"},
      {"gcprofile", "gcprofile"},
      {"png", "-"},
      {"", "-"},
      {".html", "flamegraph"},
      {"a.html", "flamegraph"},
      {"a name that is longer than any extension.html", "-"},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    if (strcmp(name_of(xpf_format_find(cases[i][0])), cases[i][1]) != 0)
      fail_msg("\"%s\": %s", cases[i][0], name_of(xpf_format_find(cases[i][0])));
}

static void found_by_path(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"/tmp/a.cpuprofile", "cpuprofile"},
      {"a.HeapProfile", "heapprofile"},
      {"a.pb.gz", "pprof"},
      {"a.speedscope.json", "speedscope"},
      {"a.trace.json", "trace"},
      {"a.json", "trace"},
      {"\xe4\xbd\xa0.folded", "folded"},
      {"a.html.folded", "folded"},
      {"a.gz", "-"},
      {"a", "-"},
      {"folded", "-"},
      {".folded", "-"},
      {"", "-"},
      {"-", "-"},
      {"a.folded/b", "-"},
      {"a.folded ", "-"},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    if (strcmp(name_of(xpf_format_of_path(cases[i][0])), cases[i][1]) != 0)
      fail_msg("%s: %s", cases[i][0], name_of(xpf_format_of_path(cases[i][0])));
}

static void every_row_is_told_apart(void **state) {
  (void)state;
  for (unsigned i = 0; i < xpf_formats_count; i++) {
    const struct xpf_format *format = &xpf_formats[i];
    char path[64];
    assert_true(format->read != NULL || format->write != NULL);
    assert_true((format->write != NULL) == (format->kinds != 0));
    assert_ptr_equal(xpf_format_find(format->name), format);
    for (const char *at = format->extensions; *at != '\0'; at += strspn(at, " ")) {
      int size = (int)strcspn(at, " ");
      snprintf(path, sizeof(path), "a%.*s", size, at);
      assert_ptr_equal(xpf_format_of_path(path), format);
      at += size;
    }
  }
}

static void found_by_content(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"{\"nodes\":[", "cpuprofile"},
      {" \r\n\t{ \"title\" : {\"a\":[1,{}]}, \"timeDeltas\":", "cpuprofile"},
      {"{\"samples\":[1", "cpuprofile"},
      {"{\"samples\":[{", "heapprofile"},
      {"{\"samples\":[]}", "-"},
      {"{\"head\":{", "heapprofile"},
      {"{\"version\":1,\"gc\":[", "gcprofile"},
      {"{\"a\":{\"nodes\":[", "-"},
      {"{\"nodes", "-"}, /* may go on in any way */
      {"{\"a\":1}", "-"},
      {"[{\"nodes\":1}]", "-"},
      {"main;f 3\n", "folded"},
      {"hello\n", "-"},
      {"", "-"},
      {" \n ", "-"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    const char *text = cases[i][0];
    const struct xpf_format *found = xpf_format_detect((const unsigned char *)text, strlen(text));
    if (strcmp(name_of(found), cases[i][1]) != 0)
      fail_msg("%s: %s", text, name_of(found));
  }
  assert_null(xpf_format_detect((const unsigned char *)"\0{\"nodes\":[", 11));
  assert_null(xpf_format_detect((const unsigned char *)"{\0\"nodes\":[", 11));
}

static struct xpf_profile *make(enum xpf_profile_kind kind) {
  static const struct xpf_profile_frame root = {"(root)", "", "", 0, 0, 0},
                                        f = {"f", "/a.js", "", 1, 3, 0};
  struct xpf_profile *p = xpf_profile_new(kind);
  assert_int_equal(xpf_profile_node_add(p, XPF_NO_PARENT, 1, &root), 0);
  assert_int_equal(xpf_profile_node_add(p, 0, 2, &f), 1);
  for (uint32_t i = 0; i < p->values_count; i++)
    p->nodes[1].self[i] = 7 + i;
  return p;
}

static char *write_as(const char *name, struct xpf_profile *p, uint32_t value, int expected) {
  struct xpf_memory_sink m;
  xpf_memory_sink_init(&m, SIZE_MAX);
  assert_int_equal(xpf_format_write(xpf_format_find(name), p, value, &m.sink), expected);
  return m.data;
}

static void check_folded(struct xpf_profile *p, uint32_t value, const char *expected) {
  uint32_t before = p->default_value;
  char *text = write_as("folded", p, value, 0);
  assert_string_equal(text, expected);
  assert_int_equal(p->default_value, before);
  free(text);
}

static void the_value_that_is_written(void **state) {
  (void)state;
  struct xpf_profile *cpu = make(XPF_PROFILE_CPU), *heap = make(XPF_PROFILE_HEAP);
  assert_int_equal(cpu->default_value, XPF_CPU_WALL);
  check_folded(cpu, XPF_NO_INDEX, "f (/a.js:3) 7\n"); /* samples: flame graphs of others add */
  check_folded(cpu, XPF_CPU_WALL, "f (/a.js:3) 8\n");
  check_folded(cpu, 9, "f (/a.js:3) 7\n");
  heap->default_value = XPF_HEAP_SPACE;
  check_folded(heap, XPF_NO_INDEX, "f (/a.js:3) 8\n");
  check_folded(heap, XPF_HEAP_OBJECTS, "f (/a.js:3) 7\n");
  xpf_profile_free(cpu);
  xpf_profile_free(heap);
}

static void what_a_format_cannot_hold(void **state) {
  (void)state;
  struct xpf_profile *cpu = make(XPF_PROFILE_CPU), *heap = make(XPF_PROFILE_HEAP);
  struct xpf_profile *other = make(XPF_PROFILE_OTHER);
  assert_true(xpf_format_takes(xpf_format_find("cpuprofile"), cpu));
  assert_false(xpf_format_takes(xpf_format_find("cpuprofile"), heap));
  assert_true(xpf_format_takes(xpf_format_find("cpuprofile"), other));
  assert_true(xpf_format_takes(xpf_format_find("heapprofile"), heap));
  assert_false(xpf_format_takes(xpf_format_find("gcprofile"), cpu)); /* is only read */
  assert_false(xpf_format_takes(xpf_format_find("trace"), cpu));     /* no samples */
  assert_int_equal(xpf_profile_sample_add(cpu, 2, 5, 0), 0);
  assert_int_equal(xpf_profile_sample_add(heap, 2, 5, 8), 0);
  assert_true(xpf_format_takes(xpf_format_find("trace"), cpu));
  assert_false(xpf_format_takes(xpf_format_find("trace"), heap));
  char *nothing = write_as("trace", heap, XPF_NO_INDEX, -EINVAL);
  assert_string_equal(nothing, "");
  free(nothing);
  xpf_profile_free(cpu);
  xpf_profile_free(heap);
  xpf_profile_free(other);
}

static int read_any(struct xpf_source *source, struct xpf_profile **out,
                    struct xpf_read_error *error) {
  return xpf_format_read(NULL, source, out, error);
}

static int read_gcprofile(struct xpf_source *source, struct xpf_profile **out,
                          struct xpf_read_error *error) {
  return xpf_format_read(xpf_format_find("gcprofile"), source, out, error);
}

static int read_html(struct xpf_source *source, struct xpf_profile **out,
                     struct xpf_read_error *error) {
  return xpf_format_read(xpf_format_find("html"), source, out, error);
}

static void read_as_its_content_says(void **state) {
  (void)state;
  struct xpf_profile *p = profile_of_text(read_any, "main;f 3\n");
  assert_int_equal(p->nodes_count, 3);
  xpf_profile_free(p);
  check_refused(read_any, "", XPF_READ_EMPTY, 0);
  check_refused(read_any, "what is this", XPF_READ_UNKNOWN_FORMAT, 0);
  check_refused(read_html, "main;f 3\n", XPF_READ_UNKNOWN_FORMAT, 0); /* is only written */
  check_refused(read_gcprofile, "main;f 3\n", XPF_READ_SYNTAX, 0);    /* as the user says */
}

static void packed_files_are_unpacked(void **state) {
  (void)state;
  struct xpf_memory_sink m;
  struct xpf_read_error error;
  xpf_memory_sink_init(&m, SIZE_MAX);
  struct xpf_sink *gzip = xpf_gzip_sink_new(&m.sink);
  xpf_sink_text(gzip, "main;f 3\n");
  assert_int_equal(xpf_gzip_sink_finish(gzip), 0);
  xpf_gzip_sink_free(gzip);
  struct xpf_profile *p = profile_of(read_any, m.data, m.size, &error);
  assert_int_equal(p->nodes_count, 3);
  xpf_profile_free(p);
  assert_null(profile_of(read_any, m.data, m.size - 1, &error));
  assert_int_equal(error.reason, XPF_READ_TRUNCATED);
  assert_int_equal(error.offset, 9);
  m.data[m.size - 8] ^= 1; /* the checksum */
  assert_null(profile_of(read_any, m.data, m.size, &error));
  assert_int_equal(error.reason, XPF_READ_GZIP);
  xpf_memory_sink_free(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(found_by_name_or_extension), cmocka_unit_test(found_by_path),
      cmocka_unit_test(every_row_is_told_apart),    cmocka_unit_test(found_by_content),
      cmocka_unit_test(the_value_that_is_written),  cmocka_unit_test(what_a_format_cannot_hold),
      cmocka_unit_test(read_as_its_content_says),   cmocka_unit_test(packed_files_are_unpacked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

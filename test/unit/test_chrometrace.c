// links: src/format/chrometrace.c src/format/timeline.c src/format/frame_class.c
// links: src/format/json.c src/format/sink.c src/format/profile.c src/format/string_table.c
// links: src/format/array.c src/format/id_table.c
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/chrometrace.h"
#include "profile_text.h"

#define EVENT(phase)     "{\"ph\":\"" phase "\",\"pid\":1,\"tid\":1,"
#define NAME(what, name) EVENT("M") "\"name\":\"" what "\",\"args\":{\"name\":\"" name "\"}},"
#define HEAD(title, what)                                                                          \
  "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[" NAME("process_name", title)                      \
      NAME("thread_name", what)

static struct xpf_profile *make(enum xpf_profile_kind kind) {
  static const struct xpf_profile_frame frames[] = {
      {"(root)", "", "", 0, 0, 0},
      {"", "file:///my%20dir/\xe4\xbd\xa0.js", "", 1, 3, 7},
      {"say \"hi\"\\\n\x01</script>", "", "", 0, 0, 0},
  };
  struct xpf_profile *p = xpf_profile_new(kind);
  for (uint32_t i = 0; i < 3; i++)
    assert_int_equal(xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : i - 1, i, &frames[i]), i);
  p->end_us = 9;
  return p;
}

static void written(void **state) {
  (void)state;
  struct xpf_profile *p = make(XPF_PROFILE_CPU);
  xpf_profile_sample_add(p, 2, 4, 0);
  xpf_profile_sample_add(p, 1, 6, 0);
  char *text = text_of_profile(xpf_chrometrace_write, p);
  assert_string_equal(
      text, HEAD("node", "JavaScript")
                EVENT("B") "\"ts\":4,\"name\":\"(anonymous)\",\"cat\":\"js\","
                           "\"args\":{\"url\":\"/my "
                           "dir/"
                           "\xe4\xbd\xa0.js\",\"line\":3,\"column\":7}}"
                           "," EVENT("B") "\"ts\":4,\"name\":\"say "
                                          "\\\"hi\\\"\\\\\\n\\u0001</"
                                          "script>\",\"cat\":\"native\"}"
                                          "," EVENT("E") "\"ts\":6}," EVENT("E") "\"ts\":9}]}");
  free(text);
  xpf_profile_free(p);
}

static void collections_and_a_title(void **state) {
  (void)state;
  struct xpf_profile *p = make(XPF_PROFILE_GC);
  p->title = (uint32_t)xpf_profile_string_add(p, "shop \"1\"");
  xpf_profile_sample_add(p, 0, 4, 1000); /* of the root nothing is shown */
  char *text = text_of_profile(xpf_chrometrace_write, p);
  assert_memory_equal(text, HEAD("shop \\\"1\\\"", "garbage collector"),
                      strlen(HEAD("shop \\\"1\\\"", "garbage collector")) - 1);
  assert_null(strstr(text, "\"B\""));
  assert_string_equal(text + strlen(text) - 3, "}]}");
  free(text);
  xpf_profile_free(p);
}

static void refused(void **state) {
  (void)state;
  struct xpf_memory_sink m;
  struct xpf_profile *cpu = make(XPF_PROFILE_CPU), *heap = make(XPF_PROFILE_HEAP);
  xpf_profile_sample_add(heap, 1, 1, 8);
  xpf_memory_sink_init(&m, SIZE_MAX);
  assert_int_equal(xpf_chrometrace_write(cpu, &m.sink), -EINVAL);
  assert_int_equal(xpf_chrometrace_write(heap, &m.sink), -EINVAL);
  assert_int_equal(m.size, 0);
  xpf_memory_sink_free(&m);
  xpf_profile_free(cpu);
  xpf_profile_free(heap);
}

/* Wherever the room ends, the error is told, and kept. */
static void no_room(void **state) {
  (void)state;
  struct xpf_profile *p = make(XPF_PROFILE_CPU);
  xpf_profile_sample_add(p, 2, 4, 0);
  char *whole = text_of_profile(xpf_chrometrace_write, p);
  size_t size = strlen(whole);
  for (size_t room = 0; room < size; room++) {
    struct xpf_memory_sink m;
    xpf_memory_sink_init(&m, room);
    assert_int_equal(xpf_chrometrace_write(p, &m.sink), -EFBIG);
    assert_int_equal(m.sink.error, -EFBIG);
    xpf_memory_sink_free(&m);
  }
  free(whole);
  xpf_profile_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(written),
      cmocka_unit_test(collections_and_a_title),
      cmocka_unit_test(refused),
      cmocka_unit_test(no_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// links: src/format/json_read.c src/format/source.c
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/json_read.h"

/* Gives the text in pieces of `step` bytes. */
struct pieces {
  struct xpf_source source;
  const char *text;
  size_t step;
};

static ssize_t piece_read(struct xpf_source *source, void *data, size_t size) {
  struct pieces *pieces = (struct pieces *)source;
  size_t left = strlen(pieces->text), part = pieces->step < size ? pieces->step : size;
  part = part < left ? part : left;
  memcpy(data, pieces->text, part);
  pieces->text += part;
  return (ssize_t)part;
}

static struct pieces pieces;
static struct xpf_read_error error;

/* The events as one text: {"k": 1} gives "{K(k)1}". */
static const char *events(const char *text, size_t step, char *out, size_t size) {
  static const char marks[] = "!.{}[]KS#tfn";
  struct xpf_json_reader json;
  size_t used = 0;
  xpf_source_init(&pieces.source, piece_read);
  pieces.text = text;
  pieces.step = step;
  error = (struct xpf_read_error){0};
  xpf_json_reader_init(&json, &pieces.source, &error);
  for (enum xpf_json_event event = XPF_JSON_NULL;
       event != XPF_JSON_END && event != XPF_JSON_ERROR && used + 64 < size;) {
    event = xpf_json_next(&json);
    if (event == XPF_JSON_KEY || event == XPF_JSON_STRING)
      used += (size_t)snprintf(out + used, size - used, "%c(%s)", marks[event], json.text);
    else if (event == XPF_JSON_NUMBER)
      used += (size_t)snprintf(out + used, size - used, "%g ", json.number);
    else
      used += (size_t)snprintf(out + used, size - used, "%c", marks[event]);
  }
  xpf_json_reader_free(&json);
  return out;
}

static void documents(void **state) {
  (void)state;
  static const struct {
    const char *text, *events;
  } cases[] = {
      {"{\"k\": 1}", "{K(k)1 }."},
      {" [ ] ", "[]."},
      {"[[],{},[{}]]", "[[]{}[{}]]."},
      {"{\"a\":true,\"a\":false,\"b\":null}", "{K(a)tK(a)fK(b)n}."},
      {"[0,-0,12,-7.5,1e3,2E-1,123456789012345678901]", "[0 -0 12 -7.5 1000 0.2 1.23457e+20 ]."},
      {"\"a\\n\\u00e9\\ud83d\\ude00\\ud800x\\\"\\/\"",
       "S(a\n\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdx\"/)."},
      {"\"\xff\"", "S(\xff)."},
      {"7", "7 ."},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
    for (size_t step = 1; step < 70; step += step < 4 ? 1 : 60) {
      char out[512];
      assert_string_equal(events(cases[i].text, step, out, sizeof(out)), cases[i].events);
    }
}

static void damage_has_a_place(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum xpf_read_reason reason;
    uint64_t offset;
  } cases[] = {
      {"", XPF_READ_TRUNCATED, 0},         {"{", XPF_READ_TRUNCATED, 1},
      {"[1,", XPF_READ_TRUNCATED, 3},      {"[1,]", XPF_READ_SYNTAX, 3},
      {"{\"a\" 1}", XPF_READ_SYNTAX, 5},   {"{\"a\":1,}", XPF_READ_SYNTAX, 7},
      {"{a:1}", XPF_READ_SYNTAX, 1},       {"[1 2]", XPF_READ_SYNTAX, 3},
      {"[1}", XPF_READ_SYNTAX, 2},         {"[01]", XPF_READ_SYNTAX, 1},
      {"[1.]", XPF_READ_SYNTAX, 1},        {"[-]", XPF_READ_SYNTAX, 1},
      {"[+1]", XPF_READ_SYNTAX, 1},        {"[tru]", XPF_READ_SYNTAX, 1},
      {"[nul", XPF_READ_TRUNCATED, 1},     {"\"a", XPF_READ_TRUNCATED, 2},
      {"\"a\nb\"", XPF_READ_SYNTAX, 2},    {"\"\\x\"", XPF_READ_SYNTAX, 2},
      {"\"\\u12g4\"", XPF_READ_SYNTAX, 5}, {"{} {}", XPF_READ_SYNTAX, 3},
      {"[1]]", XPF_READ_SYNTAX, 3},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
    char out[512];
    events(cases[i].text, 1, out, sizeof(out));
    if (error.reason != cases[i].reason || error.offset != cases[i].offset)
      fail_msg("%s: reason %d at %llu, events %s", cases[i].text, (int)error.reason,
               (unsigned long long)error.offset, out);
  }
}

static void depth_is_limited(void **state) {
  (void)state;
  size_t deep = XPF_JSON_DEPTH_MAX + 10;
  char *text = malloc(deep + 1), *out = malloc(deep + 100);
  memset(text, '[', deep);
  text[deep] = '\0';
  events(text, 1000, out, deep + 100);
  assert_int_equal(error.reason, XPF_READ_TOO_DEEP);
  assert_int_equal(error.offset, XPF_JSON_DEPTH_MAX);
  free(text);
  free(out);
}

static void skipping(void **state) {
  (void)state;
  struct xpf_json_reader json;
  xpf_source_init(&pieces.source, piece_read);
  pieces.text = "{\"a\":[1,{\"b\":[]}],\"c\":7}";
  pieces.step = 3;
  error = (struct xpf_read_error){0};
  xpf_json_reader_init(&json, &pieces.source, &error);
  assert_int_equal(xpf_json_next(&json), XPF_JSON_OBJECT_BEGIN);
  assert_int_equal(xpf_json_next(&json), XPF_JSON_KEY);
  assert_int_equal(xpf_json_skip(&json), 0);
  assert_int_equal(xpf_json_next(&json), XPF_JSON_KEY);
  int64_t number;
  assert_int_equal(xpf_json_read_int(&json, 8, 9, "c", &number), -1);
  assert_int_equal(error.reason, XPF_READ_OUT_OF_RANGE);
  assert_string_equal(error.detail, "c");
  assert_int_equal(error.offset, 22);
  xpf_json_reader_free(&json);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(documents),
      cmocka_unit_test(damage_has_a_place),
      cmocka_unit_test(depth_is_limited),
      cmocka_unit_test(skipping),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

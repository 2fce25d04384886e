// links: src/wire/utf8.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/utf8.h"

/* On a heap block of the exact size, so that the sanitizer sees a read behind the end. */
static size_t check(const char *text, size_t size) {
  char *copy = calloc(1, size ? size : 1);
  memcpy(copy, text, size);
  size_t at = xpf_utf8_check(copy, size);
  free(copy);
  return at;
}

#define assert_good(text)      assert_int_equal(check(text, sizeof(text) - 1), sizeof(text) - 1)
#define assert_bad_at(text, n) assert_int_equal(check(text, sizeof(text) - 1), n)

static void good_text(void **state) {
  (void)state;
  assert_good("");
  assert_good("plain ASCII, longer than one machine word");
  assert_good("\x01\x7f");
  assert_good("\xc2\x80 \xdf\xbf");
  assert_good("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf");
  assert_good("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf");
  assert_good("进程 é 🙂");
  assert_int_equal(check("a\0b", 3), 3);
}

static void bad_text(void **state) {
  (void)state;
  assert_bad_at("\x80", 0);
  assert_bad_at("abcdefgh\xff", 8);
  assert_bad_at("abcdefghi\xc3", 9);
  assert_bad_at("é\xc0\x80", 2);        /* overlong NUL */
  assert_bad_at("\xc1\xbf", 0);         /* overlong */
  assert_bad_at("\xe0\x9f\xbf", 0);     /* overlong */
  assert_bad_at("\xf0\x8f\xbf\xbf", 0); /* overlong */
  assert_bad_at("x\xed\xa0\x80", 1);    /* surrogate */
  assert_bad_at("x\xed\xbf\xbf", 1);    /* surrogate */
  assert_bad_at("\xf4\x90\x80\x80", 0); /* above U+10FFFF */
  assert_bad_at("\xf5\x80\x80\x80", 0); /* above U+10FFFF */
  assert_bad_at("\xe4\xb8", 0);         /* cut */
  assert_bad_at("\xf0\x9f\x99", 0);     /* cut */
  assert_bad_at("ok\xe4\xb8z", 2);      /* continuation missing */
  assert_bad_at("\xf0\x9f\x99z", 0);    /* continuation missing */
}

static unsigned encode(uint32_t c, char *out) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  unsigned length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (unsigned i = length - 1; i > 0; i--, c >>= 6)
    out[i] = (char)(0x80 | (c & 0x3f));
  out[0] = (char)((0xf00 >> length & 0xff) | c);
  return length;
}

static void every_code_point(void **state) {
  (void)state;
  for (uint32_t c = 0; c <= 0x110fff; c++) {
    char text[4];
    unsigned length = encode(c, text);
    bool good = !(c >= 0xd800 && c <= 0xdfff) && c <= 0x10ffff;
    if ((xpf_utf8_check(text, length) == length) != good)
      fail_msg("U+%04X is taken for %s", c, good ? "bad" : "good");
    for (unsigned cut = 1; cut < length; cut++)
      if (xpf_utf8_check(text, cut) != 0)
        fail_msg("U+%04X cut to %u bytes is taken for good", c, cut);
  }
}

static void cut_never_splits(void **state) {
  (void)state;
  static const char text[] = "aé进🙂";
  size_t size = sizeof text - 1;
  static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (size_t max = 0; max < sizeof cuts / sizeof *cuts; max++)
    assert_int_equal(xpf_utf8_cut(text, size, max), cuts[max]);
  assert_int_equal(xpf_utf8_cut("", 0, 5), 0);
}

static void cut_of_garbage_stays_near(void **state) {
  (void)state;
  assert_int_equal(xpf_utf8_cut("\x80\x80\x80\x80\x80\x80\x80", 7, 6), 6);
  assert_int_equal(xpf_utf8_cut("\x80\x80\x80", 3, 1), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good_text),
      cmocka_unit_test(bad_text),
      cmocka_unit_test(every_code_point),
      cmocka_unit_test(cut_never_splits),
      cmocka_unit_test(cut_of_garbage_stays_near),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

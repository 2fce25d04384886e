// links: src/format/json.c src/format/sink.c src/wire/utf8.c
/* Any bytes as a string or a key give well-formed UTF-8 and a well-formed literal, which reads back
 * as those bytes when they were well-formed. Any double reads back. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "wire/utf8.h"

static void check(bool holds) {
  if (!holds)
    __builtin_trap();
}

static int hex_value(char c) {
  const char *digits = "0123456789abcdef";
  const char *at = c != '\0' ? strchr(digits, c) : NULL;
  check(at != NULL);
  return (int)(at - digits);
}

/* The byte behind a backslash; *text is moved behind it. */
static char unescape(const char **text) {
  static const char letters[] = "bfnrt\"\\";
  static const char meanings[] = "\b\f\n\r\t\"\\";
  const char *at = *text;
  if (*at == 'u') {
    check(at[1] == '0' && at[2] == '0');
    *text += 5;
    return (char)(hex_value(at[3]) * 16 + hex_value(at[4]));
  }
  const char *letter = *at != '\0' ? strchr(letters, *at) : NULL;
  check(letter != NULL);
  *text += 1;
  return meanings[letter - letters];
}

/* Reads the literal at `text` into `out`. The text behind it. */
static const char *literal_read(const char *text, char *out) {
  check(*text++ == '"');
  while (*text != '"') {
    check((unsigned char)*text >= 0x20);
    if (*text == '\\') {
      text++;
      *out++ = unescape(&text);
    } else {
      *out++ = *text++;
    }
  }
  *out = '\0';
  return text + 1;
}

static void check_text(const char *text) {
  struct xpf_memory_sink m;
  struct xpf_json json;
  xpf_memory_sink_init(&m, SIZE_MAX);
  xpf_json_init(&json, &m.sink, false);
  xpf_json_object_begin(&json);
  xpf_json_key(&json, text);
  xpf_json_string(&json, text);
  xpf_json_object_end(&json);
  check(m.sink.error == 0 && strlen(m.data) == m.size);
  check(xpf_utf8_check(m.data, m.size) == m.size);
  char *key = malloc(m.size + 1), *value = malloc(m.size + 1);
  check(key != NULL && value != NULL && m.data[0] == '{');
  const char *rest = literal_read(m.data + 1, key);
  check(*rest == ':');
  rest = literal_read(rest + 1, value);
  check(strcmp(rest, "}") == 0 && strcmp(key, value) == 0);
  size_t size = strlen(text);
  size_t good = xpf_utf8_check(text, size);
  check(memcmp(value, text, good) == 0);
  check(good == size ? value[good] == '\0' : memcmp(value + good, "\xef\xbf\xbd", 3) == 0);
  free(key);
  free(value);
  xpf_memory_sink_free(&m);
}

static void check_double(double value) {
  struct xpf_memory_sink m;
  struct xpf_json json;
  xpf_memory_sink_init(&m, 40);
  xpf_json_init(&json, &m.sink, false);
  xpf_json_double(&json, value);
  check(m.sink.error == 0);
  check(strspn(m.data, "0123456789+-.e") == m.size && m.size > 0);
  check(strtod(m.data, NULL) == (isfinite(value) ? value : 0));
  xpf_memory_sink_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (text == NULL)
    return 0;
  if (size > 0)
    memcpy(text, data, size);
  text[size] = '\0';
  check_text(text);
  free(text);
  double value;
  if (size >= sizeof(value)) {
    memcpy(&value, data, sizeof(value));
    check_double(value);
  }
  return 0;
}

#include "format/json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one call writes is gathered here first: a sink costs an indirect call a piece. */
struct batch {
  struct xpf_sink *sink;
  size_t used;
  char data[512];
};

static void batch_flush(struct batch *b) {
  xpf_sink_write(b->sink, b->data, b->used);
  b->used = 0;
}

static void batch_put(struct batch *b, const char *data, size_t size) {
  if (size > sizeof(b->data) - b->used) {
    batch_flush(b);
    if (size > sizeof(b->data)) {
      xpf_sink_write(b->sink, data, size);
      return;
    }
  }
  memcpy(b->data + b->used, data, size);
  b->used += size;
}

static void batch_char(struct batch *b, char c) {
  if (b->used == sizeof(b->data))
    batch_flush(b);
  b->data[b->used++] = c;
}

static void batch_newline(struct batch *b, uint32_t depth) {
  batch_char(b, '\n');
  for (uint32_t i = 0; i < depth; i++)
    batch_put(b, "  ", 2);
}

/* Everything that has to stand before the next key or value. */
static void begin_item(struct xpf_json *json, struct batch *b) {
  b->sink = json->sink;
  b->used = 0;
  if (json->after_key) {
    json->after_key = false;
    return;
  }
  if (json->depth == 0)
    return;
  if (json->has_item)
    batch_char(b, ',');
  json->has_item = true;
  if (json->pretty)
    batch_newline(b, json->depth);
}

static void open_container(struct xpf_json *json, char bracket) {
  struct batch b;
  begin_item(json, &b);
  batch_char(&b, bracket);
  batch_flush(&b);
  json->depth++;
  json->has_item = false;
}

static void close_container(struct xpf_json *json, char bracket) {
  struct batch b = {.sink = json->sink, .used = 0};
  if (json->depth == 0)
    return;
  json->depth--;
  if (json->pretty && json->has_item)
    batch_newline(&b, json->depth);
  batch_char(&b, bracket);
  batch_flush(&b);
  json->has_item = true;
}

/* Bytes of the well-formed character at `s`, or 0; *skip is then the length of the broken piece
 * that one U+FFFD stands for (the longest start of a character, as browsers do). Stops at a NUL. */
static size_t utf8_length(const unsigned char *s, size_t *skip) {
  size_t length = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
  unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
  if (s[0] == 0xe0)
    low = 0xa0; /* overlong */
  else if (s[0] == 0xed)
    high = 0x9f; /* surrogates */
  else if (s[0] == 0xf0)
    low = 0x90; /* overlong */
  else if (s[0] == 0xf4)
    high = 0x8f; /* beyond U+10FFFF */
  *skip = 1;
  for (size_t i = 1; i < length; i++) {
    if (s[i] < low || s[i] > high)
      return 0;
    low = 0x80;
    high = 0xbf;
    *skip = i + 1;
  }
  return length;
}

static void put_escape(struct batch *b, unsigned char c) {
  static const char hex[] = "0123456789abcdef";
  static const char letters[] = "btn\0fr"; /* for 8 … 13; 11 has none */
  char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
  size_t size = sizeof(text);
  if (c == '"' || c == '\\') {
    text[1] = (char)c;
    size = 2;
  } else if (c >= 8 && c <= 13 && letters[c - 8] != '\0') {
    text[1] = letters[c - 8];
    size = 2;
  }
  batch_put(b, text, size);
}

static void put_quoted(struct batch *b, const char *text) {
  const unsigned char *s = (const unsigned char *)text;
  const unsigned char *clean = s; /* start of the bytes that go out unchanged */
  batch_char(b, '"');
  while (*s != '\0') {
    size_t skip = 1, length = 1;
    if (*s >= 0x80)
      length = utf8_length(s, &skip);
    else if (*s < 0x20 || *s == '"' || *s == '\\')
      length = 0;
    if (length > 0) {
      s += length;
      continue;
    }
    batch_put(b, (const char *)clean, (size_t)(s - clean));
    if (*s < 0x80)
      put_escape(b, *s);
    else
      batch_put(b, "\xef\xbf\xbd", 3);
    s += skip;
    clean = s;
  }
  batch_put(b, (const char *)clean, (size_t)(s - clean));
  batch_char(b, '"');
}

/* snprintf is several times slower, and a profile is mostly integers. */
static void put_uint(struct batch *b, uint64_t value) {
  char digits[20];
  size_t at = sizeof(digits);
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  batch_put(b, digits + at, sizeof(digits) - at);
}

static void put_int(struct batch *b, int64_t value) {
  if (value < 0)
    batch_char(b, '-');
  put_uint(b, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* The digits of snprintf with a '.', whatever the decimal point of the process's locale is. */
static void put_digits(struct batch *b, const char *text) {
  bool point = false;
  for (; *text != '\0'; text++) {
    if (strchr("0123456789+-e", *text) != NULL) {
      batch_char(b, *text);
    } else if (!point) {
      batch_char(b, '.');
      point = true;
    }
  }
}

static void put_double(struct batch *b, double value) {
  if (!isfinite(value))
    value = 0;
  /* Below 2^53 every integer is exact, and its digits are its shortest form. */
  if (fabs(value) < 9007199254740992.0 && value == (double)(int64_t)value) {
    put_int(b, (int64_t)value);
    return;
  }
  char text[48];
  /* 15 digits always survive, 17 always suffice; subnormal numbers have fewer than 15. */
  int precision = fabs(value) < DBL_MIN ? 1 : 15;
  do
    snprintf(text, sizeof(text), "%.*g", precision, value);
  while (precision++ < 17 && strtod(text, NULL) != value);
  put_digits(b, text);
}

void xpf_json_init(struct xpf_json *json, struct xpf_sink *sink, bool pretty) {
  *json = (struct xpf_json){.sink = sink, .pretty = pretty};
}

void xpf_json_object_begin(struct xpf_json *json) {
  open_container(json, '{');
}

void xpf_json_object_end(struct xpf_json *json) {
  close_container(json, '}');
}

void xpf_json_array_begin(struct xpf_json *json) {
  open_container(json, '[');
}

void xpf_json_array_end(struct xpf_json *json) {
  close_container(json, ']');
}

void xpf_json_key(struct xpf_json *json, const char *key) {
  struct batch b;
  begin_item(json, &b);
  put_quoted(&b, key);
  batch_char(&b, ':');
  if (json->pretty)
    batch_char(&b, ' ');
  batch_flush(&b);
  json->after_key = true;
}

void xpf_json_string(struct xpf_json *json, const char *text) {
  struct batch b;
  begin_item(json, &b);
  if (text != NULL)
    put_quoted(&b, text);
  else
    batch_put(&b, "null", 4);
  batch_flush(&b);
}

void xpf_json_int(struct xpf_json *json, int64_t value) {
  struct batch b;
  begin_item(json, &b);
  put_int(&b, value);
  batch_flush(&b);
}

void xpf_json_uint(struct xpf_json *json, uint64_t value) {
  struct batch b;
  begin_item(json, &b);
  put_uint(&b, value);
  batch_flush(&b);
}

void xpf_json_double(struct xpf_json *json, double value) {
  struct batch b;
  begin_item(json, &b);
  put_double(&b, value);
  batch_flush(&b);
}

void xpf_json_bool(struct xpf_json *json, bool value) {
  struct batch b;
  begin_item(json, &b);
  batch_put(&b, value ? "true" : "false", value ? 4 : 5);
  batch_flush(&b);
}

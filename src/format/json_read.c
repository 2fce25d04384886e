#include "format/json_read.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_FIRST 256

void xpf_json_reader_init(struct xpf_json_reader *reader, struct xpf_source *source,
                          struct xpf_read_error *error) {
  *reader = (struct xpf_json_reader){.source = source, .error = error};
}

void xpf_json_reader_free(struct xpf_json_reader *reader) {
  free(reader->text);
  free(reader->is_object);
  reader->text = NULL;
  reader->is_object = NULL;
}

static enum xpf_json_event fail(struct xpf_json_reader *reader, enum xpf_read_reason reason,
                                const char *detail) {
  struct xpf_source *source = reader->source;
  if (source->error != 0)
    xpf_read_fail_source(reader->error, source);
  else
    xpf_read_fail(reader->error, reason, xpf_source_offset(source),
                  reason == XPF_READ_TRUNCATED ? "" : detail);
  reader->is_over = true;
  return XPF_JSON_ERROR;
}

/* The next byte, not taken; -1 at the end. */
static inline int peek(struct xpf_json_reader *reader) {
  struct xpf_source *source = reader->source;
  return xpf_source_has(source) ? source->buffer[source->at] : -1;
}

static inline int peek_behind_space(struct xpf_json_reader *reader) {
  int c = peek(reader);
  while (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
    reader->source->at++;
    c = peek(reader);
  }
  return c;
}

/* ---- text -------------------------------------------------------------------------------- */

static int text_reserve(struct xpf_json_reader *reader, size_t more) {
  size_t needed = reader->text_size + more + 1;
  if (needed <= reader->text_capacity)
    return 0;
  if (needed > XPF_JSON_TEXT_MAX) {
    fail(reader, XPF_READ_TOO_LARGE, "a string");
    return -1;
  }
  size_t capacity = reader->text_capacity == 0 ? TEXT_FIRST : reader->text_capacity;
  while (capacity < needed)
    capacity *= 2;
  char *text = realloc(reader->text, capacity);
  if (text == NULL) {
    fail(reader, XPF_READ_MEMORY, "");
    return -1;
  }
  reader->text = text;
  reader->text_capacity = capacity;
  return 0;
}

static int text_add(struct xpf_json_reader *reader, const void *data, size_t size) {
  if (text_reserve(reader, size) < 0)
    return -1;
  memcpy(reader->text + reader->text_size, data, size);
  reader->text_size += size;
  return 0;
}

static int hex4_read(struct xpf_json_reader *reader) {
  struct xpf_source *source = reader->source;
  if (xpf_source_need(source, 4) < 4) {
    fail(reader, XPF_READ_TRUNCATED, "");
    return -1;
  }
  int value = 0;
  for (int i = 0; i < 4; i++) {
    int c = source->buffer[source->at], digit = -1;
    if (c >= '0' && c <= '9')
      digit = c - '0';
    else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
      digit = (c | 0x20) - 'a' + 10;
    if (digit < 0) {
      fail(reader, XPF_READ_SYNTAX, "\\u needs four hexadecimal digits");
      return -1;
    }
    value = value * 16 + digit;
    source->at++;
  }
  return value;
}

/* A lone surrogate becomes U+FFFD, as it does in V8's own UTF-8. */
static int code_read(struct xpf_json_reader *reader, uint32_t *code) {
  int high = hex4_read(reader);
  if (high < 0)
    return -1;
  *code = (uint32_t)high;
  if (high < 0xd800 || high > 0xdfff)
    return 0;
  struct xpf_source *source = reader->source;
  *code = 0xfffd;
  if (high > 0xdbff || xpf_source_need(source, 2) < 2 || source->buffer[source->at] != '\\' ||
      source->buffer[source->at + 1] != 'u')
    return 0;
  source->at += 2;
  int low = hex4_read(reader);
  if (low < 0)
    return -1;
  if (low >= 0xdc00 && low <= 0xdfff)
    *code = 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
  return 0;
}

static int code_add(struct xpf_json_reader *reader, uint32_t code) {
  unsigned char utf8[4];
  size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = size; i-- > 1;) {
    utf8[i] = (unsigned char)(0x80 | (code & 0x3f));
    code >>= 6;
  }
  utf8[0] = (unsigned char)(lead[size] | code);
  return text_add(reader, utf8, size);
}

static int escape_read(struct xpf_json_reader *reader) {
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  int c = peek(reader);
  if (c < 0) {
    fail(reader, XPF_READ_TRUNCATED, "");
    return -1;
  }
  if (c == 'u') {
    uint32_t code;
    reader->source->at++;
    return code_read(reader, &code) < 0 ? -1 : code_add(reader, code);
  }
  const char *letter = c > 0 ? strchr(letters, c) : NULL;
  if (letter == NULL) {
    fail(reader, XPF_READ_SYNTAX, "an escape in a string");
    return -1;
  }
  reader->source->at++;
  return text_add(reader, &meanings[letter - letters], 1);
}

/* The string whose opening quote is next. 0 or -1. */
static int string_read(struct xpf_json_reader *reader) {
  struct xpf_source *source = reader->source;
  source->at++;
  reader->text_size = 0;
  for (;;) {
    if (!xpf_source_has(source)) {
      fail(reader, XPF_READ_TRUNCATED, "");
      return -1;
    }
    const unsigned char *begin = source->buffer + source->at, *end = source->buffer + source->end;
    const unsigned char *at = begin;
    while (at < end && *at != '"' && *at != '\\' && *at >= 0x20)
      at++;
    if (text_add(reader, begin, (size_t)(at - begin)) < 0)
      return -1;
    source->at += (size_t)(at - begin);
    if (at == end)
      continue;
    if (*at < 0x20) {
      fail(reader, XPF_READ_SYNTAX, "a control character in a string");
      return -1;
    }
    source->at++;
    if (*at == '"')
      break;
    if (escape_read(reader) < 0)
      return -1;
  }
  reader->text[reader->text_size] = '\0';
  return 0;
}

/* ---- values ------------------------------------------------------------------------------ */

static int64_t whole(double number) {
  if (isnan(number))
    return 0;
  if (number >= 9223372036854775807.0)
    return INT64_MAX;
  return number <= -9223372036854775808.0 ? INT64_MIN : (int64_t)number;
}

/* "-12.5e3" and no other spelling: strtod alone takes more. */
static bool is_number(const char *at) {
  at += *at == '-';
  if (*at == '0')
    at++;
  else if (*at >= '1' && *at <= '9')
    at += strspn(at, "0123456789");
  else
    return false;
  if (*at == '.') {
    size_t digits = strspn(at + 1, "0123456789");
    if (digits == 0)
      return false;
    at += 1 + digits;
  }
  if (*at == 'e' || *at == 'E') {
    at++;
    at += *at == '+' || *at == '-';
    size_t digits = strspn(at, "0123456789");
    if (digits == 0)
      return false;
    at += digits;
  }
  return *at == '\0';
}

static enum xpf_json_event number_slow(struct xpf_json_reader *reader) {
  struct xpf_source *source = reader->source;
  reader->text_size = 0;
  for (int c = peek(reader); c > 0 && strchr("0123456789+-.eE", c) != NULL; c = peek(reader)) {
    char digit = (char)c;
    if (reader->text_size > 1000)
      return fail(reader, XPF_READ_TOO_LARGE, "a number");
    if (text_add(reader, &digit, 1) < 0)
      return XPF_JSON_ERROR;
    source->at++;
  }
  if (text_reserve(reader, 0) < 0)
    return XPF_JSON_ERROR;
  reader->text[reader->text_size] = '\0';
  if (!is_number(reader->text)) {
    if (peek(reader) < 0)
      return fail(reader, XPF_READ_TRUNCATED, "");
    xpf_read_fail(reader->error, XPF_READ_SYNTAX, reader->offset, "a number");
    return fail(reader, XPF_READ_SYNTAX, "");
  }
  reader->number = strtod(reader->text, NULL);
  reader->integer = whole(reader->number);
  if (reader->text_size <= 18 && strpbrk(reader->text, ".eE") == NULL)
    reader->integer = strtoll(reader->text, NULL, 10);
  return XPF_JSON_NUMBER;
}

/* Nearly all numbers of a profile are short and whole, and lie in the buffer with what follows. */
static inline enum xpf_json_event number_read(struct xpf_json_reader *reader) {
  struct xpf_source *source = reader->source;
  const unsigned char *at = source->buffer + source->at, *end = source->buffer + source->end;
  if (end - at < 32)
    return number_slow(reader);
  bool is_negative = *at == '-';
  const unsigned char *first = at + is_negative;
  int64_t value = 0;
  for (at = first; *at >= '0' && *at <= '9' && at - first < 18; at++)
    value = value * 10 + (*at - '0');
  bool has_more = (*at >= '0' && *at <= '9') || *at == '.' || (*at | 0x20) == 'e';
  if (at == first || has_more || (*first == '0' && at - first > 1))
    return number_slow(reader);
  reader->integer = is_negative ? -value : value;
  reader->number = is_negative ? -(double)value : (double)value;
  source->at = (size_t)(at - source->buffer);
  return XPF_JSON_NUMBER;
}

static enum xpf_json_event word_read(struct xpf_json_reader *reader, const char *word,
                                     enum xpf_json_event event) {
  struct xpf_source *source = reader->source;
  size_t size = strlen(word), there = xpf_source_need(source, size);
  size_t same = 0;
  while (same < size && same < there && source->buffer[source->at + same] == word[same])
    same++;
  if (same < size)
    return fail(reader, same == there ? XPF_READ_TRUNCATED : XPF_READ_SYNTAX, "a value");
  source->at += size;
  return event;
}

/* ---- structure --------------------------------------------------------------------------- */

static inline bool in_object(const struct xpf_json_reader *reader) {
  uint32_t top = reader->depth - 1;
  return reader->depth > 0 && (reader->is_object[top / 8] >> (top % 8) & 1) != 0;
}

static enum xpf_json_event open_container(struct xpf_json_reader *reader, bool is_object) {
  if (reader->depth >= XPF_JSON_DEPTH_MAX)
    return fail(reader, XPF_READ_TOO_DEEP, "");
  if (reader->depth / 8 >= reader->is_object_bytes) {
    uint32_t bytes = reader->is_object_bytes == 0 ? 64 : reader->is_object_bytes * 2;
    uint8_t *grown = realloc(reader->is_object, bytes);
    if (grown == NULL)
      return fail(reader, XPF_READ_MEMORY, "");
    reader->is_object = grown;
    reader->is_object_bytes = bytes;
  }
  uint8_t bit = (uint8_t)(1u << (reader->depth % 8)), *byte = &reader->is_object[reader->depth / 8];
  *byte = (uint8_t)(is_object ? *byte | bit : *byte & ~bit);
  reader->depth++;
  reader->source->at++;
  return is_object ? XPF_JSON_OBJECT_BEGIN : XPF_JSON_ARRAY_BEGIN;
}

static enum xpf_json_event close_container(struct xpf_json_reader *reader, bool is_object) {
  reader->source->at++;
  reader->depth--;
  reader->after_value = true;
  return is_object ? XPF_JSON_OBJECT_END : XPF_JSON_ARRAY_END;
}

static enum xpf_json_event value_read(struct xpf_json_reader *reader, int c) {
  reader->after_key = false;
  if (c == '{' || c == '[') {
    reader->after_value = false;
    return open_container(reader, c == '{');
  }
  reader->after_value = true;
  if (c == '"')
    return string_read(reader) < 0 ? XPF_JSON_ERROR : XPF_JSON_STRING;
  if (c == '-' || (c >= '0' && c <= '9'))
    return number_read(reader);
  if (c == 't')
    return word_read(reader, "true", XPF_JSON_TRUE);
  if (c == 'f')
    return word_read(reader, "false", XPF_JSON_FALSE);
  if (c == 'n')
    return word_read(reader, "null", XPF_JSON_NULL);
  return fail(reader, c < 0 ? XPF_READ_TRUNCATED : XPF_READ_SYNTAX, "a value is expected");
}

static enum xpf_json_event key_read(struct xpf_json_reader *reader, int c) {
  if (c != '"')
    return fail(reader, c < 0 ? XPF_READ_TRUNCATED : XPF_READ_SYNTAX, "a key is expected");
  if (string_read(reader) < 0)
    return XPF_JSON_ERROR;
  c = peek_behind_space(reader);
  if (c != ':')
    return fail(reader, c < 0 ? XPF_READ_TRUNCATED : XPF_READ_SYNTAX, "a colon is expected");
  reader->source->at++;
  reader->after_key = true;
  return XPF_JSON_KEY;
}

static enum xpf_json_event top_end(struct xpf_json_reader *reader, int c) {
  if (c >= 0)
    return fail(reader, XPF_READ_SYNTAX, "something follows the end");
  if (reader->source->error != 0)
    return fail(reader, XPF_READ_INPUT, "");
  reader->is_over = true;
  return XPF_JSON_END;
}

enum xpf_json_event xpf_json_next(struct xpf_json_reader *reader) {
  if (reader->is_over)
    return reader->error->reason == XPF_READ_NONE ? XPF_JSON_END : XPF_JSON_ERROR;
  int c = peek_behind_space(reader);
  bool is_object = in_object(reader), had_comma = false;
  if (reader->after_value) {
    if (reader->depth == 0)
      return top_end(reader, c);
    if (c == ',') {
      reader->source->at++;
      reader->after_value = false;
      had_comma = true;
      c = peek_behind_space(reader);
    } else if (c != (is_object ? '}' : ']')) {
      return fail(reader, c < 0 ? XPF_READ_TRUNCATED : XPF_READ_SYNTAX, "a comma is expected");
    }
  }
  reader->offset = xpf_source_offset(reader->source);
  if (reader->depth > 0 && !reader->after_key && !had_comma && c == (is_object ? '}' : ']'))
    return close_container(reader, is_object);
  return is_object && !reader->after_key ? key_read(reader, c) : value_read(reader, c);
}

int xpf_json_skip_rest(struct xpf_json_reader *reader, enum xpf_json_event event) {
  if (event == XPF_JSON_ERROR)
    return -1;
  if (event != XPF_JSON_OBJECT_BEGIN && event != XPF_JSON_ARRAY_BEGIN)
    return 0;
  uint32_t depth = reader->depth - 1;
  while (reader->depth > depth)
    if (xpf_json_next(reader) == XPF_JSON_ERROR)
      return -1;
  return 0;
}

int xpf_json_skip(struct xpf_json_reader *reader) {
  return xpf_json_skip_rest(reader, xpf_json_next(reader));
}

int xpf_json_expect(struct xpf_json_reader *reader, enum xpf_json_event event, const char *what) {
  enum xpf_json_event got = xpf_json_next(reader);
  if (got == event)
    return 0;
  if (got != XPF_JSON_ERROR)
    xpf_read_fail(reader->error, XPF_READ_WRONG_TYPE, reader->offset, what);
  return -1;
}

int xpf_json_next_object(struct xpf_json_reader *reader, const char *what) {
  enum xpf_json_event event = xpf_json_next(reader);
  if (event == XPF_JSON_OBJECT_BEGIN)
    return 1;
  if (event == XPF_JSON_ARRAY_END)
    return 0;
  if (event != XPF_JSON_ERROR)
    xpf_read_fail(reader->error, XPF_READ_WRONG_TYPE, reader->offset, what);
  return -1;
}

int xpf_json_next_key(struct xpf_json_reader *reader) {
  enum xpf_json_event event = xpf_json_next(reader);
  if (event == XPF_JSON_KEY)
    return 1;
  return event == XPF_JSON_OBJECT_END ? 0 : -1;
}

int xpf_json_read_int(struct xpf_json_reader *reader, int64_t min, int64_t max, const char *what,
                      int64_t *out) {
  if (xpf_json_expect(reader, XPF_JSON_NUMBER, what) < 0)
    return -1;
  if (reader->integer < min || reader->integer > max)
    return xpf_read_fail(reader->error, XPF_READ_OUT_OF_RANGE, reader->offset, what);
  *out = reader->integer;
  return 0;
}

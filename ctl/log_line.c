#include "log_line.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wire/document.h"

#define VALUES_MAX 4096

static void copy(char *out, size_t out_size, const char *text, size_t size) {
  size_t kept = size < out_size - 1 ? size : out_size - 1;
  memcpy(out, text, kept);
  out[kept] = '\0';
}

/* ---- [time] [level] [component] [pid] [tid] [version] text ---- */

struct cursor {
  const char *at, *end;
};

/* "[word] " with no bracket inside. */
static bool take_field(struct cursor *cursor, const char **word, size_t *size) {
  if (cursor->at >= cursor->end || *cursor->at != '[')
    return false;
  const char *begin = cursor->at + 1;
  const char *close = memchr(begin, ']', (size_t)(cursor->end - begin));
  if (close == NULL || memchr(begin, '[', (size_t)(close - begin)) != NULL)
    return false;
  *word = begin;
  *size = (size_t)(close - begin);
  cursor->at = close + 1;
  if (cursor->at < cursor->end && *cursor->at == ' ')
    cursor->at++;
  return true;
}

static bool to_number(const char *text, size_t size, long long *out) {
  char digits[24], *end;
  if (size == 0 || size > 18)
    return false;
  for (size_t i = 0; i < size; i++)
    if (text[i] < '0' || text[i] > '9')
      return false;
  copy(digits, sizeof digits, text, size);
  *out = strtoll(digits, &end, 10);
  return *end == '\0';
}

/* "2026-11-22 00:37:16" and, in the alinode format, ".875900" behind it. */
static bool is_time(const char *text, size_t size) {
  static const char shape[] = "0000-00-00 00:00:00";
  if (size < sizeof shape - 1)
    return false;
  for (size_t i = 0; i < sizeof shape - 1; i++) {
    bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '0' ? !is_digit : text[i] != shape[i])
      return false;
  }
  return size == sizeof shape - 1 || (text[sizeof shape - 1] == '.' && size <= 26);
}

static bool take_head(struct xpf_log_line *line, struct cursor *cursor) {
  const char *word;
  size_t size;
  if (!take_field(cursor, &word, &size) || !is_time(word, size))
    return false;
  bool is_alinode = size > 19;
  copy(line->time, sizeof line->time, word, size);
  if (!take_field(cursor, &word, &size))
    return false;
  copy(line->level, sizeof line->level, word, size);
  if (!take_field(cursor, &word, &size))
    return false;
  copy(line->component, sizeof line->component, word, size);
  if (!take_field(cursor, &word, &size) || !to_number(word, size, &line->pid))
    return false;
  if (is_alinode)
    return true;
  if (!take_field(cursor, &word, &size) || !to_number(word, size, &line->thread_id) ||
      !take_field(cursor, &word, &size))
    return false;
  copy(line->version, sizeof line->version, word, size);
  return true;
}

static bool is_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_number(char c) {
  return (c >= '0' && c <= '9') || c == '.';
}

static size_t span(const struct cursor *cursor, bool (*fits)(char)) {
  size_t size = 0;
  while (cursor->at + size < cursor->end && fits(cursor->at[size]))
    size++;
  return size;
}

/* "cpu_usage(%) " and "memory_usage(byte) " stand in front of some records. */
static void skip_prefix(struct cursor *cursor) {
  static const char *const prefixes[] = {"cpu_usage(%) ", "memory_usage(byte) "};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
    size_t size = strlen(prefixes[i]);
    if ((size_t)(cursor->end - cursor->at) >= size && memcmp(cursor->at, prefixes[i], size) == 0)
      cursor->at += size;
  }
}

/* "key: number", and a comma when more follows. */
static bool take_pair(struct cursor *cursor, struct xpf_log_pair *pair) {
  pair->key = cursor->at;
  pair->key_size = span(cursor, is_key);
  cursor->at += pair->key_size;
  if (pair->key_size == 0 || cursor->end - cursor->at < 3 || memcmp(cursor->at, ": ", 2) != 0)
    return false;
  cursor->at += 2;
  pair->value = cursor->at;
  pair->value_size = span(cursor, is_number);
  cursor->at += pair->value_size;
  if (pair->value_size == 0)
    return false;
  if (cursor->at == cursor->end)
    return true;
  if (cursor->end - cursor->at < 2 || memcmp(cursor->at, ", ", 2) != 0)
    return false;
  cursor->at += 2;
  return true;
}

static void take_detail(struct xpf_log_line *line, struct cursor cursor) {
  struct cursor all = cursor;
  skip_prefix(&cursor);
  while (cursor.at < cursor.end && line->pairs_count < XPF_LOG_PAIRS_MAX) {
    if (!take_pair(&cursor, &line->pairs[line->pairs_count])) {
      line->pairs_count = 0;
      break;
    }
    line->pairs_count++;
  }
  if (line->pairs_count > 0)
    return;
  line->message = all.at;
  line->message_size = (size_t)(all.end - all.at);
}

/* ---- JSON ---- */

static bool copy_text(char *out, size_t size, const cJSON *root, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
  if (!cJSON_IsString(item))
    return false;
  copy(out, size, item->valuestring, strlen(item->valuestring));
  return true;
}

static bool copy_number(long long *out, const cJSON *root, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
  if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble < 1e15))
    return false;
  *out = (long long)item->valuedouble;
  return true;
}

/* cJSON keeps no text of numbers: those of a record are read from the line itself. */
static bool take_json_pair(struct xpf_log_pair *pair, const cJSON *item, const char **at,
                           const char *end) {
  char quoted[128];
  int size = snprintf(quoted, sizeof quoted, "\"%s\":", item->string);
  if (*item->string == '\0' || size <= 0 || size >= (int)sizeof quoted)
    return false;
  const char *found = memmem(*at, (size_t)(end - *at), quoted, (size_t)size);
  if (found == NULL)
    return false;
  struct cursor cursor = {found + size, end};
  while (cursor.at < end && *cursor.at == ' ')
    cursor.at++;
  pair->key = item->string;
  pair->key_size = strlen(item->string);
  pair->value = cursor.at;
  pair->value_size = span(&cursor, is_number);
  if (cJSON_IsNull(item) && end - cursor.at >= 4 && memcmp(cursor.at, "null", 4) == 0)
    pair->value_size = 4;
  *at = cursor.at;
  return pair->value_size > 0;
}

static int parse_json(struct xpf_log_line *line, const char *text, size_t size) {
  struct xpf_document document;
  int error = xpf_document_parse(&document, text, size, VALUES_MAX);
  if (error != 0)
    return error == -ENOMEM ? error : -EINVAL;
  line->root = document.root;
  if (!cJSON_IsObject(line->root) ||
      !copy_text(line->time, sizeof line->time, line->root, "time") ||
      !copy_text(line->level, sizeof line->level, line->root, "level") ||
      !copy_text(line->component, sizeof line->component, line->root, "component") ||
      !copy_number(&line->pid, line->root, "pid"))
    return -EINVAL;
  copy_number(&line->thread_id, line->root, "thread_id");
  copy_text(line->version, sizeof line->version, line->root, "version");
  const cJSON *message = cJSON_GetObjectItemCaseSensitive(line->root, "message"), *item;
  if (cJSON_IsString(message)) {
    line->message = message->valuestring;
    line->message_size = strlen(message->valuestring);
    return 0;
  }
  const char *at = text;
  cJSON_ArrayForEach(item, line->root) {
    bool is_head = strcmp(item->string, "pid") == 0 || strcmp(item->string, "thread_id") == 0;
    if (is_head || (!cJSON_IsNumber(item) && !cJSON_IsNull(item)) ||
        line->pairs_count == XPF_LOG_PAIRS_MAX)
      continue;
    if (take_json_pair(&line->pairs[line->pairs_count], item, &at, text + size))
      line->pairs_count++;
  }
  return 0;
}

/* ---- both ---- */

int xpf_log_line_parse(struct xpf_log_line *line, const char *text, size_t size) {
  struct cursor cursor = {text, text + size};
  line->time[0] = line->level[0] = line->component[0] = line->version[0] = '\0';
  line->pid = line->thread_id = -1;
  line->message = NULL;
  line->message_size = line->pairs_count = 0;
  line->root = NULL;
  if (size > 0 && *text == '{')
    return parse_json(line, text, size);
  if (!take_head(line, &cursor))
    return -EINVAL;
  take_detail(line, cursor);
  return 0;
}

void xpf_log_line_free(struct xpf_log_line *line) {
  cJSON_Delete(line->root);
  line->root = NULL;
}

const char *xpf_log_line_clock(const struct xpf_log_line *line, char out[16]) {
  size_t size = strlen(line->time);
  copy(out, 16, size >= 19 ? line->time + 11 : line->time, size >= 19 ? 8 : size);
  return out;
}

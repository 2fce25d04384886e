#include "daemon/metrics_reply.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The text ends with a NUL, which is no part of any value: reading one byte ahead is safe. Every
 * function leaves `at` behind what it read and returns false when the text is not as it should. */
struct cursor {
  const char *at;
};

static void skip_blanks(struct cursor *cursor) {
  while (*cursor->at == ' ' || *cursor->at == '\t')
    cursor->at++;
}

static bool take(struct cursor *cursor, char wanted) {
  skip_blanks(cursor);
  if (*cursor->at != wanted)
    return false;
  cursor->at++;
  return true;
}

/* A string as it stands between its quotes. */
static bool take_string(struct cursor *cursor, const char **text, size_t *size) {
  if (!take(cursor, '"'))
    return false;
  const char *begin = cursor->at;
  while (*cursor->at && *cursor->at != '"')
    cursor->at += cursor->at[0] == '\\' && cursor->at[1] ? 2 : 1;
  *text = begin;
  *size = (size_t)(cursor->at - begin);
  return take(cursor, '"');
}

static bool take_key(struct cursor *cursor, const char **text, size_t *size) {
  return take_string(cursor, text, size) && take(cursor, ':');
}

/* Before each member but the first there is a comma. False at the end, which is then behind. */
static bool next_member(struct cursor *cursor, char end, bool *is_first, bool *is_ok) {
  *is_ok = true;
  if (take(cursor, end))
    return false;
  if (!*is_first && !take(cursor, ','))
    return *is_ok = false;
  *is_first = false;
  return true;
}

/* What digits cannot tell exactly enough. */
static bool take_odd_number(struct cursor *cursor, const char *begin, double *out) {
  char *end;
  *out = strtod(begin, &end);
  cursor->at = end;
  return end > begin && isfinite(*out);
}

static bool take_number(struct cursor *cursor, double *out) {
  static const double TENS[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
  const char *begin = cursor->at, *at = begin + (*begin == '-');
  uint64_t digits = 0;
  const char *first = at, *limit = at + 17; /* 16 digits and a point fit */
  for (; *at >= '0' && *at <= '9' && at < limit; at++)
    digits = digits * 10 + (uint64_t)(*at - '0');
  if (at == first)
    return false;
  unsigned decimals = 0;
  if (*at == '.')
    for (at++; *at >= '0' && *at <= '9' && at < limit && decimals < XPF_ROWS(TENS) - 1; at++)
      digits = digits * 10 + (uint64_t)(*at - '0'), decimals++;
  bool is_plain = (*at < '0' || *at > '9') && *at != 'e' && *at != 'E' && *at != '.';
  if (!is_plain || digits > (1ull << 53))
    return take_odd_number(cursor, begin, out);
  cursor->at = at;
  *out = (double)digits / TENS[decimals];
  if (*begin == '-')
    *out = -*out;
  return true;
}

static bool take_word(struct cursor *cursor, const char *word) {
  size_t size = strlen(word);
  if (strncmp(cursor->at, word, size) != 0)
    return false;
  cursor->at += size;
  return true;
}

/* One whole value, whatever it is: a string, a word, or all that is between brackets. */
static bool skip_value(struct cursor *cursor) {
  unsigned depth = 0;
  const char *text;
  size_t size;
  do {
    skip_blanks(cursor);
    switch (*cursor->at) {
    case '\0':
      return false;
    case '"':
      if (!take_string(cursor, &text, &size))
        return false;
      break;
    case '[':
    case '{':
      depth++;
      cursor->at++;
      break;
    case ']':
    case '}':
      if (depth-- == 0)
        return false;
      cursor->at++;
      break;
    case ',':
    case ':':
      if (depth == 0)
        return false;
      cursor->at++;
      break;
    default: {
      size = strcspn(cursor->at, ",:]}[{\" \t");
      if (size == 0)
        return false;
      cursor->at += size;
    }
    }
  } while (depth > 0);
  return true;
}

/* A number, or NaN for null and whatever else stands there. */
static bool take_figure(struct cursor *cursor, double *out) {
  skip_blanks(cursor);
  *out = NAN;
  if (*cursor->at == '-' || (*cursor->at >= '0' && *cursor->at <= '9'))
    return take_number(cursor, out);
  return skip_value(cursor);
}

static bool is_text(const char *text, size_t size, const char *wanted) {
  return strlen(wanted) == size && memcmp(text, wanted, size) == 0;
}

/* A list of keys, in the order in which a target gives them. */
struct key_list {
  const char *const *keys;
  unsigned count, next, unknown;
};

/* Nobody knows so many keys that we do not. Who sends more is not looked up key by key: it would
 * take us a second. */
#define UNKNOWN_MAX 256

#define NOT_LISTED (-1)
#define NO_KEY     (-2)

static int find_key(struct key_list *list, const char *text, size_t size) {
  if (list->unknown == UNKNOWN_MAX)
    return NOT_LISTED;
  for (unsigned i = 0; i < list->count; i++)
    if (strncmp(list->keys[i], text, size) == 0 && list->keys[i][size] == '\0')
      return (int)i;
  list->unknown++;
  return NOT_LISTED;
}

/* The key of a member, up to and with its colon: where it stands in the list. The one behind the
 * last is it nearly always. */
static int take_listed(struct cursor *cursor, struct key_list *list, const char **text,
                       size_t *size) {
  skip_blanks(cursor);
  if (*cursor->at == '"') {
    const char *at = cursor->at + 1, *key = list->keys[list->next];
    *text = at;
    while (*key && *key == *at) {
      key++;
      at++;
    }
    if (!*key && at[0] == '"' && at[1] == ':') {
      *size = (size_t)(at - *text);
      cursor->at = at + 2;
      int found = (int)list->next;
      list->next = list->next + 1 < list->count ? list->next + 1 : 0;
      return found;
    }
  }
  if (!take_key(cursor, text, size))
    return NO_KEY;
  int found = find_key(list, *text, *size);
  if (found >= 0)
    list->next = (unsigned)found + 1 < list->count ? (unsigned)found + 1 : 0;
  return found;
}

static bool read_node(struct cursor *cursor, double *values) {
  struct key_list list = {.keys = xpf_node_keys, .count = XPF_NODE_FIELDS};
  bool is_first = true, is_ok;
  if (!take(cursor, '{'))
    return false;
  while (next_member(cursor, '}', &is_first, &is_ok)) {
    const char *key;
    size_t size;
    double value;
    int at = take_listed(cursor, &list, &key, &size);
    if (at == NO_KEY || !take_figure(cursor, &value))
      return false;
    if (at >= 0)
      values[at] = value * xpf_node_factors[at];
  }
  return is_ok;
}

/* {"200": 17, "404": 1} */
static bool read_statuses(struct cursor *cursor, double *values) {
  bool is_first = true, is_ok;
#define CLASS_ZERO(digit) values[XPF_THREAD_http_responses_##digit##xx] = 0;
  XPF_STATUS_CLASSES(CLASS_ZERO)
#undef CLASS_ZERO
  if (!take(cursor, '{'))
    return false;
  while (next_member(cursor, '}', &is_first, &is_ok)) {
    const char *key;
    size_t size;
    double value;
    if (!take_key(cursor, &key, &size) || !take_figure(cursor, &value))
      return false;
    if (size == 3 && key[0] >= '1' && key[0] <= '5' && value > 0)
      values[XPF_THREAD_http_responses_1xx + (key[0] - '1')] += value;
  }
  return is_ok;
}

/* Of the spaces of a heap only those which have no keys in the list. Their figures come last and
 * are kept until the name is known. */
static bool read_space(struct cursor *cursor, double *values) {
  static const char *const FIGURES[] = {"size", "used", "available", "committed"};
  double figures[] = {NAN, NAN, NAN, NAN};
  bool is_first = true, is_ok;
  int first_field = -1;
  if (!take(cursor, '{'))
    return false;
  while (next_member(cursor, '}', &is_first, &is_ok)) {
    const char *key, *name;
    size_t size, name_size;
    double value;
    if (!take_key(cursor, &key, &size))
      return false;
    skip_blanks(cursor);
    if (is_text(key, size, "name") && *cursor->at == '"') {
      if (!take_string(cursor, &name, &name_size))
        return false;
#define SPACE_IS(s, v8_name)                                                                       \
  if (is_text(name, name_size, v8_name))                                                           \
    first_field = XPF_THREAD_##s##_space_size;
      XPF_MORE_SPACES(SPACE_IS)
#undef SPACE_IS
      continue;
    }
    if (!take_figure(cursor, &value))
      return false;
    for (unsigned i = 0; i < XPF_ROWS(FIGURES); i++)
      if (is_text(key, size, FIGURES[i]))
        figures[i] = value;
  }
  if (first_field >= 0)
    memcpy(values + first_field, figures, sizeof figures);
  return is_ok;
}

static bool read_spaces(struct cursor *cursor, double *values) {
  bool is_first = true, is_ok;
  if (!take(cursor, '['))
    return false;
  while (next_member(cursor, ']', &is_first, &is_ok))
    if (!read_space(cursor, values))
      return false;
  return is_ok;
}

/* The members of a thread that are not in the list. */
static bool read_other(struct cursor *cursor, struct xpf_reply_thread *thread, const char *key,
                       size_t size) {
  double value;
  skip_blanks(cursor);
  if (is_text(key, size, "spaces") && *cursor->at == '[')
    return read_spaces(cursor, thread->values);
  if (is_text(key, size, "http_status_total") && *cursor->at == '{')
    return read_statuses(cursor, thread->values);
  if (is_text(key, size, "is_main")) {
    thread->is_main = *cursor->at == 't';
    return skip_value(cursor);
  }
  if (!is_text(key, size, "thread_id"))
    return skip_value(cursor);
  if (!take_figure(cursor, &value) || !(value >= 0 && value <= UINT32_MAX))
    return false;
  thread->thread_id = (uint32_t)value;
  return true;
}

static bool read_thread(struct cursor *cursor, struct xpf_reply_thread *thread) {
  struct key_list list = {.keys = xpf_thread_keys, .count = XPF_THREAD_LISTED};
  bool is_first = true, is_ok;
  thread->thread_id = UINT32_MAX;
  thread->is_main = false;
  for (unsigned i = 0; i < XPF_THREAD_FIELDS; i++)
    thread->values[i] = NAN;
  if (!take(cursor, '{'))
    return false;
  while (next_member(cursor, '}', &is_first, &is_ok)) {
    const char *key;
    size_t size;
    double value;
    int at = take_listed(cursor, &list, &key, &size);
    if (at == NO_KEY)
      return false;
    if (at == NOT_LISTED) {
      if (!read_other(cursor, thread, key, size))
        return false;
      continue;
    }
    if (!take_figure(cursor, &value))
      return false;
    thread->values[at] = value * xpf_thread_factors[at];
  }
  return is_ok && thread->thread_id != UINT32_MAX;
}

static int make_room(struct xpf_metrics_reply *out) {
  if (out->threads_count < out->threads_capacity)
    return 0;
  uint32_t capacity = out->threads_capacity ? out->threads_capacity * 2 : 8;
  void *grown = realloc(out->threads, capacity * sizeof *out->threads);
  if (!grown)
    return -ENOMEM;
  out->threads = grown;
  out->threads_capacity = capacity;
  return 0;
}

static int read_threads(struct cursor *cursor, struct xpf_metrics_reply *out) {
  bool is_first = true, is_ok;
  if (!take(cursor, '['))
    return -EPROTO;
  while (next_member(cursor, ']', &is_first, &is_ok)) {
    if (out->threads_count == XPF_REPLY_THREADS_MAX) {
      if (!skip_value(cursor))
        return -EPROTO;
      continue;
    }
    int error = make_room(out);
    if (error)
      return error;
    if (!read_thread(cursor, &out->threads[out->threads_count]))
      return -EPROTO;
    out->threads_count++;
  }
  return is_ok ? 0 : -EPROTO;
}

static int read_result(struct cursor *cursor, struct xpf_metrics_reply *out) {
  bool is_first = true, is_ok;
  if (!take(cursor, '{'))
    return -EPROTO;
  while (next_member(cursor, '}', &is_first, &is_ok)) {
    const char *key;
    size_t size;
    int error = take_key(cursor, &key, &size) ? 0 : -EPROTO;
    if (!error && is_text(key, size, "process"))
      error = read_node(cursor, out->node) ? 0 : -EPROTO;
    else if (!error && is_text(key, size, "threads"))
      error = read_threads(cursor, out);
    else if (!error)
      error = skip_value(cursor) ? 0 : -EPROTO;
    if (error)
      return error;
  }
  return is_ok ? 0 : -EPROTO;
}

static bool read_error(struct cursor *cursor, struct xpf_metrics_reply *out) {
  bool is_first = true, is_ok;
  if (!take(cursor, '{'))
    return false;
  while (next_member(cursor, '}', &is_first, &is_ok)) {
    const char *key, *text;
    size_t size, text_size;
    if (!take_key(cursor, &key, &size))
      return false;
    skip_blanks(cursor);
    if (!is_text(key, size, "message") || *cursor->at != '"') {
      if (!skip_value(cursor))
        return false;
      continue;
    }
    if (!take_string(cursor, &text, &text_size))
      return false;
    if (text_size >= sizeof out->message)
      text_size = sizeof out->message - 1;
    memcpy(out->message, text, text_size);
    out->message[text_size] = '\0';
  }
  return is_ok;
}

int xpf_metrics_reply_parse(struct xpf_metrics_reply *out, const char *line, size_t size) {
  struct cursor cursor = {line};
  bool is_first = true, is_ok, has_id = false, has_result = false, is_other = false;
  out->is_error = false;
  out->message[0] = '\0';
  out->threads_count = 0;
  for (unsigned i = 0; i < XPF_NODE_FIELDS; i++)
    out->node[i] = NAN;
  if (!take(&cursor, '{'))
    return -EPROTO;
  while (next_member(&cursor, '}', &is_first, &is_ok)) {
    const char *key;
    size_t key_size;
    int error = take_key(&cursor, &key, &key_size) ? 0 : -EPROTO;
    double id;
    skip_blanks(&cursor);
    if (error)
      return error;
    if (is_text(key, key_size, "id") && take_word(&cursor, "null")) {
      out->id = -1; /* about no request in particular: the answer to the only one in work */
      has_id = true;
    } else if (is_text(key, key_size, "id")) {
      error = take_number(&cursor, &id) ? 0 : -EPROTO;
      /* Ours are small; another number is another's. */
      out->id = error || !(id >= 0 && id < 9e15) ? 0 : (long long)id;
      has_id = true;
    } else if (is_text(key, key_size, "result") && !has_result) {
      error = read_result(&cursor, out);
      has_result = true;
    } else if (is_text(key, key_size, "error")) {
      error = read_error(&cursor, out) ? 0 : -EPROTO;
      out->is_error = true;
    } else {
      is_other |= is_text(key, key_size, "method");
      error = skip_value(&cursor) ? 0 : -EPROTO;
    }
    if (error)
      return error;
  }
  skip_blanks(&cursor);
  if (!is_ok || cursor.at != line + size)
    return -EPROTO;
  if (is_other)
    return 1;
  return has_id && has_result != out->is_error ? 0 : -EPROTO;
}

void xpf_metrics_reply_free(struct xpf_metrics_reply *reply) {
  free(reply->threads);
  reply->threads = NULL;
  reply->threads_capacity = reply->threads_count = 0;
}

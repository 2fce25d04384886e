#include "options.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config_option.h"
#include "duration.h"
#include "print.h"
#include "suggest.h"
#include "text.h"

#define NAME_MAX_BYTES 200

const struct xpf_option xpf_option_table[XPF_OPTION_COUNT] = {
#define XPF_OPTION_ROW(id, letter, name, other, param, kind, min, max, value, en, zh)              \
  {letter, name, other, param, XPF_OPTION_KIND_##kind, min, max, value, en, zh},
    XPF_OPTIONS(XPF_OPTION_ROW)
#undef XPF_OPTION_ROW
};

struct parser {
  struct xpf_options *out;
  int argc, next;
  char **argv;
  char *message;
  size_t message_size;
};

static int refuse(struct parser *parser, enum xpf_text_id id, ...) {
  va_list args;
  va_start(args, id);
  vsnprintf(parser->message, parser->message_size, xpf_text(id), args);
  va_end(args);
  return -EINVAL;
}

bool xpf_option_name_is(const char *name, const char *typed, size_t typed_size) {
  if (name == NULL || strlen(name) != typed_size)
    return false;
  for (size_t i = 0; i < typed_size; i++) {
    char a = name[i] == '-' ? '_' : name[i], b = typed[i] == '-' ? '_' : typed[i];
    if (a != b)
      return false;
  }
  return true;
}

bool xpf_options_has(const struct xpf_options *options, enum xpf_option_id id) {
  return (options->given & (UINT64_C(1) << id)) != 0;
}

const char *xpf_option_label(enum xpf_option_id id, char *buffer, size_t size) {
  snprintf(buffer, size, "--%s", xpf_option_table[id].name);
  return buffer;
}

int xpf_option_by_name(const char *name, size_t size) {
  for (int i = 0; i < XPF_OPTION_COUNT; i++)
    if (xpf_option_name_is(xpf_option_table[i].name, name, size) ||
        xpf_option_name_is(xpf_option_table[i].other_name, name, size))
      return i;
  return -1;
}

int xpf_option_by_letter(char letter) {
  for (int i = 0; i < XPF_OPTION_COUNT; i++)
    if (xpf_option_table[i].letter != 0 && xpf_option_table[i].letter == letter)
      return i;
  return -1;
}

/* strtod would also take "0x10", " 5", "inf" and "1e3"; here only digits and a point count. */
static bool read_number(const char *text, bool whole, double *out) {
  const char *digits = *text == '-' ? text + 1 : text;
  if (*digits < '0' || *digits > '9' || strlen(digits) > 18 ||
      digits[strspn(digits, whole ? "0123456789" : "0123456789.")] != '\0')
    return false;
  char *end;
  *out = strtod(text, &end);
  return *end == '\0' && isfinite(*out);
}

static bool is_file_name(const char *text) {
  size_t size = strlen(text);
  return size > 0 && size <= NAME_MAX_BYTES && *text != '.' && strchr(text, '/') == NULL;
}

static int refuse_duration(struct parser *parser, const char *label,
                           const struct xpf_option *option, const char *text) {
  return refuse(parser, XPF_TEXT_NOT_DURATION, label, option->min, option->max / 86400e3, text);
}

static int add_pid(struct parser *parser, double pid) {
  struct xpf_options *out = parser->out;
  if (out->pids_count == XPF_PIDS_MAX)
    return refuse(parser, XPF_TEXT_PIDS_MANY, XPF_PIDS_MAX);
  out->pids[out->pids_count++] = (pid_t)pid;
  return 0;
}

/* Checks the text of an option against its kind and keeps it. */
static int take_value(struct parser *parser, int id, const char *text) {
  const struct xpf_option *option = &xpf_option_table[id];
  struct xpf_option_value *value = &parser->out->values[id];
  bool whole = option->kind != XPF_OPTION_KIND_NUMBER;
  double number = 0; /* a value that is refused leaves an earlier one as it was */
  char label[64];

  xpf_option_label((enum xpf_option_id)id, label, sizeof label);
  switch (option->kind) {
  case XPF_OPTION_KIND_PID:
  case XPF_OPTION_KIND_WHOLE:
  case XPF_OPTION_KIND_NUMBER:
    if (read_number(text, whole, &number) && number >= option->min && number <= option->max)
      break;
    if (option->kind == XPF_OPTION_KIND_PID)
      return refuse(parser, XPF_TEXT_PID_WRONG, text);
    return refuse(parser, whole ? XPF_TEXT_NOT_WHOLE : XPF_TEXT_NOT_NUMBER, label, option->min,
                  option->max, text);
  case XPF_OPTION_KIND_DURATION:
    if (xpf_duration_parse(text, &number) != 0 || number < option->min || number > option->max)
      return refuse_duration(parser, label, option, text);
    break;
  case XPF_OPTION_KIND_NAME:
    if (!is_file_name(text))
      return refuse(parser, XPF_TEXT_NOT_NAME);
    break;
  case XPF_OPTION_KIND_TEXT:
  case XPF_OPTION_KIND_FLAG:
    break;
  }
  value->text = text;
  value->number = number;
  parser->out->given |= UINT64_C(1) << id;
  return option->kind == XPF_OPTION_KIND_PID ? add_pid(parser, number) : 0;
}

int xpf_options_add_pid(struct xpf_options *options, const char *text, char *message,
                        size_t message_size) {
  struct parser parser = {.out = options, .message = message, .message_size = message_size};
  return take_value(&parser, XPF_OPTION_PID, text);
}

static int take_flag(struct parser *parser, int id, const char *value) {
  char label[64];
  if (value == NULL || strcmp(value, "true") == 0) {
    parser->out->given |= UINT64_C(1) << id;
    return 0;
  }
  if (strcmp(value, "false") == 0) {
    parser->out->given &= ~(UINT64_C(1) << id);
    return 0;
  }
  return refuse(parser, XPF_TEXT_VALUE_UNWANTED,
                xpf_option_label((enum xpf_option_id)id, label, sizeof label));
}

/* The word after an option, unless it looks like another option. "-5" is a (wrong) value. */
static const char *next_value(struct parser *parser) {
  if (parser->next >= parser->argc)
    return NULL;
  const char *word = parser->argv[parser->next];
  if (word[0] == '-' && word[1] != '\0' && (word[1] < '0' || word[1] > '9'))
    return NULL;
  parser->next++;
  return word;
}

static int take_option(struct parser *parser, int id, const char *typed, const char *value) {
  if (xpf_option_table[id].kind == XPF_OPTION_KIND_FLAG)
    return take_flag(parser, id, value);
  if (value == NULL)
    value = next_value(parser);
  if (value == NULL)
    return refuse(parser, XPF_TEXT_VALUE_MISSING, typed);
  return take_value(parser, id, value);
}

static int refuse_unknown(struct parser *parser, const char *typed, const char *name) {
  struct xpf_suggest suggest;
  char plain[128], sentence[256], dashed[136];

  snprintf(plain, sizeof plain, "%.*s", (int)strcspn(name, "="), name);
  xpf_suggest_init(&suggest, plain);
  for (int i = 0; i < XPF_OPTION_COUNT; i++)
    xpf_suggest_offer(&suggest, xpf_option_table[i].name);
  xpf_config_option_suggest(&suggest);
  const char *best = xpf_suggest_result(&suggest);
  if (best == NULL)
    return refuse(parser, XPF_TEXT_UNKNOWN_OPTION, typed);
  snprintf(sentence, sizeof sentence, xpf_text(XPF_TEXT_UNKNOWN_OPTION), typed);
  snprintf(dashed, sizeof dashed, "--%s", best);
  return refuse(parser, XPF_TEXT_DID_YOU_MEAN, sentence, dashed);
}

static int parse_long(struct parser *parser, const char *word) {
  const char *name = word + 2, *equals = strchr(name, '=');
  size_t size = equals != NULL ? (size_t)(equals - name) : strlen(name);
  const char *value = equals != NULL ? equals + 1 : NULL;
  bool negated;

  int id = xpf_option_by_name(name, size);
  if (id >= 0)
    return take_option(parser, id, word, value);
  const struct xpf_config_option *key = xpf_config_option_find(name, size, &negated);
  if (key == NULL)
    return refuse_unknown(parser, word, name);
  if (value == NULL && xpf_config_option_takes_value(key))
    value = next_value(parser);
  return xpf_config_option_set(key, negated, value, &parser->out->config, parser->message,
                               parser->message_size);
}

/* "-p12", "-p=12", "-p 12", "-hv". */
static int parse_letters(struct parser *parser, const char *word) {
  for (const char *at = word + 1; *at != '\0'; at++) {
    int id = xpf_option_by_letter(*at);
    if (id < 0)
      return refuse_unknown(parser, word, word + 1);
    if (xpf_option_table[id].kind != XPF_OPTION_KIND_FLAG) {
      const char *value = at[1] == '=' ? at + 2 : at[1] != '\0' ? at + 1 : NULL;
      return take_option(parser, id, word, value);
    }
    take_flag(parser, id, NULL);
  }
  return 0;
}

static int parse_word(struct parser *parser, const char *word) {
  struct xpf_options *out = parser->out;
  if (out->words_count < XPF_WORDS_MAX) {
    out->words[out->words_count++] = word;
    return 0;
  }
  return refuse(parser, XPF_TEXT_UNEXPECTED, word);
}

int xpf_options_parse(struct xpf_options *out, int argc, char **argv, char *message,
                      size_t message_size) {
  struct parser parser = {
      .out = out, .argc = argc, .argv = argv, .message = message, .message_size = message_size};
  bool only_words = false;
  int status = 0;

  *out = (struct xpf_options){0};
  while (status == 0 && parser.next < argc) {
    const char *word = argv[parser.next++];
    if (only_words || word[0] != '-' || word[1] == '\0')
      status = parse_word(&parser, word);
    else if (strcmp(word, "--") == 0)
      only_words = true;
    else if (word[1] == '-')
      status = parse_long(&parser, word);
    else
      status = parse_letters(&parser, word);
  }
  return status;
}

void xpf_options_free(struct xpf_options *options) {
  cJSON_Delete(options->config);
  options->config = NULL;
}

cJSON *xpf_options_params(const struct xpf_options *options) {
  cJSON *params = cJSON_CreateObject();
  for (int i = 0; params != NULL && i < XPF_OPTION_COUNT; i++) {
    const struct xpf_option *option = &xpf_option_table[i];
    const struct xpf_option_value *value = &options->values[i];
    const cJSON *added;

    if (option->param == NULL || !xpf_options_has(options, (enum xpf_option_id)i))
      continue;
    if (option->kind == XPF_OPTION_KIND_FLAG)
      added = cJSON_AddTrueToObject(params, option->param);
    else if (option->kind == XPF_OPTION_KIND_NAME || option->kind == XPF_OPTION_KIND_TEXT)
      added = cJSON_AddStringToObject(params, option->param, value->text);
    else
      added = cJSON_AddNumberToObject(params, option->param, value->number);
    if (added == NULL) {
      cJSON_Delete(params);
      return NULL;
    }
  }
  return params;
}

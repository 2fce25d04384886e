#include "config_option.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "core/config.h"
#include "options.h"
#include "text.h"

enum type { TEXT, NUMBER, FLAG };

struct xpf_config_option {
  const char *key, *unit, *what;
  enum type type;
  double min, max;
  bool runtime;
};

static const struct xpf_config_option keys[] = {
#define CONFIG_ROW(type, key, env, def, min, max, runtime, unit, what)                             \
  {#key, unit, what, type, min, max, runtime},
    XPF_CONFIG_KEYS(CONFIG_ROW)
#undef CONFIG_ROW
};
#define KEYS_COUNT (sizeof keys / sizeof *keys)
#define ENABLE     "enable_"
#define DISABLE    "disable_"

static int refuse(char *message, size_t size, enum xpf_text_id id, ...) {
  va_list args;
  va_start(args, id);
  vsnprintf(message, size, xpf_text(id), args);
  va_end(args);
  return -EINVAL;
}

static bool has_opposite(const struct xpf_config_option *option) {
  return strncmp(option->key, ENABLE, strlen(ENABLE)) == 0;
}

const struct xpf_config_option *xpf_config_option_find(const char *name, size_t name_size,
                                                       bool *negated) {
  *negated = false;
  for (size_t i = 0; i < KEYS_COUNT; i++)
    if (xpf_option_name_is(keys[i].key, name, name_size))
      return &keys[i];
  if (name_size <= strlen(DISABLE) || !xpf_option_name_is(DISABLE, name, strlen(DISABLE)))
    return NULL;
  *negated = true;
  for (size_t i = 0; i < KEYS_COUNT; i++)
    if (has_opposite(&keys[i]) &&
        xpf_option_name_is(keys[i].key + strlen(ENABLE), name + strlen(DISABLE),
                           name_size - strlen(DISABLE)))
      return &keys[i];
  return NULL;
}

bool xpf_config_option_takes_value(const struct xpf_config_option *option) {
  return option->type != FLAG;
}

/* The words that the environment variables of the package accept, too. */
static int read_flag(const char *text, bool *out) {
  static const char *const yes[] = {"true", "YES", "yes", "1"};
  static const char *const no[] = {"false", "NO", "no", "0"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    if (strcmp(text, yes[i]) == 0) {
      *out = true;
      return 0;
    }
    if (strcmp(text, no[i]) == 0) {
      *out = false;
      return 0;
    }
  }
  return -EINVAL;
}

static int make_value(const struct xpf_config_option *option, bool negated, const char *text,
                      cJSON **out, char *message, size_t size) {
  if (option->type == FLAG) {
    bool on = true;
    if (text != NULL && read_flag(text, &on) != 0)
      return refuse(message, size, XPF_TEXT_NOT_FLAG, option->key, text);
    *out = cJSON_CreateBool(on != negated);
  } else if (text == NULL) {
    return refuse(message, size, XPF_TEXT_VALUE_MISSING, option->key);
  } else if (option->type == TEXT) {
    *out = cJSON_CreateString(text);
  } else {
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= option->min && number <= option->max))
      return refuse(message, size, XPF_TEXT_NOT_NUMBER, option->key, option->min, option->max,
                    text);
    *out = cJSON_CreateNumber(number);
  }
  return 0;
}

int xpf_config_option_set(const struct xpf_config_option *option, bool negated, const char *value,
                          cJSON **config, char *message, size_t message_size) {
  cJSON *item = NULL;
  int status;

  if (!option->runtime)
    return refuse(message, message_size, XPF_TEXT_CONFIG_FIXED, option->key);
  status = make_value(option, negated, value, &item, message, message_size);
  if (status != 0)
    return status;
  if (*config == NULL)
    *config = cJSON_CreateObject();
  cJSON_DeleteItemFromObjectCaseSensitive(*config, option->key);
  if (item == NULL || !cJSON_AddItemToObject(*config, option->key, item)) {
    cJSON_Delete(item);
    refuse(message, message_size, XPF_TEXT_OUT_OF_MEMORY);
    return -ENOMEM;
  }
  return 0;
}

void xpf_config_option_suggest(struct xpf_suggest *suggest) {
  for (size_t i = 0; i < KEYS_COUNT; i++)
    if (keys[i].runtime)
      xpf_suggest_offer(suggest, keys[i].key);
}

void xpf_config_option_each(void (*fn)(void *arg, const char *name, const char *what), void *arg) {
  char opposite[80];
  for (size_t i = 0; i < KEYS_COUNT; i++) {
    if (!keys[i].runtime)
      continue;
    fn(arg, keys[i].key, keys[i].what);
    if (keys[i].type != FLAG || !has_opposite(&keys[i]))
      continue;
    snprintf(opposite, sizeof opposite, DISABLE "%s", keys[i].key + strlen(ENABLE));
    fn(arg, opposite, "");
  }
}

void xpf_config_option_values(const struct xpf_config_option *option,
                              void (*fn)(void *arg, const char *value, const char *what),
                              void *arg) {
  char number[16];
  if (option->type == FLAG) {
    fn(arg, "true", "");
    fn(arg, "false", "");
  }
  for (double value = option->min;
       option->type == NUMBER && option->max < 10 && value <= option->max; value++) {
    snprintf(number, sizeof number, "%.0f", value);
    fn(arg, number, "");
  }
}

void xpf_config_option_help(FILE *out) {
  for (size_t i = 0; i < KEYS_COUNT; i++) {
    const struct xpf_config_option *option = &keys[i];
    if (!option->runtime)
      continue;
    if (option->type == FLAG && has_opposite(option))
      fprintf(out, "  --%s, --" DISABLE "%s\n", option->key, option->key + strlen(ENABLE));
    else if (option->type == FLAG)
      fprintf(out, "  --%s true|false\n", option->key);
    else
      fprintf(out, "  --%s %s\n", option->key, *option->unit != '\0' ? option->unit : "N");
    fprintf(out, "        %s\n", option->what);
  }
}

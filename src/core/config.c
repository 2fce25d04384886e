#include "core/config.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "wire/utf8.h"
#include "xpf_protocol.h"

const struct xpf_config_key xpf_config_keys[] = {
#define KEY(type, key, env, def, min, max, runtime, unit, what)                                    \
  {#key,                                                                                           \
   "XPROFILER_" #env,                                                                              \
   unit,                                                                                           \
   what,                                                                                           \
   XPF_CONFIG_TYPE_##type,                                                                         \
   offsetof(struct xpf_config, key),                                                               \
   min,                                                                                            \
   max,                                                                                            \
   runtime},
    XPF_CONFIG_KEYS(KEY)
#undef KEY
};

enum { KEYS_COUNT = sizeof xpf_config_keys / sizeof xpf_config_keys[0] };
const unsigned xpf_config_keys_count = KEYS_COUNT;

/* The allowed words of the TEXT keys with unit "word". */
static const struct {
  const char *key;
  const char *words[4];
} vocabularies[] = {
    {"log_format", {"xprofiler", "alinode", "json"}},
    {"cpu_profiler", {"lazy", "ready"}},
};

const struct xpf_config_key *xpf_config_key_find(const char *key) {
  for (unsigned i = 0; key && i < KEYS_COUNT; i++)
    if (strcmp(xpf_config_keys[i].key, key) == 0)
      return &xpf_config_keys[i];
  return NULL;
}

const char *const *xpf_config_words(const struct xpf_config_key *key) {
  for (size_t i = 0; i < sizeof vocabularies / sizeof vocabularies[0]; i++)
    if (strcmp(key->key, vocabularies[i].key) == 0)
      return vocabularies[i].words;
  return NULL;
}

void xpf_config_init(struct xpf_config *config) {
  memset(config, 0, sizeof *config);
#define INIT_TEXT(key, def)                                      memcpy(config->key, def, sizeof def);
#define INIT_NUMBER(key, def)                                    config->key = def;
#define INIT_FLAG(key, def)                                      config->key = def;
#define INIT(type, key, env, def, min, max, runtime, unit, what) INIT_##type(key, def)
  XPF_CONFIG_KEYS(INIT)
#undef INIT
}

/* ---- set ---- */

static const char *type_name(const cJSON *value) {
  if (cJSON_IsBool(value))
    return "boolean";
  if (cJSON_IsNumber(value))
    return "number";
  if (cJSON_IsString(value))
    return "string";
  if (cJSON_IsArray(value))
    return "array";
  return cJSON_IsObject(value) ? "object" : "null";
}

/* The words existing clients look for. */
static int refuse_type(const struct xpf_config_key *key, const char *wanted, const cJSON *value,
                       struct xpf_fault *fault) {
  xpf_fault_set(fault, XPF_RPC_PARAMS, key->key,
                "<%s> type error: [json.exception.type_error.302] type must be %s, but is %s",
                key->key, wanted, type_name(value));
  return XPF_RPC_PARAMS;
}

static int set_flag(bool *out, const struct xpf_config_key *key, const cJSON *value,
                    struct xpf_fault *fault) {
  if (!cJSON_IsBool(value))
    return refuse_type(key, "boolean", value, fault);
  *out = cJSON_IsTrue(value);
  return 0;
}

static int set_number(double *out, const struct xpf_config_key *key, const cJSON *value,
                      struct xpf_fault *fault) {
  if (!cJSON_IsNumber(value))
    return refuse_type(key, "number", value, fault);
  double number = value->valuedouble;
  /* A number without a unit is a choice. */
  bool whole = key->unit[0] == '\0';
  if (!(number >= key->min && number <= key->max) || (whole && number != floor(number))) {
    xpf_fault_set(fault, XPF_RPC_PARAMS, key->key, "%s must be a %snumber from %.15g to %.15g%s%s",
                  key->key, whole ? "whole " : "", key->min, key->max, whole ? "" : " ", key->unit);
    return XPF_RPC_PARAMS;
  }
  *out = number;
  return 0;
}

static bool is_word(const struct xpf_config_key *key, const char *text) {
  const char *const *words = xpf_config_words(key);
  for (; words && *words; words++)
    if (strcmp(*words, text) == 0)
      return true;
  return false;
}

static bool is_path(const char *text) {
  if (text[0] != '/')
    return false;
  for (const char *c = text; *c; c++)
    if ((unsigned char)*c < 0x20 || *c == 0x7f)
      return false;
  return xpf_utf8_check(text, strlen(text)) == strlen(text);
}

static int set_text(char *out, const struct xpf_config_key *key, const cJSON *value,
                    struct xpf_fault *fault) {
  if (!cJSON_IsString(value) || !value->valuestring)
    return refuse_type(key, "string", value, fault);
  const char *text = value->valuestring;
  bool word = strcmp(key->unit, "word") == 0;
  if (strlen(text) >= XPF_CONFIG_TEXT_MAX)
    xpf_fault_set(fault, XPF_RPC_PARAMS, key->key, "%s must be shorter than %d bytes", key->key,
                  XPF_CONFIG_TEXT_MAX);
  else if (word && !is_word(key, text))
    xpf_fault_set(fault, XPF_RPC_PARAMS, key->key, "%s: not a known value: %s (%s)", key->key, text,
                  key->what);
  else if (!word && !is_path(text))
    xpf_fault_set(fault, XPF_RPC_PARAMS, key->key,
                  "%s must be an absolute path without control characters", key->key);
  else {
    memcpy(out, text, strlen(text) + 1);
    return 0;
  }
  return XPF_RPC_PARAMS;
}

int xpf_config_set(struct xpf_config *config, const char *name, const cJSON *value,
                   struct xpf_fault *fault) {
  const struct xpf_config_key *key = xpf_config_key_find(name);
  if (!key) {
    xpf_fault_set(fault, XPF_RPC_PARAMS, name ? name : "", "not a configuration key: %s",
                  name ? name : "");
    return XPF_RPC_PARAMS;
  }
  char *field = (char *)config + key->offset;
  switch (key->type) {
  case XPF_CONFIG_TYPE_TEXT:
    return set_text(field, key, value, fault);
  case XPF_CONFIG_TYPE_NUMBER:
    return set_number((double *)(void *)field, key, value, fault);
  default:
    return set_flag((bool *)field, key, value, fault);
  }
}

/* ---- get ---- */

cJSON *xpf_config_value(const struct xpf_config *config, const struct xpf_config_key *key) {
  const char *field = (const char *)config + key->offset;
  switch (key->type) {
  case XPF_CONFIG_TYPE_TEXT:
    return cJSON_CreateString(field);
  case XPF_CONFIG_TYPE_NUMBER:
    return cJSON_CreateNumber(*(const double *)(const void *)field);
  default:
    return cJSON_CreateBool(*(const bool *)field);
  }
}

static int by_name(const void *a, const void *b) {
  return strcmp((*(const struct xpf_config_key *const *)a)->key,
                (*(const struct xpf_config_key *const *)b)->key);
}

cJSON *xpf_config_json(const struct xpf_config *config) {
  const struct xpf_config_key *sorted[KEYS_COUNT];
  for (unsigned i = 0; i < KEYS_COUNT; i++)
    sorted[i] = &xpf_config_keys[i];
  qsort(sorted, KEYS_COUNT, sizeof sorted[0], by_name);
  cJSON *object = cJSON_CreateObject();
  for (unsigned i = 0; object && i < KEYS_COUNT; i++) {
    cJSON *value = xpf_config_value(config, sorted[i]);
    if (!value || !cJSON_AddItemToObject(object, sorted[i]->key, value)) {
      cJSON_Delete(value);
      cJSON_Delete(object);
      return NULL;
    }
  }
  return object;
}

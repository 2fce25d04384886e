#include "core/addon_config.h"

#include <math.h>
#include <string.h>

#include "core/addon_http.h"
#include "core/addon_value.h"
#include "core/config.h"
#include "core/core.h"
#include "core/log_dir.h"

enum { TEXT_SIZE = 4096 }; /* a path; what is longer is no value */

struct sources {
  napi_value user, env, tell_ignored;
};

static bool is_type(napi_env env, napi_value value, napi_valuetype wanted) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == wanted;
}

/* False: not a string, or longer, or with a NUL in it. */
static bool read_string(napi_env env, napi_value raw, char *out) {
  size_t size = 0;
  return napi_get_value_string_utf8(env, raw, out, TEXT_SIZE, &size) == napi_ok &&
         size < TEXT_SIZE - 1 && size == strlen(out);
}

/* ---- one value of one source ---- */

static cJSON *read_flag(napi_env env, napi_value raw) {
  bool flag;
  char text[TEXT_SIZE];
  if (napi_get_value_bool(env, raw, &flag) == napi_ok)
    return cJSON_CreateBool(flag);
  if (!read_string(env, raw, text) || (strcmp(text, "YES") != 0 && strcmp(text, "NO") != 0))
    return NULL;
  return cJSON_CreateBool(text[0] == 'Y');
}

/* Text is converted as Number() does it. */
static bool to_number(napi_env env, napi_value raw, double *out) {
  napi_valuetype type = napi_undefined;
  napi_value number = raw;
  napi_typeof(env, raw, &type);
  if (type == napi_bigint && napi_coerce_to_string(env, raw, &number) != napi_ok)
    return false;
  if (type == napi_string || type == napi_boolean || type == napi_bigint)
    napi_coerce_to_number(env, number, &number);
  return napi_get_value_double(env, number, out) == napi_ok;
}

/* Number() makes 0 of it: the text has no digit. */
static bool is_blank(napi_env env, napi_value raw, double number) {
  char text[TEXT_SIZE];
  return number == 0 && is_type(env, raw, napi_string) &&
         (!read_string(env, raw, text) || !strchr(text, '0'));
}

static cJSON *read_number(napi_env env, const struct xpf_config_key *key, napi_value raw) {
  double number;
  if (!to_number(env, raw, &number) || isnan(number) || number < 0)
    return NULL;
  /* An empty environment variable reads as 0; where 0 has no meaning it counts as not set. */
  if (key->min > 0 && is_blank(env, raw, number))
    return NULL;
  number = fmin(fmax(number, key->min), key->max);
  /* Only a key whose smallest value is a fraction has a meaning for fractions. */
  return cJSON_CreateNumber(key->min == floor(key->min) ? trunc(number) : number);
}

static bool is_allowed(const struct xpf_config_key *key, const char *text) {
  const char *const *words = xpf_config_words(key);
  if (!words)
    return text[0] == '/';
  while (*words && strcmp(*words, text) != 0)
    words++;
  return *words != NULL;
}

static cJSON *read_text(napi_env env, const struct xpf_config_key *key, napi_value raw) {
  char text[TEXT_SIZE];
  return read_string(env, raw, text) && is_allowed(key, text) ? cJSON_CreateString(text) : NULL;
}

/* NULL when it is not there or not valid. */
static cJSON *read_value(napi_env env, const struct xpf_config_key *key, napi_value raw) {
  if (is_type(env, raw, napi_undefined))
    return NULL;
  switch (key->type) {
  case XPF_CONFIG_TYPE_NUMBER:
    return read_number(env, key, raw);
  case XPF_CONFIG_TYPE_FLAG:
    return read_flag(env, raw);
  default:
    return read_text(env, key, raw);
  }
}

/* ---- log_dir ---- */

/* As os.tmpdir() finds it in the caller's environment. */
static void read_tmp(napi_env env, napi_value variables, char *out) {
  static const char *const names[] = {"TMPDIR", "TMP", "TEMP"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    napi_value value = xpf_value_get(env, variables, names[i]);
    if (value && read_string(env, value, out) && out[0] != '\0')
      return;
  }
  out[0] = '\0';
}

/* Existing directories too have names that no configuration takes: too long, or with control
 * characters. */
static bool is_taken(struct xpf_config *config, const char *dir) {
  struct xpf_fault fault;
  cJSON *value = cJSON_CreateString(dir);
  int err = value ? xpf_config_set(config, "log_dir", value, &fault) : -1;
  cJSON_Delete(value);
  return err == 0;
}

/* Takes chosen (NULL: none); NULL with a pending exception. */
static cJSON *usable_log_dir(napi_env env, const struct sources *sources, struct xpf_config *config,
                             cJSON *chosen, napi_value from_user, napi_value from_env) {
  char tmp[TEXT_SIZE], dir[XPF_CONFIG_TEXT_MAX];
  napi_status status = napi_ok;
  if (chosen && is_taken(config, chosen->valuestring) && xpf_log_dir_is_usable(chosen->valuestring))
    return chosen;
  read_tmp(env, sources->env, tmp);
  xpf_log_dir_default(is_taken(config, tmp) ? tmp : "/tmp", dir, sizeof dir);
  if (chosen) {
    napi_value receiver = NULL, args[] = {xpf_value_text(env, chosen->valuestring), from_user,
                                          from_env, xpf_value_text(env, dir)};
    napi_get_undefined(env, &receiver);
    status = napi_call_function(env, receiver, sources->tell_ignored, 4, args, NULL);
  }
  cJSON_Delete(chosen);
  return status == napi_ok ? cJSON_CreateString(dir) : NULL;
}

/* ---- all keys ---- */

/* False with a pending exception: what reads a source may be code of the application. */
static bool set_key(napi_env env, struct xpf_config *config, const struct xpf_config_key *key,
                    const struct sources *sources) {
  struct xpf_fault fault;
  bool is_dir = strcmp(key->key, "log_dir") == 0;
  napi_value from_env = NULL, from_user = xpf_value_get(env, sources->user, key->key);
  cJSON *value = from_user ? read_value(env, key, from_user) : NULL;
  if (from_user && (!value || is_dir))
    from_env = xpf_value_get(env, sources->env, key->env);
  if (from_env && !value)
    value = read_value(env, key, from_env);
  if (!from_user || ((!value || is_dir) && !from_env)) {
    cJSON_Delete(value);
    return false;
  }
  if (is_dir)
    value = usable_log_dir(env, sources, config, value, from_user, from_env);
  int err = value ? xpf_config_set(config, key->key, value, &fault) : is_dir;
  if (value && err)
    napi_throw_type_error(env, NULL, fault.message);
  cJSON_Delete(value);
  return err == 0;
}

napi_value xpf_config_configure(napi_env env, napi_callback_info info) {
  napi_value args[3], undefined = NULL;
  size_t count = 3;
  struct xpf_config config;
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  if (count < 3 || !is_type(env, args[2], napi_function)) {
    napi_throw_type_error(env, NULL, "configure needs two objects and a function");
    return NULL;
  }
  struct sources sources = {args[0], args[1], args[2]};
  xpf_config_init(&config);
  for (unsigned i = 0; i < xpf_config_keys_count; i++)
    if (!set_key(env, &config, &xpf_config_keys[i], &sources))
      return NULL;
  xpf_core_configure(&config);
  xpf_http_apply_timeout();
  napi_get_undefined(env, &undefined);
  return undefined;
}

napi_value xpf_config_current(napi_env env, napi_callback_info info) {
  (void)info;
  struct xpf_config config;
  napi_value value = NULL;
  if (!xpf_core_config(&config)) {
    napi_get_undefined(env, &value);
    return value;
  }
  cJSON *json = xpf_config_json(&config);
  value = xpf_value_from_json(env, json);
  cJSON_Delete(json);
  return value;
}

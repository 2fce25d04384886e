#include "core/addon_value.h"

#include <stdlib.h>

napi_value xpf_value_text(napi_env env, const char *text) {
  napi_value value = NULL;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

napi_value xpf_value_number(napi_env env, double number) {
  napi_value value = NULL;
  napi_create_double(env, number, &value);
  return value;
}

napi_value xpf_value_object(napi_env env) {
  napi_value value = NULL;
  napi_create_object(env, &value);
  return value;
}

napi_value xpf_value_get(napi_env env, napi_value object, const char *name) {
  napi_value value = NULL;
  napi_get_named_property(env, object, name, &value);
  return value;
}

void xpf_value_set(napi_env env, napi_value object, const char *name, napi_value value) {
  if (value)
    napi_set_named_property(env, object, name, value);
}

static napi_value from_list(napi_env env, const cJSON *json) {
  napi_value list = NULL;
  uint32_t index = 0;
  const cJSON *item;
  napi_create_array(env, &list);
  cJSON_ArrayForEach(item, json) {
    napi_value value = xpf_value_from_json(env, item);
    if (value)
      napi_set_element(env, list, index++, value);
  }
  return list;
}

napi_value xpf_value_from_json(napi_env env, const cJSON *json) {
  napi_value value = NULL;
  const cJSON *item;
  if (cJSON_IsString(json))
    return xpf_value_text(env, json->valuestring);
  if (cJSON_IsNumber(json))
    return xpf_value_number(env, json->valuedouble);
  if (cJSON_IsBool(json)) {
    napi_get_boolean(env, cJSON_IsTrue(json), &value);
    return value;
  }
  if (cJSON_IsArray(json))
    return from_list(env, json);
  if (!cJSON_IsObject(json)) {
    napi_get_null(env, &value);
    return value;
  }
  value = xpf_value_object(env);
  cJSON_ArrayForEach(item, json) {
    xpf_value_set(env, value, item->string, xpf_value_from_json(env, item));
  }
  return value;
}

static cJSON *text_json(napi_env env, napi_value value) {
  size_t size = 0;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &size) != napi_ok)
    return NULL;
  char *text = malloc(size + 1);
  if (!text)
    return NULL;
  napi_get_value_string_utf8(env, value, text, size + 1, &size);
  cJSON *json = cJSON_CreateString(text);
  free(text);
  return json;
}

cJSON *xpf_value_to_json(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  double number = 0;
  bool flag = false;
  napi_typeof(env, value, &type);
  switch (type) {
  case napi_string:
    return text_json(env, value);
  case napi_number:
    napi_get_value_double(env, value, &number);
    return cJSON_CreateNumber(number);
  case napi_boolean:
    napi_get_value_bool(env, value, &flag);
    return cJSON_CreateBool(flag);
  default:
    return NULL;
  }
}

bool xpf_value_string(napi_env env, napi_value value, char *out, size_t size) {
  size_t length;
  return napi_get_value_string_utf8(env, value, out, size, &length) == napi_ok;
}

bool xpf_value_uint32(napi_env env, napi_value value, uint32_t *out) {
  return napi_get_value_uint32(env, value, out) == napi_ok;
}

bool xpf_value_bool(napi_env env, napi_value value, bool *out) {
  return napi_get_value_bool(env, value, out) == napi_ok;
}

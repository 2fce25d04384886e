/* Between JS values and C. [js] All return false with a pending JS exception when Node-API fails.
 */
#ifndef XPF_CORE_ADDON_VALUE_H
#define XPF_CORE_ADDON_VALUE_H
#include <node_api.h>
#include <stdbool.h>
#include <cjson/cJSON.h>

napi_value xpf_value_from_json(napi_env env, const cJSON *json);
/* A string, number or boolean as JSON; NULL for anything else. The caller deletes it. */
cJSON *xpf_value_to_json(napi_env env, napi_value value);
bool xpf_value_string(napi_env env, napi_value value, char *out, size_t size);
bool xpf_value_uint32(napi_env env, napi_value value, uint32_t *out);
bool xpf_value_bool(napi_env env, napi_value value, bool *out);
napi_value xpf_value_text(napi_env env, const char *text);
napi_value xpf_value_number(napi_env env, double number);
/* object[name]; undefined when absent. */
napi_value xpf_value_get(napi_env env, napi_value object, const char *name);
void xpf_value_set(napi_env env, napi_value object, const char *name, napi_value value);
napi_value xpf_value_object(napi_env env);
#endif

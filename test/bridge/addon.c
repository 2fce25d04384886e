#include "addon.h"

#include <stdlib.h>
#include <string.h>

void call_open(struct call *c, napi_env napi, napi_callback_info info) {
  memset(c, 0, sizeof *c);
  size_t argc = 6;
  c->napi = napi;
  napi_get_cb_info(napi, info, &argc, c->argv, NULL, NULL);
  napi_get_instance_data(napi, (void **)&c->env);
  for (int i = 0; i < 6; i++)
    napi_get_value_double(napi, c->argv[i], &c->number[i]);
}

void call_text(struct call *c, int index, char *out, size_t size) {
  out[0] = '\0';
  napi_get_value_string_utf8(c->napi, c->argv[index], out, size, NULL);
}

napi_value make_number(napi_env napi, double value) {
  napi_value result = NULL;
  napi_create_double(napi, value, &result);
  return result;
}

void set_number(napi_env napi, napi_value object, const char *key, double value) {
  napi_set_named_property(napi, object, key, make_number(napi, value));
}

void set_text(napi_env napi, napi_value object, const char *key, const char *value) {
  napi_value text;
  if (napi_create_string_utf8(napi, value, NAPI_AUTO_LENGTH, &text) == napi_ok)
    napi_set_named_property(napi, object, key, text);
}

int free_handle(void *const *handles) {
  for (int i = 0; i < HANDLES_MAX; i++)
    if (handles[i] == NULL)
      return i;
  return -1;
}

/* The order of a real environment's end: foreign threads, profiles, bridge. */
static void env_close(void *data) {
  struct env *env = data;
  thread_close(env);
  cpu_close(env);
  heap_close(env);
  xpf_bridge_close(env->bridge);
  free(env);
}

static void methods_add(napi_env napi, napi_value exports, const struct method *methods) {
  for (; methods->name != NULL; methods++) {
    napi_value fn;
    napi_create_function(napi, methods->name, NAPI_AUTO_LENGTH, methods->fn, NULL, &fn);
    napi_set_named_property(napi, exports, methods->name, fn);
  }
}

static napi_value init(napi_env napi, napi_value exports) {
  struct env *env = calloc(1, sizeof *env);
  if (env == NULL || xpf_bridge_open(&env->bridge) != 0) {
    free(env);
    napi_throw_error(napi, NULL, "the bridge does not open");
    return NULL;
  }
  napi_set_instance_data(napi, env, NULL, NULL);
  napi_add_env_cleanup_hook(napi, env_close, env);
  methods_add(napi, exports, cpu_methods);
  methods_add(napi, exports, heap_methods);
  methods_add(napi, exports, thread_methods);
  set_text(napi, exports, "v8", xpf_bridge_v8_version());
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)

/* Breaks a rule of V8's API, so that V8 gives up with a fatal error of its own. */
#include <node_api.h>
#include <v8.h>

extern "C" napi_value bridge_test_abuse(napi_env, napi_callback_info) {
  v8::MaybeLocal<v8::Value> nothing;
  nothing.ToLocalChecked();
  return nullptr;
}

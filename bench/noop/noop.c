/* An addon that does nothing: what loading any native code costs. */
#include <node_api.h>

static napi_value init(napi_env env, napi_value exports) {
  (void)env;
  return exports;
}

NAPI_MODULE(noop, init)

/* The configuration as lib/ gives and gets it. [js] */
#ifndef XPF_CORE_ADDON_CONFIG_H
#define XPF_CORE_ADDON_CONFIG_H
#include <node_api.h>

/* configure(user, env, tellIgnored): stores all keys, each from the first source that has a valid
 * value: user, env (process.env of the caller), the default. An invalid value never throws.
 * tellIgnored(logDir, fromUser, fromEnv, instead) is called when the log_dir that was chosen is no
 * directory to write to. */
napi_value xpf_config_configure(napi_env env, napi_callback_info info);
/* config(): an object of all keys, sorted by name; undefined before configure(). */
napi_value xpf_config_current(napi_env env, napi_callback_info info);
#endif

/* The part of the entry that shares memory with lib/http.js. [js] */
#ifndef XPF_CORE_ADDON_HTTP_H
#define XPF_CORE_ADDON_HTTP_H
#include <node_api.h>
#include "core/thread.h"

napi_value xpf_http_export(napi_env env, napi_callback_info info);
napi_value xpf_http_detail(napi_env env, napi_callback_info info);
napi_value xpf_http_memory_reader(napi_env env, napi_callback_info info);
/* The thread ends: the JS memory goes with it. */
void xpf_http_forget(struct xpf_thread *thread);
/* patch_http_timeout of the configuration into this thread's counters. */
void xpf_http_apply_timeout(void);
#endif

/* The part of the entry through which lib/ asks the core (core/local_client.h), and gets its files
 * in memory. [js] */
#ifndef XPF_CORE_ADDON_REQUEST_H
#define XPF_CORE_ADDON_REQUEST_H
#include <node_api.h>
#include "core/thread.h"

/* openClient(fn) gives a client: fn(line, data or undefined) is called for each message, and the
 * microtasks and ticks after it are run. */
napi_value xpf_request_open(napi_env env, napi_callback_info info);
/* sendRequest(client, line): false when the core does not run. */
napi_value xpf_request_send(napi_env env, napi_callback_info info);
/* holdLoop(bool): whether an answer that is still to come keeps the event loop going. */
napi_value xpf_request_hold(napi_env env, napi_callback_info info);
/* watchFiles(client, bool): a notification `written` for every file. */
napi_value xpf_request_watch_files(napi_env env, napi_callback_info info);
/* watchStalls(client, ms): a notification `stall` for each turn of the loop that took as long; 0:
 * no more. */
napi_value xpf_request_watch_stalls(napi_env env, napi_callback_info info);
/* The thread ends. */
void xpf_request_forget(struct xpf_thread *thread);
#endif

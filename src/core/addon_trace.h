/* The part of the entry that lib/trace.js works with (core/tracer.h). [js] */
#ifndef XPF_CORE_ADDON_TRACE_H
#define XPF_CORE_ADDON_TRACE_H
#include <node_api.h>
#include "core/thread.h"

/* setTracer(fn): fn(what, argument) does what lib/trace.js can. */
napi_value xpf_trace_set(napi_env env, napi_callback_info info);
/* traceData(text, events): "[{…},…]"; false when they were dropped. */
napi_value xpf_trace_data(napi_env env, napi_callback_info info);
/* traceDrop(events): so many were lost. */
napi_value xpf_trace_drop(napi_env env, napi_callback_info info);
/* traceWake(): fn("pump") shall be called by the event loop. Allowed inside an interrupt. */
napi_value xpf_trace_wake(napi_env env, napi_callback_info info);
/* The thread ends. */
void xpf_trace_forget(struct xpf_thread *thread);
#endif

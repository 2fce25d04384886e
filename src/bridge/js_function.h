/* What a function of V8's heap is called and where it stands in which script.
 * [any, async-signal-safe] */
#ifndef XPF_BRIDGE_JS_FUNCTION_H
#define XPF_BRIDGE_JS_FUNCTION_H

#include "bridge/object.h"
#include "bridge/source_place.h"
#include "xpf_bridge.h"

/* Fills function, script, line, column and is_eval, is_user_javascript of the frame. position: of
 * the call in the source, or -1: then line and column are those of the function's start. false:
 * something does not look right; the frame is then not to be shown. */
bool xpf_js_function_describe(const struct xpf_layout *layout, struct xpf_source_scan *scan,
                              uint64_t function, int64_t position, struct xpf_js_frame *out);

#endif

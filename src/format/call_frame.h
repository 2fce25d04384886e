/* The callFrame object as DevTools reads it in both profile formats. Lines and columns are 0-based;
 * V8 counts them from 1, and meta nodes have 0 in both. Inline: private to the writers of this
 * folder. */
#ifndef XPF_FORMAT_CALL_FRAME_H
#define XPF_FORMAT_CALL_FRAME_H

#include <stdbool.h>
#include <stdio.h>
#include "format/json.h"
#include "format/profile.h"

static inline void xpf_call_frame_write(struct xpf_json *json, const struct xpf_profile *profile,
                                        const struct xpf_profile_node *node, bool with_bailout) {
  char script_id[16];
  snprintf(script_id, sizeof(script_id), "%d", (int)node->script_id);
  xpf_json_object_begin(json);
  xpf_json_key(json, "functionName");
  xpf_json_string(json, xpf_profile_string(profile, node->function_name));
  xpf_json_key(json, "scriptId");
  xpf_json_string(json, script_id);
  if (with_bailout) {
    xpf_json_key(json, "bailoutReason");
    xpf_json_string(json, xpf_profile_string(profile, node->bailout_reason));
  }
  xpf_json_key(json, "url");
  xpf_json_string(json, xpf_profile_string(profile, node->url));
  xpf_json_key(json, "lineNumber");
  xpf_json_int(json, node->line > 0 ? node->line - 1 : 0);
  xpf_json_key(json, "columnNumber");
  xpf_json_int(json, node->column > 0 ? node->column - 1 : 0);
  xpf_json_object_end(json);
}

#endif

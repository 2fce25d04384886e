#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/diag.h"

struct xpf_diag_js *xpf_diag_js_collect(struct xpf_thread *thread, bool with_stack) {
  struct xpf_diag_js *js = calloc(1, sizeof *js);
  struct xpf_diag_handle *handles = calloc(XPF_DIAG_HANDLES_MAX, sizeof *handles);
  if (!js || !handles) {
    free(js);
    free(handles);
    return NULL;
  }
  js->handles = handles;
  struct xpf_bridge *bridge = xpf_thread_bridge(thread);
  js->vm_state = XPF_VM_UNKNOWN;
  if (with_stack)
    js->frames_count =
        xpf_bridge_stack_read(bridge, js->frames, XPF_DIAG_FRAMES_MAX, &js->vm_state);
  xpf_bridge_heap_read(bridge, &js->heap);
  js->gcs_count = xpf_thread_gc_recent(thread, js->gcs, XPF_GC_RECENT);
  xpf_diag_handles_collect(xpf_thread_loop(thread), js);
  return js;
}

void xpf_diag_js_free(struct xpf_diag_js *js) {
  if (!js)
    return;
  free(js->handles);
  free(js);
}

/* ---- JSON
 * ------------------------------------------------------------------------------------------- */

static void add_hex(cJSON *object, const char *key, uint64_t value) {
  char text[32];
  snprintf(text, sizeof text, "0x%llx", (unsigned long long)value);
  cJSON_AddStringToObject(object, key, text);
}

static const char *frame_type(const struct xpf_js_frame *frame) {
  if (frame->is_eval)
    return "eval";
  if (frame->is_constructor)
    return "constructor";
  if (frame->is_wasm)
    return "wasm";
  return frame->is_user_javascript ? "userjs" : "unknown";
}

void xpf_diag_add_frames(cJSON *stacks, const struct xpf_js_frame *frames, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const struct xpf_js_frame *frame = &frames[i];
    cJSON *item = cJSON_CreateObject();
    add_hex(item, "pcAddress", frame->pc);
    cJSON_AddStringToObject(item, "functionName",
                            frame->function[0] ? frame->function : "anonymous");
    cJSON_AddStringToObject(item, "scriptName", frame->script);
    cJSON_AddNumberToObject(item, "lineNumber", frame->line);
    cJSON_AddNumberToObject(item, "column", frame->column);
    cJSON_AddStringToObject(item, "frameType", frame_type(frame));
    if (frame->is_function_start)
      cJSON_AddStringToObject(item, "lineOf", "function");
    cJSON_AddItemToArray(stacks, item);
  }
}

static void add_handles(cJSON *list, const struct xpf_diag_js *js) {
  for (uint32_t i = 0; i < js->handles_count; i++) {
    const struct xpf_diag_handle *handle = &js->handles[i];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "type", handle->type);
    add_hex(item, "address", handle->address);
    cJSON_AddNumberToObject(item, "hasRef", handle->has_ref);
    cJSON_AddNumberToObject(item, "isActive", handle->is_active);
    cJSON_AddStringToObject(item, "detail", handle->detail);
    cJSON_AddItemToArray(list, item);
  }
}

static void add_number(cJSON *object, const char *key, uint64_t value) {
  cJSON_AddNumberToObject(object, key, (double)value);
}

static void add_heap(cJSON *report, const struct xpf_heap *heap) {
  cJSON *total = cJSON_AddObjectToObject(report, "heapStatistics");
  add_number(total, "heapTotal", heap->total_bytes);
  add_number(total, "heapTotalCommitted", heap->physical_bytes);
  add_number(total, "heapTotalUsed", heap->used_bytes);
  add_number(total, "heapTotalAvailable", heap->available_bytes);
  add_number(total, "heapLimit", heap->limit_bytes);
  add_number(total, "heapExecutable", heap->executable_bytes);
  add_number(total, "malloced", heap->malloced_bytes);
  add_number(total, "external", heap->external_bytes);
  add_number(total, "nativeContexts", heap->native_contexts);
  add_number(total, "detachedContexts", heap->detached_contexts);
  cJSON *spaces = cJSON_AddArrayToObject(report, "heapSpaceStatistics");
  for (uint32_t i = 0; i < heap->spaces_count; i++) {
    const struct xpf_heap_space *space = &heap->spaces[i];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", space->name);
    add_number(item, "size", space->size_bytes);
    add_number(item, "committed", space->physical_bytes);
    add_number(item, "capacity", space->used_bytes + space->available_bytes);
    add_number(item, "used", space->used_bytes);
    add_number(item, "available", space->available_bytes);
    cJSON_AddItemToArray(spaces, item);
  }
}

static void add_gcs(cJSON *report, const struct xpf_diag_js *js) {
  static const char *const names[XPF_GC_KINDS] = {"scavenge", "minor_marksweep", "marksweep",
                                                  "incremental_marking", "weakcallbacks"};
  cJSON *list = cJSON_AddArrayToObject(report, "recentGcs");
  uint64_t now = uv_hrtime();
  for (uint32_t i = 0; i < js->gcs_count; i++) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "type", names[js->gcs[i].kind]);
    cJSON_AddNumberToObject(item, "agoMs", (double)((now - js->gcs[i].start_ns) / 1000000));
    cJSON_AddNumberToObject(item, "durationMs",
                            (double)((js->gcs[i].end_ns - js->gcs[i].start_ns) / 1000) / 1000);
    cJSON_AddItemToArray(list, item);
  }
}

/* The thread is blocked: the last figures, with their age. */
static void add_last_known(cJSON *report, const struct xpf_diag *diag) {
  struct xpf_thread_view *view = malloc(sizeof *view);
  cJSON_AddStringToObject(report, "jsUnavailable", diag->why_no_js);
  if (!view)
    return;
  xpf_thread_view(diag->thread, view);
  cJSON_AddNumberToObject(report, "loopBlockedMs", (double)(view->loop_blocked_ns / 1000000));
  if (view->heap_at_ns)
    cJSON_AddNumberToObject(report, "heapAgeMs",
                            (double)((view->now_ns - view->heap_at_ns) / 1000000));
  add_heap(report, &view->heap);
  free(view);
}

void xpf_diag_add_js(cJSON *report, const struct xpf_diag *diag) {
  const struct xpf_diag_js *js = diag->js;
  cJSON_AddStringToObject(
      report, "vmState", js ? xpf_vm_state_name(js->vm_state) : xpf_vm_state_name(XPF_VM_EXTERNAL));
  cJSON *stacks = cJSON_AddArrayToObject(report, "jsStacks");
  cJSON *native =
      cJSON_AddArrayToObject(report, "nativeStacks"); /* filled by xpf_diag_add_native */
  (void)native;
  if (js) {
    xpf_diag_add_frames(stacks, js->frames, js->frames_count);
    add_heap(report, &js->heap);
    cJSON *handles = cJSON_AddArrayToObject(report, "libuvHandles");
    add_handles(handles, js);
    if (js->handles_total > js->handles_count)
      cJSON_AddNumberToObject(report, "libuvHandlesTotal", js->handles_total);
    add_gcs(report, js);
  } else {
    add_last_known(report, diag);
    cJSON_AddArrayToObject(report, "libuvHandles");
  }
}

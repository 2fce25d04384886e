/* The diagnostic report: what is known about a JS thread and its process right now, as JSON.
 * Two parts: what only the JS thread can tell (collected on it, skipped while it is blocked in
 * native code) and everything else (any thread). Secrets in the environment are masked. */
#ifndef XPF_CORE_DIAG_H
#define XPF_CORE_DIAG_H
#include <stdbool.h>
#include <cjson/cJSON.h>
#include "core/thread.h"
#include "format/sink.h"

#define XPF_DIAG_FRAMES_MAX  255
#define XPF_DIAG_HANDLES_MAX 2000

struct xpf_diag_handle {
  char type[16];
  uint64_t address;
  bool has_ref, is_active;
  char detail[1024];
};

/* Collected on the JS thread. */
struct xpf_diag_js {
  enum xpf_vm_state vm_state;
  uint32_t frames_count, handles_count, handles_total, gcs_count;
  struct xpf_js_frame frames[XPF_DIAG_FRAMES_MAX];
  struct xpf_heap heap;
  struct xpf_gc_recent gcs[XPF_GC_RECENT];
  struct xpf_diag_handle *handles; /* XPF_DIAG_HANDLES_MAX */
};

/* [js] NULL when out of memory. with_stack: false inside a fatal error, where V8 must not be asked.
 */
struct xpf_diag_js *xpf_diag_js_collect(struct xpf_thread *thread, bool with_stack);
void xpf_diag_js_free(struct xpf_diag_js *js);
/* [js] */
void xpf_diag_handles_collect(uv_loop_t *loop, struct xpf_diag_js *js);

struct xpf_diag {
  struct xpf_thread *thread;
  const char *location, *message;
  const struct xpf_diag_js *js; /* NULL: the thread was blocked */
  const char *why_no_js;        /* words for that case */
  bool with_native_stacks;      /* false inside a fatal error: only the calling thread's is taken */
};

/* [any but the JS thread, or the JS thread itself in a fatal error] */
int xpf_diag_write(const struct xpf_diag *diag, struct xpf_sink *sink);

/* ---- parts
 * ---------------------------------------------------------------------------------------- */
void xpf_diag_add_js(cJSON *report, const struct xpf_diag *diag);
void xpf_diag_add_system(cJSON *report); /* env, limits, libraries */
void xpf_diag_add_native(cJSON *report, const struct xpf_diag *diag);
/* Appends the frames to "jsStacks". */
void xpf_diag_add_frames(cJSON *stacks, const struct xpf_js_frame *frames, uint32_t count);
void xpf_diag_add_process(cJSON *report); /* threads' figures, cgroup, config */
#endif

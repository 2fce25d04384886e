#include "bridge/bridge.h"

#include <cerrno>
#include <uv.h>

#include "bridge/versions.h"

static enum xpf_gc_kind gc_kind(v8::GCType type) {
  if (type == v8::kGCTypeScavenge)
    return XPF_GC_SCAVENGE;
  if (type == XPF_V8_GC_MINOR_MARKSWEEP)
    return XPF_GC_MINOR_MARKSWEEP;
  if (type == v8::kGCTypeIncrementalMarking)
    return XPF_GC_INCREMENTAL;
  if (type == v8::kGCTypeProcessWeakCallbacks)
    return XPF_GC_WEAK_CALLBACKS;
  return XPF_GC_MARKSWEEP;
}

static void gc_report(void *data, v8::GCType type, v8::GCCallbackFlags flags, bool end) {
  auto *b = static_cast<struct xpf_bridge *>(data);
  struct xpf_gc_mark mark;
  mark.kind = gc_kind(type);
  mark.end = end;
  mark.v8_type = static_cast<uint32_t>(type);
  mark.v8_flags = static_cast<uint32_t>(flags);
  mark.now_ns = uv_hrtime();
  b->gc.fn(b->gc.arg, &mark);
}

static void gc_prologue(v8::Isolate *, v8::GCType type, v8::GCCallbackFlags flags, void *data) {
  gc_report(data, type, flags, false);
}

static void gc_epilogue(v8::Isolate *, v8::GCType type, v8::GCCallbackFlags flags, void *data) {
  gc_report(data, type, flags, true);
}

extern "C" int xpf_bridge_gc_watch(struct xpf_bridge *b,
                                   void (*fn)(void *arg, const struct xpf_gc_mark *mark),
                                   void *arg) {
  if (b->gc.fn != nullptr)
    return -EALREADY;
  b->gc.fn = fn;
  b->gc.arg = arg;
  b->isolate->AddGCPrologueCallback(gc_prologue, b);
  b->isolate->AddGCEpilogueCallback(gc_epilogue, b);
  return 0;
}

extern "C" void xpf_bridge_gc_unwatch(struct xpf_bridge *b) {
  if (b->gc.fn == nullptr)
    return;
  b->isolate->RemoveGCPrologueCallback(gc_prologue, b);
  b->isolate->RemoveGCEpilogueCallback(gc_epilogue, b);
  b->gc.fn = nullptr;
}

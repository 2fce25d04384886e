#include "bridge/bridge.h"

#include <cerrno>

static size_t near_heap_limit(void *data, size_t current_bytes, size_t initial_bytes) {
  auto *b = static_cast<struct xpf_bridge *>(data);
  uint64_t limit = b->heap_limit.fn(b->heap_limit.arg, current_bytes, initial_bytes);
  return limit > current_bytes ? static_cast<size_t>(limit) : current_bytes;
}

extern "C" int xpf_bridge_heap_limit_watch(struct xpf_bridge *b,
                                           uint64_t (*fn)(void *arg, uint64_t current_bytes,
                                                          uint64_t initial_bytes),
                                           void *arg) {
  if (b->heap_limit.fn != nullptr)
    return -EALREADY;
  b->heap_limit.fn = fn;
  b->heap_limit.arg = arg;
  b->isolate->AddNearHeapLimitCallback(near_heap_limit, b);
  b->isolate->AutomaticallyRestoreInitialHeapLimit();
  return 0;
}

extern "C" void xpf_bridge_heap_limit_unwatch(struct xpf_bridge *b) {
  if (b->heap_limit.fn == nullptr)
    return;
  b->isolate->RemoveNearHeapLimitCallback(near_heap_limit, 0);
  b->heap_limit.fn = nullptr;
}

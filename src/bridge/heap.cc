#include "bridge/bridge.h"

#include <cstdio>

static void space_copy(v8::HeapSpaceStatistics *from, struct xpf_heap_space *to) {
  std::snprintf(to->name, sizeof to->name, "%s", from->space_name());
  to->size_bytes = from->space_size();
  to->used_bytes = from->space_used_size();
  to->available_bytes = from->space_available_size();
  to->physical_bytes = from->physical_space_size();
}

extern "C" uint32_t xpf_bridge_spaces_read(struct xpf_bridge *b, struct xpf_heap_space *out,
                                           uint32_t max) {
  size_t spaces = b->isolate->NumberOfHeapSpaces();
  uint32_t filled = 0;
  for (size_t i = 0; i < spaces && filled < max; i++) {
    v8::HeapSpaceStatistics space;
    if (b->isolate->GetHeapSpaceStatistics(&space, i))
      space_copy(&space, &out[filled++]);
  }
  return filled;
}

extern "C" void xpf_bridge_heap_read(struct xpf_bridge *b, struct xpf_heap *out) {
  v8::HeapStatistics heap;
  b->isolate->GetHeapStatistics(&heap);
  out->total_bytes = heap.total_heap_size();
  out->executable_bytes = heap.total_heap_size_executable();
  out->physical_bytes = heap.total_physical_size();
  out->available_bytes = heap.total_available_size();
  out->used_bytes = heap.used_heap_size();
  out->limit_bytes = heap.heap_size_limit();
  out->malloced_bytes = heap.malloced_memory();
  out->peak_malloced_bytes = heap.peak_malloced_memory();
  out->external_bytes = heap.external_memory();
  out->native_contexts = heap.number_of_native_contexts();
  out->detached_contexts = heap.number_of_detached_contexts();
  out->global_handles_bytes = heap.total_global_handles_size();
  out->used_global_handles_bytes = heap.used_global_handles_size();
  out->spaces_count = xpf_bridge_spaces_read(b, out->spaces, XPF_HEAP_SPACES_MAX);
}

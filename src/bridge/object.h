/* Reads V8's objects without V8, in a signal handler or not: every byte is copied by the kernel,
 * which answers an address that is not mapped with an error, and nothing is believed before its map
 * was seen to be a map and its type to be the one expected. [any, async-signal-safe] A tagged value
 * is an address + 1, or a Smi in its upper half. */
#ifndef XPF_BRIDGE_OBJECT_H
#define XPF_BRIDGE_OBJECT_H

#include <cstddef>
#include <cstdint>

#include "bridge/layout.h"

bool xpf_memory_read(uint64_t address, void *out, size_t size);

inline bool xpf_object_is_heap(uint64_t value) {
  return (value & 3) == 1;
}

inline bool xpf_object_is_smi(uint64_t value) {
  return (value & UINT32_MAX) == 0;
}

inline int64_t xpf_object_smi(uint64_t value) {
  return static_cast<int64_t>(value) >> 32;
}

/* The field at this offset, unchecked. */
bool xpf_object_word(uint64_t object, int offset, uint64_t *out);
/* The instance type, or -1 when this is no object. */
int xpf_object_type(const struct xpf_layout *layout, uint64_t object);
bool xpf_object_is(const struct xpf_layout *layout, uint64_t object, int type);

#endif

/* From a bytecode offset to a position in the source text, and from a position to line and column.
 * [any, async-signal-safe] */
#ifndef XPF_BRIDGE_SOURCE_PLACE_H
#define XPF_BRIDGE_SOURCE_PLACE_H

#include "bridge/object.h"

struct xpf_source_place {
  int line, column; /* 1-based */
};

/* Bytes of memory and how much of the source may still be read in this stack. */
struct xpf_source_scan {
  unsigned char chunk[4096];
  uint64_t bytes_left;
};

/* The position of the instruction at this offset (from the tagged bytecode array, as frames keep
 * it); false when V8 has not collected positions for this function: it does so when a first stack
 * trace goes through it. */
bool xpf_source_position(const struct xpf_layout *layout, struct xpf_source_scan *scan,
                         uint64_t bytecode_array, int64_t bytecode_offset, int64_t *position);
/* false when the text cannot be read, is shorter, or scan has no bytes left. */
bool xpf_source_place(const struct xpf_layout *layout, struct xpf_source_scan *scan,
                      uint64_t source, int64_t position, struct xpf_source_place *out);

#endif

/* Strings of V8's heap, read by bridge/object.h under the same rules. [any, async-signal-safe] */
#ifndef XPF_BRIDGE_OBJECT_TEXT_H
#define XPF_BRIDGE_OBJECT_TEXT_H

#include "bridge/object.h"

/* The characters of a string that lie in one piece. */
struct xpf_object_chars {
  uint64_t address;
  uint32_t length; /* characters */
  bool one_byte;
};

bool xpf_object_is_string(const struct xpf_layout *layout, uint64_t object);
/* Also through thin, sliced and flattened cons strings. False: no string, or not in one piece. */
bool xpf_object_chars(const struct xpf_layout *layout, uint64_t string,
                      struct xpf_object_chars *out);
/* UTF-8 with terminator, cut at a whole character; a lone surrogate becomes U+FFFD. "?" when the
 * characters cannot be reached; false and "" when it is no string. */
bool xpf_object_text(const struct xpf_layout *layout, uint64_t string, char *out, size_t size);

#endif

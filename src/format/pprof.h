/* pprof: perftools.profiles as a protocol buffer (pprof.proto). Written packed with gzip, the same
 * bytes for the same profile; read plain (format_table.h unpacks). */
#ifndef XPF_FORMAT_PPROF_H
#define XPF_FORMAT_PPROF_H
#include <stdbool.h>
#include <stddef.h>
#include "format/profile.h"
#include "format/read_error.h"
#include "format/sink.h"
#include "format/source.h"

/* Any profile. The root of the tree is no frame. Leaves have the lines of the position ticks, other
 * frames the line of their function, for V8 knows no other. 0, -ENOMEM, or the sink's error. */
int xpf_pprof_write(const struct xpf_profile *profile, struct xpf_sink *sink);
/* Profiles of others too. Frames of one function become one node, whatever their line; the lines of
 * leaves become position ticks. Labels and mappings are left out, and sample types beyond the
 * fourth. A CPU profile has samples/count and a time in nanoseconds, a heap profile
 * inuse_space or alloc_space and their objects, in the places of the model; any other is of
 * XPF_PROFILE_OTHER. 0: *out is the caller's; else negative, *error (zeroed by the caller) says why
 * and where. */
int xpf_pprof_read(struct xpf_source *source, struct xpf_profile **out,
                   struct xpf_read_error *error);
bool xpf_pprof_detect(const unsigned char *head, size_t size);
#endif

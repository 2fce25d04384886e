/* .heapprofile, as Chrome DevTools reads it: head (tree with selfSize, id) and samples; and what it
 * does not read: selfCount of each node, sampleType (inuse_space or alloc_space). */
#ifndef XPF_FORMAT_HEAPPROFILE_H
#define XPF_FORMAT_HEAPPROFILE_H
#include "format/profile.h"
#include "format/read_error.h"
#include "format/sink.h"
#include "format/source.h"
/* Any depth of the tree. 0, -EINVAL for another kind of profile or one without a root, -ENOMEM, or
 * the sink's error. */
int xpf_heapprofile_write(const struct xpf_profile *profile, struct xpf_sink *sink);
/* With and without samples, ids and counts; a count that is not in the file is the number of
 * samples. 0: *out is the caller's; else negative, *error (zeroed by the caller) says why and
 * where. */
int xpf_heapprofile_read(struct xpf_source *source, struct xpf_profile **out,
                         struct xpf_read_error *error);
#endif

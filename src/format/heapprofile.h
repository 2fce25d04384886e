/* .heapprofile, as Chrome DevTools reads it: head (tree with selfSize, id) and samples. */
#ifndef XPF_FORMAT_HEAPPROFILE_H
#define XPF_FORMAT_HEAPPROFILE_H
#include "format/profile.h"
#include "format/sink.h"
/* Any depth of the tree. 0, -EINVAL for another kind of profile or one without a root, -ENOMEM, or
 * the sink's error. */
int xpf_heapprofile_write(const struct xpf_profile *profile, struct xpf_sink *sink);
#endif

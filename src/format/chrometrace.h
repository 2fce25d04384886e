/* Chrome's trace events (JSON) of a profile with samples in the order of time: frames begin ("B")
 * and end ("E"), as Perfetto and chrome://tracing show them. The category is the class of the
 * frame. */
#ifndef XPF_FORMAT_CHROMETRACE_H
#define XPF_FORMAT_CHROMETRACE_H
#include "format/profile.h"
#include "format/sink.h"
/* 0, -EINVAL for a profile without such samples, -ENOMEM, or the sink's error. */
int xpf_chrometrace_write(const struct xpf_profile *profile, struct xpf_sink *sink);
#endif

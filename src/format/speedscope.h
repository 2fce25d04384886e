/* speedscope's own JSON. A profile with samples in the order of time becomes one "evented" profile
 * (time order, left heavy, sandwich); any other one "sampled" profile for each value type. */
#ifndef XPF_FORMAT_SPEEDSCOPE_H
#define XPF_FORMAT_SPEEDSCOPE_H
#include "format/profile.h"
#include "format/sink.h"
/* 0, -ENOMEM, or the sink's error. */
int xpf_speedscope_write(const struct xpf_profile *profile, struct xpf_sink *sink);
#endif

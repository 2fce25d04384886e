/* .cpuprofile, as Chrome DevTools and V8 read it, with the extra keys old consoles read
 * (typeId, title, httpDetail). Lines and columns are 0-based, 0 for meta nodes; scriptId is a
 * string. */
#ifndef XPF_FORMAT_CPUPROFILE_H
#define XPF_FORMAT_CPUPROFILE_H
#include "format/profile.h"
#include "format/sink.h"
/* The samples must be in order (xpf_profile_sort). 0, -EINVAL for another kind of
 * profile, -ENOMEM, or the sink's error. */
int xpf_cpuprofile_write(const struct xpf_profile *profile, struct xpf_sink *sink);
#endif

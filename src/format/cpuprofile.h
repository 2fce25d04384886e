/* .cpuprofile, as Chrome DevTools and V8 read it, with the extra keys old consoles read
 * (typeId, title, httpDetail). Lines and columns are 0-based, 0 for meta nodes; scriptId is a
 * string. */
#ifndef XPF_FORMAT_CPUPROFILE_H
#define XPF_FORMAT_CPUPROFILE_H
#include "format/profile.h"
#include "format/read_error.h"
#include "format/sink.h"
#include "format/source.h"
/* The samples must be in order (xpf_profile_sort); a profile without any,
 * of XPF_PROFILE_OTHER too, gets one for each node that has a time (without a time: 1 ms a hit). 0,
 * -EINVAL for another kind of profile, -ENOMEM, or the sink's error. */
int xpf_cpuprofile_write(const struct xpf_profile *profile, struct xpf_sink *sink);
/* Also files of node --cpu-prof, of xprofiler 3 (lines from 1), and without hitCount or timeDeltas.
 * 0: *out is the caller's; else negative, *error (zeroed by the caller) says why and where. */
int xpf_cpuprofile_read(struct xpf_source *source, struct xpf_profile **out,
                        struct xpf_read_error *error);
#endif

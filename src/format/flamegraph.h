/* Writes a flame graph: one HTML page that needs no network and no other file. What its viewer can
 * do is in docs/flamegraph.md; the layout of the data in it in flamegraph/data.mjs. The same
 * profile makes the same bytes. Texts of the profile are data in the page, never markup.
 * All: 0, -ENOMEM, or the sink's error. Pure. [any] */
#ifndef XPF_FORMAT_FLAMEGRAPH_H
#define XPF_FORMAT_FLAMEGRAPH_H

#include "format/profile.h"
#include "format/sink.h"

struct xpf_flamegraph_head {
  const char *title;   /* NULL or "": the profile's own, or what it is */
  const char *process; /* what was profiled, "node server.js (pid 7)"; NULL: not shown */
};

/* A row of the table of formats. */
int xpf_flamegraph_write(const struct xpf_profile *profile, struct xpf_sink *sink);
/* The same with the head that the caller knows. */
int xpf_flamegraph_titled_write(const struct xpf_profile *profile,
                                const struct xpf_flamegraph_head *head, struct xpf_sink *sink);

/* What makes two profiles comparable at first; the viewer can switch. */
enum xpf_flamegraph_scale {
  XPF_FLAMEGRAPH_BY_TOTAL,    /* shares of the total */
  XPF_FLAMEGRAPH_BY_DURATION, /* amounts in one second; needs both durations, else by total */
  XPF_FLAMEGRAPH_ABSOLUTE     /* the values themselves */
};

/* Red where `profile` has more than `base`, blue where less. Functions are the same when name and
 * file are, wherever they moved in it; functions without a name when their line is, too. -EINVAL
 * when the profiles have no type of value in common. */
int xpf_flamegraph_diff_write(const struct xpf_profile *base, const struct xpf_profile *profile,
                              const struct xpf_flamegraph_head *head,
                              enum xpf_flamegraph_scale scale, struct xpf_sink *sink);

#endif

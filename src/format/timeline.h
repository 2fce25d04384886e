/* The samples of a profile as frames that open and close in the order of time, well nested. Pure.
 * [any] */
#ifndef XPF_FORMAT_TIMELINE_H
#define XPF_FORMAT_TIMELINE_H
#include <stdbool.h>
#include "format/profile.h"

/* `node` opens or closes at a time of the profile's clock; times never go back. false: no more. */
typedef bool xpf_timeline_fn(void *arg, uint32_t node, int64_t at_us, bool opens);

/* Of a CPU profile a sample lasts until the next one; of a GC profile, its own time. The root is no
 * frame; of a stack deeper than XPF_STACK_MAX the deepest are left out. 0, -ENOMEM, or -EINVAL for
 * a profile without such samples. */
int xpf_timeline_walk(const struct xpf_profile *profile, xpf_timeline_fn *fn, void *arg);
#endif

/* Prometheus' text of everything the world knows, in two steps: a snapshot, quick, on the loop; and
 * the text of it, slow when there is much, on any thread. */
#ifndef XPF_DAEMON_EXPOSITION_H
#define XPF_DAEMON_EXPOSITION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "daemon/world.h"
#include "format/sink.h"

struct xpf_exposition; /* a snapshot */

/* Values that are no numbers are left out, and those that are older than XPF_EXPOSITION_STALE_MS
 * beyond their kind's own age: a value that no longer grows would look like one that stands still.
 * NULL: no memory. [loop] */
#define XPF_EXPOSITION_STALE_MS 10000
struct xpf_exposition *xpf_exposition_new(const struct xpf_world *world, int64_t now_ms);
void xpf_exposition_free(struct xpf_exposition *exposition);

/* Text format 0.0.4, or OpenMetrics 1.0. Families are sorted by name, each of them once, whichever
 * kinds it comes from. 0 or the sink's error. [any] */
int xpf_exposition_write(const struct xpf_exposition *exposition, bool is_openmetrics,
                         struct xpf_sink *sink);
#endif

/* What one plugin prints, line by line, into the world: Prometheus' text or one JSON object a line.
 * Bounded in metrics and series; lines that cannot be taken are counted, with the reason of the
 * last. All on the loop's thread. */
#ifndef XPF_DAEMON_PLUGIN_SERIES_H
#define XPF_DAEMON_PLUGIN_SERIES_H
#include <stddef.h>
#include <stdint.h>
#include "daemon/plugin_families.h"

#define XPF_PLUGIN_SERIES_MAX   2000
#define XPF_PLUGIN_DECLARED_MAX 512 /* TYPE and HELP lines that are remembered */

struct xpf_plugin_series;

/* plugin: its name, the value of the label `plugin`. */
struct xpf_plugin_series *xpf_plugin_series_new(struct xpf_world *world,
                                                struct xpf_plugin_families *families,
                                                const char *plugin, unsigned stale_after_ms);
/* Its series go. */
void xpf_plugin_series_free(struct xpf_plugin_series *series);

/* The line is changed. 1: it was the end of a whole set ("# EOF"); 0: taken; -1: not, see _wrong.
 */
int xpf_plugin_series_line(struct xpf_plugin_series *series, char *line, size_t size,
                           int64_t now_ms);
/* A set begins: TYPE and HELP lines of the one before are forgotten. */
void xpf_plugin_series_begin(struct xpf_plugin_series *series);
/* The set is whole: series that it does not have go. */
void xpf_plugin_series_end(struct xpf_plugin_series *series);
/* Series that were not printed since then go. */
void xpf_plugin_series_expire(struct xpf_plugin_series *series, int64_t since_ms);

size_t xpf_plugin_series_count(const struct xpf_plugin_series *series);
uint64_t xpf_plugin_series_refused(const struct xpf_plugin_series *series);
/* A sentence about the last line that was not taken; "" */
const char *xpf_plugin_series_wrong(const struct xpf_plugin_series *series);
#endif

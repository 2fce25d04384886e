/* The kinds that plugins bring: kinds are constant tables, so each family of metrics that a plugin
 * prints gets one of its own, made at its first value. It stays until the end, since the history
 * and a scrape on its way may still speak of it; so their number is bounded, and a plugin that
 * comes back finds the same one. All on the loop's thread. */
#ifndef XPF_DAEMON_PLUGIN_FAMILIES_H
#define XPF_DAEMON_PLUGIN_FAMILIES_H
#include "daemon/world.h"

#define XPF_PLUGIN_FAMILIES_MAX 192

struct xpf_plugin_families;

struct xpf_plugin_family_shape {
  const char *name;        /* of the metric */
  const char *help, *unit; /* may be "" */
  enum xpf_field_type type;
  const char *const *labels; /* names without `plugin`, sorted */
  size_t labels_count;
  unsigned stale_after_ms;
};

int xpf_plugin_families_new(struct xpf_plugin_families **out, struct xpf_world *world);
/* The world is not to be asked about them any more. */
void xpf_plugin_families_free(struct xpf_plugin_families *families);
/* The kind for values of this shape: its first label is `plugin`, then at least those of the shape,
 * sorted; it has one field. NULL and *wrong when it cannot be had: "clashes with …". */
const struct xpf_kind *xpf_plugin_family(struct xpf_plugin_families *families,
                                         const struct xpf_plugin_family_shape *shape,
                                         const char **wrong);
#endif

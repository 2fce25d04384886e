/* Source maps (revision 3, also with sections): where a place of a made script is in its source.
 * Pure. [any] */
#ifndef XPF_FORMAT_SOURCE_MAP_H
#define XPF_FORMAT_SOURCE_MAP_H
#include <stdbool.h>
#include "format/profile.h"
#include "format/read_error.h"
#include "format/source.h"

struct xpf_source_map;

struct xpf_source_place {
  const char *source;    /* as the map says, with its sourceRoot in front; never "" */
  const char *name;      /* of what stands there, "" when the map does not say */
  uint32_t line, column; /* from 1 */
  uint32_t made_column;  /* where the mapping begins in the line of the made script, from 1 */
};

/* 0: *out is the caller's; else negative, *error (zeroed by the caller) says why and where.
 * Mappings that are damaged are an error, too. */
int xpf_source_map_read(struct xpf_source *source, struct xpf_source_map **out,
                        struct xpf_read_error *error);
void xpf_source_map_free(struct xpf_source_map *map);
/* The nearest mapping at or before the place (line and column from 1) in its line. False when there
 * is none. */
bool xpf_source_map_find(const struct xpf_source_map *map, uint32_t line, uint32_t column,
                         struct xpf_source_place *out);
/* The first mapping of the line. */
bool xpf_source_map_find_line(const struct xpf_source_map *map, uint32_t line,
                              struct xpf_source_place *out);

/* Makes the url of a place's source for a frame: absolute, or as it is when it has a scheme.
 * NULL-terminated in buffer; returns it. */
typedef const char *xpf_source_url_fn(void *arg, const char *source, char *buffer, size_t size);
/* Puts all nodes with that url (a string index) where their sources are; names too, where the map
 * has them. 0 or -ENOMEM. */
int xpf_source_map_apply(const struct xpf_source_map *map, struct xpf_profile *profile,
                         uint32_t url, xpf_source_url_fn *source_url, void *arg);
#endif

/* A source map on the nodes of a profile. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "format/source_map.h"

#define URL_BYTES 4096

/* Lines of the ticks: they have no column, so the first mapping of the line has to do; where that
 * is in another source (a bundle in one line), the ticks say nothing and go. */
static void ticks_move(const struct xpf_source_map *map, struct xpf_profile *profile,
                       struct xpf_profile_node *node, const char *source) {
  struct xpf_source_place place;
  uint32_t kept = 0;
  struct xpf_profile_tick *ticks = profile->ticks + node->ticks_start;
  for (uint32_t i = 0; i < node->ticks_count; i++)
    if (xpf_source_map_find_line(map, ticks[i].line, &place) && strcmp(place.source, source) == 0)
      ticks[kept++] = (struct xpf_profile_tick){.line = place.line, .ticks = ticks[i].ticks};
  node->ticks_count = kept;
}

/* V8 says where the parameters begin. In "u=e=>…" a mapping of its own begins there, with the name
 * of the parameter: the function's is that of the "u", or what V8 calls it where the "u" has none.
 * The likeliest first: at a wrong distance something else may begin. */
static void name_find(const struct xpf_source_map *map, const struct xpf_profile_node *node,
                      const char *made, struct xpf_source_place *place) {
  static const char *const between[] = {"",       "=",         "=async ",
                                        "=async", "=function", "=async function"};
  bool is_parameter = place->made_column == (uint32_t)node->column && *place->name != '\0';
  struct xpf_source_place found;
  for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
    size_t back = strlen(made) + strlen(between[i]);
    if ((size_t)node->column <= back)
      return;
    uint32_t column = (uint32_t)((size_t)node->column - back);
    if (!xpf_source_map_find(map, (uint32_t)node->line, column, &found) ||
        found.made_column != column)
      continue;
    if (*found.name != '\0' || (i > 0 && is_parameter))
      place->name = found.name;
    if (*found.name != '\0' || i <= 1 || is_parameter)
      return;
  }
}

static int node_move(const struct xpf_source_map *map, struct xpf_profile *profile,
                     struct xpf_profile_node *node, xpf_source_url_fn *source_url, void *arg) {
  struct xpf_source_place place;
  char url[URL_BYTES];
  if (node->line <= 0 || node->column <= 0 ||
      !xpf_source_map_find(map, (uint32_t)node->line, (uint32_t)node->column, &place))
    return 0;
  int64_t index = xpf_profile_string_add(profile, source_url(arg, place.source, url, sizeof(url)));
  if (index < 0)
    return -ENOMEM;
  /* Names of methods and classes ("Cart.total") say more than the map's; only a name that was
   * shortened is replaced: one that the source does not have. */
  const char *old = xpf_profile_string(profile, node->function_name);
  const char *point = strrchr(old, '.'), *last = point != NULL ? point + 1 : old;
  if (*last != '\0')
    name_find(map, node, last, &place);
  if (*place.name != '\0' && *last != '\0' && strcmp(last, place.name) != 0) {
    int64_t name = xpf_profile_string_add(profile, place.name);
    if (name < 0)
      return -ENOMEM;
    node->function_name = (uint32_t)name;
  }
  node->url = (uint32_t)index;
  node->line = (int32_t)place.line;
  node->column = (int32_t)place.column;
  ticks_move(map, profile, node, place.source);
  return 0;
}

int xpf_source_map_apply(const struct xpf_source_map *map, struct xpf_profile *profile,
                         uint32_t url, xpf_source_url_fn *source_url, void *arg) {
  for (uint32_t i = 0; i < profile->nodes_count; i++) {
    if (profile->nodes[i].url != url)
      continue;
    int rc = node_move(map, profile, &profile->nodes[i], source_url, arg);
    if (rc < 0)
      return rc;
  }
  return 0;
}

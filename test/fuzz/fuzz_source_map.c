// links: src/format/source_map.c src/format/source_map_apply.c src/format/json_read.c
// links: src/format/source.c src/format/string_table.c src/format/array.c
// links: src/format/profile.c src/format/id_table.c
/* Any bytes as a source map: every place that is found has a source, a line and a column, and the
 * map can be applied to a profile; or an error names a byte of the input. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/source_map.h"

static void check(bool holds) {
  if (!holds)
    __builtin_trap();
}

static const char *same_url(void *arg, const char *source, char *buffer, size_t size) {
  (void)arg;
  snprintf(buffer, size, "%s", source);
  return buffer;
}

static void try_places(const struct xpf_source_map *map) {
  struct xpf_source_place place;
  for (uint32_t line = 0; line < 20; line++) {
    for (uint32_t column = 0; column < 40; column += 3)
      if (xpf_source_map_find(map, line, column, &place))
        check(*place.source != '\0' && place.name != NULL && place.line > 0 && place.column > 0);
    if (xpf_source_map_find_line(map, line, &place))
      check(*place.source != '\0' && place.line > 0 && place.column > 0);
  }
  xpf_source_map_find(map, UINT32_MAX, UINT32_MAX, &place);
}

static void try_profile(const struct xpf_source_map *map) {
  struct xpf_profile *p = xpf_profile_new(XPF_PROFILE_CPU);
  check(p != NULL);
  for (int32_t i = 0; i < 20; i++) {
    struct xpf_profile_frame frame = {i % 3 ? "a" : "b.c", "/made.js", "", 1, i % 5, i};
    xpf_profile_node_add(p, i == 0 ? XPF_NO_PARENT : 0, (uint32_t)i, &frame);
    xpf_profile_tick_add(p, (uint32_t)i % 7, 1);
  }
  check(xpf_source_map_apply(map, p, p->nodes[0].url, same_url, NULL) == 0);
  for (uint32_t i = 0; i < p->nodes_count; i++)
    check(p->nodes[i].line >= 0 && p->nodes[i].column >= 0 && p->nodes[i].ticks_count <= 1);
  xpf_profile_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_memory_source *memory = malloc(sizeof(*memory));
  struct xpf_source_map *map = NULL;
  struct xpf_read_error error = {0};
  if (memory == NULL)
    return 0;
  xpf_memory_source_init(memory, data, size);
  int rc = xpf_source_map_read(&memory->source, &map, &error);
  check((rc == 0) == (error.reason == XPF_READ_NONE) && (rc == 0) == (map != NULL));
  check(error.offset <= size);
  if (map != NULL) {
    try_places(map);
    try_profile(map);
  }
  xpf_source_map_free(map);
  free(memory);
  return 0;
}

// links: src/format/promtext.c src/daemon/plugin_series.c src/daemon/plugin_families.c
// links: src/daemon/world.c src/wire/document.c src/wire/utf8.c -lcjson -lm
/* What a plugin prints: any lines are taken or refused with a reason, within bounds, and nothing is
 * left when the plugin goes. */
#include "daemon/plugin_series.h"
#include "format/promtext.h"
#include "fuzz.h"

static void parse(char *line) {
  struct xpf_promtext parsed;
  const char *wrong = NULL;
  if (xpf_promtext_parse(&parsed, line, &wrong) != 0) {
    require(wrong != NULL);
    return;
  }
  if (parsed.kind != XPF_PROMTEXT_SAMPLE)
    return;
  require(parsed.name[0] != '\0' && parsed.labels_count <= XPF_PROMTEXT_LABELS_MAX);
  for (size_t i = 0; i < parsed.labels_count; i++)
    require(parsed.labels[i].name[0] != '\0' && strlen(parsed.labels[i].value) < 1u << 20);
}

static void each_line(const uint8_t *data, size_t size, struct xpf_plugin_series *series) {
  while (size > 0) {
    const uint8_t *newline = memchr(data, '\n', size);
    size_t length = newline ? (size_t)(newline - data) : size;
    char *line = fuzz_text(data, length);
    uint64_t refused = xpf_plugin_series_refused(series);
    int result = xpf_plugin_series_line(series, line, length, 1000);
    require((result < 0) == (xpf_plugin_series_refused(series) > refused));
    require(result >= 0 || xpf_plugin_series_wrong(series)[0] != '\0');
    if (result == 1) {
      xpf_plugin_series_end(series);
      xpf_plugin_series_begin(series);
    }
    free(line);
    line = fuzz_text(data, length);
    parse(line);
    free(line);
    data += newline ? length + 1 : length;
    size -= newline ? length + 1 : length;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_world *world = xpf_world_new();
  struct xpf_plugin_families *families = NULL;
  require(world && xpf_plugin_families_new(&families, world) == 0);
  struct xpf_plugin_series *series = xpf_plugin_series_new(world, families, "fuzz", 1000);
  require(series != NULL);
  each_line(data, size, series);
  require(xpf_world_count(world) == xpf_plugin_series_count(series));
  xpf_plugin_series_free(series);
  require(xpf_world_count(world) == 0);
  xpf_world_free(world);
  xpf_plugin_families_free(families);
  return 0;
}

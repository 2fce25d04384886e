#include "format/flamegraph.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/flame_tree.h"
#include "format/flamegraph_page.h"
#include "format/gzip.h"
#include "format/json.h"

#define NS_PER_US 1000
#define NS_PER_MS 1000000
#define NEW       0
#define BASE      1

/* Between the JSON writer and the page: a "<" can only stand in a string there, and would be markup
 * to the browser ("</script>", "<!--"). */
struct guard {
  struct xpf_sink sink;
  struct xpf_sink *page;
};

static int guard_write(struct xpf_sink *sink, const void *data, size_t size) {
  struct guard *guard = (struct guard *)sink;
  const char *text = data, *end = text + size;
  while (text < end) {
    const char *bracket = memchr(text, '<', (size_t)(end - text));
    xpf_sink_write(guard->page, text, (size_t)((bracket != NULL ? bracket : end) - text));
    if (bracket == NULL)
      break;
    xpf_sink_text(guard->page, "\\u003c");
    text = bracket + 1;
  }
  return guard->page->error;
}

struct page {
  const struct xpf_profile *sides[XPF_FLAME_SIDES]; /* [BASE] is NULL without a comparison */
  const struct xpf_flamegraph_head *head;
  const char *title;
  enum xpf_flamegraph_scale scale;
  struct xpf_flame_tree tree;
  uint32_t values[XPF_FLAME_SIDES][XPF_PROFILE_VALUES_MAX]; /* their numbers in the profile */
  uint32_t values_count, default_value;
  uint32_t *node_of; /* place in the tree of each node of sides[NEW] */
  struct xpf_json json;
};

static const char *const kind_words[] = {
    [XPF_PROFILE_CPU] = "cpu",
    [XPF_PROFILE_HEAP] = "heap",
    [XPF_PROFILE_GC] = "gc",
    [XPF_PROFILE_OTHER] = "other",
};

static const char *const kind_titles[] = {
    [XPF_PROFILE_CPU] = "CPU profile",
    [XPF_PROFILE_HEAP] = "Heap profile",
    [XPF_PROFILE_GC] = "GC profile",
    [XPF_PROFILE_OTHER] = "Profile",
};

/* A title that says nothing about this profile is that of our own files. */
static const char *title_of(const struct xpf_profile *profile,
                            const struct xpf_flamegraph_head *head) {
  if (head != NULL && head->title != NULL && head->title[0] != '\0')
    return head->title;
  const char *own = xpf_profile_string(profile, profile->title);
  return own[0] != '\0' && strcmp(own, "xprofiler") != 0 ? own : kind_titles[profile->kind];
}

/* The types of value that all sides have. */
static void values_choose(struct page *page) {
  const struct xpf_profile *profile = page->sides[NEW], *base = page->sides[BASE];
  for (uint32_t i = 0; i < profile->values_count; i++) {
    uint32_t other = i;
    if (base != NULL)
      other = xpf_profile_value_find(base, xpf_profile_string(profile, profile->values[i].type));
    if (other == XPF_NO_INDEX)
      continue;
    if (i == profile->default_value)
      page->default_value = page->values_count;
    page->values[NEW][page->values_count] = i;
    page->values[BASE][page->values_count++] = other;
  }
}

static int tree_make(struct page *page) {
  const struct xpf_profile *profile = page->sides[NEW], *base = page->sides[BASE];
  page->node_of = malloc(((size_t)profile->nodes_count + 1) * sizeof(*page->node_of));
  if (page->node_of == NULL)
    return -ENOMEM;
  int rc = xpf_flame_tree_add(&page->tree, profile, NEW, page->values[NEW], page->values_count,
                              page->node_of);
  if (rc == 0 && base != NULL)
    rc = xpf_flame_tree_add(&page->tree, base, BASE, page->values[BASE], page->values_count, NULL);
  return rc;
}

static void fact_begin(struct xpf_json *json, const char *prefix, const char *key) {
  char name[64];
  snprintf(name, sizeof(name), "%s%s", prefix, key);
  xpf_json_array_begin(json);
  xpf_json_string(json, name);
}

/* Zero is "not known". */
static void fact_number(struct xpf_json *json, const char *prefix, const char *key, double value) {
  if (value <= 0)
    return;
  fact_begin(json, prefix, key);
  xpf_json_double(json, value);
  xpf_json_array_end(json);
}

static void facts_write(struct xpf_json *json, const struct xpf_profile *profile,
                        const char *prefix) {
  const char *unit = xpf_profile_string(profile, profile->period_of.unit);
  fact_number(json, prefix, "duration_ns",
              ((double)profile->end_us - (double)profile->start_us) * NS_PER_US);
  double samples = profile->samples_count;
  if (samples == 0 && profile->kind == XPF_PROFILE_CPU)
    for (uint32_t i = 0; i < profile->nodes_count; i++)
      samples += (double)profile->nodes[i].self[XPF_CPU_SAMPLES];
  fact_number(json, prefix, "samples", samples);
  if (profile->period > 0 && strcmp(unit, "nanoseconds") == 0)
    fact_number(json, prefix, "interval_ns", (double)profile->period);
  else if (profile->period > 0 && strcmp(unit, "bytes") == 0)
    fact_number(json, prefix, "interval_bytes", (double)profile->period);
  else if (profile->kind == XPF_PROFILE_CPU)
    fact_number(json, prefix, "interval_ns",
                (double)(int64_t)(xpf_profile_effective_interval_us(profile) * NS_PER_US));
  /* Whole milliseconds: a moment is not known better, and doubles would add digits. */
  fact_number(json, prefix, "started_ms", (double)(profile->time_ns / NS_PER_MS));
}

static void about_write(struct page *page) {
  struct xpf_json *json = &page->json;
  const struct xpf_profile *profile = page->sides[NEW];
  xpf_json_key(json, "version");
  xpf_json_int(json, 1);
  xpf_json_key(json, "title");
  xpf_json_string(json, page->title);
  xpf_json_key(json, "kind");
  xpf_json_string(json, kind_words[profile->kind]);
  xpf_json_key(json, "facts");
  xpf_json_array_begin(json);
  if (page->head != NULL && page->head->process != NULL && page->head->process[0] != '\0') {
    fact_begin(json, "", "process");
    xpf_json_string(json, page->head->process);
    xpf_json_array_end(json);
  }
  facts_write(json, profile, "");
  if (page->sides[BASE] != NULL)
    facts_write(json, page->sides[BASE], "base_");
  xpf_json_array_end(json);
}

static void values_write(struct page *page) {
  struct xpf_json *json = &page->json;
  const struct xpf_profile *profile = page->sides[NEW];
  xpf_json_key(json, "values");
  xpf_json_array_begin(json);
  for (uint32_t i = 0; i < page->values_count; i++) {
    const struct xpf_profile_value *value = &profile->values[page->values[NEW][i]];
    xpf_json_object_begin(json);
    xpf_json_key(json, "type");
    xpf_json_string(json, xpf_profile_string(profile, value->type));
    xpf_json_key(json, "unit");
    xpf_json_string(json, xpf_profile_string(profile, value->unit));
    xpf_json_object_end(json);
  }
  xpf_json_array_end(json);
  xpf_json_key(json, "value");
  xpf_json_uint(json, page->default_value);
}

static void strings_write(struct page *page) {
  struct xpf_json *json = &page->json;
  xpf_json_key(json, "strings");
  xpf_json_array_begin(json);
  for (uint32_t i = 0; i < xpf_string_table_count(page->tree.strings); i++)
    xpf_json_string(json, xpf_string_table_text(page->tree.strings, i));
  xpf_json_array_end(json);
  xpf_json_key(json, "categories");
  xpf_json_array_begin(json);
  for (int i = 0; i < XPF_FRAME_CLASSES_COUNT; i++)
    xpf_json_string(json, xpf_frame_class_word((enum xpf_frame_class)i));
  xpf_json_array_end(json);
}

static int64_t frame_name(const struct xpf_flame_frame *frame) {
  return frame->name;
}
static int64_t frame_url(const struct xpf_flame_frame *frame) {
  return frame->url;
}
static int64_t frame_package(const struct xpf_flame_frame *frame) {
  return frame->package;
}
static int64_t frame_line(const struct xpf_flame_frame *frame) {
  return frame->line;
}
static int64_t frame_column(const struct xpf_flame_frame *frame) {
  return frame->column;
}
static int64_t frame_category(const struct xpf_flame_frame *frame) {
  return frame->frame_class;
}

static void frames_write(struct page *page) {
  static const struct {
    const char *key;
    int64_t (*get)(const struct xpf_flame_frame *frame);
  } columns[] = {
      {"name", frame_name}, {"url", frame_url},       {"package", frame_package},
      {"line", frame_line}, {"column", frame_column}, {"category", frame_category},
  };
  struct xpf_json *json = &page->json;
  xpf_json_key(json, "frames");
  xpf_json_object_begin(json);
  for (size_t c = 0; c < sizeof(columns) / sizeof(*columns); c++) {
    xpf_json_key(json, columns[c].key);
    xpf_json_array_begin(json);
    for (uint32_t i = 0; i < page->tree.frames_count; i++)
      xpf_json_int(json, columns[c].get(&page->tree.frames[i]));
    xpf_json_array_end(json);
  }
  xpf_json_object_end(json);
}

static void side_write(struct page *page, const char *key, int side) {
  struct xpf_json *json = &page->json;
  xpf_json_key(json, key);
  xpf_json_array_begin(json);
  for (uint32_t v = 0; v < page->values_count; v++) {
    xpf_json_array_begin(json);
    for (uint32_t i = 0; i < page->tree.nodes_count; i++)
      xpf_json_int(json, page->tree.nodes[i].self[side][v]);
    xpf_json_array_end(json);
  }
  xpf_json_array_end(json);
}

static void nodes_write(struct page *page) {
  struct xpf_json *json = &page->json;
  const struct xpf_flame_node *nodes = page->tree.nodes;
  xpf_json_key(json, "nodes");
  xpf_json_object_begin(json);
  xpf_json_key(json, "up");
  xpf_json_array_begin(json);
  for (uint32_t i = 0; i < page->tree.nodes_count; i++)
    xpf_json_uint(json, nodes[i].parent == XPF_NO_PARENT ? 0 : i - nodes[i].parent);
  xpf_json_array_end(json);
  xpf_json_key(json, "frame");
  xpf_json_array_begin(json);
  for (uint32_t i = 0; i < page->tree.nodes_count; i++)
    xpf_json_uint(json, nodes[i].frame);
  xpf_json_array_end(json);
  side_write(page, "self", NEW);
  if (page->sides[BASE] != NULL)
    side_write(page, "base", BASE);
  xpf_json_object_end(json);
}

/* Equal samples in a row are one run. Two passes over the samples, one for each column: no memory.
 */
struct runs {
  const struct page *page;
  uint32_t next;  /* sample */
  uint32_t node;  /* of the run */
  int64_t end_us; /* where the run ends */
  int64_t weight_ns;
};

static int64_t ns_between(int64_t from_us, int64_t to_us) {
  int64_t us;
  if (__builtin_sub_overflow(to_us, from_us, &us) || us > INT64_MAX / NS_PER_US)
    return INT64_MAX;
  return us > 0 ? us * NS_PER_US : 0;
}

/* A collection ends before the next begins: what lies between is nobody's, so the root's. */
static int64_t sample_ns(const struct xpf_profile *profile, uint32_t i, int64_t *gap_ns) {
  const struct xpf_profile_sample *sample = &profile->samples[i];
  int64_t end_us = i + 1 < profile->samples_count ? profile->samples[i + 1].at_us : profile->end_us;
  int64_t room_ns = ns_between(sample->at_us, end_us);
  int64_t lasts_ns = room_ns;
  if (profile->kind == XPF_PROFILE_GC && sample->value < (uint64_t)room_ns)
    lasts_ns = (int64_t)sample->value;
  *gap_ns = room_ns - lasts_ns;
  return lasts_ns;
}

/* Samples of one node, up to a gap. */
static void run_collect(struct runs *runs, int64_t *gap_ns) {
  const struct xpf_profile *profile = runs->page->sides[NEW];
  runs->weight_ns = 0;
  for (; runs->next < profile->samples_count && *gap_ns == 0; runs->next++) {
    uint32_t node = runs->page->node_of[profile->samples[runs->next].node];
    if (runs->weight_ns > 0 && node != runs->node)
      return;
    runs->node = node;
    runs->weight_ns += sample_ns(profile, runs->next, gap_ns);
  }
}

/* False after the last run. *gap_ns, at first 0, is what follows the run. */
static bool run_next(struct runs *runs, int64_t *gap_ns) {
  if (*gap_ns == 0)
    run_collect(runs, gap_ns);
  else
    runs->weight_ns = 0;
  if (runs->weight_ns == 0) {
    runs->node = 0;
    runs->weight_ns = *gap_ns;
    *gap_ns = 0;
  }
  return runs->weight_ns > 0;
}

static void samples_write(struct page *page) {
  const struct xpf_profile *profile = page->sides[NEW];
  struct xpf_json *json = &page->json;
  bool has_time = profile->kind == XPF_PROFILE_CPU || profile->kind == XPF_PROFILE_GC;
  if (!has_time || profile->samples_count == 0 || page->sides[BASE] != NULL)
    return;
  xpf_json_key(json, "samples");
  xpf_json_object_begin(json);
  xpf_json_key(json, "start");
  xpf_json_int(json, ns_between(profile->start_us, profile->samples[0].at_us));
  for (int column = 0; column < 2; column++) {
    struct runs runs = {.page = page};
    int64_t gap_ns = 0, last = 0;
    xpf_json_key(json, column == 0 ? "node" : "weight");
    xpf_json_array_begin(json);
    while (run_next(&runs, &gap_ns)) {
      xpf_json_int(json, column == 0 ? (int64_t)runs.node - last : runs.weight_ns);
      last = runs.node;
    }
    xpf_json_array_end(json);
  }
  xpf_json_object_end(json);
}

static void data_write(struct page *page, struct xpf_sink *sink) {
  static const char *const scales[] = {
      [XPF_FLAMEGRAPH_BY_TOTAL] = "total",
      [XPF_FLAMEGRAPH_BY_DURATION] = "duration",
      [XPF_FLAMEGRAPH_ABSOLUTE] = "none",
  };
  struct guard guard = {.sink = {.write = guard_write}, .page = sink};
  xpf_json_init(&page->json, &guard.sink, false);
  xpf_json_object_begin(&page->json);
  about_write(page);
  values_write(page);
  strings_write(page);
  frames_write(page);
  nodes_write(page);
  samples_write(page);
  if (page->sides[BASE] != NULL) {
    xpf_json_key(&page->json, "scale");
    xpf_json_string(&page->json, scales[page->scale]);
  }
  xpf_json_object_end(&page->json);
}

static void title_write(const char *title, struct xpf_sink *sink) {
  for (; *title != '\0'; title++) {
    const char *escape = *title == '<'   ? "&lt;"
                         : *title == '>' ? "&gt;"
                         : *title == '&' ? "&amp;"
                                         : NULL;
    if (escape != NULL)
      xpf_sink_text(sink, escape);
    else
      xpf_sink_write(sink, title, 1);
  }
}

static int part_write(enum xpf_flamegraph_part part, struct xpf_sink *sink) {
  return xpf_gzip_unpack(xpf_flamegraph_page[part].gzip, xpf_flamegraph_page[part].gzip_size, sink);
}

static int page_write(struct page *page, struct xpf_sink *sink) {
  values_choose(page);
  page->title = title_of(page->sides[NEW], page->head);
  if (page->sides[BASE] != NULL && page->values_count == 0)
    return -EINVAL;
  int rc = xpf_flame_tree_init(&page->tree, page->sides[BASE] != NULL);
  if (rc == 0)
    rc = tree_make(page);
  if (rc == 0)
    rc = part_write(XPF_FLAMEGRAPH_HEAD, sink);
  if (rc == 0) {
    title_write(page->title, sink);
    rc = part_write(XPF_FLAMEGRAPH_MIDDLE, sink);
  }
  if (rc == 0) {
    data_write(page, sink);
    rc = part_write(XPF_FLAMEGRAPH_TAIL, sink);
  }
  free(page->node_of);
  xpf_flame_tree_free(&page->tree);
  return rc;
}

int xpf_flamegraph_write(const struct xpf_profile *profile, struct xpf_sink *sink) {
  return xpf_flamegraph_titled_write(profile, NULL, sink);
}

int xpf_flamegraph_titled_write(const struct xpf_profile *profile,
                                const struct xpf_flamegraph_head *head, struct xpf_sink *sink) {
  struct page page = {.sides = {profile, NULL}, .head = head};
  return page_write(&page, sink);
}

int xpf_flamegraph_diff_write(const struct xpf_profile *base, const struct xpf_profile *profile,
                              const struct xpf_flamegraph_head *head,
                              enum xpf_flamegraph_scale scale, struct xpf_sink *sink) {
  struct page page = {.sides = {profile, base}, .head = head, .scale = scale};
  return page_write(&page, sink);
}

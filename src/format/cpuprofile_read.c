/* Reads .cpuprofile: of DevTools, of node --cpu-prof, of this project, of xprofiler 3 and the
 * v8-profiler packages. The nodes may come in any order, and so may the keys. */
#include <stdlib.h>
#include <string.h>

#include "format/array.h"
#include "format/call_frame_read.h"
#include "format/cpuprofile.h"

/* Times beyond, 142 years in µs, are damage; within, they can be told in nanoseconds. */
#define TIME_MAX_US (INT64_C(1) << 52)

struct raw_node {
  struct xpf_profile_node node; /* parent: index in raw once known */
  uint64_t offset;
  uint32_t children_start, children_count; /* in reader.children */
  int64_t parent_id;                       /* the key "parent" of some writers; -1 = none */
};

struct reader {
  struct xpf_json_reader json;
  struct xpf_read_error *error;
  struct xpf_profile *profile;
  struct raw_node *raw;
  uint32_t raw_count, raw_capacity;
  uint32_t *children; /* node ids */
  uint32_t children_count, children_capacity;
  uint32_t samples_count,
      deltas_count; /* in profile->samples: node is still an id, at_us a delta */
  uint64_t samples_offset;
  bool has_nodes, has_end, has_deltas;
};

static int no_memory(struct reader *r) {
  return xpf_read_fail(r->error, XPF_READ_MEMORY, r->json.offset, "");
}

/* The next element of an array of numbers: 1, 0 at its end, or -1. */
static int element_next(struct reader *r, const char *what, int64_t min, int64_t max) {
  enum xpf_json_event event = xpf_json_next(&r->json);
  if (event == XPF_JSON_ARRAY_END)
    return 0;
  if (event == XPF_JSON_ERROR)
    return -1;
  if (event != XPF_JSON_NUMBER)
    return xpf_read_fail(r->error, XPF_READ_WRONG_TYPE, r->json.offset, what);
  if (r->json.integer < min || r->json.integer > max)
    return xpf_read_fail(r->error, XPF_READ_OUT_OF_RANGE, r->json.offset, what);
  return 1;
}

static int read_children(struct reader *r, struct raw_node *raw) {
  if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, "children") < 0)
    return -1;
  raw->children_start = r->children_count;
  raw->children_count = 0;
  int rc;
  while ((rc = element_next(r, "an id of children", 0, UINT32_MAX)) > 0) {
    uint32_t *grown =
        xpf_array_grow(r->children, &r->children_capacity, r->children_count, sizeof(*r->children));
    if (grown == NULL)
      return no_memory(r);
    r->children = grown;
    r->children[r->children_count++] = (uint32_t)r->json.integer;
    raw->children_count++;
  }
  return rc;
}

static int read_tick(struct reader *r, struct xpf_profile_tick *tick) {
  int more;
  while ((more = xpf_json_next_key(&r->json)) > 0) {
    int64_t number = 0;
    int rc = 0;
    if (strcmp(r->json.text, "line") == 0) {
      rc = xpf_json_read_int(&r->json, 0, INT32_MAX, "line", &number);
      tick->line = (uint32_t)number;
    } else if (strcmp(r->json.text, "ticks") == 0) {
      rc = xpf_json_read_int(&r->json, 0, UINT32_MAX, "ticks", &number);
      tick->ticks = (uint32_t)number;
    } else {
      rc = xpf_json_skip(&r->json);
    }
    if (rc < 0)
      return -1;
  }
  return more;
}

static int read_ticks(struct reader *r, struct raw_node *raw) {
  if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, "positionTicks") < 0)
    return -1;
  struct xpf_profile *p = r->profile;
  raw->node.ticks_start = p->ticks_count;
  raw->node.ticks_count = 0;
  int rc;
  while ((rc = xpf_json_next_object(&r->json, "positionTicks")) > 0) {
    struct xpf_profile_tick tick = {0}, *grown;
    if (read_tick(r, &tick) < 0)
      return -1;
    grown = xpf_array_grow(p->ticks, &p->ticks_capacity, p->ticks_count, sizeof(*grown));
    if (grown == NULL)
      return no_memory(r);
    p->ticks = grown;
    p->ticks[p->ticks_count++] = tick;
    raw->node.ticks_count++;
  }
  return rc;
}

static int read_node_field(struct reader *r, struct raw_node *raw, bool *has_id) {
  const char *key = r->json.text;
  int64_t number = 0;
  int rc;
  if (strcmp(key, "id") == 0) {
    rc = xpf_json_read_int(&r->json, 0, UINT32_MAX, "id", &number);
    raw->node.id = (uint32_t)number;
    *has_id = true;
  } else if (strcmp(key, "hitCount") == 0) {
    rc = xpf_json_read_int(&r->json, 0, UINT32_MAX, "hitCount", &number);
    raw->node.self[XPF_CPU_SAMPLES] = number;
  } else if (strcmp(key, "parent") == 0) {
    rc = xpf_json_read_int(&r->json, 0, UINT32_MAX, "parent", &raw->parent_id);
  } else if (strcmp(key, "callFrame") == 0) {
    rc = xpf_call_frame_read(&r->json, r->profile, &raw->node);
  } else if (strcmp(key, "deoptReason") == 0) {
    rc = xpf_text_read(&r->json, r->profile, "deoptReason", &raw->node.bailout_reason);
  } else if (strcmp(key, "children") == 0) {
    rc = read_children(r, raw);
  } else if (strcmp(key, "positionTicks") == 0) {
    rc = read_ticks(r, raw);
  } else {
    rc = xpf_json_skip(&r->json);
  }
  return rc;
}

static int read_node(struct reader *r) {
  struct raw_node raw = {.offset = r->json.offset, .parent_id = -1};
  bool has_id = false;
  raw.node.parent = XPF_NO_PARENT;
  int more;
  while ((more = xpf_json_next_key(&r->json)) > 0)
    if (read_node_field(r, &raw, &has_id) < 0)
      return -1;
  if (more < 0)
    return -1;
  if (!has_id)
    return xpf_read_fail(r->error, XPF_READ_MISSING, raw.offset, "the id of a node");
  struct raw_node *grown = xpf_array_grow(r->raw, &r->raw_capacity, r->raw_count, sizeof(raw));
  if (grown == NULL)
    return no_memory(r);
  r->raw = grown;
  r->raw[r->raw_count++] = raw;
  return 0;
}

static int read_nodes(struct reader *r) {
  if (r->has_nodes)
    return xpf_read_fail(r->error, XPF_READ_TWICE, r->json.offset, "nodes");
  r->has_nodes = true;
  if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, "nodes") < 0)
    return -1;
  int rc;
  while ((rc = xpf_json_next_object(&r->json, "a node")) > 0)
    if (read_node(r) < 0)
      return -1;
  return rc;
}

/* Sample number `index`, made when it is not there: the two arrays come in any order. */
static struct xpf_profile_sample *sample_at(struct reader *r, uint32_t index) {
  struct xpf_profile *p = r->profile;
  if (index < p->samples_count)
    return &p->samples[index];
  struct xpf_profile_sample *grown =
      xpf_array_grow(p->samples, &p->samples_capacity, index, sizeof(*grown));
  if (grown == NULL)
    return NULL;
  p->samples = grown;
  p->samples_count = index + 1;
  p->samples[index] = (struct xpf_profile_sample){0};
  return &p->samples[index];
}

static int read_samples(struct reader *r) {
  if (r->samples_count > 0)
    return xpf_read_fail(r->error, XPF_READ_TWICE, r->json.offset, "samples");
  if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, "samples") < 0)
    return -1;
  r->samples_offset = r->json.offset;
  int rc;
  while ((rc = element_next(r, "a sample", 0, UINT32_MAX)) > 0) {
    struct xpf_profile_sample *sample = sample_at(r, r->samples_count++);
    if (sample == NULL)
      return no_memory(r);
    sample->node = (uint32_t)r->json.integer;
  }
  return rc;
}

static int read_deltas(struct reader *r) {
  if (r->has_deltas)
    return xpf_read_fail(r->error, XPF_READ_TWICE, r->json.offset, "timeDeltas");
  r->has_deltas = true;
  if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, "timeDeltas") < 0)
    return -1;
  int rc;
  while ((rc = element_next(r, "a time delta", -TIME_MAX_US, TIME_MAX_US)) > 0) {
    struct xpf_profile_sample *sample = sample_at(r, r->deltas_count++);
    if (sample == NULL)
      return no_memory(r);
    sample->at_us = r->json.integer;
  }
  return rc;
}

static int read_details(struct reader *r) {
  if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, "httpDetail") < 0)
    return -1;
  for (;;) {
    enum xpf_json_event event = xpf_json_next(&r->json);
    if (event == XPF_JSON_ARRAY_END)
      return 0;
    if (event == XPF_JSON_STRING && xpf_profile_detail_add(r->profile, r->json.text) < 0)
      return no_memory(r);
    if (xpf_json_skip_rest(&r->json, event) < 0)
      return -1;
  }
}

static int read_field(struct reader *r) {
  const char *key = r->json.text;
  if (strcmp(key, "nodes") == 0)
    return read_nodes(r);
  if (strcmp(key, "samples") == 0)
    return read_samples(r);
  if (strcmp(key, "timeDeltas") == 0)
    return read_deltas(r);
  if (strcmp(key, "httpDetail") == 0)
    return read_details(r);
  if (strcmp(key, "title") == 0)
    return xpf_text_read(&r->json, r->profile, "title", &r->profile->title);
  if (strcmp(key, "startTime") == 0)
    return xpf_json_read_int(&r->json, -TIME_MAX_US, TIME_MAX_US, "startTime",
                             &r->profile->start_us);
  if (strcmp(key, "endTime") == 0) {
    r->has_end = true;
    return xpf_json_read_int(&r->json, -TIME_MAX_US, TIME_MAX_US, "endTime", &r->profile->end_us);
  }
  return xpf_json_skip(&r->json);
}

static int read_document(struct reader *r) {
  if (xpf_json_expect(&r->json, XPF_JSON_OBJECT_BEGIN, "the file") < 0)
    return -1;
  int more;
  while ((more = xpf_json_next_key(&r->json)) > 0)
    if (read_field(r) < 0)
      return -1;
  if (more < 0)
    return -1;
  return xpf_json_next(&r->json) == XPF_JSON_END ? 0 : -1;
}

/* ---- the tree ---------------------------------------------------------------------------- */

static int adopt(struct reader *r, const struct xpf_id_table *ids, uint32_t parent,
                 uint32_t child_id) {
  uint64_t offset = r->raw[parent].offset;
  uint32_t child = xpf_id_table_find(ids, child_id);
  char detail[48];
  snprintf(detail, sizeof(detail), "node %u", child_id);
  if (child == XPF_NO_INDEX)
    return xpf_read_fail(r->error, XPF_READ_UNKNOWN_ID, offset, detail);
  if (r->raw[child].node.parent != XPF_NO_PARENT && r->raw[child].node.parent != parent) {
    snprintf(detail, sizeof(detail), "two parents of node %u", child_id);
    return xpf_read_fail(r->error, XPF_READ_NO_TREE, offset, detail);
  }
  r->raw[child].node.parent = parent;
  return 0;
}

/* Sets the parent of every raw node, as an index. */
static int find_parents(struct reader *r, struct xpf_id_table *ids) {
  for (uint32_t i = 0; i < r->raw_count; i++) {
    int rc = xpf_id_table_add(ids, r->raw[i].node.id, i);
    if (rc < 0)
      return no_memory(r);
    if (rc > 0)
      return xpf_read_fail(r->error, XPF_READ_TWICE, r->raw[i].offset, "the id of a node");
  }
  for (uint32_t i = 0; i < r->raw_count; i++) {
    const struct raw_node *raw = &r->raw[i];
    for (uint32_t c = 0; c < raw->children_count; c++)
      if (adopt(r, ids, i, r->children[raw->children_start + c]) < 0)
        return -1;
  }
  for (uint32_t i = 0; i < r->raw_count; i++) {
    if (r->raw[i].parent_id < 0)
      continue;
    uint32_t parent = xpf_id_table_find(ids, (uint64_t)r->raw[i].parent_id);
    if (parent == XPF_NO_INDEX)
      return xpf_read_fail(r->error, XPF_READ_UNKNOWN_ID, r->raw[i].offset, "parent");
    if (adopt(r, ids, parent, r->raw[i].node.id) < 0)
      return -1;
  }
  return 0;
}

static int find_root(struct reader *r, uint32_t *root) {
  *root = XPF_NO_INDEX;
  for (uint32_t i = 0; i < r->raw_count; i++) {
    if (r->raw[i].node.parent != XPF_NO_PARENT)
      continue;
    if (*root != XPF_NO_INDEX)
      return xpf_read_fail(r->error, XPF_READ_NO_TREE, r->raw[i].offset, "two roots");
    *root = i;
  }
  return *root != XPF_NO_INDEX
             ? 0
             : xpf_read_fail(r->error, XPF_READ_NO_TREE, r->raw[0].offset, "no root");
}

/* Links of the raw tree, in three arrays: first child, next sibling, place in the profile. */
static void link_children(const struct reader *r, uint32_t *first, uint32_t *next) {
  memset(first, 0xff, r->raw_count * sizeof(*first));
  memset(next, 0xff, r->raw_count * sizeof(*next));
  for (uint32_t i = r->raw_count; i-- > 0;) {
    uint32_t parent = r->raw[i].node.parent;
    if (parent == XPF_NO_PARENT)
      continue;
    next[i] = first[parent];
    first[parent] = i;
  }
}

/* In pre-order, from the root; `placed` becomes the place of each. */
static int place_nodes(struct reader *r, uint32_t root, const uint32_t *first, const uint32_t *next,
                       uint32_t *placed) {
  uint32_t at = root;
  while (at != XPF_NO_INDEX) {
    struct xpf_profile_node node = r->raw[at].node;
    if (node.parent != XPF_NO_PARENT)
      node.parent = placed[node.parent];
    int64_t index = xpf_profile_node_place(r->profile, &node);
    if (index < 0)
      return no_memory(r);
    placed[at] = (uint32_t)index;
    if (first[at] != XPF_NO_INDEX) {
      at = first[at];
      continue;
    }
    while (at != root && next[at] == XPF_NO_INDEX)
      at = r->raw[at].node.parent;
    at = at == root ? XPF_NO_INDEX : next[at];
  }
  if (r->profile->nodes_count < r->raw_count)
    return xpf_read_fail(r->error, XPF_READ_NO_TREE, r->raw[0].offset, "a circle");
  return 0;
}

static int build_tree(struct reader *r, struct xpf_id_table *ids) {
  uint32_t root;
  if (!r->has_nodes)
    return xpf_read_fail(r->error, XPF_READ_MISSING, xpf_source_offset(r->json.source), "nodes");
  if (r->raw_count == 0)
    return 0;
  if (find_parents(r, ids) < 0 || find_root(r, &root) < 0)
    return -1;
  uint32_t *links = malloc((size_t)r->raw_count * 3 * sizeof(*links));
  if (links == NULL)
    return no_memory(r);
  uint32_t *next = links + r->raw_count, *placed = next + r->raw_count;
  link_children(r, links, next);
  int rc = place_nodes(r, root, links, next, placed);
  free(links);
  return rc;
}

/* ---- the samples ------------------------------------------------------------------------- */

static int64_t moved(int64_t at_us, int64_t delta_us) {
  int64_t sum;
  if (__builtin_add_overflow(at_us, delta_us, &sum))
    return delta_us < 0 ? -TIME_MAX_US : TIME_MAX_US;
  return sum > TIME_MAX_US ? TIME_MAX_US : sum < -TIME_MAX_US ? -TIME_MAX_US : sum;
}

static void set_times(struct reader *r) {
  struct xpf_profile *p = r->profile;
  int64_t at_us = p->start_us;
  double step_us = 0;
  if (!r->has_deltas && p->samples_count > 0) /* evenly, as far as is known */
    step_us = ((double)p->end_us - (double)p->start_us) / p->samples_count;
  for (uint32_t i = 0; i < p->samples_count; i++) {
    if (r->has_deltas)
      at_us = moved(at_us, p->samples[i].at_us);
    else
      at_us = moved(p->start_us, (int64_t)(step_us * i));
    p->samples[i].at_us = at_us;
    if (!r->has_end && at_us > p->end_us)
      p->end_us = at_us;
  }
}

static int build_samples(struct reader *r) {
  struct xpf_profile *p = r->profile;
  if (r->has_deltas && r->deltas_count != r->samples_count)
    return xpf_read_fail(r->error, XPF_READ_SYNTAX, r->samples_offset,
                         "samples and timeDeltas have different lengths");
  if (!r->has_end)
    p->end_us = p->start_us;
  for (uint32_t i = 0; i < p->samples_count; i++) {
    uint32_t node = xpf_id_table_find(&p->ids, p->samples[i].node);
    char detail[48];
    snprintf(detail, sizeof(detail), "%u in samples[%u]", p->samples[i].node, i);
    if (node == XPF_NO_INDEX)
      return xpf_read_fail(r->error, XPF_READ_UNKNOWN_ID, r->samples_offset, detail);
    p->samples[i].node = node;
  }
  set_times(r);
  return xpf_profile_sort(p) < 0 ? no_memory(r) : 0;
}

/* Some writers leave hitCount out. */
static void count_hits(struct xpf_profile *p) {
  for (uint32_t i = 0; i < p->nodes_count; i++)
    if (p->nodes[i].self[XPF_CPU_SAMPLES] > 0)
      return;
  for (uint32_t i = 0; i < p->samples_count; i++)
    p->nodes[p->samples[i].node].self[XPF_CPU_SAMPLES]++;
}

int xpf_cpuprofile_read(struct xpf_source *source, struct xpf_profile **out,
                        struct xpf_read_error *error) {
  struct reader r = {.error = error, .profile = xpf_profile_new(XPF_PROFILE_CPU)};
  struct xpf_id_table ids = {0};
  xpf_json_reader_init(&r.json, source, error);
  int rc = r.profile == NULL ? no_memory(&r) : read_document(&r);
  if (rc == 0)
    rc = build_tree(&r, &ids);
  if (rc == 0)
    rc = build_samples(&r);
  if (rc == 0) {
    count_hits(r.profile);
    xpf_profile_wall_fill(r.profile);
    *out = r.profile;
  } else {
    xpf_profile_free(r.profile);
  }
  free(r.raw);
  free(r.children);
  xpf_id_table_free(&ids);
  xpf_json_reader_free(&r.json);
  return xpf_read_code(error);
}

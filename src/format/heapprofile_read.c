/* Reads .heapprofile: a tree of nested objects, whose keys may come in any order. */
#include <stdlib.h>
#include <string.h>

#include "format/array.h"
#include "format/call_frame_read.h"
#include "format/heapprofile.h"

struct reader {
  struct xpf_json_reader json;
  struct xpf_read_error *error;
  struct xpf_profile *profile;
  /* In the order of their beginnings: a parent stands before its children. The profile gets them at
   * the end, when all their ids are known. */
  struct xpf_profile_node *nodes;
  uint32_t nodes_count, nodes_capacity;
  uint32_t last_id;
  struct xpf_profile_sample *samples; /* node is still an id */
  uint32_t samples_count, samples_capacity;
  uint64_t samples_offset;
  bool has_head, has_counts;
};

static int no_memory(struct reader *r) {
  return xpf_read_fail(r->error, XPF_READ_MEMORY, r->json.offset, "");
}

static int node_open(struct reader *r, uint32_t parent, uint32_t *index) {
  struct xpf_profile_node *grown =
      xpf_array_grow(r->nodes, &r->nodes_capacity, r->nodes_count, sizeof(*grown));
  if (grown == NULL)
    return no_memory(r);
  r->nodes = grown;
  *index = r->nodes_count++;
  /* xprofiler 3 writes no ids; where there are some, this one is replaced. */
  r->nodes[*index] = (struct xpf_profile_node){.id = *index + 1, .parent = parent};
  return 0;
}

/* One key of a node, but "children". 0 or -1. */
static int read_node_field(struct reader *r, struct xpf_profile_node *node) {
  const char *key = r->json.text;
  int64_t number;
  if (strcmp(key, "callFrame") == 0)
    return xpf_call_frame_read(&r->json, r->profile, node);
  if (strcmp(key, "selfSize") == 0)
    return xpf_json_read_int(&r->json, 0, INT64_MAX, "selfSize", &node->self[XPF_HEAP_SPACE]);
  if (strcmp(key, "selfCount") == 0) {
    r->has_counts = true;
    return xpf_json_read_int(&r->json, 0, INT64_MAX, "selfCount", &node->self[XPF_HEAP_OBJECTS]);
  }
  if (strcmp(key, "id") != 0)
    return xpf_json_skip(&r->json);
  if (xpf_json_read_int(&r->json, 0, UINT32_MAX, "id", &number) < 0)
    return -1;
  node->id = (uint32_t)number;
  return 0;
}

/* The tree, without recursion: `at` is the node whose object is open. Its array of children is open
 * too when it has been entered: then `at` moves to the child, and back at the end of the child. */
static int read_tree(struct reader *r) {
  uint32_t at = XPF_NO_PARENT;
  if (xpf_json_expect(&r->json, XPF_JSON_OBJECT_BEGIN, "head") < 0 || node_open(r, at, &at) < 0)
    return -1;
  bool in_children = false;
  for (;;) {
    enum xpf_json_event event = xpf_json_next(&r->json);
    if (event == XPF_JSON_ERROR)
      return -1;
    if (in_children) {
      if (event == XPF_JSON_OBJECT_BEGIN) {
        if (node_open(r, at, &at) < 0)
          return -1;
      } else if (event != XPF_JSON_ARRAY_END) {
        return xpf_read_fail(r->error, XPF_READ_WRONG_TYPE, r->json.offset, "a node");
      }
      in_children = false;
    } else if (event == XPF_JSON_OBJECT_END) {
      at = r->nodes[at].parent;
      if (at == XPF_NO_PARENT)
        return 0;
      in_children = true;
    } else if (strcmp(r->json.text, "children") == 0) {
      if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, "children") < 0)
        return -1;
      in_children = true;
    } else if (read_node_field(r, &r->nodes[at]) < 0) {
      return -1;
    }
  }
}

static int read_sample(struct reader *r, struct xpf_profile_sample *sample) {
  int64_t number;
  int more;
  while ((more = xpf_json_next_key(&r->json)) > 0) {
    int rc;
    if (strcmp(r->json.text, "size") == 0) {
      rc = xpf_json_read_int(&r->json, 0, INT64_MAX, "size", &number);
      sample->value = rc == 0 ? (uint64_t)number : 0;
    } else if (strcmp(r->json.text, "nodeId") == 0) {
      rc = xpf_json_read_int(&r->json, 0, UINT32_MAX, "nodeId", &number);
      sample->node = rc == 0 ? (uint32_t)number : 0;
    } else if (strcmp(r->json.text, "ordinal") == 0) {
      rc = xpf_json_read_int(&r->json, INT64_MIN, INT64_MAX, "ordinal", &sample->at_us);
    } else {
      rc = xpf_json_skip(&r->json);
    }
    if (rc < 0)
      return -1;
  }
  return more;
}

static int read_samples(struct reader *r) {
  if (r->samples_count > 0)
    return xpf_read_fail(r->error, XPF_READ_TWICE, r->json.offset, "samples");
  if (xpf_json_expect(&r->json, XPF_JSON_ARRAY_BEGIN, "samples") < 0)
    return -1;
  r->samples_offset = r->json.offset;
  int rc;
  while ((rc = xpf_json_next_object(&r->json, "a sample")) > 0) {
    struct xpf_profile_sample sample = {0}, *grown;
    if (read_sample(r, &sample) < 0)
      return -1;
    grown = xpf_array_grow(r->samples, &r->samples_capacity, r->samples_count, sizeof(*grown));
    if (grown == NULL)
      return no_memory(r);
    r->samples = grown;
    r->samples[r->samples_count++] = sample;
  }
  return rc;
}

static int read_type(struct reader *r) {
  if (xpf_json_expect(&r->json, XPF_JSON_STRING, "sampleType") < 0)
    return -1;
  if (strcmp(r->json.text, "alloc_space") == 0 && xpf_profile_alloc_set(r->profile) < 0)
    return no_memory(r);
  return 0;
}

static int read_document(struct reader *r) {
  if (xpf_json_expect(&r->json, XPF_JSON_OBJECT_BEGIN, "the file") < 0)
    return -1;
  int more;
  while ((more = xpf_json_next_key(&r->json)) > 0) {
    int rc;
    if (strcmp(r->json.text, "head") == 0 && r->has_head)
      rc = xpf_read_fail(r->error, XPF_READ_TWICE, r->json.offset, "head");
    else if (strcmp(r->json.text, "head") == 0)
      rc = (r->has_head = true, read_tree(r));
    else if (strcmp(r->json.text, "samples") == 0)
      rc = read_samples(r);
    else if (strcmp(r->json.text, "sampleType") == 0)
      rc = read_type(r);
    else if (strcmp(r->json.text, "title") == 0)
      rc = xpf_text_read(&r->json, r->profile, "title", &r->profile->title);
    else
      rc = xpf_json_skip(&r->json);
    if (rc < 0)
      return -1;
  }
  if (more < 0)
    return -1;
  return xpf_json_next(&r->json) == XPF_JSON_END ? 0 : -1;
}

static int build(struct reader *r) {
  struct xpf_profile *p = r->profile;
  if (!r->has_head)
    return xpf_read_fail(r->error, XPF_READ_MISSING, xpf_source_offset(r->json.source), "head");
  for (uint32_t i = 0; i < r->nodes_count; i++)
    if (xpf_profile_node_place(p, &r->nodes[i]) < 0)
      return no_memory(r);
  for (uint32_t i = 0; i < r->samples_count; i++) {
    struct xpf_profile_sample *sample = &r->samples[i];
    uint32_t node = xpf_id_table_find(&p->ids, sample->node);
    if (node == XPF_NO_INDEX) {
      char detail[48];
      snprintf(detail, sizeof(detail), "nodeId %u", sample->node);
      return xpf_read_fail(r->error, XPF_READ_UNKNOWN_ID, r->samples_offset, detail);
    }
    sample->node = node;
    if (!r->has_counts)
      p->nodes[node].self[XPF_HEAP_OBJECTS]++;
  }
  p->samples = r->samples;
  p->samples_count = r->samples_count;
  p->samples_capacity = r->samples_capacity;
  r->samples = NULL;
  return 0;
}

int xpf_heapprofile_read(struct xpf_source *source, struct xpf_profile **out,
                         struct xpf_read_error *error) {
  struct reader r = {.error = error, .profile = xpf_profile_new(XPF_PROFILE_HEAP)};
  xpf_json_reader_init(&r.json, source, error);
  int rc = r.profile == NULL ? no_memory(&r) : read_document(&r);
  if (rc == 0)
    rc = build(&r);
  if (rc == 0)
    *out = r.profile;
  else
    xpf_profile_free(r.profile);
  free(r.nodes);
  free(r.samples);
  xpf_json_reader_free(&r.json);
  return xpf_read_code(error);
}

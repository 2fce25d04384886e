#include "format/heapprofile.h"

#include <errno.h>
#include <stdlib.h>

#include "format/call_frame.h"
#include "format/json.h"

/* The node up to its open `children`. */
static void node_begin(struct xpf_json *json, const struct xpf_profile *profile, uint32_t index) {
  const struct xpf_profile_node *node = &profile->nodes[index];
  xpf_json_object_begin(json);
  xpf_json_key(json, "callFrame");
  xpf_call_frame_write(json, profile, node, false);
  xpf_json_key(json, "selfSize");
  xpf_json_int(json, node->self[XPF_HEAP_SPACE]);
  xpf_json_key(json, "selfCount");
  xpf_json_int(json, node->self[XPF_HEAP_OBJECTS]);
  xpf_json_key(json, "id");
  xpf_json_uint(json, node->id);
  xpf_json_key(json, "children");
  xpf_json_array_begin(json);
}

static void node_end(struct xpf_json *json) {
  xpf_json_array_end(json);
  xpf_json_object_end(json);
}

/* Without recursion: a tree may be deeper than a thread's stack allows. */
static void write_tree(struct xpf_json *json, const struct xpf_profile *profile,
                       const uint32_t *first, const uint32_t *next) {
  uint32_t at = 0;
  node_begin(json, profile, at);
  while (json->sink->error == 0) {
    if (first[at] != XPF_NO_PARENT) {
      at = first[at];
      node_begin(json, profile, at);
      continue;
    }
    node_end(json);
    while (at != 0 && next[at] == XPF_NO_PARENT) {
      at = profile->nodes[at].parent;
      node_end(json);
    }
    if (at == 0)
      return;
    at = next[at];
    node_begin(json, profile, at);
  }
}

static int write_head(struct xpf_json *json, const struct xpf_profile *profile) {
  size_t count = profile->nodes_count;
  uint32_t *first = malloc((2 * count + 1) * sizeof(*first));
  if (first == NULL)
    return -ENOMEM;
  xpf_profile_children(profile, first, first + count);
  xpf_json_key(json, "head");
  write_tree(json, profile, first, first + count);
  free(first);
  return json->sink->error;
}

/* Also kept in the sink, so that half a document cannot be taken for a whole one. */
static int fail(struct xpf_sink *sink, int error) {
  if (sink->error == 0)
    sink->error = error;
  return error;
}

int xpf_heapprofile_write(const struct xpf_profile *profile, struct xpf_sink *sink) {
  if (profile->kind != XPF_PROFILE_HEAP || profile->nodes_count == 0)
    return -EINVAL;
  struct xpf_json json;
  xpf_json_init(&json, sink, false);
  xpf_json_object_begin(&json);
  int rc = write_head(&json, profile);
  if (rc < 0)
    return fail(sink, rc);
  xpf_json_key(&json, "samples");
  xpf_json_array_begin(&json);
  for (uint32_t i = 0; i < profile->samples_count && sink->error == 0; i++) {
    const struct xpf_profile_sample *sample = &profile->samples[i];
    xpf_json_object_begin(&json);
    xpf_json_key(&json, "size");
    xpf_json_uint(&json, sample->value);
    xpf_json_key(&json, "nodeId");
    xpf_json_uint(&json, profile->nodes[sample->node].id);
    xpf_json_key(&json, "ordinal");
    xpf_json_int(&json, sample->at_us);
    xpf_json_object_end(&json);
  }
  xpf_json_array_end(&json);
  /* As pprof calls it: what is in use, or all that was allocated. */
  xpf_json_key(&json, "sampleType");
  xpf_json_string(&json, xpf_profile_string(profile, profile->values[XPF_HEAP_SPACE].type));
  xpf_json_object_end(&json);
  return sink->error;
}

#include "format/flame_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/array.h"

#define SLOTS_FIRST 1024 /* a power of two */
#define MODULES     "/node_modules/"

/* What makes a frame the same as another. */
struct key {
  uint32_t name, place;
  int32_t line, column;
};

/* Where the part of a url begins that two installations of one package share. */
static const char *place_of(const char *url) {
  const char *place = url, *found = url;
  while ((found = strstr(found, MODULES)) != NULL) {
    found += sizeof(MODULES) - 1;
    place = found;
  }
  return place;
}

int xpf_flame_tree_init(struct xpf_flame_tree *tree, bool ignores_lines) {
  *tree = (struct xpf_flame_tree){.ignores_lines = ignores_lines, .slots_count = SLOTS_FIRST};
  tree->strings = xpf_string_table_new();
  tree->slots = malloc(SLOTS_FIRST * sizeof(*tree->slots));
  if (tree->strings == NULL || tree->slots == NULL)
    return -ENOMEM;
  memset(tree->slots, 0xff, SLOTS_FIRST * sizeof(*tree->slots));
  return 0;
}

void xpf_flame_tree_free(struct xpf_flame_tree *tree) {
  xpf_string_table_free(tree->strings);
  xpf_id_table_free(&tree->children);
  free(tree->frames);
  free(tree->slots);
  free(tree->nodes);
  *tree = (struct xpf_flame_tree){0};
}

static int64_t text_add(struct xpf_flame_tree *tree, const char *text) {
  return xpf_string_table_add(tree->strings, text, strlen(text));
}

/* The place of a url is a string of the table too, though it may be no string of a frame: a
 * comparison has few urls. */
static int key_make(struct xpf_flame_tree *tree, const struct xpf_flame_frame *frame,
                    struct key *key) {
  *key = (struct key){frame->name, frame->url, frame->line, frame->column};
  if (!tree->ignores_lines)
    return 0;
  int64_t place = text_add(tree, place_of(xpf_string_table_text(tree->strings, frame->url)));
  if (place < 0)
    return (int)place;
  key->place = (uint32_t)place;
  if (frame->name != 0)
    key->line = key->column = 0;
  return 0;
}

static uint32_t key_hash(const struct key *key) {
  uint64_t hash = key->name * 0x9e3779b97f4a7c15u + key->place;
  hash = hash * 0x9e3779b97f4a7c15u + (uint32_t)key->line;
  hash = hash * 0x9e3779b97f4a7c15u + (uint32_t)key->column;
  return (uint32_t)(hash ^ (hash >> 32));
}

static bool key_equal(const struct key *a, const struct key *b) {
  return a->name == b->name && a->place == b->place && a->line == b->line && a->column == b->column;
}

/* The slot that holds a frame with that key, or the free one where it belongs; -ENOMEM. */
static int64_t slot_find(struct xpf_flame_tree *tree, const struct key *key) {
  uint32_t mask = tree->slots_count - 1;
  uint32_t slot = key_hash(key) & mask;
  for (; tree->slots[slot] != XPF_NO_INDEX; slot = (slot + 1) & mask) {
    struct key other;
    int rc = key_make(tree, &tree->frames[tree->slots[slot]], &other);
    if (rc < 0)
      return rc;
    if (key_equal(key, &other))
      break;
  }
  return slot;
}

static int slots_double(struct xpf_flame_tree *tree) {
  uint32_t count = tree->slots_count * 2;
  uint32_t *old = tree->slots;
  uint32_t *slots = count > tree->slots_count ? malloc((size_t)count * sizeof(*slots)) : NULL;
  if (slots == NULL)
    return -ENOMEM;
  memset(slots, 0xff, (size_t)count * sizeof(*slots));
  tree->slots = slots;
  tree->slots_count = count;
  free(old);
  for (uint32_t i = 0; i < tree->frames_count; i++) {
    struct key key;
    int64_t slot = key_make(tree, &tree->frames[i], &key);
    if (slot == 0)
      slot = slot_find(tree, &key);
    if (slot < 0)
      return (int)slot;
    slots[slot] = i;
  }
  return 0;
}

/* Class and package, which the writer needs once a frame. */
static int frame_finish(struct xpf_flame_tree *tree, struct xpf_flame_frame *frame) {
  const char *url = xpf_string_table_text(tree->strings, frame->url);
  size_t size = 0;
  const char *package = xpf_frame_package(url, &size);
  int64_t index = package != NULL ? xpf_string_table_add(tree->strings, package, size) : 0;
  if (index < 0)
    return (int)index;
  frame->package = (uint32_t)index;
  frame->frame_class = xpf_frame_class_of(xpf_string_table_text(tree->strings, frame->name), url);
  return 0;
}

/* Index of the frame of a node, or -ENOMEM. */
static int64_t frame_of(struct xpf_flame_tree *tree, const struct xpf_profile *profile,
                        const struct xpf_profile_node *node) {
  int64_t name = text_add(tree, xpf_profile_string(profile, node->function_name));
  int64_t url = text_add(tree, xpf_profile_string(profile, node->url));
  struct xpf_flame_frame frame = {
      .name = (uint32_t)name, .url = (uint32_t)url, .line = node->line, .column = node->column};
  struct key key;
  if (name < 0 || url < 0 || key_make(tree, &frame, &key) < 0)
    return -ENOMEM;
  if (tree->frames_count >= tree->slots_count / 2 && slots_double(tree) < 0)
    return -ENOMEM;
  int64_t slot = slot_find(tree, &key);
  if (slot < 0 || tree->slots[slot] != XPF_NO_INDEX)
    return slot < 0 ? slot : tree->slots[slot];
  struct xpf_flame_frame *frames =
      xpf_array_grow(tree->frames, &tree->frames_capacity, tree->frames_count, sizeof(*frames));
  if (frames == NULL)
    return -ENOMEM;
  tree->frames = frames;
  if (frame_finish(tree, &frame) < 0)
    return -ENOMEM;
  frames[tree->frames_count] = frame;
  tree->slots[slot] = tree->frames_count;
  return tree->frames_count++;
}

/* Index of the node of that frame under that parent, or -ENOMEM. */
static int64_t node_of_frame(struct xpf_flame_tree *tree, uint32_t parent, uint32_t frame) {
  uint64_t id = (uint64_t)parent << 32 | frame;
  uint32_t index = xpf_id_table_find(&tree->children, id);
  if (index != XPF_NO_INDEX)
    return index;
  index = tree->nodes_count;
  struct xpf_flame_node *nodes =
      xpf_array_grow(tree->nodes, &tree->nodes_capacity, index, sizeof(*nodes));
  if (nodes == NULL)
    return -ENOMEM;
  tree->nodes = nodes;
  if (xpf_id_table_add(&tree->children, id, index) < 0)
    return -ENOMEM;
  nodes[index] = (struct xpf_flame_node){.parent = parent, .frame = frame};
  tree->nodes_count = index + 1;
  return index;
}

static int nodes_add(struct xpf_flame_tree *tree, const struct xpf_profile *profile, int side,
                     const uint32_t *values, uint32_t values_count, uint32_t *place) {
  for (uint32_t i = 0; i < profile->nodes_count; i++) {
    const struct xpf_profile_node *node = &profile->nodes[i];
    int64_t index = 0;
    /* Both profiles have one root, whatever each calls it. */
    if (i > 0 || tree->nodes_count == 0) {
      int64_t frame = frame_of(tree, profile, node);
      if (frame < 0)
        return (int)frame;
      uint32_t parent = i > 0 ? place[node->parent] : XPF_NO_PARENT;
      index = node_of_frame(tree, parent, (uint32_t)frame);
      if (index < 0)
        return (int)index;
    }
    place[i] = (uint32_t)index;
    for (uint32_t v = 0; v < values_count; v++) {
      int64_t *sum = &tree->nodes[index].self[side][v];
      if (__builtin_add_overflow(*sum, node->self[values[v]], sum))
        *sum = INT64_MAX;
    }
  }
  return 0;
}

int xpf_flame_tree_add(struct xpf_flame_tree *tree, const struct xpf_profile *profile, int side,
                       const uint32_t *values, uint32_t values_count, uint32_t *node_of) {
  uint32_t *place = node_of;
  if (place == NULL)
    place = malloc(((size_t)profile->nodes_count + 1) * sizeof(*place));
  if (place == NULL)
    return -ENOMEM;
  int rc = nodes_add(tree, profile, side, values, values_count, place);
  if (node_of == NULL)
    free(place);
  return rc;
}

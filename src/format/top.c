#include "format/top.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* While the tree is walked. All arrays are nodes_count long, in one block. */
struct walk {
  const struct xpf_profile *profile;
  uint32_t value;
  uint32_t *first, *next; /* links of the tree */
  uint32_t *row_of;       /* row of a node */
  uint32_t *open;         /* of a row: how many of its nodes the present stack has */
  int64_t *totals;
};

struct keyed {
  uint32_t function_name, url;
  int32_t line, column;
  uint32_t node;
};

static int compare_keyed(const void *left, const void *right) {
  const struct keyed *a = left, *b = right;
  if (a->function_name != b->function_name)
    return a->function_name < b->function_name ? -1 : 1;
  if (a->url != b->url)
    return a->url < b->url ? -1 : 1;
  if (a->line != b->line)
    return a->line < b->line ? -1 : 1;
  if (a->column != b->column)
    return a->column < b->column ? -1 : 1;
  return a->node < b->node ? -1 : a->node > b->node;
}

static bool is_same_function(const struct keyed *a, const struct keyed *b) {
  return a->function_name == b->function_name && a->url == b->url && a->line == b->line &&
         a->column == b->column;
}

static struct keyed *keyed_sorted(const struct xpf_profile *profile) {
  struct keyed *keyed = malloc(((size_t)profile->nodes_count + 1) * sizeof(*keyed));
  if (keyed == NULL)
    return NULL;
  for (uint32_t i = 0; i < profile->nodes_count; i++) {
    const struct xpf_profile_node *node = &profile->nodes[i];
    keyed[i] = (struct keyed){node->function_name, node->url, node->line, node->column, i};
  }
  qsort(keyed, profile->nodes_count, sizeof(*keyed), compare_keyed);
  return keyed;
}

/* One row a function, and the row of every node. */
static int rows_make(struct xpf_top *top, const struct xpf_profile *profile, uint32_t *row_of) {
  struct keyed *keyed = keyed_sorted(profile);
  top->rows = malloc(((size_t)profile->nodes_count + 1) * sizeof(*top->rows));
  if (keyed == NULL || top->rows == NULL) {
    free(keyed);
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < profile->nodes_count; i++) {
    const struct xpf_profile_node *node = &profile->nodes[keyed[i].node];
    if (i == 0 || !is_same_function(&keyed[i - 1], &keyed[i]))
      top->rows[top->count++] = (struct xpf_top_row){
          .node = keyed[i].node,
          .frame_class = xpf_frame_class_of(xpf_profile_string(profile, node->function_name),
                                            xpf_profile_string(profile, node->url)),
      };
    row_of[keyed[i].node] = top->count - 1;
  }
  free(keyed);
  return 0;
}

static void add(int64_t *sum, int64_t more) {
  if (__builtin_add_overflow(*sum, more, sum))
    *sum = more < 0 ? INT64_MIN : INT64_MAX;
}

static void node_enter(struct walk *walk, struct xpf_top *top, uint32_t at) {
  struct xpf_top_row *row = &top->rows[walk->row_of[at]];
  add(&row->self, walk->profile->nodes[at].self[walk->value]);
  row->nodes++;
  if (walk->open[walk->row_of[at]]++ == 0)
    add(&row->total, walk->totals[at]);
}

/* Depth first, without recursion: a tree may be deeper than a thread's stack allows. */
static void tree_walk(struct walk *walk, struct xpf_top *top) {
  uint32_t at = 0;
  node_enter(walk, top, at);
  for (;;) {
    if (walk->first[at] != XPF_NO_PARENT) {
      at = walk->first[at];
      node_enter(walk, top, at);
      continue;
    }
    while (at != 0 && walk->next[at] == XPF_NO_PARENT) {
      walk->open[walk->row_of[at]]--;
      at = walk->profile->nodes[at].parent;
    }
    if (at == 0)
      return;
    walk->open[walk->row_of[at]]--;
    at = walk->next[at];
    node_enter(walk, top, at);
  }
}

/* The root of the tree is no function: it goes, unless it has a value of its own. */
static void root_drop(struct xpf_top *top, uint32_t row) {
  if (top->rows[row].self != 0 || top->rows[row].nodes > 1)
    return;
  memmove(&top->rows[row], &top->rows[row + 1], (top->count - row - 1) * sizeof(*top->rows));
  top->count--;
}

/* ---- where native code was called from ---- */

struct origin {
  uint32_t row, of; /* rows */
  uint32_t node;    /* of row `of` */
  int64_t self;
};

static uint32_t origin_find(const struct walk *walk, const struct xpf_top *top, uint32_t at) {
  const struct xpf_profile_node *nodes = walk->profile->nodes;
  enum xpf_frame_class found_class = XPF_FRAME_NATIVE;
  uint32_t found = 0;
  for (at = nodes[at].parent; at != 0 && at != XPF_NO_PARENT; at = nodes[at].parent) {
    enum xpf_frame_class frame_class = top->rows[walk->row_of[at]].frame_class;
    if (frame_class == XPF_FRAME_JS)
      return at;
    if ((frame_class == XPF_FRAME_PACKAGE && found_class != XPF_FRAME_PACKAGE) ||
        (frame_class == XPF_FRAME_NODE && found == 0)) {
      found = at;
      found_class = frame_class;
    }
  }
  return found;
}

static int compare_origins(const void *left, const void *right) {
  const struct origin *a = left, *b = right;
  if (a->row != b->row)
    return a->row < b->row ? -1 : 1;
  if (a->of != b->of)
    return a->of < b->of ? -1 : 1;
  return a->node < b->node ? -1 : a->node > b->node;
}

/* The sorted origins of one row and one function are added up; the largest sum is the row's. */
static void origins_sum(struct xpf_top *top, const struct origin *origins, size_t count) {
  for (size_t i = 0, next; i < count; i = next) {
    struct xpf_top_row *row = &top->rows[origins[i].row];
    int64_t sum = 0;
    for (next = i;
         next < count && origins[next].row == origins[i].row && origins[next].of == origins[i].of;
         next++)
      add(&sum, origins[next].self);
    if (sum <= row->origin_self)
      continue;
    row->origin_self = sum;
    row->origin = origins[i].node;
  }
}

static int origins_make(const struct walk *walk, struct xpf_top *top) {
  uint32_t nodes_count = walk->profile->nodes_count;
  struct origin *origins = malloc(((size_t)nodes_count + 1) * sizeof(*origins));
  size_t count = 0;
  if (origins == NULL)
    return -ENOMEM;
  for (uint32_t i = 1; i < nodes_count; i++) {
    uint32_t row = walk->row_of[i];
    int64_t self = walk->profile->nodes[i].self[walk->value];
    if (self <= 0 || top->rows[row].frame_class != XPF_FRAME_NATIVE)
      continue;
    uint32_t node = origin_find(walk, top, i);
    if (node != 0)
      origins[count++] = (struct origin){row, walk->row_of[node], node, self};
  }
  qsort(origins, count, sizeof(*origins), compare_origins);
  origins_sum(top, origins, count);
  free(origins);
  return 0;
}

int xpf_top_make(struct xpf_top *top, const struct xpf_profile *profile, uint32_t value) {
  *top = (struct xpf_top){0};
  if (value >= profile->values_count)
    return -EINVAL;
  if (profile->nodes_count == 0)
    return 0;
  size_t count = profile->nodes_count;
  struct walk walk = {.profile = profile, .value = value};
  walk.totals = malloc(count * sizeof(*walk.totals));
  walk.first = calloc(count, 4 * sizeof(*walk.first));
  int rc = walk.totals == NULL || walk.first == NULL ? -ENOMEM : 0;
  if (rc == 0) {
    walk.next = walk.first + count;
    walk.row_of = walk.next + count;
    walk.open = walk.row_of + count;
    rc = rows_make(top, profile, walk.row_of);
  }
  if (rc == 0) {
    xpf_profile_children(profile, walk.first, walk.next);
    xpf_profile_totals(profile, value, walk.totals);
    tree_walk(&walk, top);
    top->sum = walk.totals[0];
    rc = origins_make(&walk, top);
    root_drop(top, walk.row_of[0]);
  }
  free(walk.first);
  free(walk.totals);
  if (rc < 0)
    xpf_top_free(top);
  return rc;
}

struct ordered {
  const struct xpf_profile *profile;
  enum xpf_top_order order;
};

static int compare_places(const struct xpf_profile *profile, uint32_t left, uint32_t right) {
  const struct xpf_profile_node *a = &profile->nodes[left], *b = &profile->nodes[right];
  int rc = strcmp(xpf_profile_string(profile, a->function_name),
                  xpf_profile_string(profile, b->function_name));
  if (rc == 0)
    rc = strcmp(xpf_profile_string(profile, a->url), xpf_profile_string(profile, b->url));
  if (rc == 0 && a->line != b->line)
    rc = a->line < b->line ? -1 : 1;
  return rc != 0 ? rc : left < right ? -1 : left > right;
}

static int compare_rows(const void *left, const void *right, void *arg) {
  const struct xpf_top_row *a = left, *b = right;
  const struct ordered *ordered = arg;
  bool by_self = ordered->order == XPF_TOP_SELF;
  int64_t a_first = by_self ? a->self : a->total, b_first = by_self ? b->self : b->total;
  int64_t a_second = by_self ? a->total : a->self, b_second = by_self ? b->total : b->self;
  if (a_first != b_first)
    return a_first > b_first ? -1 : 1;
  if (a_second != b_second)
    return a_second > b_second ? -1 : 1;
  return compare_places(ordered->profile, a->node, b->node);
}

void xpf_top_sort(struct xpf_top *top, const struct xpf_profile *profile,
                  enum xpf_top_order order) {
  struct ordered ordered = {.profile = profile, .order = order};
  if (top->count > 1)
    qsort_r(top->rows, top->count, sizeof(*top->rows), compare_rows, &ordered);
}

void xpf_top_free(struct xpf_top *top) {
  free(top->rows);
  *top = (struct xpf_top){0};
}

void xpf_top_classes(const struct xpf_top *top, int64_t *sums) {
  memset(sums, 0, XPF_FRAME_CLASSES_COUNT * sizeof(*sums));
  for (uint32_t i = 0; i < top->count; i++)
    add(&sums[top->rows[i].frame_class], top->rows[i].self);
}

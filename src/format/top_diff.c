#include "format/top_diff.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "format/array.h"
#include "format/stack_tree.h"
#include "format/string_table.h"

#define PATH_BYTES 4096

struct builder {
  struct xpf_top_diff *diff;
  uint32_t capacity;
  struct xpf_string_table *texts; /* names and paths of both profiles */
  struct xpf_stack_tree names;    /* (name, path, line): one number */
  struct xpf_id_table rows;       /* that number to a row */
};

/* Index of the row of a function, made when it is new, or -ENOMEM. */
static int64_t row_find(struct builder *b, const struct xpf_profile *profile, uint32_t index) {
  const struct xpf_profile_node *node = &profile->nodes[index];
  const char *name = xpf_profile_string(profile, node->function_name);
  char path[PATH_BYTES];
  xpf_frame_path(xpf_profile_string(profile, node->url), path, sizeof(path));
  int64_t name_index = xpf_string_table_add(b->texts, name, strlen(name));
  int64_t path_index = xpf_string_table_add(b->texts, path, strlen(path));
  if (name_index < 0 || path_index < 0)
    return -ENOMEM;
  int64_t number = xpf_stack_tree_child(&b->names, 0, (uint32_t)name_index);
  if (number >= 0)
    number = xpf_stack_tree_child(&b->names, (uint32_t)number, (uint32_t)path_index);
  if (number >= 0 && *name == '\0')
    number = xpf_stack_tree_child(&b->names, (uint32_t)number, (uint32_t)node->line);
  if (number < 0)
    return -ENOMEM;
  uint32_t found = xpf_id_table_find(&b->rows, (uint64_t)number);
  if (found != XPF_NO_INDEX)
    return found;
  struct xpf_top_diff *diff = b->diff;
  struct xpf_top_diff_row *grown =
      xpf_array_grow(diff->rows, &b->capacity, diff->count, sizeof(*grown));
  if (grown == NULL)
    return -ENOMEM;
  diff->rows = grown;
  if (xpf_id_table_add(&b->rows, (uint64_t)number, diff->count) < 0)
    return -ENOMEM;
  diff->rows[diff->count] =
      (struct xpf_top_diff_row){.base_node = XPF_NO_INDEX, .node = XPF_NO_INDEX};
  return diff->count++;
}

static int take(struct builder *b, const struct xpf_profile *profile, uint32_t value, double scale,
                bool is_base) {
  struct xpf_top top;
  int rc = xpf_top_make(&top, profile, value);
  for (uint32_t i = 0; rc == 0 && i < top.count; i++) {
    int64_t index = row_find(b, profile, top.rows[i].node);
    if (index < 0) {
      rc = -ENOMEM;
      break;
    }
    struct xpf_top_diff_row *row = &b->diff->rows[index];
    double self = (double)top.rows[i].self * scale, total = (double)top.rows[i].total * scale;
    if (is_base) {
      row->base_node = top.rows[i].node;
      row->base_self += self;
      row->base_total += total;
    } else {
      row->node = top.rows[i].node;
      row->self += self;
      row->total += total;
    }
  }
  xpf_top_free(&top);
  return rc;
}

static int compare_rows(const void *left, const void *right) {
  const struct xpf_top_diff_row *a = left, *b = right;
  double a_self = fabs(a->self - a->base_self), b_self = fabs(b->self - b->base_self);
  double a_total = fabs(a->total - a->base_total), b_total = fabs(b->total - b->base_total);
  if (a_self != b_self)
    return a_self > b_self ? -1 : 1;
  if (a_total != b_total)
    return a_total > b_total ? -1 : 1;
  /* Every row has a node in one of the profiles at least, and no two rows the same. */
  if (a->node != b->node)
    return a->node < b->node ? -1 : 1;
  return a->base_node < b->base_node ? -1 : a->base_node > b->base_node;
}

int xpf_top_diff_make(struct xpf_top_diff *diff, const struct xpf_profile *base,
                      uint32_t base_value, double base_scale, const struct xpf_profile *profile,
                      uint32_t value, double scale) {
  struct builder b = {.diff = diff};
  *diff = (struct xpf_top_diff){0};
  b.texts = xpf_string_table_new();
  int rc = b.texts == NULL ? -ENOMEM : xpf_stack_tree_init(&b.names);
  if (rc == 0)
    rc = take(&b, base, base_value, base_scale, true);
  if (rc == 0)
    rc = take(&b, profile, value, scale, false);
  if (rc == 0 && diff->count > 1)
    qsort(diff->rows, diff->count, sizeof(*diff->rows), compare_rows);
  xpf_string_table_free(b.texts);
  xpf_stack_tree_free(&b.names);
  xpf_id_table_free(&b.rows);
  if (rc < 0)
    xpf_top_diff_free(diff);
  return rc;
}

void xpf_top_diff_free(struct xpf_top_diff *diff) {
  free(diff->rows);
  *diff = (struct xpf_top_diff){0};
}

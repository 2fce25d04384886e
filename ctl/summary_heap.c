/* Heap and allocation profiles: the biggest allocators. */
#include "print.h"
#include "target/reply_field.h"
#include "summary.h"
#include "summary_row.h"
#include "text.h"

/* Objects of a function over all its places in the tree; the rows of top have one value only. */
static cJSON *make_row(const struct xpf_profile *profile, const struct xpf_top_row *row,
                       const struct xpf_top *objects) {
  cJSON *function = xpf_summary_row_function(profile, row);
  cJSON_AddNumberToObject(function, "self_bytes", (double)row->self);
  cJSON_AddNumberToObject(function, "total_bytes", (double)row->total);
  for (uint32_t i = 0; i < objects->count; i++)
    if (objects->rows[i].node == row->node)
      cJSON_AddNumberToObject(function, "self_objects", (double)objects->rows[i].self);
  return function;
}

cJSON *xpf_summary_heap(const struct xpf_profile *profile) {
  cJSON *summary = cJSON_CreateObject();
  struct xpf_top space = {0}, objects = {0};
  int error = xpf_top_make(&space, profile, XPF_HEAP_SPACE);

  if (error == 0)
    error = xpf_top_make(&objects, profile, XPF_HEAP_OBJECTS);
  if (error == 0) {
    cJSON_AddNumberToObject(summary, "bytes", (double)space.sum);
    cJSON_AddNumberToObject(summary, "objects", (double)objects.sum);
    cJSON *list = cJSON_AddArrayToObject(summary, "allocators");
    xpf_top_sort(&space, profile, XPF_TOP_SELF);
    for (uint32_t i = 0; i < space.count && i < XPF_SUMMARY_ROWS && space.rows[i].self > 0; i++)
      cJSON_AddItemToArray(list, make_row(profile, &space.rows[i], &objects));
  }
  xpf_top_free(&space);
  xpf_top_free(&objects);
  if (error == 0)
    return summary;
  cJSON_Delete(summary);
  return NULL;
}

void xpf_summary_heap_print(FILE *out, const cJSON *summary, unsigned columns) {
  const cJSON *allocators = cJSON_GetObjectItemCaseSensitive(summary, "allocators"), *item;
  double sum = xpf_reply_field_number(summary, "bytes", 0), largest = 0;
  char heading[160], total[32], amount[32], objects[32];

  snprintf(heading, sizeof heading, xpf_text(XPF_TEXT_SUM_ALLOCATORS),
           xpf_print_bytes(sum, total, sizeof total),
           xpf_reply_field_number(summary, "objects", 0));
  xpf_summary_row_heading(out, heading);
  cJSON_ArrayForEach(item, allocators) {
    double value = xpf_reply_field_number(item, "self_bytes", 0);
    largest = largest > 0 ? largest : value;
    snprintf(objects, sizeof objects, "%.0f", xpf_reply_field_number(item, "self_objects", 0));
    struct xpf_summary_row row = {.fraction = value / sum,
                                  .bar = value / largest,
                                  .amount = xpf_print_bytes(value, amount, sizeof amount),
                                  .other = objects,
                                  .name = xpf_reply_field_text(item, "function", ""),
                                  .function = item};
    xpf_summary_row_print(out, &row, columns);
  }
}

/* CPU profiles: whose time it was, the functions by self and by total time. */
#include <stdlib.h>
#include <string.h>
#include "print.h"
#include "target/reply_field.h"
#include "summary.h"
#include "summary_row.h"
#include "text.h"

static double ms(int64_t ns) {
  return (double)ns / 1e6;
}

static bool is_function(const struct xpf_top_row *row) {
  switch (row->frame_class) {
  case XPF_FRAME_ROOT:
  case XPF_FRAME_PROGRAM:
  case XPF_FRAME_IDLE:
  case XPF_FRAME_GC:
    return false;
  default:
    return true;
  }
}

static void add_functions(cJSON *summary, const char *key, const struct xpf_profile *profile,
                          struct xpf_top *top, enum xpf_top_order order) {
  cJSON *list = cJSON_AddArrayToObject(summary, key);
  int count = 0;

  xpf_top_sort(top, profile, order);
  for (uint32_t i = 0; i < top->count && count < XPF_SUMMARY_ROWS; i++) {
    const struct xpf_top_row *row = &top->rows[i];
    if (!is_function(row) || (order == XPF_TOP_SELF ? row->self : row->total) == 0)
      continue;
    cJSON *function = xpf_summary_row_function(profile, row);
    cJSON_AddNumberToObject(function, "self_ms", ms(row->self));
    cJSON_AddNumberToObject(function, "total_ms", ms(row->total));
    cJSON_AddItemToArray(list, function);
    count++;
  }
}

static void add_classes(cJSON *summary, const struct xpf_top *top) {
  int64_t sums[XPF_FRAME_CLASSES_COUNT];

  xpf_top_classes(top, sums);
  cJSON_AddNumberToObject(summary, "total_ms", ms(top->sum));
  cJSON_AddNumberToObject(summary, "busy_ms", ms(top->sum - sums[XPF_FRAME_IDLE]));
  cJSON *classes = cJSON_AddObjectToObject(summary, "classes_ms");
  for (int i = 0; i < XPF_FRAME_CLASSES_COUNT; i++)
    if (sums[i] > 0)
      cJSON_AddNumberToObject(classes, xpf_frame_class_word((enum xpf_frame_class)i), ms(sums[i]));
}

cJSON *xpf_summary_cpu(const struct xpf_profile *profile) {
  cJSON *summary = cJSON_CreateObject();
  struct xpf_top top;

  if (xpf_top_make(&top, profile, XPF_CPU_WALL) != 0) {
    cJSON_Delete(summary);
    return NULL;
  }
  add_classes(summary, &top);
  add_functions(summary, "by_self", profile, &top, XPF_TOP_SELF);
  add_functions(summary, "by_total", profile, &top, XPF_TOP_TOTAL);
  xpf_top_free(&top);
  return summary;
}

/* ---- for the terminal ---- */

static const char *class_name(const char *word) {
  static const struct {
    enum xpf_frame_class frame_class;
    enum xpf_text_id id;
  } names[] = {
      {XPF_FRAME_PROGRAM, XPF_TEXT_CLASS_PROGRAM}, {XPF_FRAME_IDLE, XPF_TEXT_CLASS_IDLE},
      {XPF_FRAME_GC, XPF_TEXT_CLASS_GC},           {XPF_FRAME_JS, XPF_TEXT_CLASS_JS},
      {XPF_FRAME_PACKAGE, XPF_TEXT_CLASS_PACKAGE}, {XPF_FRAME_NODE, XPF_TEXT_CLASS_NODE},
      {XPF_FRAME_WASM, XPF_TEXT_CLASS_WASM},       {XPF_FRAME_NATIVE, XPF_TEXT_CLASS_NATIVE}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(word, xpf_frame_class_word(names[i].frame_class)) == 0)
      return xpf_text(names[i].id);
  return word;
}

static int by_value(const void *a, const void *b) {
  const cJSON *left = *(const cJSON *const *)a, *right = *(const cJSON *const *)b;
  if (left->valuedouble != right->valuedouble)
    return left->valuedouble < right->valuedouble ? 1 : -1;
  return strcmp(left->string, right->string);
}

static void print_classes(FILE *out, const cJSON *summary, unsigned columns) {
  const cJSON *classes = cJSON_GetObjectItemCaseSensitive(summary, "classes_ms"), *item;
  const cJSON *sorted[XPF_FRAME_CLASSES_COUNT];
  double total_ms = xpf_reply_field_number(summary, "total_ms", 0);
  size_t count = 0;
  char amount[32], heading[128], covers[32];

  cJSON_ArrayForEach(item, classes) {
    if (count < XPF_FRAME_CLASSES_COUNT)
      sorted[count++] = item;
  }
  qsort(sorted, count, sizeof *sorted, by_value);
  snprintf(heading, sizeof heading, xpf_text(XPF_TEXT_SUM_TIME),
           xpf_summary_row_ms(total_ms, covers, sizeof covers));
  xpf_summary_row_heading(out, heading);
  for (size_t i = 0; i < count; i++) {
    double value = sorted[i]->valuedouble;
    struct xpf_summary_row row = {.fraction = value / total_ms,
                                  .bar = value / total_ms,
                                  .amount = xpf_summary_row_ms(value, amount, sizeof amount),
                                  .name = class_name(sorted[i]->string)};
    xpf_summary_row_print(out, &row, columns);
  }
}

static void print_functions(FILE *out, const cJSON *summary, const char *list, const char *key,
                            const char *other, enum xpf_text_id id, unsigned columns) {
  const cJSON *functions = cJSON_GetObjectItemCaseSensitive(summary, list), *item;
  double busy_ms = xpf_reply_field_number(summary, "busy_ms", 0), largest = 0;
  char heading[160], busy[32], amount[32], second[32];

  if (cJSON_GetArraySize(functions) == 0 || busy_ms <= 0)
    return;
  snprintf(heading, sizeof heading, xpf_text(id), xpf_summary_row_ms(busy_ms, busy, sizeof busy));
  xpf_summary_row_heading(out, heading);
  cJSON_ArrayForEach(item, functions) {
    double value = xpf_reply_field_number(item, key, 0);
    largest = largest > 0 ? largest : value;
    struct xpf_summary_row row = {
        .fraction = value / busy_ms,
        .bar = value / largest,
        .amount = xpf_summary_row_ms(value, amount, sizeof amount),
        .other = xpf_summary_row_ms(xpf_reply_field_number(item, other, 0), second, sizeof second),
        .name = xpf_reply_field_text(item, "function", ""),
        .function = item};
    xpf_summary_row_print(out, &row, columns);
  }
}

void xpf_summary_cpu_print(FILE *out, const cJSON *summary, unsigned columns) {
  if (xpf_reply_field_number(summary, "total_ms", 0) <= 0)
    return;
  print_classes(out, summary, columns);
  print_functions(out, summary, "by_self", "self_ms", "total_ms", XPF_TEXT_SUM_BY_SELF, columns);
  print_functions(out, summary, "by_total", "total_ms", "self_ms", XPF_TEXT_SUM_BY_TOTAL, columns);
}

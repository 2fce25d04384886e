/* top-functions: which functions of a profile weigh most. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "command_table.h"
#include "format/top.h"
#include "print.h"
#include "profile_file.h"
#include "style.h"
#include "summary_row.h"
#include "text.h"

#define ROWS_DEFAULT 20

struct table {
  const struct xpf_profile *profile;
  struct xpf_top top;
  uint32_t value;
  uint32_t rows; /* shown */
};

static const char *unit_of(const struct table *table) {
  return xpf_profile_string(table->profile, table->profile->values[table->value].unit);
}

static double share(const struct table *table, int64_t part) {
  return table->top.sum != 0 ? (double)part / (double)table->top.sum : 0;
}

/* ---- for people -------------------------------------------------------------------------- */

static void print_amount(const struct table *table, int64_t value) {
  char amount[64], percent[16];
  xpf_print_right(
      stdout, xpf_profile_file_amount((double)value, unit_of(table), amount, sizeof amount), 11);
  snprintf(percent, sizeof percent, "%.1f%%", share(table, value) * 100);
  xpf_print_right(stdout, percent, 8);
}

static void print_row(const struct table *table, const struct xpf_top_row *row) {
  cJSON *function = xpf_summary_row_function(table->profile, row);
  print_amount(table, row->self);
  print_amount(table, row->total);
  xpf_summary_row_print_function(stdout, function);
  cJSON_Delete(function);
}

/* "application 60 %, package 20 %, …": what is idle, native or the collector's is told apart. */
static void print_classes(const struct table *table) {
  int64_t sums[XPF_FRAME_CLASSES_COUNT];
  char line[512] = "";
  size_t used = 0;
  xpf_top_classes(&table->top, sums);
  for (int i = 0; i < XPF_FRAME_CLASSES_COUNT && used < sizeof line; i++)
    if (sums[i] != 0)
      used += (size_t)snprintf(line + used, sizeof line - used, "%s%s %.1f%%", used > 0 ? ", " : "",
                               xpf_frame_class_title((enum xpf_frame_class)i),
                               share(table, sums[i]) * 100);
  if (used > 0)
    xpf_print_line(stdout, "%s", line);
}

static void print_table(const struct table *table) {
  const struct xpf_profile_value *value = &table->profile->values[table->value];
  char sum[64];
  xpf_print_line(stdout, xpf_text(XPF_TEXT_TOP_HEAD),
                 xpf_profile_string(table->profile, value->type),
                 xpf_profile_file_amount((double)table->top.sum, unit_of(table), sum, sizeof sum),
                 (double)table->top.count);
  print_classes(table);
  fputs(xpf_style(XPF_COLOUR_BOLD, stdout), stdout);
  xpf_print_right(stdout, xpf_text(XPF_TEXT_TOP_SELF), 11);
  xpf_print_right(stdout, "%", 8);
  xpf_print_right(stdout, xpf_text(XPF_TEXT_TOP_TOTAL), 11);
  xpf_print_right(stdout, "%", 8);
  fprintf(stdout, "  %s%s\n", xpf_text(XPF_TEXT_TOP_FUNCTION), xpf_style(XPF_COLOUR_PLAIN, stdout));
  for (uint32_t i = 0; i < table->rows; i++)
    print_row(table, &table->top.rows[i]);
}

/* ---- for programs ------------------------------------------------------------------------ */

static void print_object(const struct table *table) {
  const struct xpf_profile_value *value = &table->profile->values[table->value];
  int64_t sums[XPF_FRAME_CLASSES_COUNT];
  cJSON *data = cJSON_CreateObject();
  cJSON_AddStringToObject(data, "value", xpf_profile_string(table->profile, value->type));
  cJSON_AddStringToObject(data, "unit", unit_of(table));
  cJSON_AddNumberToObject(data, "sum", (double)table->top.sum);
  cJSON *classes = cJSON_AddObjectToObject(data, "classes");
  xpf_top_classes(&table->top, sums);
  for (int i = 0; i < XPF_FRAME_CLASSES_COUNT; i++)
    if (sums[i] != 0)
      cJSON_AddNumberToObject(classes, xpf_frame_class_word((enum xpf_frame_class)i),
                              (double)sums[i]);
  cJSON *functions = cJSON_AddArrayToObject(data, "functions");
  for (uint32_t i = 0; i < table->rows; i++) {
    cJSON *row = xpf_summary_row_function(table->profile, &table->top.rows[i]);
    cJSON_AddNumberToObject(row, "self", (double)table->top.rows[i].self);
    cJSON_AddNumberToObject(row, "total", (double)table->top.rows[i].total);
    cJSON_AddItemToArray(functions, row);
  }
  xpf_print_json_done(data);
  cJSON_Delete(data);
}

static int choose_order(const struct xpf_invocation *invocation, enum xpf_top_order *order,
                        struct xpf_verdict *verdict) {
  *order = XPF_TOP_SELF;
  if (!xpf_options_has(&invocation->options, XPF_OPTION_SORT))
    return 0;
  const char *word = invocation->options.values[XPF_OPTION_SORT].text;
  if (strcmp(word, "total") == 0)
    *order = XPF_TOP_TOTAL;
  else if (strcmp(word, "self") != 0)
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_SORT_WRONG, word);
  return 0;
}

static int show(const struct xpf_invocation *invocation, const struct xpf_profile *profile,
                uint32_t value, enum xpf_top_order order, struct xpf_verdict *verdict) {
  struct table table = {.profile = profile, .value = value};
  if (profile->values_count == 0)
    return xpf_verdict_set(verdict, XPF_REASON_NOTHING, XPF_TEXT_PROFILE_EMPTY,
                           xpf_profile_file_name(invocation->options.words[1]));
  if (value == XPF_NO_INDEX)
    table.value = profile->default_value < profile->values_count ? profile->default_value : 0;
  if (xpf_top_make(&table.top, profile, table.value) != 0)
    return xpf_verdict_set(verdict, XPF_REASON_LOCAL, XPF_TEXT_OUT_OF_MEMORY);
  xpf_top_sort(&table.top, profile, order);
  uint32_t wanted = ROWS_DEFAULT;
  if (xpf_options_has(&invocation->options, XPF_OPTION_TIMES))
    wanted = (uint32_t)invocation->options.values[XPF_OPTION_TIMES].number;
  table.rows = wanted < table.top.count ? wanted : table.top.count;
  if (invocation->json)
    print_object(&table);
  else
    print_table(&table);
  xpf_top_free(&table.top);
  return 0;
}

int xpf_cmd_top_functions(const struct xpf_invocation *invocation) {
  struct xpf_profile *profile = NULL;
  struct xpf_verdict verdict;
  enum xpf_top_order order;
  uint32_t value;

  int status = choose_order(invocation, &order, &verdict);
  if (status == 0)
    status = xpf_profile_file_read(invocation, invocation->options.words[1], &profile, &verdict);
  if (status == 0)
    status = xpf_profile_file_value(invocation, profile, &value, &verdict);
  if (status == 0)
    status = show(invocation, profile, value, order, &verdict);
  xpf_profile_free(profile);
  if (status != 0)
    xpf_verdict_print(&verdict, invocation->json);
  return status;
}

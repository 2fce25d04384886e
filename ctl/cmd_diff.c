/* diff: what changed between two profiles; a table, and with -o a differential flame graph. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "command_table.h"
#include "file_out.h"
#include "format/flamegraph.h"
#include "format/top_diff.h"
#include "print.h"
#include "profile_file.h"
#include "profile_output.h"
#include "style.h"
#include "summary_row.h"
#include "text.h"

#define ROWS_DEFAULT 20
#define US_PER_S     1e6

struct comparison {
  struct xpf_profile *base, *profile;
  uint32_t base_value, value;
  enum xpf_flamegraph_scale scale;
  double base_factor, factor;
  struct xpf_top_diff diff;
  uint32_t rows; /* shown */
};

static double duration_s(const struct xpf_profile *profile) {
  return ((double)profile->end_us - (double)profile->start_us) / US_PER_S;
}

static int choose_scale(const struct xpf_invocation *invocation, struct comparison *c,
                        struct xpf_verdict *verdict) {
  bool has_durations = duration_s(c->base) > 0 && duration_s(c->profile) > 0;
  c->scale = has_durations ? XPF_FLAMEGRAPH_BY_DURATION : XPF_FLAMEGRAPH_BY_TOTAL;
  if (!xpf_options_has(&invocation->options, XPF_OPTION_SCALE))
    return 0;
  const char *word = invocation->options.values[XPF_OPTION_SCALE].text;
  if (strcmp(word, "total") == 0)
    c->scale = XPF_FLAMEGRAPH_BY_TOTAL;
  else if (strcmp(word, "none") == 0)
    c->scale = XPF_FLAMEGRAPH_ABSOLUTE;
  else if (strcmp(word, "duration") != 0)
    return xpf_verdict_set(verdict, XPF_REASON_USAGE, XPF_TEXT_SCALE_WRONG, word);
  else if (!has_durations)
    return xpf_verdict_set(verdict, XPF_REASON_LOCAL, XPF_TEXT_SCALE_NO_DURATION);
  return 0;
}

static int fail_common(const struct xpf_invocation *invocation, const struct comparison *c,
                       struct xpf_verdict *verdict) {
  char base_values[256], values[256];
  xpf_verdict_set(verdict, XPF_REASON_LOCAL, XPF_TEXT_DIFF_NOTHING_COMMON,
                  xpf_profile_file_name(invocation->options.words[1]),
                  xpf_profile_file_name(invocation->options.words[2]),
                  xpf_profile_file_values(c->base, base_values, sizeof base_values),
                  xpf_profile_file_values(c->profile, values, sizeof values));
  xpf_verdict_hint(verdict, XPF_TEXT_DIFF_SAME_KIND);
  return verdict->status;
}

/* The same value in both: the one asked for, else that which the second profile shows first, else
 * the first of it that both have. */
static int choose_values(const struct xpf_invocation *invocation, struct comparison *c,
                         struct xpf_verdict *verdict) {
  const struct xpf_profile *p = c->profile;
  int status = xpf_profile_file_value(invocation, p, &c->value, verdict);
  if (status == 0)
    status = xpf_profile_file_value(invocation, c->base, &c->base_value, verdict);
  if (status != 0 || c->value != XPF_NO_INDEX)
    return status;
  for (uint32_t i = 0; i <= p->values_count; i++) {
    c->value = i > 0 ? i - 1 : p->default_value;
    if (c->value >= p->values_count)
      continue;
    c->base_value =
        xpf_profile_value_find(c->base, xpf_profile_string(p, p->values[c->value].type));
    if (c->base_value != XPF_NO_INDEX)
      return 0;
  }
  return fail_common(invocation, c, verdict);
}

static double sum_of(const struct xpf_profile *profile, uint32_t value) {
  double sum = 0;
  for (uint32_t i = 0; i < profile->nodes_count; i++)
    sum += (double)profile->nodes[i].self[value];
  return sum;
}

static int compare(struct comparison *c, struct xpf_verdict *verdict) {
  c->base_factor = c->factor = 1;
  if (c->scale == XPF_FLAMEGRAPH_BY_DURATION) {
    c->base_factor = 1 / duration_s(c->base);
    c->factor = 1 / duration_s(c->profile);
  } else if (c->scale == XPF_FLAMEGRAPH_BY_TOTAL) {
    double base_sum = sum_of(c->base, c->base_value), sum = sum_of(c->profile, c->value);
    c->base_factor = base_sum != 0 ? 100 / base_sum : 0;
    c->factor = sum != 0 ? 100 / sum : 0;
  }
  if (xpf_top_diff_make(&c->diff, c->base, c->base_value, c->base_factor, c->profile, c->value,
                        c->factor) != 0)
    return xpf_verdict_set(verdict, XPF_REASON_LOCAL, XPF_TEXT_OUT_OF_MEMORY);
  return 0;
}

/* ---- for people -------------------------------------------------------------------------- */

static const char *unit_of(const struct comparison *c) {
  return xpf_profile_string(c->profile, c->profile->values[c->value].unit);
}

static const char *amount(const struct comparison *c, double value, bool with_sign, char *buffer,
                          size_t size) {
  char text[48];
  const char *sign = with_sign && value > 0 ? "+" : "";
  if (c->scale == XPF_FLAMEGRAPH_BY_TOTAL)
    snprintf(text, sizeof text, "%.2f%%", value);
  else
    xpf_profile_file_amount(value, unit_of(c), text, sizeof text);
  snprintf(buffer, size, "%s%s%s", sign, text, c->scale == XPF_FLAMEGRAPH_BY_DURATION ? "/s" : "");
  return buffer;
}

static void print_change(const struct comparison *c, double change) {
  char text[64];
  enum xpf_colour colour = change > 0   ? XPF_COLOUR_BAD
                           : change < 0 ? XPF_COLOUR_GOOD
                                        : XPF_COLOUR_PLAIN;
  fputs(xpf_style(colour, stdout), stdout);
  xpf_print_right(stdout, amount(c, change, true, text, sizeof text), 13);
  fputs(xpf_style(XPF_COLOUR_PLAIN, stdout), stdout);
}

static cJSON *function_of(const struct comparison *c, const struct xpf_top_diff_row *row) {
  bool is_new = row->node != XPF_NO_INDEX;
  const struct xpf_profile *profile = is_new ? c->profile : c->base;
  uint32_t node = is_new ? row->node : row->base_node;
  struct xpf_top_row top = {.node = node};
  top.frame_class =
      xpf_frame_class_of(xpf_profile_string(profile, profile->nodes[node].function_name),
                         xpf_profile_string(profile, profile->nodes[node].url));
  return xpf_summary_row_function(profile, &top);
}

static void print_row(const struct comparison *c, const struct xpf_top_diff_row *row) {
  char text[64];
  cJSON *function = function_of(c, row);
  xpf_print_right(stdout, amount(c, row->base_self, false, text, sizeof text), 13);
  xpf_print_right(stdout, amount(c, row->self, false, text, sizeof text), 13);
  print_change(c, row->self - row->base_self);
  print_change(c, row->total - row->base_total);
  xpf_summary_row_print_function(stdout, function);
  cJSON_Delete(function);
}

static const char *scale_word(const struct comparison *c) {
  switch (c->scale) {
  case XPF_FLAMEGRAPH_BY_DURATION:
    return "duration";
  case XPF_FLAMEGRAPH_BY_TOTAL:
    return "total";
  default:
    return "none";
  }
}

static void print_table(const struct comparison *c) {
  static const enum xpf_text_id scales[] = {
      [XPF_FLAMEGRAPH_BY_TOTAL] = XPF_TEXT_DIFF_BY_TOTAL,
      [XPF_FLAMEGRAPH_BY_DURATION] = XPF_TEXT_DIFF_BY_DURATION,
      [XPF_FLAMEGRAPH_ABSOLUTE] = XPF_TEXT_DIFF_ABSOLUTE,
  };
  xpf_print_line(stdout, xpf_text(XPF_TEXT_DIFF_HEAD),
                 xpf_profile_string(c->profile, c->profile->values[c->value].type),
                 xpf_text(scales[c->scale]));
  fputs(xpf_style(XPF_COLOUR_BOLD, stdout), stdout);
  xpf_print_right(stdout, xpf_text(XPF_TEXT_DIFF_BASE_SELF), 13);
  xpf_print_right(stdout, xpf_text(XPF_TEXT_DIFF_SELF), 13);
  xpf_print_right(stdout, xpf_text(XPF_TEXT_DIFF_SELF_CHANGE), 13);
  xpf_print_right(stdout, xpf_text(XPF_TEXT_DIFF_TOTAL_CHANGE), 13);
  fprintf(stdout, "  %s%s\n", xpf_text(XPF_TEXT_TOP_FUNCTION), xpf_style(XPF_COLOUR_PLAIN, stdout));
  for (uint32_t i = 0; i < c->rows; i++)
    print_row(c, &c->diff.rows[i]);
}

/* ---- for programs ------------------------------------------------------------------------ */

static void print_object(const struct comparison *c, const char *page) {
  cJSON *data = cJSON_CreateObject();
  cJSON_AddStringToObject(data, "value",
                          xpf_profile_string(c->profile, c->profile->values[c->value].type));
  cJSON_AddStringToObject(data, "unit", unit_of(c));
  cJSON_AddStringToObject(data, "scale", scale_word(c));
  if (page != NULL)
    cJSON_AddStringToObject(data, "filepath", page);
  cJSON *functions = cJSON_AddArrayToObject(data, "functions");
  for (uint32_t i = 0; i < c->rows; i++) {
    const struct xpf_top_diff_row *row = &c->diff.rows[i];
    cJSON *object = function_of(c, row);
    cJSON_AddNumberToObject(object, "base_self", row->base_self);
    cJSON_AddNumberToObject(object, "self", row->self);
    cJSON_AddNumberToObject(object, "base_total", row->base_total);
    cJSON_AddNumberToObject(object, "total", row->total);
    cJSON_AddItemToArray(functions, object);
  }
  xpf_print_json_done(data);
  cJSON_Delete(data);
}

/* Where the flame graph goes, or NULL. */
static const char *page_of(const struct xpf_invocation *invocation) {
  const struct xpf_options *options = &invocation->options;
  return xpf_options_has(options, XPF_OPTION_OUTPUT) ? options->values[XPF_OPTION_OUTPUT].text
                                                     : NULL;
}

static int write_page(const struct xpf_invocation *invocation, const struct comparison *c,
                      const char *path, struct xpf_verdict *verdict) {
  char title[512];
  snprintf(title, sizeof title, "%s → %s", invocation->options.words[1],
           invocation->options.words[2]);
  struct xpf_flamegraph_head head = {.title = title};
  struct xpf_file_out *out = malloc(sizeof *out);
  int error = out != NULL ? xpf_file_out_open(out, path) : -ENOMEM;
  if (error == 0) {
    int rc = xpf_flamegraph_diff_write(c->base, c->profile, &head, c->scale, &out->sink);
    if (rc != 0) {
      xpf_file_out_abandon(out);
      error = rc;
    } else {
      error = xpf_file_out_finish(out);
    }
  }
  free(out);
  return error != 0 ? xpf_profile_output_fail(path, error, verdict) : 0;
}

static int show(const struct xpf_invocation *invocation, struct comparison *c,
                struct xpf_verdict *verdict) {
  const struct xpf_options *options = &invocation->options;
  const char *page = page_of(invocation);
  uint32_t wanted = ROWS_DEFAULT;
  if (xpf_options_has(options, XPF_OPTION_TIMES))
    wanted = (uint32_t)options->values[XPF_OPTION_TIMES].number;
  c->rows = wanted < c->diff.count ? wanted : c->diff.count;
  int status = page != NULL ? write_page(invocation, c, page, verdict) : 0;
  if (status != 0)
    return status;
  if (page != NULL && strcmp(page, "-") == 0)
    return 0;
  if (invocation->json)
    print_object(c, page);
  else
    print_table(c);
  if (page != NULL && !invocation->json)
    xpf_print_line(stdout, xpf_text(XPF_TEXT_DIFF_PAGE), page);
  return 0;
}

int xpf_cmd_diff(const struct xpf_invocation *invocation) {
  struct comparison c = {0};
  struct xpf_verdict verdict;

  const char *page = page_of(invocation);
  const char *const *words = &invocation->options.words[1];
  int status = page != NULL ? xpf_profile_output_check(page, words, 2, &verdict) : 0;
  if (status == 0)
    status = xpf_profile_file_read(invocation, words[0], &c.base, &verdict);
  if (status == 0)
    status = xpf_profile_file_read(invocation, words[1], &c.profile, &verdict);
  if (status == 0)
    status = choose_values(invocation, &c, &verdict);
  if (status == 0)
    status = choose_scale(invocation, &c, &verdict);
  if (status == 0) {
    c.profile->default_value = c.value; /* the page begins with what the table shows */
    status = compare(&c, &verdict);
  }
  if (status == 0)
    status = show(invocation, &c, &verdict);
  xpf_top_diff_free(&c.diff);
  xpf_profile_free(c.base);
  xpf_profile_free(c.profile);
  if (status != 0)
    xpf_verdict_print(&verdict, invocation->json);
  return status;
}

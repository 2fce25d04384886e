/* Garbage collections: time in them, by type, and the longest ones. */
#include <stdlib.h>
#include <string.h>
#include "print.h"
#include "target/reply_field.h"
#include "summary.h"
#include "summary_row.h"
#include "text.h"

#define LONGEST_SHOWN 5
#define TYPES_MAX     16

/* The name of a node says the type: "(gc scavenge)". */
static const char *type_of(const struct xpf_profile *profile, uint32_t node, char *buffer,
                           size_t size) {
  const char *name = xpf_profile_string(profile, profile->nodes[node].function_name);
  if (sscanf(name, "(gc %31[^)])", buffer) != 1)
    snprintf(buffer, size, "%.31s", name);
  return buffer;
}

struct type_sum {
  uint32_t node;
  double count, ms, longest_ms;
};

static struct type_sum *sum_of(struct type_sum *sums, size_t *count, uint32_t node) {
  for (size_t i = 0; i < *count; i++)
    if (sums[i].node == node)
      return &sums[i];
  if (*count == TYPES_MAX)
    return &sums[TYPES_MAX - 1];
  sums[*count] = (struct type_sum){.node = node};
  return &sums[(*count)++];
}

static void add_types(cJSON *summary, const struct xpf_profile *profile,
                      const struct type_sum *sums, size_t count) {
  char name[32];
  cJSON *types = cJSON_AddArrayToObject(summary, "types");
  for (size_t i = 0; i < count; i++) {
    cJSON *type = cJSON_CreateObject();
    cJSON_AddStringToObject(type, "type", type_of(profile, sums[i].node, name, sizeof name));
    cJSON_AddNumberToObject(type, "collections", sums[i].count);
    cJSON_AddNumberToObject(type, "pause_ms", sums[i].ms);
    cJSON_AddNumberToObject(type, "longest_ms", sums[i].longest_ms);
    cJSON_AddItemToArray(types, type);
  }
}

static int by_pause(const void *a, const void *b) {
  const struct type_sum *left = a, *right = b;
  return (left->ms < right->ms) - (left->ms > right->ms);
}

static void add_longest(cJSON *summary, const struct xpf_profile *profile,
                        const struct xpf_profile_sample **longest, size_t count) {
  cJSON *list = cJSON_AddArrayToObject(summary, "longest");
  char name[32];
  for (size_t i = 0; i < count; i++) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "type", type_of(profile, longest[i]->node, name, sizeof name));
    cJSON_AddNumberToObject(item, "pause_ms", (double)longest[i]->value / 1e6);
    cJSON_AddNumberToObject(item, "at_ms", (double)(longest[i]->at_us - profile->start_us) / 1e3);
    cJSON_AddItemToArray(list, item);
  }
}

/* Keeps the LONGEST_SHOWN longest in order. */
static size_t keep_longest(const struct xpf_profile_sample **longest, size_t count,
                           const struct xpf_profile_sample *sample) {
  size_t at = count;
  while (at > 0 && longest[at - 1]->value < sample->value)
    at--;
  if (at == LONGEST_SHOWN)
    return count;
  count += count < LONGEST_SHOWN ? 1 : 0;
  memmove(longest + at + 1, longest + at, (count - at - 1) * sizeof *longest);
  longest[at] = sample;
  return count;
}

cJSON *xpf_summary_gc(const struct xpf_profile *profile) {
  const struct xpf_profile_sample *longest[LONGEST_SHOWN];
  struct type_sum sums[TYPES_MAX] = {0};
  size_t types = 0, kept = 0;
  double pause_ms = 0, covers_ms = (double)(profile->end_us - profile->start_us) / 1e3;
  cJSON *summary = cJSON_CreateObject();

  for (uint32_t i = 0; i < profile->samples_count; i++) {
    const struct xpf_profile_sample *sample = &profile->samples[i];
    struct type_sum *sum = sum_of(sums, &types, sample->node);
    double ms = (double)sample->value / 1e6;
    sum->count++;
    sum->ms += ms;
    sum->longest_ms = ms > sum->longest_ms ? ms : sum->longest_ms;
    pause_ms += ms;
    kept = keep_longest(longest, kept, sample);
  }
  cJSON_AddNumberToObject(summary, "collections", profile->samples_count);
  cJSON_AddNumberToObject(summary, "pause_ms", pause_ms);
  cJSON_AddNumberToObject(summary, "covers_ms", covers_ms);
  cJSON_AddNumberToObject(summary, "share_percent", covers_ms > 0 ? pause_ms * 100 / covers_ms : 0);
  qsort(sums, types, sizeof *sums, by_pause);
  add_types(summary, profile, sums, types);
  add_longest(summary, profile, longest, kept);
  return summary;
}

static void print_types(FILE *out, const cJSON *summary, unsigned columns) {
  const cJSON *types = cJSON_GetObjectItemCaseSensitive(summary, "types"), *item;
  double sum_ms = xpf_reply_field_number(summary, "pause_ms", 0);
  char amount[32], longest[32], count[64], text[32];

  cJSON_ArrayForEach(item, types) {
    double value = xpf_reply_field_number(item, "pause_ms", 0);
    xpf_summary_row_ms(xpf_reply_field_number(item, "longest_ms", 0), text, sizeof text);
    snprintf(longest, sizeof longest, xpf_text(XPF_TEXT_SUM_GC_LONGEST_OF), text);
    snprintf(count, sizeof count, "%.0f x", xpf_reply_field_number(item, "collections", 0));
    struct xpf_summary_row row = {.fraction = sum_ms > 0 ? value / sum_ms : 0,
                                  .bar = sum_ms > 0 ? value / sum_ms : 0,
                                  .amount = xpf_summary_row_ms(value, amount, sizeof amount),
                                  .other = count,
                                  .name = xpf_reply_field_text(item, "type", ""),
                                  .remark = longest};
    xpf_summary_row_print(out, &row, columns);
  }
}

static void print_longest(FILE *out, const cJSON *summary) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(summary, "longest"), *item;
  char amount[32];

  if (cJSON_GetArraySize(list) == 0)
    return;
  xpf_summary_row_heading(out, xpf_text(XPF_TEXT_SUM_GC_LONGEST));
  cJSON_ArrayForEach(item, list) {
    xpf_summary_row_ms(xpf_reply_field_number(item, "pause_ms", 0), amount, sizeof amount);
    xpf_print_line(out, xpf_text(XPF_TEXT_SUM_GC_AT), amount,
                   xpf_reply_field_number(item, "at_ms", 0) / 1e3,
                   xpf_reply_field_text(item, "type", ""));
  }
}

void xpf_summary_gc_print(FILE *out, const cJSON *summary, unsigned columns) {
  char heading[160], pause[32], covers[32];

  snprintf(
      heading, sizeof heading, xpf_text(XPF_TEXT_SUM_GC),
      xpf_reply_field_number(summary, "collections", 0),
      xpf_summary_row_ms(xpf_reply_field_number(summary, "pause_ms", 0), pause, sizeof pause),
      xpf_reply_field_number(summary, "share_percent", 0),
      xpf_summary_row_ms(xpf_reply_field_number(summary, "covers_ms", 0), covers, sizeof covers));
  xpf_summary_row_heading(out, heading);
  print_types(out, summary, columns);
  print_longest(out, summary);
}

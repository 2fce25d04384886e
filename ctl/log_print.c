#include "log_print.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "print.h"
#include "text.h"

#define INDENT 30
#define DIM    "\033[2m"
#define RED    "\033[31m"
#define CYAN   "\033[36m"
#define PLAIN  "\033[0m"

/* ---- one number ---- */

static bool ends_with(const char *key, size_t size, const char *end) {
  size_t end_size = strlen(end);
  return size >= end_size && memcmp(key + size - end_size, end, end_size) == 0;
}

static bool begins_with(const char *key, size_t size, const char *begin) {
  return size >= strlen(begin) && memcmp(key, begin, strlen(begin)) == 0;
}

/* The names say it: docs/metrics.md. */
static bool is_bytes(const char *component, const struct xpf_log_pair *pair) {
  static const char *const keys[] = {"rss",
                                     "swap",
                                     "vsize",
                                     "cgroup_memory_limit",
                                     "cgroup_memory_used",
                                     "cgroup_memory_working_set",
                                     "host_memory_"};
  bool is_heap = strcmp(component, "memory") == 0 || strcmp(component, "heap") == 0 ||
                 strcmp(component, "spaces") == 0;
  if (is_heap)
    return !ends_with(pair->key, pair->key_size, "_ms") &&
           !begins_with(pair->key, pair->key_size, "number_of_");
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (begins_with(pair->key, pair->key_size, keys[i]))
      return true;
  return false;
}

static bool is_percent(const char *component, const struct xpf_log_pair *pair) {
  return strcmp(component, "cpu") == 0 || strcmp(component, "other") == 0 ||
         ends_with(pair->key, pair->key_size, "_percent") ||
         ends_with(pair->key, pair->key_size, "_avg10") ||
         ends_with(pair->key, pair->key_size, "_avg60") ||
         ends_with(pair->key, pair->key_size, "_utilization");
}

static bool is_ms(const struct xpf_log_pair *pair) {
  return ends_with(pair->key, pair->key_size, "_ms") ||
         ends_with(pair->key, pair->key_size, "_rt") ||
         ends_with(pair->key, pair->key_size, "_duration") ||
         ends_with(pair->key, pair->key_size, "_longest_last_record") ||
         ends_with(pair->key, pair->key_size, "duration_last_record");
}

static double number_of(const struct xpf_log_pair *pair) {
  char text[64];
  snprintf(text, sizeof text, "%.*s", (int)(pair->value_size < 60 ? pair->value_size : 60),
           pair->value);
  return strtod(text, NULL);
}

static void write_number(const char *component, const struct xpf_log_pair *pair, char *out,
                         size_t size) {
  double value = number_of(pair);
  if (is_bytes(component, pair)) {
    xpf_print_bytes(value, out, size);
    return;
  }
  snprintf(out, size, value == (double)(long long)value ? "%.0f" : "%.2f", value);
  size_t used = strlen(out);
  if (is_percent(component, pair))
    snprintf(out + used, size - used, " %%");
  else if (is_ms(pair))
    snprintf(out + used, size - used, " ms");
}

/* ---- for people ---- */

static const char *paint(const struct xpf_log_style *style, const char *colour) {
  return style->colour ? colour : "";
}

static void print_head(const struct xpf_log_line *line, const struct xpf_log_style *style) {
  char clock[16], thread[40] = "", process[32] = "";
  bool is_error = strcmp(line->level, "error") == 0;

  if (line->thread_id == 0 || line->thread_id < 0)
    snprintf(thread, sizeof thread, "%s", line->thread_id == 0 ? "main" : "");
  else
    snprintf(thread, sizeof thread, "worker %lld", line->thread_id);
  if (style->shows_process)
    snprintf(process, sizeof process, "%lld ", line->pid);
  printf("%s", paint(style, DIM));
  xpf_print_text(stdout, xpf_log_line_clock(line, clock));
  printf("%s  %s", paint(style, PLAIN), process);
  if (strcmp(line->level, "info") != 0) {
    printf("%s", paint(style, is_error ? RED : DIM));
    xpf_print_text(stdout, line->level);
    printf("%s ", paint(style, PLAIN));
  }
  printf("%s", paint(style, CYAN));
  xpf_print_text(stdout, line->component);
  int used = (int)strlen(line->component);
  printf("%s%*s %-9s ", paint(style, PLAIN), used < 8 ? 8 - used : 0, "", thread);
}

static void print_pairs(const struct xpf_log_line *line, const struct xpf_log_style *style) {
  unsigned column = INDENT;
  bool is_first = true;
  for (size_t i = 0; i < line->pairs_count; i++) {
    const struct xpf_log_pair *pair = &line->pairs[i];
    char key[128], number[128];
    if (number_of(pair) == 0)
      continue;
    snprintf(key, sizeof key, "%.*s", (int)(pair->key_size < 120 ? pair->key_size : 120),
             pair->key);
    write_number(line->component, pair, number, sizeof number);
    unsigned width = (unsigned)(strlen(key) + 1 + strlen(number));
    if (!is_first && style->width > 0 && column + 2 + width > style->width) {
      printf("\n%*s", INDENT, "");
      column = INDENT;
    } else if (!is_first) {
      printf("  ");
      column += 2;
    }
    printf("%s", paint(style, DIM));
    xpf_print_text(stdout, key);
    printf("%s %s", paint(style, PLAIN), number);
    column += width;
    is_first = false;
  }
  puts(is_first ? "-" : "");
}

/* ---- for programs ---- */

static void add_pairs(cJSON *object, const struct xpf_log_line *line) {
  cJSON *values = cJSON_AddObjectToObject(object, "values");
  for (size_t i = 0; i < line->pairs_count; i++) {
    const struct xpf_log_pair *pair = &line->pairs[i];
    char key[128];
    snprintf(key, sizeof key, "%.*s", (int)(pair->key_size < 120 ? pair->key_size : 120),
             pair->key);
    if (*pair->value == 'n')
      cJSON_AddNullToObject(values, key);
    else
      cJSON_AddNumberToObject(values, key, number_of(pair));
  }
}

static void add_message(cJSON *object, const char *text, size_t size) {
  char *copy = strndup(text, size);
  cJSON_AddStringToObject(object, "message", copy != NULL ? copy : "");
  free(copy);
}

static void print_object(const struct xpf_log_line *line) {
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "time", line->time);
  cJSON_AddStringToObject(object, "level", line->level);
  cJSON_AddStringToObject(object, "component", line->component);
  cJSON_AddNumberToObject(object, "pid", (double)line->pid);
  cJSON_AddNumberToObject(object, "thread_id", line->thread_id >= 0 ? (double)line->thread_id : 0);
  if (*line->version != '\0')
    cJSON_AddStringToObject(object, "version", line->version);
  if (line->message != NULL)
    add_message(object, line->message, line->message_size);
  else
    add_pairs(object, line);
  xpf_print_json(object);
  cJSON_Delete(object);
}

void xpf_log_print(const struct xpf_log_line *line, const struct xpf_log_style *style) {
  if (style->json) {
    print_object(line);
    return;
  }
  print_head(line, style);
  if (line->message == NULL)
    print_pairs(line, style);
  else
    xpf_print_line(stdout, "%.*s", (int)line->message_size, line->message);
}

void xpf_log_print_text(const char *text, const struct xpf_log_style *style) {
  if (!style->json) {
    xpf_print_line(stdout, "%s", text);
    return;
  }
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "message", text);
  xpf_print_json(object);
  cJSON_Delete(object);
}

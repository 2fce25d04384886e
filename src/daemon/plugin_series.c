#include "daemon/plugin_series.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/promtext.h"
#include "wire/document.h"
#include "wire/utf8.h"

#define KEY_BYTES       900
#define NAME_BYTES      200
#define VALUE_BYTES     200 /* of a label */
#define JSON_VALUES_MAX 64
#define EXPORTED_PLUGIN "exported_plugin" /* a label `plugin` of the plugin's own */

struct declared {
  char *name, *help, *type, *unit;
};

struct one {
  struct xpf_entity *entity;
  uint64_t set; /* in which it was printed last */
};

struct xpf_plugin_series {
  struct xpf_world *world;
  struct xpf_plugin_families *families;
  char plugin[64];
  unsigned stale_after_ms;
  struct declared declared[XPF_PLUGIN_DECLARED_MAX];
  size_t declared_count, declared_hint;
  struct one *all[XPF_PLUGIN_SERIES_MAX];
  size_t count;
  uint64_t set, refused;
  char wrong[400];
};

struct xpf_plugin_series *xpf_plugin_series_new(struct xpf_world *world,
                                                struct xpf_plugin_families *families,
                                                const char *plugin, unsigned stale_after_ms) {
  struct xpf_plugin_series *series = calloc(1, sizeof *series);
  if (!series)
    return NULL;
  series->world = world;
  series->families = families;
  series->stale_after_ms = stale_after_ms;
  snprintf(series->plugin, sizeof series->plugin, "%s", plugin);
  return series;
}

static void remove_at(struct xpf_plugin_series *series, size_t i) {
  struct one *one = series->all[i];
  series->all[i] = series->all[--series->count];
  xpf_world_remove(series->world, one->entity);
  free(one);
}

void xpf_plugin_series_begin(struct xpf_plugin_series *series) {
  for (size_t i = 0; i < series->declared_count; i++) {
    struct declared *declared = &series->declared[i];
    free(declared->name);
    free(declared->help);
    free(declared->type);
    free(declared->unit);
  }
  series->declared_count = series->declared_hint = 0;
  series->set++;
}

void xpf_plugin_series_free(struct xpf_plugin_series *series) {
  if (!series)
    return;
  while (series->count > 0)
    remove_at(series, series->count - 1);
  xpf_plugin_series_begin(series);
  free(series);
}

void xpf_plugin_series_end(struct xpf_plugin_series *series) {
  for (size_t i = series->count; i-- > 0;)
    if (series->all[i]->set != series->set)
      remove_at(series, i);
}

void xpf_plugin_series_expire(struct xpf_plugin_series *series, int64_t since_ms) {
  for (size_t i = series->count; i-- > 0;)
    if (series->all[i]->entity->updated_ms < since_ms)
      remove_at(series, i);
}

size_t xpf_plugin_series_count(const struct xpf_plugin_series *series) {
  return series->count;
}
uint64_t xpf_plugin_series_refused(const struct xpf_plugin_series *series) {
  return series->refused;
}
const char *xpf_plugin_series_wrong(const struct xpf_plugin_series *series) {
  return series->wrong;
}

/* ---- what was declared ---- */

static int refuse(struct xpf_plugin_series *series, const char *name, const char *what) {
  series->refused++;
  snprintf(series->wrong, sizeof series->wrong, "%.*s %s", 200, name, what);
  return -1;
}

static struct declared *find_declared(struct xpf_plugin_series *series, const char *name,
                                      size_t size) {
  for (size_t n = 0; n < series->declared_count; n++) {
    size_t i = (series->declared_hint + n) % series->declared_count;
    struct declared *declared = &series->declared[i];
    if (strncmp(declared->name, name, size) == 0 && declared->name[size] == '\0') {
      series->declared_hint = i;
      return declared;
    }
  }
  return NULL;
}

static void replace(char **text, const char *with) {
  char *copy = strndup(with, 300);
  if (copy) {
    free(*text);
    *text = copy;
  }
}

static int declare(struct xpf_plugin_series *series, const struct xpf_promtext *line) {
  struct declared *declared = find_declared(series, line->name, strlen(line->name));
  if (!declared && series->declared_count == XPF_PLUGIN_DECLARED_MAX)
    return refuse(series, line->name, "is one more than the metrics that a plugin may declare");
  if (!declared) {
    declared = &series->declared[series->declared_count];
    *declared = (struct declared){.name = strdup(line->name)};
    if (!declared->name)
      return refuse(series, line->name, "has no room in memory");
    series->declared_count++;
  }
  if (line->kind == XPF_PROMTEXT_HELP)
    replace(&declared->help, line->text);
  else if (line->kind == XPF_PROMTEXT_TYPE)
    replace(&declared->type, line->text);
  else
    replace(&declared->unit, line->text);
  return 0;
}

/* The name as it was declared: without the ending of a part of a histogram, or of a counter in
 * OpenMetrics. */
static const struct declared *declared_of(struct xpf_plugin_series *series, const char *name) {
  static const char *const ENDINGS[] = {"", "_total", "_bucket", "_count", "_sum", "_created"};
  size_t size = strlen(name);
  for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
    size_t ending = strlen(ENDINGS[i]);
    if (ending > size || strcmp(name + size - ending, ENDINGS[i]) != 0)
      continue;
    const struct declared *declared = find_declared(series, name, size - ending);
    if (declared)
      return declared;
  }
  return NULL;
}

/* ---- a value ---- */

struct value {
  const char *name, *help, *unit, *type; /* "" when not told */
  struct xpf_promtext_label labels[XPF_PROMTEXT_LABELS_MAX];
  size_t labels_count;
  double number;
};

static bool ends_with(const char *text, const char *ending) {
  size_t size = strlen(text), ending_size = strlen(ending);
  return size >= ending_size && strcmp(text + size - ending_size, ending) == 0;
}

static enum xpf_field_type type_of(const struct value *value) {
  bool is_part = strcmp(value->type, "histogram") == 0 || strcmp(value->type, "summary") == 0;
  bool grows = strcmp(value->type, "counter") == 0 ||
               (is_part && (ends_with(value->name, "_bucket") || ends_with(value->name, "_count") ||
                            ends_with(value->name, "_sum")));
  return grows ? XPF_FIELD_COUNTER : XPF_FIELD_GAUGE;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct xpf_promtext_label *)a)->name,
                ((const struct xpf_promtext_label *)b)->name);
}

/* Empty labels are as good as none; one's own `plugin` makes room for ours. */
static void tidy_labels(struct value *value) {
  size_t kept = 0;
  for (size_t i = 0; i < value->labels_count; i++) {
    struct xpf_promtext_label label = value->labels[i];
    static char exported[] = EXPORTED_PLUGIN;
    if (label.value[0] == '\0')
      continue;
    if (strcmp(label.name, "plugin") == 0)
      label.name = exported;
    label.value[xpf_utf8_cut(label.value, strlen(label.value), VALUE_BYTES)] = '\0';
    value->labels[kept++] = label;
  }
  value->labels_count = kept;
  qsort(value->labels, kept, sizeof value->labels[0], by_name);
}

static const char *label_of(const struct value *value, const char *name) {
  for (size_t i = 0; i < value->labels_count; i++)
    if (strcmp(value->labels[i].name, name) == 0)
      return value->labels[i].value;
  return "";
}

/* Values parted by '/', in which '/' and '%' are written as in URLs: no two series have one key. */
static bool make_key(const char *const *values, size_t count, char *out) {
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    if (i > 0)
      out[used++] = '/';
    for (const char *at = values[i]; *at; at++) {
      if (used + 4 >= KEY_BYTES)
        return false;
      bool is_escaped = *at == '/' || *at == '%';
      if (is_escaped)
        used += (size_t)snprintf(out + used, 4, "%%%02X", (unsigned char)*at);
      else
        out[used++] = *at;
    }
    if (used + 4 >= KEY_BYTES)
      return false;
  }
  out[used] = '\0';
  return true;
}

static struct one *one_of(struct xpf_plugin_series *series, const struct value *value,
                          const struct xpf_kind *kind, const char **wrong) {
  const char *values[XPF_LABELS_MAX + 1] = {series->plugin};
  size_t count = 1;
  char key[KEY_BYTES];
  for (; kind->labels[count]; count++)
    values[count] = label_of(value, kind->labels[count]);
  *wrong = "has labels that are too long in all";
  if (!make_key(values, count, key))
    return NULL;
  struct xpf_entity *entity = xpf_world_find(series->world, kind, key);
  if (entity)
    return entity->owner_data;
  *wrong = "is one more than the 2000 series that a plugin may have";
  if (series->count == XPF_PLUGIN_SERIES_MAX)
    return NULL;
  *wrong = "has no room in memory";
  struct one *one = calloc(1, sizeof *one);
  entity = one ? xpf_world_entity(series->world, kind, key, values, NULL) : NULL;
  if (!entity) {
    free(one);
    return NULL;
  }
  one->entity = entity;
  entity->owner_data = one;
  series->all[series->count++] = one;
  return one;
}

static int put(struct xpf_plugin_series *series, struct value *value, int64_t now_ms) {
  const char *names[XPF_PROMTEXT_LABELS_MAX], *wrong = "";
  if (strlen(value->name) > NAME_BYTES)
    return refuse(series, value->name, "is a name of more than 200 bytes");
  tidy_labels(value);
  for (size_t i = 0; i < value->labels_count; i++)
    names[i] = value->labels[i].name;
  const struct xpf_plugin_family_shape shape = {
      .name = value->name,
      .help = value->help,
      .unit = value->unit,
      .type = type_of(value),
      .labels = names,
      .labels_count = value->labels_count,
      .stale_after_ms = series->stale_after_ms,
  };
  const struct xpf_kind *kind = xpf_plugin_family(series->families, &shape, &wrong);
  struct one *one = kind ? one_of(series, value, kind, &wrong) : NULL;
  if (!one)
    return refuse(series, value->name, wrong);
  xpf_entity_set(one->entity, 0, value->number);
  xpf_entity_updated(one->entity, now_ms);
  one->set = series->set;
  return 0;
}

/* ---- lines ---- */

static const char *or_empty(const char *text) {
  return text ? text : "";
}

static int prometheus_line(struct xpf_plugin_series *series, char *line, int64_t now_ms) {
  struct xpf_promtext parsed;
  const char *wrong = "";
  char begin[60];
  snprintf(begin, sizeof begin, "%.48s", line);
  if (xpf_promtext_parse(&parsed, line, &wrong) != 0) {
    char about[80];
    snprintf(about, sizeof about, "the line `%s`", begin);
    return refuse(series, about, wrong);
  }
  if (parsed.kind == XPF_PROMTEXT_NOTHING)
    return 0;
  if (parsed.kind == XPF_PROMTEXT_END)
    return 1;
  if (parsed.kind != XPF_PROMTEXT_SAMPLE)
    return declare(series, &parsed);
  const struct declared *declared = declared_of(series, parsed.name);
  struct value value = {
      .name = parsed.name,
      .help = declared ? or_empty(declared->help) : "",
      .type = declared ? or_empty(declared->type) : "",
      .unit = declared ? or_empty(declared->unit) : "",
      .labels_count = parsed.labels_count,
      .number = parsed.value,
  };
  memcpy(value.labels, parsed.labels, sizeof parsed.labels);
  return put(series, &value, now_ms);
}

static const char *text_of(const cJSON *root, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, name);
  return cJSON_IsString(item) ? item->valuestring : "";
}

/* A right name by Prometheus' rules. */
static bool is_name(const char *name, bool is_metric) {
  static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789:";
  size_t allowed = sizeof LETTERS - (is_metric ? 1 : 2);
  bool has_digit_first = *name >= '0' && *name <= '9';
  if (*name == '\0' || has_digit_first)
    return false;
  for (; *name; name++)
    if (!memchr(LETTERS, *name, allowed))
      return false;
  return true;
}

static const char *read_json_labels(struct value *value, const cJSON *labels) {
  if (labels && !cJSON_IsObject(labels))
    return "has labels that are no object";
  const cJSON *label;
  cJSON_ArrayForEach(label, labels) {
    if (!cJSON_IsString(label) || !is_name(label->string, false))
      return "has a label without a right name, or whose value is no text";
    if (value->labels_count == XPF_PROMTEXT_LABELS_MAX)
      return "has more than 16 labels";
    for (size_t i = 0; i < value->labels_count; i++)
      if (strcmp(value->labels[i].name, label->string) == 0)
        return "has a label twice";
    value->labels[value->labels_count++] =
        (struct xpf_promtext_label){label->string, label->valuestring};
  }
  return NULL;
}

/* {"name": "queue_depth", "value": 5, "labels": {"queue": "mail"}, "type": "gauge", "help": "…"} */
static int json_line(struct xpf_plugin_series *series, const char *line, size_t size,
                     int64_t now_ms) {
  struct xpf_document document;
  if (xpf_document_parse(&document, line, size, JSON_VALUES_MAX) != 0) {
    char about[120];
    snprintf(about, sizeof about, "a line is no JSON: at byte %zu there is %.60s",
             document.offset + 1, document.wrong);
    return refuse(series, about, "");
  }
  const cJSON *number = cJSON_GetObjectItemCaseSensitive(document.root, "value");
  struct value value = {
      .name = text_of(document.root, "name"),
      .help = text_of(document.root, "help"),
      .type = text_of(document.root, "type"),
      .unit = text_of(document.root, "unit"),
      .number = cJSON_IsNumber(number) ? number->valuedouble : NAN,
  };
  const char *wrong =
      read_json_labels(&value, cJSON_GetObjectItemCaseSensitive(document.root, "labels"));
  int result;
  if (!is_name(value.name, true))
    result = refuse(series, "a line of JSON", "has no right `name`");
  else if (!cJSON_IsNumber(number) && !cJSON_IsNull(number))
    result = refuse(series, value.name, "has no `value` that is a number or null");
  else
    result = wrong ? refuse(series, value.name, wrong) : put(series, &value, now_ms);
  cJSON_Delete(document.root);
  return result;
}

int xpf_plugin_series_line(struct xpf_plugin_series *series, char *line, size_t size,
                           int64_t now_ms) {
  const char *first = line + strspn(line, " \t\r");
  if (memchr(line, '\0', size) || xpf_utf8_check(line, size) < size)
    return refuse(series, "a line", "is no UTF-8 text");
  if (*first == '{')
    return json_line(series, line, size, now_ms);
  return prometheus_line(series, line, now_ms);
}

#include "daemon/entity_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void text(struct xpf_json *json, const char *key, const char *value) {
  xpf_json_key(json, key);
  xpf_json_string(json, value);
}

static void field_json(struct xpf_json *json, const struct xpf_field *field) {
  xpf_json_object_begin(json);
  text(json, "key", field->key);
  text(json, "type", field->type == XPF_FIELD_COUNTER ? "counter" : "gauge");
  text(json, "unit", field->unit);
  text(json, "family", field->family);
  text(json, "labels", field->labels);
  text(json, "help", field->help);
  text(json, "source", field->source);
  xpf_json_object_end(json);
}

static void names_json(struct xpf_json *json, const char *key, const char *const *names) {
  xpf_json_key(json, key);
  xpf_json_array_begin(json);
  for (; names && *names; names++)
    xpf_json_string(json, *names);
  xpf_json_array_end(json);
}

static void begin_kind(struct xpf_json *json, const char *name, const char *help,
                       const char *const *labels, const char *const *info,
                       uint64_t stale_after_ms) {
  xpf_json_object_begin(json);
  text(json, "name", name);
  text(json, "help", help);
  names_json(json, "labels", labels);
  names_json(json, "info", info);
  xpf_json_key(json, "stale_after_ms");
  xpf_json_uint(json, stale_after_ms);
  xpf_json_key(json, "fields");
  xpf_json_array_begin(json);
}

static void end_kind(struct xpf_json *json, bool is_gone) {
  xpf_json_array_end(json);
  xpf_json_key(json, "gone");
  xpf_json_bool(json, is_gone);
  xpf_json_object_end(json);
}

void xpf_kind_json(struct xpf_json *json, const struct xpf_kind *kind) {
  begin_kind(json, kind->name, kind->help, kind->labels, kind->info, kind->stale_after_ms);
  for (unsigned i = 0; i < kind->fields_count; i++)
    field_json(json, &kind->fields[i]);
  end_kind(json, false);
}

void xpf_kind_json_gone(struct xpf_json *json, const struct xpf_store_past_kind *kind) {
  const char *line = kind->fields, *end;
  begin_kind(json, kind->name, "", NULL, NULL, (uint64_t)kind->stale_after_ms);
  for (; (end = strchr(line, '\n')) != NULL && end - line > 2; line = end + 1) {
    char key[128];
    struct xpf_field field = {.key = key, .unit = "", .help = ""};
    snprintf(key, sizeof key, "%.*s", (int)(end - line - 2), line);
    field.type = end[-1] == 'c' ? XPF_FIELD_COUNTER : XPF_FIELD_GAUGE;
    field_json(json, &field);
  }
  end_kind(json, true);
}

static void pairs_json(struct xpf_json *json, const char *key, const char *const *names,
                       const char *const *values) {
  xpf_json_key(json, key);
  xpf_json_object_begin(json);
  for (unsigned i = 0; names && names[i]; i++)
    if (values[i])
      text(json, names[i], values[i]);
  xpf_json_object_end(json);
}

static void values_json(struct xpf_json *json, const struct xpf_entity *entity,
                        const struct xpf_name_list *fields, int64_t now_ms) {
  const struct xpf_kind *kind = entity->kind;
  xpf_json_key(json, "values");
  xpf_json_object_begin(json);
  for (unsigned i = 0; i < kind->fields_count; i++) {
    if (!xpf_name_list_has(fields, kind->fields[i].key))
      continue;
    xpf_json_key(json, kind->fields[i].key);
    if (isfinite(entity->values[i]))
      xpf_json_double(json, entity->values[i]);
    else
      xpf_json_string(json, NULL);
  }
  xpf_json_object_end(json);
  xpf_json_key(json, "quality");
  xpf_json_object_begin(json);
  for (unsigned i = 0; i < kind->fields_count; i++) {
    enum xpf_quality quality = xpf_entity_quality(entity, i, now_ms);
    if (quality != XPF_QUALITY_OK && xpf_name_list_has(fields, kind->fields[i].key))
      text(json, kind->fields[i].key, xpf_quality_name(quality));
  }
  xpf_json_object_end(json);
}

void xpf_entity_json(struct xpf_json *json, const struct xpf_entity *entity,
                     const struct xpf_name_list *fields, int64_t now_ms) {
  xpf_json_object_begin(json);
  text(json, "kind", entity->kind->name);
  text(json, "key", entity->key);
  text(json, "parent", entity->parent ? entity->parent->key : NULL);
  pairs_json(json, "labels", entity->kind->labels, entity->labels);
  pairs_json(json, "info", entity->kind->info, entity->info);
  xpf_json_key(json, "since_ms");
  xpf_json_int(json, entity->since_ms);
  xpf_json_key(json, "updated_ms");
  xpf_json_int(json, entity->updated_ms);
  xpf_json_key(json, "gone");
  xpf_json_bool(json, false);
  values_json(json, entity, fields, now_ms);
  xpf_json_object_end(json);
}

void xpf_entity_json_values(struct xpf_json *json, const struct xpf_entity *entity,
                            const struct xpf_name_list *fields, int64_t now_ms) {
  xpf_json_object_begin(json);
  text(json, "kind", entity->kind->name);
  text(json, "key", entity->key);
  values_json(json, entity, fields, now_ms);
  xpf_json_object_end(json);
}

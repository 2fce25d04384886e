#include "daemon/exposition.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An entity as it was. */
struct row {
  size_t labels, info; /* offsets into texts: `cpu="0",` and `name="shop",`; made by label_text */
  size_t values;       /* index of its first value */
};

struct section { /* the entities of a kind */
  const struct xpf_kind *kind;
  size_t first, count; /* rows */
};

struct member { /* a field, or the info of a kind */
  const char *family;
  const struct section *section;
  unsigned field, order;
  bool is_info;
};

struct xpf_exposition {
  struct section sections[XPF_KINDS_MAX];
  unsigned sections_count;
  struct row *rows;
  double *values;
  char *texts;
  size_t texts_size, texts_room;
  struct member *members;
  unsigned members_count;
};

static bool grow(struct xpf_exposition *exposition, size_t size) {
  if (exposition->texts_size + size <= exposition->texts_room)
    return true;
  size_t room = (exposition->texts_room + size) * 2;
  char *grown = realloc(exposition->texts, room);
  if (!grown)
    return false;
  exposition->texts = grown;
  exposition->texts_room = room;
  return true;
}

static char *escape(char *out, const char *text) {
  for (; *text; text++) {
    if (*text == '\\' || *text == '"' || *text == '\n')
      *out++ = '\\';
    *out++ = *text == '\n' ? 'n' : *text;
  }
  return out;
}

static bool has_name(const char *const *names, const char *name) {
  for (; names && *names; names++)
    if (strcmp(*names, name) == 0)
      return true;
  return false;
}

/* name="value", for each that has a value, and is not there already: a name that stands twice makes
 * Prometheus refuse the whole text. */
static bool add_labels(struct xpf_exposition *exposition, const char *const *names,
                       const char *const *values, const char *const *there) {
  for (unsigned i = 0; names && names[i]; i++) {
    if (!values[i] || values[i][0] == '\0' || has_name(there, names[i]))
      continue; /* an empty label is as good as none */
    size_t name_size = strlen(names[i]);
    if (!grow(exposition, name_size + 2 * strlen(values[i]) + 5))
      return false;
    char *at = exposition->texts + exposition->texts_size;
    memcpy(at, names[i], name_size);
    at += name_size;
    *at++ = '=';
    *at++ = '"';
    at = escape(at, values[i]);
    *at++ = '"';
    *at++ = ',';
    exposition->texts_size = (size_t)(at - exposition->texts);
  }
  return true;
}

static bool end_text(struct xpf_exposition *exposition) {
  if (!grow(exposition, 1))
    return false;
  exposition->texts[exposition->texts_size++] = '\0';
  return true;
}

static bool is_too_old(const struct xpf_entity *entity, int64_t now_ms) {
  unsigned age_ms = entity->kind->stale_after_ms;
  return age_ms > 0 && now_ms - entity->updated_ms > (int64_t)age_ms + XPF_EXPOSITION_STALE_MS;
}

static bool add_row(struct xpf_exposition *exposition, const struct xpf_entity *entity, size_t row,
                    size_t value, int64_t now_ms) {
  const struct xpf_kind *kind = entity->kind;
  exposition->rows[row].values = value;
  exposition->rows[row].labels = exposition->texts_size;
  if (!add_labels(exposition, kind->labels, entity->labels, NULL) || !end_text(exposition))
    return false;
  exposition->rows[row].info = exposition->texts_size;
  if (kind->info_family && !add_labels(exposition, kind->info, entity->info, kind->labels))
    return false;
  bool is_old = is_too_old(entity, now_ms);
  for (unsigned i = 0; i < kind->fields_count; i++)
    exposition->values[value + i] = is_old ? NAN : entity->values[i];
  return end_text(exposition);
}

static bool take_entities(struct xpf_exposition *exposition, const struct xpf_world *world,
                          int64_t now_ms) {
  size_t row = 0, value = 0;
  for (unsigned i = 0; i < exposition->sections_count; i++) {
    struct section *section = &exposition->sections[i];
    section->first = row;
    for (const struct xpf_entity *entity = xpf_world_first(world, section->kind); entity;
         entity = entity->next) {
      if (!add_row(exposition, entity, row++, value, now_ms))
        return false;
      value += section->kind->fields_count;
    }
    section->count = row - section->first;
  }
  return true;
}

static int compare(const void *a, const void *b) {
  const struct member *left = a, *right = b;
  int names = strcmp(left->family, right->family);
  return names ? names : left->order < right->order ? -1 : 1;
}

static void add_members(struct xpf_exposition *exposition, const struct section *section) {
  const struct xpf_kind *kind = section->kind;
  for (unsigned i = 0; i <= kind->fields_count; i++) {
    bool is_info = i == kind->fields_count;
    const char *family = is_info ? kind->info_family : kind->fields[i].family;
    if (!family)
      continue;
    unsigned order = exposition->members_count;
    exposition->members[exposition->members_count++] =
        (struct member){family, section, i, order, is_info};
  }
}

struct xpf_exposition *xpf_exposition_new(const struct xpf_world *world, int64_t now_ms) {
  struct xpf_exposition *exposition = calloc(1, sizeof *exposition);
  if (!exposition)
    return NULL;
  size_t rows = 0, values = 0, members = 0;
  const struct xpf_kind *kind;
  for (unsigned i = 0; (kind = xpf_world_kind(world, i)) != NULL; i++) {
    exposition->sections[exposition->sections_count++].kind = kind;
    members += kind->fields_count + 1;
    for (const struct xpf_entity *entity = xpf_world_first(world, kind); entity;
         entity = entity->next) {
      rows++;
      values += kind->fields_count;
    }
  }
  exposition->rows = calloc(rows + 1, sizeof *exposition->rows);
  exposition->values = calloc(values + 1, sizeof *exposition->values);
  exposition->members = calloc(members + 1, sizeof *exposition->members);
  if (!exposition->rows || !exposition->values || !exposition->members ||
      !take_entities(exposition, world, now_ms)) {
    xpf_exposition_free(exposition);
    return NULL;
  }
  for (unsigned i = 0; i < exposition->sections_count; i++)
    add_members(exposition, &exposition->sections[i]);
  qsort(exposition->members, exposition->members_count, sizeof *exposition->members, compare);
  return exposition;
}

void xpf_exposition_free(struct xpf_exposition *exposition) {
  if (!exposition)
    return;
  free(exposition->rows);
  free(exposition->values);
  free(exposition->texts);
  free(exposition->members);
  free(exposition);
}

/* Text, gathered into pieces that are worth a call of the sink. */
struct pen {
  struct xpf_sink *sink;
  size_t size;
  char text[16384];
};

static void flush(struct pen *pen) {
  xpf_sink_write(pen->sink, pen->text, pen->size);
  pen->size = 0;
}

static void put(struct pen *pen, const char *text, size_t size) {
  if (size > sizeof pen->text - pen->size)
    flush(pen);
  if (size > sizeof pen->text) {
    xpf_sink_write(pen->sink, text, size);
    return;
  }
  memcpy(pen->text + pen->size, text, size);
  pen->size += size;
}

static void put_text(struct pen *pen, const char *text) {
  put(pen, text, strlen(text));
}

/* The shortest of 15 to 17 digits that reads back as the same number. */
static void put_number(struct pen *pen, double value) {
  char text[40];
  int size = 0;
  if (fabs(value) < 1e15 && value == (double)(int64_t)value)
    size = snprintf(text, sizeof text, "%lld", (long long)value);
  for (int digits = 15; size == 0 && digits <= 17; digits++) {
    size = snprintf(text, sizeof text, "%.*g", digits, value);
    if (digits < 17 && strtod(text, NULL) != value)
      size = 0;
  }
  put(pen, text, (size_t)size);
}

/* OpenMetrics names the family of a counter without the ending that its samples have. */
static size_t name_size(const char *family, bool is_counter, bool is_openmetrics) {
  size_t size = strlen(family);
  bool has_ending = size > 6 && strcmp(family + size - 6, "_total") == 0;
  return is_openmetrics && is_counter && has_ending ? size - 6 : size;
}

/* A counter whose name does not end as a counter's must is one of those that node_exporter has so:
 * what it is stays open (kind.h). */
static const char *type_of(const struct member *member, bool is_openmetrics) {
  if (member->is_info)
    return is_openmetrics ? " info\n" : " gauge\n";
  const struct xpf_field *field = &member->section->kind->fields[member->field];
  if (field->type != XPF_FIELD_COUNTER)
    return " gauge\n";
  if (name_size(member->family, true, true) < strlen(member->family))
    return " counter\n";
  return is_openmetrics ? " unknown\n" : " untyped\n";
}

static void put_head(struct pen *pen, const struct member *member, bool is_openmetrics) {
  const struct xpf_kind *kind = member->section->kind;
  const struct xpf_field *field = member->is_info ? NULL : &kind->fields[member->field];
  bool is_counter = field && field->type == XPF_FIELD_COUNTER;
  bool is_info = is_openmetrics && member->is_info;
  size_t size = name_size(member->family, is_counter, is_openmetrics);
  if (is_info && size > 5 && strcmp(member->family + size - 5, "_info") == 0)
    size -= 5;
  put_text(pen, "# HELP ");
  put(pen, member->family, size);
  put_text(pen, " ");
  const char *help = field ? field->help : kind->help;
  for (; *help; help++)
    if (*help == '\\' || *help == '\n')
      put(pen, *help == '\n' ? "\\n" : "\\\\", 2);
    else if (*help == '"' && is_openmetrics)
      put(pen, "\\\"", 2);
    else
      put(pen, help, 1);
  put_text(pen, "\n# TYPE ");
  put(pen, member->family, size);
  put_text(pen, type_of(member, is_openmetrics));
}

static void put_sample(struct pen *pen, const struct xpf_exposition *exposition,
                       const struct member *member, const struct row *row, double value) {
  const char *constant =
      member->is_info ? NULL : member->section->kind->fields[member->field].labels;
  const char *labels = exposition->texts + row->labels;
  const char *info = member->is_info ? exposition->texts + row->info : "";
  put_text(pen, member->family);
  size_t size = strlen(labels), info_size = strlen(info);
  if (size > 0 || info_size > 0 || constant) {
    put_text(pen, "{");
    put(pen, labels, size > 0 && info_size == 0 && !constant ? size - 1 : size);
    put(pen, info, info_size > 0 && !constant ? info_size - 1 : info_size);
    put_text(pen, constant ? constant : "");
    put_text(pen, "}");
  }
  put_text(pen, " ");
  put_number(pen, value);
  put_text(pen, "\n");
}

static double value_of(const struct xpf_exposition *exposition, const struct member *member,
                       const struct row *row) {
  if (!member->is_info)
    return exposition->values[row->values + member->field];
  return exposition->texts[row->info] ? 1 : NAN;
}

int xpf_exposition_write(const struct xpf_exposition *exposition, bool is_openmetrics,
                         struct xpf_sink *sink) {
  struct pen *pen = malloc(sizeof *pen);
  if (!pen)
    return -1;
  pen->sink = sink;
  pen->size = 0;
  const char *begun = ""; /* the family that has its head */
  for (unsigned i = 0; i < exposition->members_count; i++) {
    const struct member *member = &exposition->members[i];
    const struct section *section = member->section;
    for (size_t at = section->first; at < section->first + section->count; at++) {
      const struct row *row = &exposition->rows[at];
      double value = value_of(exposition, member, row);
      if (!isfinite(value))
        continue;
      if (strcmp(begun, member->family) != 0)
        put_head(pen, member, is_openmetrics);
      begun = member->family;
      put_sample(pen, exposition, member, row, value);
    }
  }
  if (is_openmetrics)
    put_text(pen, "# EOF\n");
  flush(pen);
  free(pen);
  return sink->error;
}

#include "daemon/sheet.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static size_t count_names(const char *const *names) {
  size_t count = 0;
  while (names && names[count])
    count++;
  return count;
}

struct xpf_sheet *xpf_sheet_new(const struct xpf_kind *kind, size_t max) {
  struct xpf_sheet *sheet = calloc(1, sizeof *sheet);
  if (sheet) {
    sheet->kind = kind;
    sheet->max = max;
  }
  return sheet;
}

static void free_texts(char **texts, size_t count) {
  for (size_t i = 0; texts && i < count; i++)
    free(texts[i]);
  free(texts);
}

static void free_row(struct xpf_row *row) {
  if (!row)
    return;
  free_texts(row->labels, count_names(row->kind->labels));
  free_texts(row->info, count_names(row->kind->info));
  free(row->key);
  free(row->values);
  free(row->before);
  free(row->qualities);
  free(row);
}

void xpf_sheet_free(struct xpf_sheet *sheet) {
  if (!sheet)
    return;
  for (size_t i = 0; i < sheet->count; i++)
    free_row(sheet->rows[i]);
  free(sheet->rows);
  free(sheet);
}

static void clear(const struct xpf_kind *kind, double *values, uint8_t *qualities) {
  for (unsigned i = 0; i < kind->fields_count; i++) {
    values[i] = NAN;
    qualities[i] = XPF_QUALITY_ABSENT;
  }
}

void xpf_sheet_begin(struct xpf_sheet *sheet) {
  sheet->before_ns = sheet->at_ns;
  sheet->at_ns = now_ns();
  sheet->next = 0;
  sheet->error = 0;
  for (size_t i = 0; i < sheet->count; i++) {
    struct xpf_row *row = sheet->rows[i];
    double *values = row->before;
    row->before = row->values;
    row->values = values;
    row->is_told = row->is_kept = false;
    clear(sheet->kind, row->values, row->qualities);
  }
}

void xpf_sheet_fail(struct xpf_sheet *sheet, int error) {
  sheet->error = error;
}

double xpf_sheet_seconds(const struct xpf_sheet *sheet) {
  return sheet->before_ns ? (double)(sheet->at_ns - sheet->before_ns) / 1e9 : NAN;
}

static char **copy_texts(const char *const *texts, size_t count) {
  char **copy = calloc(count + 1, sizeof *copy);
  for (size_t i = 0; copy && texts && i < count; i++)
    if (!(copy[i] = strdup(texts[i]))) {
      free_texts(copy, i);
      return NULL;
    }
  return copy;
}

static struct xpf_row *make_row(const struct xpf_kind *kind, const char *key,
                                const char *const *labels) {
  struct xpf_row *row = calloc(1, sizeof *row);
  if (!row)
    return NULL;
  size_t count = kind->fields_count;
  row->kind = kind;
  row->key = strdup(key);
  row->labels = copy_texts(labels, count_names(kind->labels));
  row->info = copy_texts(NULL, count_names(kind->info));
  row->values = calloc(count + 1, sizeof *row->values);
  row->before = calloc(count + 1, sizeof *row->before);
  row->qualities = calloc(count + 1, sizeof *row->qualities);
  if (!row->key || !row->labels || !row->info || !row->values || !row->before || !row->qualities) {
    free_row(row);
    return NULL;
  }
  clear(kind, row->before, row->qualities);
  clear(kind, row->values, row->qualities);
  return row;
}

/* From the place behind the last found, once around. */
struct xpf_row *xpf_sheet_find(struct xpf_sheet *sheet, const char *key) {
  for (size_t tried = 0; tried < sheet->count; tried++) {
    size_t i = (sheet->next + tried) % sheet->count;
    if (strcmp(sheet->rows[i]->key, key) == 0) {
      sheet->next = i + 1;
      return sheet->rows[i];
    }
  }
  return NULL;
}

static bool make_room(struct xpf_sheet *sheet) {
  if (sheet->count < sheet->capacity)
    return true;
  size_t capacity = sheet->capacity ? sheet->capacity * 2 : 4;
  struct xpf_row **larger = realloc(sheet->rows, capacity * sizeof(struct xpf_row *));
  if (!larger)
    return false;
  sheet->rows = larger;
  sheet->capacity = capacity;
  return true;
}

/* A device that another one took the place of: the same name, but not the same thing. */
static bool relabel(struct xpf_row *row, const char *const *labels) {
  size_t count = count_names(row->kind->labels), same = 0;
  while (same < count && strcmp(row->labels[same], labels[same]) == 0)
    same++;
  if (same == count)
    return true;
  char **copy = copy_texts(labels, count);
  if (!copy)
    return false;
  free_texts(row->labels, count);
  row->labels = copy;
  row->has_other_labels = true;
  clear(row->kind, row->before, row->qualities);
  return true;
}

struct xpf_row *xpf_sheet_row(struct xpf_sheet *sheet, const char *key, const char *const *labels) {
  const char *const only[] = {key, NULL};
  if (!labels)
    labels = only;
  struct xpf_row *row = xpf_sheet_find(sheet, key);
  if (!row) {
    if (sheet->count == sheet->max || !make_room(sheet) ||
        !(row = make_row(sheet->kind, key, labels)))
      return NULL;
    sheet->rows[sheet->count++] = row;
    sheet->next = sheet->count;
  } else if (!relabel(row, labels)) {
    return NULL;
  }
  row->is_told = true;
  return row;
}

void xpf_row_keep(struct xpf_row *row) {
  row->is_told = row->is_kept = true;
}

void xpf_row_set(struct xpf_row *row, unsigned field, double value) {
  bool is_number = isfinite(value);
  row->values[field] = is_number ? value : NAN;
  row->qualities[field] = is_number ? XPF_QUALITY_OK : XPF_QUALITY_ABSENT;
}

void xpf_row_set_growing(struct xpf_row *row, unsigned field, double value, double slack) {
  double before = row->before[field];
  xpf_row_set(row, field, value < before && before - value < slack ? before : value);
}

void xpf_row_mark(struct xpf_row *row, unsigned field, enum xpf_quality quality) {
  row->values[field] = NAN;
  row->qualities[field] = (uint8_t)quality;
}

double xpf_row_growth(const struct xpf_row *row, unsigned field) {
  double growth = row->values[field] - row->before[field];
  return growth < 0 ? 0 : growth;
}

void xpf_row_set_info(struct xpf_row *row, unsigned index, const char *text) {
  if (text && row->info[index] && strcmp(text, row->info[index]) == 0)
    return;
  free(row->info[index]);
  row->info[index] = text ? strdup(text) : NULL;
}

static void remove_entity(struct xpf_sheet *sheet, struct xpf_world *world, const char *key) {
  struct xpf_entity *entity = xpf_world_find(world, sheet->kind, key);
  if (entity)
    xpf_world_remove(world, entity);
}

static void publish_row(struct xpf_sheet *sheet, struct xpf_row *row, struct xpf_world *world,
                        int64_t now_ms) {
  if (row->has_other_labels)
    remove_entity(sheet, world, row->key);
  row->has_other_labels = false;
  struct xpf_entity *entity =
      xpf_world_entity(world, sheet->kind, row->key, (const char *const *)row->labels, NULL);
  if (!entity || row->is_kept)
    return;
  for (unsigned i = 0; i < sheet->kind->fields_count; i++)
    if (row->qualities[i] == XPF_QUALITY_OK)
      xpf_entity_set(entity, i, row->values[i]);
    else
      xpf_entity_mark(entity, i, (enum xpf_quality)row->qualities[i]);
  for (unsigned i = 0; sheet->kind->info && sheet->kind->info[i]; i++)
    xpf_entity_set_info(entity, i, row->info[i]);
  xpf_entity_updated(entity, now_ms);
}

static void publish_error(struct xpf_sheet *sheet, struct xpf_world *world, int64_t now_ms) {
  if (!sheet->kind->labels[0])
    xpf_sheet_row(sheet, "", NULL);
  for (size_t i = 0; i < sheet->count; i++) {
    struct xpf_row *row = sheet->rows[i];
    for (unsigned f = 0; f < sheet->kind->fields_count; f++)
      xpf_row_mark(row, f, xpf_quality_of_error(sheet->error));
    publish_row(sheet, row, world, now_ms);
  }
}

void xpf_sheet_publish(struct xpf_sheet *sheet, struct xpf_world *world, int64_t now_ms) {
  size_t left = 0;
  if (sheet->error) {
    publish_error(sheet, world, now_ms);
    return;
  }
  for (size_t i = 0; i < sheet->count; i++) {
    struct xpf_row *row = sheet->rows[i];
    if (row->is_told) {
      sheet->rows[left++] = row;
      publish_row(sheet, row, world, now_ms);
    } else {
      remove_entity(sheet, world, row->key);
      free_row(row);
    }
  }
  sheet->count = left;
}

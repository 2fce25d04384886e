#include "daemon/history_layout.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *xpf_layout_text(const struct xpf_kind *kind) {
  struct xpf_bytes text = {0};
  if (2 * kind->fields_count > XPF_STREAM_COLUMNS_MAX)
    return NULL;
  for (unsigned i = 0; i < kind->fields_count; i++) {
    const struct xpf_field *field = &kind->fields[i];
    const char *end = field->type == XPF_FIELD_COUNTER ? " c\n" : " g\n";
    if (xpf_bytes_append(&text, field->key, strlen(field->key)) != 0 ||
        xpf_bytes_append(&text, end, 3) != 0)
      goto no_memory;
  }
  if (xpf_bytes_append(&text, "", 1) == 0)
    return (char *)text.data;
no_memory:
  xpf_bytes_free(&text);
  return NULL;
}

static bool parse(struct xpf_layout *layout, char *lines) {
  for (unsigned i = 0; i < layout->fields; i++) {
    char *end = strchr(lines, '\n');
    if (!end || end - lines < 3 || end[-2] != ' ' || (end[-1] != 'g' && end[-1] != 'c'))
      return false;
    layout->is_counter[i] = end[-1] == 'c';
    layout->exact[2 * i] = layout->is_counter[i];
    end[-2] = '\0';
    layout->keys[i] = lines;
    lines = end + 1;
  }
  return *lines == '\0';
}

struct xpf_layout *xpf_layout_new(char *text, int64_t gap_ms) {
  struct xpf_layout *layout = calloc(1, sizeof *layout);
  size_t size = text ? strlen(text) + 1 : 0, fields = 0;
  for (const char *at = text; at && *at; at++)
    fields += *at == '\n';
  if (!layout || !text || 2 * fields > XPF_STREAM_COLUMNS_MAX) {
    free(layout);
    free(text);
    return NULL;
  }
  layout->gap_ms = gap_ms;
  layout->fields = (unsigned)fields;
  layout->text = text;
  /* The keys are cut out of a copy, which lies behind their pointers. */
  layout->keys = malloc((fields + 1) * sizeof *layout->keys + size);
  layout->is_counter = calloc(fields + 1, sizeof *layout->is_counter);
  layout->exact = calloc(2 * fields + 1, sizeof *layout->exact);
  if (layout->keys && layout->is_counter && layout->exact) {
    char *lines = memcpy(layout->keys + fields + 1, text, size);
    if (parse(layout, lines))
      return layout;
  }
  xpf_layout_free(layout);
  return NULL;
}

void xpf_layout_free(struct xpf_layout *layout) {
  if (!layout)
    return;
  free(layout->text);
  free(layout->keys);
  free(layout->is_counter);
  free(layout->exact);
  free(layout);
}

int xpf_layout_find(const struct xpf_layout *layout, const char *key) {
  for (unsigned i = 0; i < layout->fields; i++)
    if (strcmp(layout->keys[i], key) == 0)
      return (int)i;
  return -1;
}

const struct xpf_layout *xpf_layouts_get(struct xpf_layouts *layouts, struct xpf_history_db *db,
                                         int64_t id) {
  for (size_t i = 0; i < layouts->count; i++)
    if (layouts->of[i]->id == id)
      return layouts->of[i];
  struct xpf_layout **grown = realloc(layouts->of, (layouts->count + 1) * sizeof *grown);
  if (!grown)
    return NULL;
  layouts->of = grown;
  sqlite3_stmt *row = xpf_history_rows(db, XPF_SQL_LAYOUT_GET, 0, "i", id);
  struct xpf_layout *layout = NULL;
  if (row && sqlite3_step(row) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(row, 1);
    layout = xpf_layout_new(text ? strdup(text) : NULL, sqlite3_column_int64(row, 0));
  }
  sqlite3_reset(row);
  if (!layout)
    return NULL;
  layout->id = id;
  layouts->of[layouts->count++] = layout;
  return layout;
}

void xpf_layouts_free(struct xpf_layouts *layouts) {
  for (size_t i = 0; i < layouts->count; i++)
    xpf_layout_free(layouts->of[i]);
  free(layouts->of);
  *layouts = (struct xpf_layouts){0};
}

void xpf_rows_free(struct xpf_rows *rows) {
  free(rows->values);
  *rows = (struct xpf_rows){0};
}

int xpf_rows_begin(struct xpf_rows *rows, const struct xpf_layout *layout, unsigned tier) {
  rows->layout = layout;
  rows->columns = xpf_layout_columns(layout, tier);
  rows->steps = (unsigned)(xpf_history_tiers[tier].span_s / xpf_history_tiers[tier].step_s);
  memset(rows->present, 0, sizeof rows->present);
  size_t needed = (size_t)rows->columns * rows->steps;
  if (needed <= rows->capacity)
    return 0;
  double *values = realloc(rows->values, needed * sizeof *values);
  if (!values)
    return -ENOMEM;
  rows->values = values;
  rows->capacity = needed;
  return 0;
}

/* Columns of another layout into ours. */
static void move_columns(struct xpf_rows *rows, unsigned tier, const struct xpf_layout *from,
                         const double *values, const bool *present) {
  unsigned wide = tier == 0 ? 1 : 2, from_columns = xpf_layout_columns(from, tier);
  for (unsigned i = 0; i < rows->layout->fields; i++) {
    int j = xpf_layout_find(from, rows->layout->keys[i]);
    bool has = j >= 0 && from->is_counter[j] == rows->layout->is_counter[i];
    for (unsigned step = 0; step < rows->steps; step++)
      for (unsigned k = 0; present[step] && k < wide; k++)
        rows->values[(size_t)step * rows->columns + wide * i + k] =
            has ? values[(size_t)step * from_columns + wide * (unsigned)j + k] : NAN;
  }
  for (unsigned step = 0; step < rows->steps; step++)
    rows->present[step] |= present[step];
}

int xpf_rows_add(struct xpf_rows *rows, unsigned tier, const struct xpf_layout *from,
                 const uint8_t *stream, size_t size) {
  if (from == rows->layout || strcmp(from->text, rows->layout->text) == 0)
    return xpf_stream_read(stream, size, rows->columns, rows->steps, rows->values, rows->present);
  unsigned columns = xpf_layout_columns(from, tier);
  bool present[XPF_STREAM_STEPS_MAX] = {false};
  double *values = malloc(((size_t)columns * rows->steps + 1) * sizeof *values);
  if (!values)
    return -ENOMEM;
  int error = xpf_stream_read(stream, size, columns, rows->steps, values, present);
  move_columns(rows, tier, from, values, present);
  free(values);
  return error;
}

/* No record is larger than this. */
static size_t stream_max(const struct xpf_layout *layout) {
  return (size_t)XPF_STREAM_STEPS_MAX * 4 * (2 + (size_t)layout->fields * 2 * 19);
}

int xpf_chunk_load(struct xpf_chunk_reader *reader, unsigned tier, int64_t start_s, int64_t entity,
                   const struct xpf_layout **layout) {
  *layout = NULL;
  reader->stream.size = 0;
  sqlite3_stmt *row =
      xpf_history_rows(reader->db, XPF_SQL_CHUNK_GET, tier, "i", xpf_chunk_id(start_s, entity));
  int code = row ? sqlite3_step(row) : SQLITE_ERROR;
  if (code == SQLITE_ROW) {
    const void *data = sqlite3_column_blob(row, 1);
    *layout = xpf_layouts_get(&reader->layouts, reader->db, sqlite3_column_int64(row, 0));
    int error = *layout && data
                    ? xpf_unpack(reader->packer, data, (size_t)sqlite3_column_bytes(row, 1),
                                 stream_max(*layout), &reader->stream)
                    : -EBADMSG;
    if (error)
      *layout = NULL; /* one damaged chunk is a gap, no reason to lose the rest */
    code = error == -ENOMEM ? SQLITE_NOMEM : SQLITE_DONE;
  }
  sqlite3_reset(row);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int xpf_chunk_layout(struct xpf_chunk_reader *reader, unsigned tier, int64_t start_s,
                     int64_t entity, const struct xpf_layout **layout) {
  int64_t id;
  *layout = NULL;
  int code = xpf_history_number(reader->db, XPF_SQL_CHUNK_GET, tier, 0, &id, "i",
                                xpf_chunk_id(start_s, entity));
  if (code == SQLITE_OK && id != 0)
    *layout = xpf_layouts_get(&reader->layouts, reader->db, id);
  return code;
}

void xpf_chunk_reader_free(struct xpf_chunk_reader *reader) {
  xpf_layouts_free(&reader->layouts);
  xpf_packer_free(reader->packer);
  xpf_bytes_free(&reader->stream);
  reader->packer = NULL;
}

/* Each tier is made of the finer one: when that is complete for a whole span, the span's chunks are
 * read, folded and written. A few entities in one transaction, so that a frame never waits long. A
 * daemon that is killed begins the span again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/history_fold.h"
#include "daemon/store_sqlite.h"

#define ENTITIES_AT_ONCE 16

void xpf_store_rollup_free(struct xpf_rollup *rollup) {
  free(rollup->entities);
  *rollup = (struct xpf_rollup){0};
}

static int compare(const void *left, const void *right) {
  int64_t l = *(const int64_t *)left, r = *(const int64_t *)right;
  return (l > r) - (l < r);
}

static void sort_and_unite(struct xpf_rollup *rollup) {
  size_t kept = 0;
  if (rollup->count == 0)
    return;
  qsort(rollup->entities, rollup->count, sizeof *rollup->entities, compare);
  for (size_t i = 0; i < rollup->count; i++)
    if (kept == 0 || rollup->entities[kept - 1] != rollup->entities[i])
      rollup->entities[kept++] = rollup->entities[i];
  rollup->count = kept;
}

/* The entities that have chunks of the finer tier in the span. */
static int find_entities(struct xpf_history_db *db, struct xpf_rollup *rollup) {
  const struct xpf_history_tier *tier = &xpf_history_tiers[rollup->tier];
  size_t capacity = 0;
  sqlite3_stmt *rows = xpf_history_rows(db, XPF_SQL_CHUNK_IDS, rollup->tier - 1, "ii",
                                        xpf_chunk_id(rollup->start_s, 0),
                                        xpf_chunk_id(rollup->start_s + tier->span_s, 0));
  int code = rows ? SQLITE_ROW : SQLITE_ERROR;
  while (rows && (code = sqlite3_step(rows)) == SQLITE_ROW) {
    if (rollup->count == capacity) {
      sort_and_unite(rollup); /* most come once for each chunk of the span */
      capacity = rollup->count * 2 + 1024;
      int64_t *grown = realloc(rollup->entities, capacity * sizeof *grown);
      if (!grown) {
        code = SQLITE_NOMEM;
        break;
      }
      rollup->entities = grown;
    }
    rollup->entities[rollup->count++] = xpf_chunk_entity(sqlite3_column_int64(rows, 0));
  }
  sqlite3_reset(rows);
  sort_and_unite(rollup);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int set_done(struct xpf_store_writer *writer, unsigned tier, int64_t done_s) {
  writer->done_s[tier] = done_s;
  return xpf_history_run(&writer->db, XPF_SQL_TIER_DONE, 0, "ii", done_s, (int64_t)tier);
}

/* The next span of the tier that has something and is complete in the finer one. */
static int find_span(struct xpf_store_writer *writer, unsigned tier) {
  int64_t span_s = xpf_history_tiers[tier].span_s, ready_s = writer->done_s[tier - 1], id;
  int64_t start_s = xpf_span_start(writer->done_s[tier], span_s);
  if (start_s + span_s > ready_s)
    return SQLITE_OK;
  int code = xpf_history_number(&writer->db, XPF_SQL_CHUNK_NEXT, tier - 1, INT64_MAX, &id, "i",
                                xpf_chunk_id(start_s, 0));
  if (code != SQLITE_OK)
    return code;
  int64_t next_s = id == INT64_MAX ? ready_s : xpf_chunk_start(id);
  if (next_s > ready_s) /* of a time when the clock was ahead */
    next_s = ready_s;
  start_s = xpf_span_start(next_s, span_s);
  if (start_s + span_s > ready_s)
    return start_s > writer->done_s[tier] ? set_done(writer, tier, start_s) : SQLITE_OK;
  xpf_store_rollup_free(&writer->rollup);
  writer->rollup = (struct xpf_rollup){.is_open = true, .tier = tier, .start_s = start_s};
  return find_entities(&writer->db, &writer->rollup);
}

struct folding {
  struct xpf_fold fold;
  struct xpf_stream_writer writer;
  struct xpf_rows rows;
  struct xpf_bytes out;
  double *row;
  unsigned tier;
  int64_t start_s;
};

/* The last value before the span, so that the first rate of it is known. */
static int fold_before(struct xpf_store_writer *writer, struct folding *f, int64_t entity) {
  const struct xpf_layout *layout;
  const struct xpf_history_tier *finer = &xpf_history_tiers[0];
  int64_t start_s = f->start_s - finer->span_s;
  int code = xpf_chunk_load(&writer->chunks, 0, start_s, entity, &layout);
  if (code != SQLITE_OK || !layout || xpf_rows_begin(&f->rows, f->rows.layout, 0) != 0)
    return code;
  xpf_rows_add(&f->rows, 0, layout, writer->chunks.stream.data, writer->chunks.stream.size);
  for (unsigned i = f->rows.steps; i-- > 0;)
    if (f->rows.present[i]) {
      xpf_fold_point(&f->fold, (start_s + i) * 1000, f->rows.values + (size_t)i * f->rows.columns);
      xpf_fold_take(&f->fold, f->row);
      break;
    }
  return SQLITE_OK;
}

static int take(struct folding *f, int64_t bucket_s) {
  const struct xpf_history_tier *tier = &xpf_history_tiers[f->tier];
  if (!xpf_fold_take(&f->fold, f->row))
    return 0;
  return xpf_stream_write(&f->writer, (unsigned)((bucket_s - f->start_s) / tier->step_s), f->row,
                          &f->out);
}

static int fold_chunk(struct folding *f, int64_t start_s, const struct xpf_layout *from,
                      const struct xpf_bytes *stream, int64_t *bucket_s) {
  const struct xpf_history_tier *tier = &xpf_history_tiers[f->tier],
                                *finer = &xpf_history_tiers[f->tier - 1];
  int error = xpf_rows_begin(&f->rows, f->rows.layout, f->tier - 1);
  if (!error && xpf_rows_add(&f->rows, f->tier - 1, from, stream->data, stream->size) == -ENOMEM)
    error = -ENOMEM; /* of a damaged one what could be read is taken */
  for (unsigned i = 0; !error && i < f->rows.steps; i++) {
    if (!f->rows.present[i])
      continue;
    int64_t at_s = start_s + i * finer->step_s, in_s = xpf_span_start(at_s, tier->step_s);
    const double *row = f->rows.values + (size_t)i * f->rows.columns;
    if (in_s != *bucket_s)
      error = take(f, *bucket_s);
    *bucket_s = in_s;
    if (f->tier == 1)
      xpf_fold_point(&f->fold, at_s * 1000, row);
    else
      xpf_fold_row(&f->fold, row);
  }
  return error;
}

static int fold_span(struct xpf_store_writer *writer, struct folding *f, int64_t entity) {
  const struct xpf_history_tier *tier = &xpf_history_tiers[f->tier],
                                *finer = &xpf_history_tiers[f->tier - 1];
  int64_t bucket_s = f->start_s;
  int code = f->tier == 1 ? fold_before(writer, f, entity) : SQLITE_OK;
  for (int64_t at_s = f->start_s; code == SQLITE_OK && at_s < f->start_s + tier->span_s;
       at_s += finer->span_s) {
    const struct xpf_layout *from;
    code = xpf_chunk_load(&writer->chunks, f->tier - 1, at_s, entity, &from);
    if (code == SQLITE_OK && from &&
        fold_chunk(f, at_s, from, &writer->chunks.stream, &bucket_s) != 0)
      code = SQLITE_NOMEM;
  }
  if (code == SQLITE_OK && take(f, bucket_s) != 0)
    code = SQLITE_NOMEM;
  return code;
}

/* The newest layout that the entity has in the span. */
static int find_layout(struct xpf_store_writer *writer, const struct folding *f, int64_t entity,
                       const struct xpf_layout **layout) {
  int64_t span_s = xpf_history_tiers[f->tier].span_s;
  int64_t finer_s = xpf_history_tiers[f->tier - 1].span_s;
  int code = SQLITE_OK;
  *layout = NULL;
  for (int64_t at_s = f->start_s + span_s - finer_s; at_s >= f->start_s; at_s -= finer_s) {
    code = xpf_chunk_layout(&writer->chunks, f->tier - 1, at_s, entity, layout);
    if (code != SQLITE_OK || *layout)
      break;
  }
  return code;
}

static int roll_entity(struct xpf_store *store, int64_t entity, int64_t *grown) {
  struct xpf_store_writer *writer = &store->writer;
  const struct xpf_layout *layout;
  struct folding f = {.tier = writer->rollup.tier, .start_s = writer->rollup.start_s};
  int code = find_layout(writer, &f, entity, &layout);
  if (code != SQLITE_OK || !layout)
    return code;
  unsigned columns = xpf_layout_columns(layout, f.tier);
  f.rows.layout = layout;
  f.row = malloc((columns + 1) * sizeof *f.row);
  if (!f.row || xpf_fold_init(&f.fold, layout->fields, layout->is_counter, layout->gap_ms) != 0 ||
      xpf_stream_writer_init(&f.writer, columns, layout->exact) != 0)
    code = SQLITE_NOMEM;
  if (code == SQLITE_OK)
    code = fold_span(writer, &f, entity);
  if (code == SQLITE_OK && f.out.size > 0 &&
      xpf_pack(writer->chunks.packer, f.out.data, f.out.size, &writer->packed) != 0)
    code = SQLITE_NOMEM;
  if (code == SQLITE_OK && f.out.size > 0) {
    *grown += (int64_t)writer->packed.size;
    code = xpf_history_run(&writer->db, XPF_SQL_CHUNK_PUT, f.tier, "iib",
                           xpf_chunk_id(f.start_s, entity), layout->id, writer->packed.data,
                           (int)writer->packed.size);
  }
  xpf_fold_free(&f.fold);
  xpf_stream_writer_free(&f.writer);
  xpf_rows_free(&f.rows);
  xpf_bytes_free(&f.out);
  free(f.row);
  return code;
}

static int roll_some(struct xpf_store *store) {
  struct xpf_store_writer *writer = &store->writer;
  struct xpf_rollup *rollup = &writer->rollup;
  int64_t grown = 0;
  size_t end = rollup->next + ENTITIES_AT_ONCE;
  if (end > rollup->count)
    end = rollup->count;
  int code = xpf_history_run(&writer->db, XPF_SQL_BEGIN, 0, "");
  for (; code == SQLITE_OK && rollup->next < end; rollup->next++)
    code = roll_entity(store, rollup->entities[rollup->next], &grown);
  if (code == SQLITE_OK)
    code = xpf_history_run(&writer->db, XPF_SQL_TIER_BYTES, 0, "ii", grown, (int64_t)rollup->tier);
  bool is_done = rollup->next == rollup->count;
  if (code == SQLITE_OK && is_done)
    code = set_done(writer, rollup->tier, rollup->start_s + xpf_history_tiers[rollup->tier].span_s);
  if (code == SQLITE_OK)
    code = xpf_history_run(&writer->db, XPF_SQL_COMMIT, 0, "");
  if (is_done || code != SQLITE_OK)
    xpf_store_rollup_free(rollup);
  return code;
}

int xpf_store_roll(struct xpf_store *store) {
  struct xpf_store_writer *writer = &store->writer;
  if (writer->rollup.is_open)
    return roll_some(store);
  int code = SQLITE_OK;
  for (unsigned tier = 1; code == SQLITE_OK && tier < XPF_HISTORY_TIER_COUNT; tier++) {
    code = find_span(writer, tier);
    if (writer->rollup.is_open)
      return code;
  }
  writer->may_roll = false;
  return code;
}

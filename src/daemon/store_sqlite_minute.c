/* Minutes become chunks: the open one from memory, others (of a daemon that was killed, or from a
 * time when the disk was full) from their frames. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store_sqlite.h"

#define MINUTE_S xpf_history_tiers[0].span_s

/* The streams of a minute, read from its frames. */
struct piece {
  int64_t entity, layout_id, last_s;
  struct xpf_bytes stream;
};
struct pieces {
  struct piece *of;
  size_t count, capacity;
  uint32_t *table; /* index + 1 into of, by entity; capacity * 2 slots */
};

/* A stream in the columns of another layout. */
static int rewrite(const struct xpf_rows *rows, struct xpf_bytes *out) {
  struct xpf_stream_writer writer;
  int error = xpf_stream_writer_init(&writer, rows->columns, rows->layout->is_counter);
  out->size = 0;
  for (unsigned step = 0; !error && step < rows->steps; step++)
    if (rows->present[step])
      error = xpf_stream_write(&writer, step, rows->values + (size_t)step * rows->columns, out);
  xpf_stream_writer_free(&writer);
  return error;
}

/* Joins what the minute has already, in the reader's stream, with what is new. */
static int join(struct xpf_chunk_reader *chunks, const struct xpf_layout *old,
                const struct xpf_layout *layout, const struct xpf_bytes *stream) {
  if (old->id == layout->id)
    return xpf_bytes_append(&chunks->stream, stream->data, stream->size);
  struct xpf_rows rows = {0};
  int error = xpf_rows_begin(&rows, layout, 0);
  if (!error)
    error = xpf_rows_add(&rows, 0, old, chunks->stream.data, chunks->stream.size);
  if (error != -ENOMEM)
    error = xpf_rows_add(&rows, 0, layout, stream->data, stream->size);
  if (error != -ENOMEM)
    error = rewrite(&rows, &chunks->stream);
  xpf_rows_free(&rows);
  return error;
}

/* Writes a stream as a chunk; grown: by how much the tier grew. */
static int put_chunk(struct xpf_store *store, int64_t start_s, int64_t entity, int64_t layout_id,
                     const struct xpf_bytes *stream, int64_t *grown) {
  struct xpf_store_writer *writer = &store->writer;
  struct xpf_chunk_reader *chunks = &writer->chunks;
  const struct xpf_layout *old = NULL;
  int code = SQLITE_OK;
  if (start_s <= writer->flushed_s)
    code = xpf_chunk_load(chunks, 0, start_s, entity, &old);
  if (code == SQLITE_OK && old) {
    const struct xpf_layout *layout = xpf_layouts_get(&chunks->layouts, &writer->db, layout_id);
    if (!layout || join(chunks, old, layout, stream) != 0)
      return layout ? SQLITE_NOMEM : SQLITE_CORRUPT;
    stream = &chunks->stream;
  }
  if (code != SQLITE_OK)
    return code;
  if (xpf_pack(chunks->packer, stream->data, stream->size, &writer->packed) != 0)
    return SQLITE_NOMEM;
  *grown += (int64_t)writer->packed.size;
  return xpf_history_run(&writer->db, XPF_SQL_CHUNK_PUT, 0, "iib", xpf_chunk_id(start_s, entity),
                         layout_id, writer->packed.data, (int)writer->packed.size);
}

/* The coarser tiers have to be made anew from a minute that lies before what they have. */
static int step_back(struct xpf_store_writer *writer, int64_t minute_s) {
  int code = SQLITE_OK;
  for (unsigned tier = 1; tier < XPF_HISTORY_TIER_COUNT && code == SQLITE_OK; tier++) {
    int64_t start_s = xpf_span_start(minute_s, xpf_history_tiers[tier].span_s);
    if (writer->done_s[tier] <= start_s)
      continue;
    writer->done_s[tier] = start_s;
    code = xpf_history_run(&writer->db, XPF_SQL_TIER_DONE, 0, "ii", start_s, (int64_t)tier);
  }
  xpf_store_rollup_free(&writer->rollup);
  return code;
}

/* The end of both: the frames go, and the tier is complete up to the end of the minute. */
static int finish(struct xpf_store *store, int64_t minute_s, int64_t grown) {
  struct xpf_store_writer *writer = &store->writer;
  struct xpf_history_db *db = &writer->db;
  int64_t end_s = minute_s + MINUTE_S;
  int code = xpf_history_run(db, XPF_SQL_FRAME_DELETE, 0, "ii", minute_s, end_s);
  if (code == SQLITE_OK)
    code = xpf_history_run(db, XPF_SQL_TIER_BYTES, 0, "ii", grown, (int64_t)0);
  if (code == SQLITE_OK && minute_s <= writer->flushed_s)
    code = step_back(writer, minute_s);
  if (code == SQLITE_OK)
    code = xpf_history_run(db, XPF_SQL_TIER_DONE, 0, "ii", end_s, (int64_t)0);
  if (code == SQLITE_OK)
    code = xpf_history_run(db, XPF_SQL_COMMIT, 0, "");
  if (code == SQLITE_OK) {
    writer->done_s[0] = end_s;
    if (minute_s > writer->flushed_s)
      writer->flushed_s = minute_s;
  }
  return code;
}

static int by_entity(const void *left, const void *right) {
  const struct xpf_tracked *const *l = left, *const *r = right;
  return ((*l)->entity > (*r)->entity) - ((*l)->entity < (*r)->entity);
}

/* Those that have something to write, in the order in which their chunks will lie. */
static struct xpf_tracked **collect(struct xpf_store_writer *writer, size_t *count) {
  size_t most = writer->slots;
  *count = 0;
  for (struct xpf_tracked *t = writer->departed; t; t = t->next)
    most++;
  struct xpf_tracked **list = malloc((most + 1) * sizeof(struct xpf_tracked *));
  if (!list)
    return NULL;
  for (size_t i = 0; i < writer->slots; i++)
    if (writer->tracked[i] && writer->tracked[i]->stream.size > 0 &&
        writer->tracked[i]->entity != 0)
      list[(*count)++] = writer->tracked[i];
  for (struct xpf_tracked *t = writer->departed; t; t = t->next)
    if (t->stream.size > 0 && t->entity != 0)
      list[(*count)++] = t;
  qsort(list, *count, sizeof(struct xpf_tracked *), by_entity);
  return list;
}

static void clear_streams(struct xpf_store_writer *writer) {
  for (size_t i = 0; i < writer->slots; i++)
    if (writer->tracked[i]) {
      writer->tracked[i]->stream.size = 0;
      xpf_stream_writer_restart(&writer->tracked[i]->writer);
    }
  struct xpf_tracked **at = &writer->departed, *tracked;
  while ((tracked = *at)) {
    tracked->stream.size = 0;
    if (tracked->must_be_told && tracked->entity != 0) {
      at = &tracked->next;
      continue;
    }
    *at = tracked->next;
    xpf_tracked_free(tracked);
  }
}

int xpf_store_end_minute(struct xpf_store *store) {
  struct xpf_store_writer *writer = &store->writer;
  int64_t minute_s = writer->minute_s, grown = 0;
  size_t count;
  struct xpf_tracked **list = collect(writer, &count);
  int code = list ? xpf_history_run(&writer->db, XPF_SQL_BEGIN, 0, "") : SQLITE_NOMEM;
  for (size_t i = 0; code == SQLITE_OK && i < count; i++) {
    struct xpf_tracked *t = list[i];
    /* An entity that came back within the minute has two streams. */
    if (i > 0 && list[i - 1]->entity == t->entity && minute_s > writer->flushed_s)
      writer->flushed_s = minute_s;
    code = put_chunk(store, minute_s, t->entity, t->kind->layout_id, &t->stream, &grown);
  }
  free(list);
  if (code == SQLITE_OK)
    code = finish(store, minute_s, grown);
  if (code != SQLITE_OK)
    writer->has_leftovers = true;
  clear_streams(writer);
  writer->minute_s = INT64_MIN;
  return code;
}

static void free_pieces(struct pieces *pieces) {
  for (size_t i = 0; i < pieces->count; i++)
    xpf_bytes_free(&pieces->of[i].stream);
  free(pieces->of);
  free(pieces->table);
  *pieces = (struct pieces){0};
}

static uint32_t *table_slot(struct pieces *pieces, int64_t entity) {
  size_t mask = pieces->capacity * 2 - 1, at = (uint64_t)entity * 0x9e3779b97f4a7c15u >> 32 & mask;
  while (pieces->table[at] != 0 && pieces->of[pieces->table[at] - 1].entity != entity)
    at = (at + 1) & mask;
  return &pieces->table[at];
}

static int grow(struct pieces *pieces) {
  size_t capacity = pieces->capacity ? pieces->capacity * 2 : 256;
  struct piece *of = realloc(pieces->of, capacity * sizeof *of);
  if (of)
    pieces->of = of;
  uint32_t *table = calloc(capacity * 2, sizeof *table);
  if (!of || !table) {
    free(table);
    return -ENOMEM;
  }
  free(pieces->table);
  pieces->table = table;
  pieces->capacity = capacity;
  for (size_t i = 0; i < pieces->count; i++)
    *table_slot(pieces, of[i].entity) = (uint32_t)i + 1;
  return 0;
}

static int add_piece(struct xpf_store *store, struct pieces *pieces, int64_t minute_s, int64_t at_s,
                     const struct xpf_history_entry *entry, int64_t *grown) {
  if (pieces->count == pieces->capacity && grow(pieces) != 0)
    return SQLITE_NOMEM;
  uint32_t *slot = table_slot(pieces, (int64_t)entry->entity);
  if (*slot == 0) {
    pieces->of[pieces->count++] =
        (struct piece){.entity = (int64_t)entry->entity, .layout_id = (int64_t)entry->layout};
    *slot = (uint32_t)pieces->count;
  }
  struct piece *piece = &pieces->of[*slot - 1];
  if (piece->layout_id != (int64_t)entry->layout) { /* another version of xprofd went on */
    int code = put_chunk(store, minute_s, piece->entity, piece->layout_id, &piece->stream, grown);
    if (code != SQLITE_OK)
      return code;
    if (minute_s > store->writer.flushed_s)
      store->writer.flushed_s = minute_s; /* it is there: the next one joins it */
    piece->layout_id = (int64_t)entry->layout;
    piece->stream.size = 0;
  }
  piece->last_s = at_s;
  return xpf_bytes_append(&piece->stream, entry->record, entry->size) == 0 ? SQLITE_OK
                                                                           : SQLITE_NOMEM;
}

/* A frame that cannot be read is left out. */
static int add_frame(struct xpf_store *store, struct pieces *pieces, int64_t minute_s,
                     sqlite3_stmt *row, struct xpf_bytes *bytes, int64_t *grown) {
  const void *data = sqlite3_column_blob(row, 1);
  size_t size = (size_t)sqlite3_column_bytes(row, 1);
  int64_t at_s = sqlite3_column_int64(row, 0);
  struct xpf_history_entry entry;
  int code = SQLITE_OK;
  bytes->size = 0;
  if (!data ||
      xpf_unpack(store->writer.chunks.packer, data, size, XPF_FRAME_BYTES_MAX, bytes) != 0 ||
      bytes->size == 0)
    return SQLITE_OK;
  const uint8_t *at = bytes->data, *end = at + bytes->size;
  while (code == SQLITE_OK && xpf_history_frame_next(&at, end, &entry) == 1)
    code = add_piece(store, pieces, minute_s, at_s, &entry, grown);
  return code;
}

static int put_pieces(struct xpf_store *store, const struct pieces *pieces, int64_t minute_s,
                      int64_t *grown) {
  struct xpf_store_writer *writer = &store->writer;
  int code = SQLITE_OK;
  for (size_t i = 0; code == SQLITE_OK && i < pieces->count; i++) {
    const struct piece *piece = &pieces->of[i];
    code = put_chunk(store, minute_s, piece->entity, piece->layout_id, &piece->stream, grown);
    if (code == SQLITE_OK && writer->must_find_lost)
      code = xpf_history_run(&writer->db, XPF_SQL_ENTITY_LOST, 0, "ii", piece->last_s * 1000,
                             piece->entity);
  }
  return code;
}

static int replay_minute(struct xpf_store *store, int64_t minute_s) {
  struct xpf_store_writer *writer = &store->writer;
  struct pieces pieces = {0};
  struct xpf_bytes bytes = {0};
  int64_t grown = 0;
  int code = xpf_history_run(&writer->db, XPF_SQL_BEGIN, 0, "");
  if (code != SQLITE_OK)
    return code;
  sqlite3_stmt *rows =
      xpf_history_rows(&writer->db, XPF_SQL_FRAME_RANGE, 0, "ii", minute_s, minute_s + MINUTE_S);
  int stepped = rows ? SQLITE_ROW : SQLITE_ERROR;
  while (code == SQLITE_OK && rows && (stepped = sqlite3_step(rows)) == SQLITE_ROW)
    code = add_frame(store, &pieces, minute_s, rows, &bytes, &grown);
  sqlite3_reset(rows);
  if (code == SQLITE_OK && stepped != SQLITE_DONE)
    code = stepped;
  if (code == SQLITE_OK)
    code = put_pieces(store, &pieces, minute_s, &grown);
  if (code == SQLITE_OK)
    code = finish(store, minute_s, grown);
  free_pieces(&pieces);
  xpf_bytes_free(&bytes);
  return code;
}

int xpf_store_replay(struct xpf_store *store) {
  struct xpf_store_writer *writer = &store->writer;
  int64_t open_s = writer->minute_s, at_s, last_s;
  int64_t open_end_s = open_s == INT64_MIN ? INT64_MIN : open_s + MINUTE_S;
  int code = xpf_history_number(&writer->db, XPF_SQL_FRAME_LAST, 0, writer->done_s[0], &last_s, "");
  while (code == SQLITE_OK) {
    code = xpf_history_number(&writer->db, XPF_SQL_FRAME_OTHER, 0, INT64_MIN, &at_s, "ii", open_s,
                              open_end_s);
    if (code != SQLITE_OK || at_s == INT64_MIN)
      break;
    code = replay_minute(store, xpf_span_start(at_s, MINUTE_S));
  }
  if (code == SQLITE_OK && writer->must_find_lost) {
    code = xpf_history_run(&writer->db, XPF_SQL_ENTITY_LOST_ALL, 0, "i", last_s * 1000);
    writer->must_find_lost = false;
  }
  writer->has_leftovers = code != SQLITE_OK;
  return code;
}

/* The writer's thread: one transaction for each frame. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store_sqlite.h"

#define NONE             INT64_MIN
#define EVENTS_MAX       1000 /* that wait for the next frame */
#define NOTICES_MAX      64
#define SETTLE_S         600 /* nothing is too old within this time of a jump of the clock */
#define JUMP_S           3600
#define FRAME_EARLY_MS   50 /* a timer may come a little before its second */
#define TRY_OPEN_EVERY   5  /* frames */
#define CLOSE_FRAMES_MAX 10 /* the disk may be too slow to write all that is left */

void xpf_message_free(struct xpf_message *message) {
  if (!message)
    return;
  xpf_bytes_free(&message->bytes);
  free(message);
}

void xpf_store_tell(struct xpf_store *store, const char *name, const char *format, ...) {
  struct xpf_store_notice *notice = calloc(1, sizeof *notice);
  if (!notice)
    return;
  va_list values;
  va_start(values, format);
  vsnprintf(notice->text, sizeof notice->text, format, values);
  va_end(values);
  notice->name = name;
  uv_mutex_lock(&store->mutex);
  if (store->notices_count < NOTICES_MAX) {
    *store->notices_end = notice;
    store->notices_end = &notice->next;
    store->notices_count++;
    notice = NULL;
  }
  uv_mutex_unlock(&store->mutex);
  free(notice);
  uv_async_send(&store->async);
}

static void free_tracked(struct xpf_tracked *tracked) {
  if (!tracked)
    return;
  xpf_stream_writer_free(&tracked->writer);
  xpf_bytes_free(&tracked->stream);
  free(tracked->text);
  free(tracked);
}

static void free_departed(struct xpf_store_writer *writer) {
  while (writer->departed) {
    struct xpf_tracked *next = writer->departed->next;
    free_tracked(writer->departed);
    writer->departed = next;
  }
}

/* The next frame says everything: what the streams have so far stays good. */
static void restart_streams(struct xpf_store_writer *writer) {
  for (size_t i = 0; i < writer->slots; i++)
    if (writer->tracked[i])
      xpf_stream_writer_restart(&writer->tracked[i]->writer);
}

/* Nothing of the database is known any more. */
static void forget_database(struct xpf_store *store) {
  struct xpf_store_writer *writer = &store->writer;
  for (size_t i = 0; i < writer->slots; i++)
    if (writer->tracked[i]) {
      writer->tracked[i]->must_be_told = true;
      writer->tracked[i]->is_stored = false;
      writer->tracked[i]->entity = 0;
      writer->tracked[i]->stream.size = 0;
    }
  restart_streams(writer);
  free_departed(writer);
  xpf_layouts_free(&writer->chunks.layouts);
  xpf_store_rollup_free(&writer->rollup);
  writer->minute_s = NONE;
  writer->has_leftovers = true;
  for (unsigned i = 0; i < XPF_STORE_KINDS_MAX && store->kinds[i]; i++)
    store->kinds[i]->kind_id = store->kinds[i]->layout_id = 0;
}

static void set_problem(struct xpf_store *store, const char *problem) {
  uv_mutex_lock(&store->mutex);
  bool is_new = strcmp(store->figures.problem, problem) != 0;
  snprintf(store->figures.problem, sizeof store->figures.problem, "%.255s", problem);
  uv_mutex_unlock(&store->mutex);
  if (!is_new)
    return;
  if (problem[0])
    xpf_store_tell(store, "history_failed", "the history is not written: %s", problem);
  else
    xpf_store_tell(store, "history_works", "the history is written again");
}

static void begin_again(struct xpf_store *store) {
  char moved[4300];
  xpf_history_db_close(&store->writer.db);
  int error = xpf_history_db_set_aside(store->path, moved, sizeof moved);
  if (!error)
    xpf_store_tell(store, "history_damaged",
                   "the history was damaged; it is now %s, and a new one was begun", moved);
  uv_mutex_lock(&store->mutex);
  store->generation++;
  uv_mutex_unlock(&store->mutex);
}

void xpf_store_failed(struct xpf_store *store, int code) {
  struct xpf_store_writer *writer = &store->writer;
  char problem[256];
  if (writer->db.handle && !sqlite3_get_autocommit(writer->db.handle))
    xpf_history_run(&writer->db, XPF_SQL_ROLLBACK, 0, "");
  int kind = code & 0xff;
  snprintf(problem, sizeof problem, "%s: %s", XPF_HISTORY_FILE, sqlite3_errstr(code));
  set_problem(store, problem);
  if (kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB) {
    begin_again(store);
    forget_database(store);
    return;
  }
  /* A connection that met such an error may not recover by itself. */
  if (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN || kind == SQLITE_MISUSE) {
    xpf_history_db_close(&writer->db);
    forget_database(store);
  }
}

/* What a new connection has to know. */
static int load(struct xpf_store *store) {
  struct xpf_store_writer *writer = &store->writer;
  int code = SQLITE_OK;
  for (unsigned tier = 0; code == SQLITE_OK && tier < XPF_HISTORY_TIER_COUNT; tier++)
    code = xpf_history_number(&writer->db, XPF_SQL_TIER_GET, 0, 0, &writer->done_s[tier], "i",
                              (int64_t)tier);
  int64_t last = 0;
  if (code == SQLITE_OK)
    code = xpf_history_number(&writer->db, XPF_SQL_CHUNK_LAST, 0, 0, &last, "");
  writer->flushed_s = xpf_chunk_start(last);
  writer->has_leftovers = writer->must_find_lost = writer->may_roll = true;
  return code == SQLITE_OK ? xpf_store_find_oldest(store) : code;
}

static bool make_sure_it_is_open(struct xpf_store *store) {
  struct xpf_store_writer *writer = &store->writer;
  char why[sizeof store->figures.problem];
  if (!writer->db.handle) {
    if (writer->tries++ % TRY_OPEN_EVERY != 0)
      return false;
    int error = xpf_history_db_open(&writer->db, store->path, store->max_bytes, why, sizeof why);
    if (error == -EBADMSG) {
      begin_again(store);
      error = xpf_history_db_open(&writer->db, store->path, store->max_bytes, why, sizeof why);
    }
    if (error) {
      set_problem(store, why);
      return false;
    }
    writer->tries = 0;
    writer->flushed_s = NONE;
  }
  if (writer->flushed_s == NONE) {
    int code = load(store);
    if (code != SQLITE_OK) {
      xpf_store_failed(store, code);
      return false;
    }
  }
  if (!writer->has_leftovers)
    return true;
  int code = xpf_store_replay(store);
  if (code != SQLITE_OK)
    xpf_store_failed(store, code);
  return code == SQLITE_OK;
}

static int find_or_put(struct xpf_history_db *db, enum xpf_history_statement find,
                       enum xpf_history_statement put, int64_t *id, const char *name) {
  int code = xpf_history_number(db, find, 0, 0, id, "t", name);
  if (code == SQLITE_OK && *id == 0) {
    code = xpf_history_run(db, put, 0, "t", name);
    *id = sqlite3_last_insert_rowid(db->handle);
  }
  return code;
}

static int tell_kind(struct xpf_history_db *db, struct xpf_store_kind *kind) {
  const struct xpf_layout *layout = kind->layout;
  int64_t id = 0;
  if (kind->layout_id != 0)
    return SQLITE_OK;
  int code = find_or_put(db, XPF_SQL_KIND_FIND, XPF_SQL_KIND_PUT, &kind->kind_id, kind->name);
  if (code == SQLITE_OK)
    code = xpf_history_number(db, XPF_SQL_LAYOUT_FIND, 0, 0, &id, "iit", kind->kind_id,
                              layout->gap_ms, layout->text);
  if (code == SQLITE_OK && id == 0) {
    code = xpf_history_run(db, XPF_SQL_LAYOUT_PUT, 0, "iit", kind->kind_id, layout->gap_ms,
                           layout->text);
    id = sqlite3_last_insert_rowid(db->handle);
  }
  kind->layout_id = code == SQLITE_OK ? id : 0;
  return code;
}

static int tell_entity(struct xpf_store *store, struct xpf_tracked *tracked) {
  struct xpf_history_db *db = &store->writer.db;
  int code = tell_kind(db, tracked->kind);
  if (code != SQLITE_OK)
    return code;
  const char *key = tracked->text, *parent = key + strlen(key) + 1;
  const char *labels = parent + strlen(parent) + 1, *info = labels + strlen(labels) + 1;
  if (parent[0] == '\0')
    parent = NULL;
  code = xpf_history_number(db, XPF_SQL_ENTITY_FIND, 0, 0, &tracked->entity, "it",
                            tracked->kind->kind_id, key);
  if (code != SQLITE_OK)
    return code;
  if (tracked->entity != 0) {
    code =
        xpf_history_run(db, XPF_SQL_ENTITY_BACK, 0, "ttti", parent, labels, info, tracked->entity);
  } else {
    code = xpf_history_run(db, XPF_SQL_ENTITY_PUT, 0, "itttti", tracked->kind->kind_id, key, parent,
                           labels, info, tracked->since_ms);
    tracked->entity = sqlite3_last_insert_rowid(db->handle);
  }
  tracked->must_be_told = code != SQLITE_OK;
  return code;
}

static void depart(struct xpf_store_writer *writer, uint32_t slot) {
  struct xpf_tracked *tracked = slot < writer->slots ? writer->tracked[slot] : NULL;
  if (!tracked)
    return;
  writer->tracked[slot] = NULL;
  tracked->next = writer->departed;
  writer->departed = tracked;
  tracked->must_be_told = true; /* its end */
}

static struct xpf_tracked *new_tracked(struct xpf_store_kind *kind) {
  struct xpf_tracked *tracked = calloc(1, sizeof *tracked);
  if (!tracked)
    return NULL;
  tracked->kind = kind;
  if (xpf_stream_writer_init(&tracked->writer, kind->layout->fields, kind->layout->is_counter) == 0)
    return tracked;
  free(tracked);
  return NULL;
}

static bool set_text(struct xpf_tracked *tracked, const char *text, size_t size) {
  char *copy = malloc(size);
  if (!copy)
    return false;
  memcpy(copy, text, size);
  free(tracked->text);
  tracked->text = copy;
  return true;
}

/* The entity of a slot, met anew when texts came with it. NULL: no memory. */
static struct xpf_tracked *meet(struct xpf_store *store, const struct xpf_packed *head,
                                const char *text) {
  struct xpf_store_writer *writer = &store->writer;
  if (head->slot >= writer->slots) {
    size_t count = head->slot + 1024;
    struct xpf_tracked **grown = realloc(writer->tracked, count * sizeof(struct xpf_tracked *));
    if (!grown)
      return NULL;
    memset(grown + writer->slots, 0, (count - writer->slots) * sizeof(struct xpf_tracked *));
    writer->tracked = grown;
    writer->slots = count;
  }
  struct xpf_tracked **slot = &writer->tracked[head->slot];
  if (head->text_size == 0)
    return *slot;
  struct xpf_store_kind *kind = store->kinds[head->kind];
  if (*slot && ((*slot)->kind != kind || strcmp((*slot)->text, text) != 0))
    depart(writer, head->slot); /* its end was not told: the queue was full */
  struct xpf_tracked *tracked = *slot ? *slot : new_tracked(kind);
  if (!tracked || !set_text(tracked, text, head->text_size)) {
    if (tracked != *slot)
      free_tracked(tracked);
    return NULL;
  }
  tracked->since_ms = head->since_ms;
  tracked->must_be_told = true;
  *slot = tracked;
  return *slot;
}

static int add_entity(struct xpf_store *store, const struct xpf_packed *head, const char *text,
                      const double *values, int64_t at_s) {
  struct xpf_store_writer *writer = &store->writer;
  struct xpf_tracked *tracked = meet(store, head, text);
  if (!tracked)
    return SQLITE_NOMEM;
  tracked->last_ms = at_s * 1000;
  int code = tracked->must_be_told ? tell_entity(store, tracked) : SQLITE_OK;
  if (code == SQLITE_OK)
    code = tell_kind(&writer->db, tracked->kind); /* new when the file is */
  if (code != SQLITE_OK)
    return code;
  tracked->good_size = tracked->stream.size;
  tracked->was_written = true;
  if (xpf_stream_write(&tracked->writer, (unsigned)(at_s - writer->minute_s), values,
                       &tracked->stream) != 0)
    return SQLITE_NOMEM;
  struct xpf_history_entry entry = {(uint64_t)tracked->entity, (uint64_t)tracked->kind->layout_id,
                                    tracked->stream.data + tracked->good_size,
                                    tracked->stream.size - tracked->good_size};
  return xpf_history_frame_add(&writer->frame, &entry) == 0 ? SQLITE_OK : SQLITE_NOMEM;
}

static int add_entities(struct xpf_store *store, const struct xpf_message *message, int64_t at_s) {
  const uint8_t *at = message->bytes.data, *end = at + message->bytes.size;
  int code = SQLITE_OK;
  store->writer.frame.size = 0;
  while (code == SQLITE_OK && at < end) {
    const struct xpf_packed *head = (const struct xpf_packed *)(const void *)at;
    const char *text = (const char *)(head + 1);
    const uint8_t *values = at + (sizeof *head + head->text_size + 7) / 8 * 8;
    code = add_entity(store, head, text, (const double *)(const void *)values, at_s);
    at = values + head->count * sizeof(double);
  }
  return code;
}

static int tell_ends(struct xpf_store_writer *writer) {
  int code = SQLITE_OK;
  for (struct xpf_tracked *t = writer->departed; t && code == SQLITE_OK; t = t->next)
    if (t->must_be_told && t->entity != 0)
      code = xpf_history_run(&writer->db, XPF_SQL_ENTITY_END, 0, "ii", t->last_ms, t->entity);
  return code;
}

static int tell_events(struct xpf_store_writer *writer) {
  int code = SQLITE_OK;
  for (struct xpf_message *m = writer->events; m && code == SQLITE_OK; m = m->next) {
    const char *name = (const char *)m->bytes.data, *kind = name + strlen(name) + 1;
    const char *key = kind + strlen(kind) + 1, *text = key + strlen(key) + 1;
    code = xpf_history_run(&writer->db, XPF_SQL_EVENT_PUT, 0, "itttt", m->at_ms, name, kind, key,
                           text);
  }
  return code;
}

static unsigned drop_events(struct xpf_store_writer *writer) {
  unsigned count = writer->events_count;
  while (writer->events) {
    struct xpf_message *next = writer->events->next;
    xpf_message_free(writer->events);
    writer->events = next;
  }
  writer->events_end = &writer->events;
  writer->events_count = 0;
  return count;
}

static void keep_event(struct xpf_store_writer *writer, struct xpf_message *message) {
  if (writer->events_count == EVENTS_MAX) {
    xpf_message_free(message);
    return;
  }
  message->next = NULL;
  *writer->events_end = message;
  writer->events_end = &message->next;
  writer->events_count++;
}

/* After the transaction of a frame: what was written stays or is taken back. Newly met entities
 * are told again when it was not written, and a kind that was new is looked up again. */
static void settle(struct xpf_store *store, bool is_good) {
  struct xpf_store_writer *writer = &store->writer;
  for (size_t i = 0; i < writer->slots; i++) {
    struct xpf_tracked *tracked = writer->tracked[i];
    if (tracked && !is_good) {
      if (tracked->was_written)
        tracked->stream.size = tracked->good_size;
      tracked->must_be_told = true;
      if (!tracked->is_stored)
        tracked->entity = 0;
      xpf_stream_writer_restart(&tracked->writer);
    }
    if (tracked) {
      tracked->is_stored = tracked->entity != 0;
      tracked->was_written = false;
    }
  }
  for (struct xpf_tracked *t = writer->departed; t && is_good; t = t->next)
    t->must_be_told = false;
  for (unsigned i = 0; !is_good && i < XPF_STORE_KINDS_MAX && store->kinds[i]; i++)
    store->kinds[i]->kind_id = store->kinds[i]->layout_id = 0;
}

static int write_frame(struct xpf_store *store, const struct xpf_message *message, int64_t at_s) {
  struct xpf_store_writer *writer = &store->writer;
  int code = xpf_history_run(&writer->db, XPF_SQL_BEGIN, 0, "");
  if (code == SQLITE_OK)
    code = add_entities(store, message, at_s);
  if (code == SQLITE_OK)
    code = tell_ends(writer);
  if (code == SQLITE_OK)
    code = tell_events(writer);
  if (code == SQLITE_OK &&
      xpf_pack(writer->chunks.packer, writer->frame.data, writer->frame.size, &writer->packed) != 0)
    code = SQLITE_NOMEM;
  if (code == SQLITE_OK)
    code = xpf_history_run(&writer->db, XPF_SQL_FRAME_PUT, 0, "ib", at_s, writer->packed.data,
                           (int)writer->packed.size);
  if (code == SQLITE_OK)
    code = xpf_history_run(&writer->db, XPF_SQL_COMMIT, 0, "");
  if (code != SQLITE_OK)
    xpf_store_failed(store, code);
  settle(store, code == SQLITE_OK);
  return code;
}

/* A minute ends with the first frame of another one, or when the clock was put back. */
static void end_minute(struct xpf_store *store, int64_t at_s) {
  struct xpf_store_writer *writer = &store->writer;
  int64_t minute_s = xpf_span_start(at_s, xpf_history_tiers[0].span_s);
  int64_t jump_s = writer->last_s == NONE ? JUMP_S + 1 : at_s - writer->last_s;
  if (jump_s > JUMP_S || jump_s < -JUMP_S)
    writer->settled_s = at_s + SETTLE_S;
  if (writer->minute_s != NONE && (minute_s != writer->minute_s || at_s < writer->last_s)) {
    int code = xpf_store_end_minute(store);
    if (code == SQLITE_OK)
      code = xpf_store_retain(store, at_s);
    if (code != SQLITE_OK)
      xpf_store_failed(store, code);
    writer->may_roll = true;
  }
  writer->minute_s = minute_s;
}

static void count_frame(struct xpf_store *store, bool is_good, uint64_t begun_ns, unsigned events) {
  double seconds = (double)(uv_hrtime() - begun_ns) / 1e9;
  uint64_t bytes = xpf_store_bytes_on_disk(store);
  uv_mutex_lock(&store->mutex);
  struct xpf_store_figures *figures = &store->figures;
  figures->frames_written += is_good;
  figures->frames_lost += !is_good;
  figures->events_written += events;
  figures->last_write_seconds = seconds;
  figures->write_seconds_total += seconds;
  figures->bytes_on_disk = bytes;
  uv_mutex_unlock(&store->mutex);
}

static void handle_frame(struct xpf_store *store, const struct xpf_message *message) {
  struct xpf_store_writer *writer = &store->writer;
  uint64_t begun_ns = uv_hrtime();
  int64_t at_s = (message->at_ms + FRAME_EARLY_MS) / 1000;
  bool is_good = false;
  unsigned events = 0;
  if (at_s == writer->last_s)
    return; /* two frames in one second: the first is as good */
  if (make_sure_it_is_open(store)) {
    end_minute(store, at_s);
    is_good = writer->db.handle && write_frame(store, message, at_s) == SQLITE_OK;
  }
  if (is_good) {
    writer->last_s = at_s;
    events = drop_events(writer);
    set_problem(store, "");
  }
  count_frame(store, is_good, begun_ns, events);
}

static void handle(struct xpf_store *store, struct xpf_message *message) {
  struct xpf_store_writer *writer = &store->writer;
  if (message->type == XPF_MESSAGE_EVENT) {
    keep_event(writer, message);
    return;
  }
  if (message->type == XPF_MESSAGE_FRAME)
    handle_frame(store, message);
  else
    depart(writer, message->slot);
  xpf_message_free(message);
}

/* The next message; NULL: there is none now. Waits when there is nothing else to do. */
static struct xpf_message *take(struct xpf_store *store, bool *is_closing) {
  uv_mutex_lock(&store->mutex);
  while (!store->first && !store->is_closing && !store->writer.may_roll)
    uv_cond_wait(&store->wake, &store->mutex);
  struct xpf_message *message = store->first;
  if (message) {
    store->first = message->next;
    if (!store->first)
      store->end = &store->first;
    store->queue_bytes -= sizeof *message + message->bytes.capacity;
    store->queue_count--;
  }
  *is_closing = store->is_closing;
  uv_mutex_unlock(&store->mutex);
  return message;
}

/* Events of the last second: there is no frame any more that takes them. */
static void write_last(struct xpf_store *store) {
  struct xpf_store_writer *writer = &store->writer;
  if (!writer->db.handle || xpf_history_run(&writer->db, XPF_SQL_BEGIN, 0, "") != SQLITE_OK)
    return;
  if (tell_events(writer) == SQLITE_OK && tell_ends(writer) == SQLITE_OK)
    xpf_history_run(&writer->db, XPF_SQL_COMMIT, 0, "");
}

static void roll(struct xpf_store *store) {
  if (!store->writer.db.handle) {
    store->writer.may_roll = false;
    return;
  }
  int code = xpf_store_roll(store);
  if (code != SQLITE_OK) {
    xpf_store_failed(store, code);
    xpf_store_rollup_free(&store->writer.rollup);
    store->writer.may_roll = false; /* the next minute tries again */
  }
}

void xpf_store_writer_run(void *arg) {
  struct xpf_store *store = arg;
  unsigned frames_left = CLOSE_FRAMES_MAX;
  bool is_closing = false;
  struct xpf_message *message;
  while ((message = take(store, &is_closing)) || !is_closing) {
    if (message && is_closing && message->type == XPF_MESSAGE_FRAME && frames_left == 0) {
      xpf_message_free(message);
    } else if (message) {
      frames_left -= is_closing && frames_left > 0;
      handle(store, message);
    } else {
      roll(store);
    }
  }
  write_last(store);
  xpf_history_db_close(&store->writer.db);
  uv_mutex_lock(&store->mutex);
  store->has_writer_ended = true;
  uv_mutex_unlock(&store->mutex);
  uv_async_send(&store->async);
}

void xpf_store_writer_free(struct xpf_store *store) {
  struct xpf_store_writer *writer = &store->writer;
  for (size_t i = 0; i < writer->slots; i++)
    free_tracked(writer->tracked[i]);
  free(writer->tracked);
  free_departed(writer);
  drop_events(writer);
  xpf_bytes_free(&writer->frame);
  xpf_bytes_free(&writer->packed);
  xpf_store_rollup_free(&writer->rollup);
  xpf_chunk_reader_free(&writer->chunks);
  xpf_history_db_close(&writer->db);
}

/* One transaction for each second: what is new about entities, their values, and events. */
#include <stdlib.h>
#include <string.h>

#include "daemon/store_sqlite.h"

#define EVENTS_MAX 1000 /* that wait for the next frame */

void xpf_tracked_free(struct xpf_tracked *tracked) {
  if (!tracked)
    return;
  xpf_stream_writer_free(&tracked->writer);
  xpf_bytes_free(&tracked->stream);
  free(tracked->text);
  free(tracked);
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

void xpf_store_depart(struct xpf_store_writer *writer, uint32_t slot) {
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
    xpf_store_depart(writer, head->slot); /* its end was not told: the queue was full */
  struct xpf_tracked *tracked = *slot ? *slot : new_tracked(kind);
  if (!tracked || !set_text(tracked, text, head->text_size)) {
    if (tracked != *slot)
      xpf_tracked_free(tracked);
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

unsigned xpf_store_drop_events(struct xpf_store_writer *writer) {
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

void xpf_store_keep_event(struct xpf_store_writer *writer, struct xpf_message *message) {
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

int xpf_store_write_frame(struct xpf_store *store, const struct xpf_message *message,
                          int64_t at_s) {
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

void xpf_store_write_last(struct xpf_store *store) {
  struct xpf_store_writer *writer = &store->writer;
  if (!writer->db.handle || xpf_history_run(&writer->db, XPF_SQL_BEGIN, 0, "") != SQLITE_OK)
    return;
  if (tell_events(writer) == SQLITE_OK && tell_ends(writer) == SQLITE_OK)
    xpf_history_run(&writer->db, XPF_SQL_COMMIT, 0, "");
}

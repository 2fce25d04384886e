/* The reader's thread: one question after the other, each within one read transaction. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/history_series.h"
#include "daemon/store_request.h"
#include "daemon/store_sqlite.h"

#define REQUESTS_MAX 64
#define DEADLINE_NS  10000000000u
#define CHECK_EVERY  20000 /* instructions of SQLite's machine */

struct reading {
  struct xpf_store *store;
  struct xpf_history_db db;
  struct xpf_chunk_reader chunks;
  unsigned generation;
};

static int submit(struct xpf_store *store, struct xpf_store_request *request, void *arg) {
  struct xpf_store_reader *reader = &store->reader;
  request->arg = arg;
  uv_mutex_lock(&store->mutex);
  int error = store->is_closing ? -ECANCELED : reader->count >= REQUESTS_MAX ? -EBUSY : 0;
  if (!error) {
    *reader->waiting_end = request;
    reader->waiting_end = &request->next;
    reader->count++;
    uv_cond_signal(&reader->wake);
  }
  uv_mutex_unlock(&store->mutex);
  if (error)
    xpf_store_request_free(request);
  return error;
}

int xpf_store_reader_query(struct xpf_store *store, const struct xpf_store_query *query,
                           xpf_store_answered answered, void *arg) {
  struct xpf_store_request *request;
  int error = xpf_store_request_series(&request, query);
  if (error)
    return error;
  request->answered = answered;
  return submit(store, request, arg);
}

static struct xpf_store_request *new_list(enum xpf_request_type type, const char *kind,
                                          const char *key, int64_t from_ms, int64_t to_ms,
                                          size_t limit) {
  struct xpf_store_request *request = xpf_store_request_new(type, kind, key);
  if (!request)
    return NULL;
  request->from_ms = from_ms;
  request->to_ms = to_ms;
  request->limit = limit < XPF_STORE_LIMIT_MAX ? limit : XPF_STORE_LIMIT_MAX;
  return request;
}

int xpf_store_reader_events(struct xpf_store *store, int64_t from_ms, int64_t to_ms,
                            const char *kind, const char *key, size_t limit,
                            xpf_store_events_answered answered, void *arg) {
  struct xpf_store_request *request =
      new_list(XPF_REQUEST_EVENTS, kind, key, from_ms, to_ms, limit);
  if (!request)
    return -ENOMEM;
  request->events_answered = answered;
  return submit(store, request, arg);
}

int xpf_store_reader_entities(struct xpf_store *store, const char *kind, int64_t from_ms,
                              int64_t to_ms, size_t limit, xpf_store_entities_answered answered,
                              void *arg) {
  struct xpf_store_request *request =
      new_list(XPF_REQUEST_ENTITIES, kind, NULL, from_ms, to_ms, limit);
  if (!request)
    return -ENOMEM;
  request->entities_answered = answered;
  return submit(store, request, arg);
}

int xpf_store_reader_kinds(struct xpf_store *store, int64_t from_ms, int64_t to_ms,
                           xpf_store_kinds_answered answered, void *arg) {
  struct xpf_store_request *request =
      new_list(XPF_REQUEST_KINDS, NULL, NULL, from_ms, to_ms, XPF_STORE_LIMIT_MAX);
  if (!request)
    return -ENOMEM;
  request->kinds_answered = answered;
  return submit(store, request, arg);
}

/* A question that ends before it began, or after: with the mutex held. */
static void put_done(struct xpf_store_reader *reader, struct xpf_store_request *request) {
  request->next = NULL;
  request->answer.error = request->error;
  *reader->done_end = request;
  reader->done_end = &request->next;
}

void xpf_store_reader_cancel(struct xpf_store *store, void *arg) {
  struct xpf_store_reader *reader = &store->reader;
  uv_mutex_lock(&store->mutex);
  struct xpf_store_request **at = &reader->waiting, *request;
  while ((request = *at)) {
    if (arg && request->arg != arg) {
      at = &request->next;
      continue;
    }
    *at = request->next;
    if (!*at)
      reader->waiting_end = at;
    request->error = -ECANCELED;
    put_done(reader, request);
  }
  if (reader->running && (!arg || reader->running->arg == arg))
    atomic_store(&reader->running->is_canceled, true);
  uv_mutex_unlock(&store->mutex);
  uv_async_send(&store->async);
}

void xpf_store_reader_deliver(struct xpf_store *store) {
  struct xpf_store_reader *reader = &store->reader;
  for (;;) {
    uv_mutex_lock(&store->mutex);
    struct xpf_store_request *request = reader->done;
    if (request) {
      reader->done = request->next;
      if (!reader->done)
        reader->done_end = &reader->done;
      reader->count--;
    }
    uv_mutex_unlock(&store->mutex);
    if (!request)
      return;
    xpf_store_request_deliver(request);
    xpf_store_request_free(request);
  }
}

static char *copy_column(sqlite3_stmt *row, int column) {
  const char *text = (const char *)sqlite3_column_text(row, column);
  return text ? strdup(text) : NULL;
}

static bool copy_event(sqlite3_stmt *row, struct xpf_store_event *event) {
  event->at_ms = sqlite3_column_int64(row, 0);
  event->name = copy_column(row, 1);
  event->kind = copy_column(row, 2);
  event->key = copy_column(row, 3);
  event->text = copy_column(row, 4);
  return event->name && event->kind && event->key && event->text;
}

static bool copy_entity(sqlite3_stmt *row, struct xpf_store_entity *entity) {
  entity->kind = copy_column(row, 0);
  entity->key = copy_column(row, 1);
  entity->parent = copy_column(row, 2);
  entity->labels_json = copy_column(row, 3);
  entity->info_json = copy_column(row, 4);
  entity->since_ms = sqlite3_column_int64(row, 5);
  entity->until_ms = sqlite3_column_int64(row, 6);
  return entity->kind && entity->key && entity->labels_json && entity->info_json;
}

static bool copy_kind(sqlite3_stmt *row, struct xpf_store_past_kind *kind) {
  kind->name = copy_column(row, 0);
  kind->fields = copy_column(row, 1);
  kind->stale_after_ms = sqlite3_column_int64(row, 2);
  return kind->name && kind->fields;
}

/* Room for one more in a list. NULL: no memory, and the list is as it was. */
static void *grow(void *list, size_t count, size_t *capacity, size_t item_size) {
  if (count < *capacity)
    return list;
  size_t more = *capacity ? *capacity * 2 : 64;
  char *grown = realloc(list, more * item_size);
  if (!grown)
    return NULL;
  memset(grown + *capacity * item_size, 0, (more - *capacity) * item_size);
  *capacity = more;
  return grown;
}

/* Also what is half copied stands in the list: it is to be freed. */
static bool copy_row(sqlite3_stmt *row, struct xpf_store_request *request, size_t *capacity) {
  size_t at = request->count;
  void *list;
  if (request->type == XPF_REQUEST_EVENTS) {
    if (!(list = grow(request->events, at, capacity, sizeof *request->events)))
      return false;
    request->events = list;
    request->count++;
    return copy_event(row, &request->events[at]);
  }
  if (request->type == XPF_REQUEST_ENTITIES) {
    if (!(list = grow(request->entities, at, capacity, sizeof *request->entities)))
      return false;
    request->entities = list;
    request->count++;
    return copy_entity(row, &request->entities[at]);
  }
  if (!(list = grow(request->kinds, at, capacity, sizeof *request->kinds)))
    return false;
  request->kinds = list;
  request->count++;
  return copy_kind(row, &request->kinds[at]);
}

static sqlite3_stmt *rows_of(struct xpf_history_db *db, const struct xpf_store_request *request) {
  int64_t from_ms = request->from_ms, to_ms = request->to_ms, limit = (int64_t)request->limit;
  switch (request->type) {
  case XPF_REQUEST_EVENTS:
    return xpf_history_rows(db, XPF_SQL_EVENT_LIST, 0, "iitti", from_ms, to_ms, request->kind,
                            request->key, limit);
  case XPF_REQUEST_ENTITIES:
    return xpf_history_rows(db, XPF_SQL_ENTITY_LIST, 0, "tiii", request->kind, to_ms, from_ms,
                            limit);
  default:
    return xpf_history_rows(db, XPF_SQL_KIND_LIST, 0, "iii", to_ms, from_ms, limit);
  }
}

static int read_list(struct xpf_history_db *db, struct xpf_store_request *request) {
  size_t capacity = 0;
  sqlite3_stmt *rows = rows_of(db, request);
  int code = rows ? SQLITE_ROW : SQLITE_ERROR, error = 0;
  while (!error && rows && (code = sqlite3_step(rows)) == SQLITE_ROW)
    error = copy_row(rows, request, &capacity) ? 0 : -ENOMEM;
  sqlite3_reset(rows);
  if (error)
    return error;
  return code == SQLITE_DONE ? 0 : -EIO;
}

static int on_progress(void *request) {
  return xpf_store_request_check(request) != 0;
}

static void close_db(struct reading *reading) {
  xpf_layouts_free(&reading->chunks.layouts);
  xpf_history_db_close(&reading->db);
}

static int open_db(struct reading *reading) {
  struct xpf_store *store = reading->store;
  uv_mutex_lock(&store->mutex);
  unsigned generation = store->generation;
  uv_mutex_unlock(&store->mutex);
  if (generation != reading->generation)
    close_db(reading);
  reading->generation = generation;
  if (!reading->db.handle && xpf_history_db_open_read(&reading->db, store->path) != SQLITE_OK)
    return -EIO;
  reading->chunks.db = &reading->db;
  if (!reading->chunks.packer)
    reading->chunks.packer = xpf_packer_new();
  return reading->chunks.packer ? 0 : -ENOMEM;
}

static int answer(struct reading *reading, struct xpf_store_request *request) {
  request->deadline_ns = uv_hrtime() + DEADLINE_NS;
  int error = open_db(reading);
  if (error)
    return error;
  sqlite3_progress_handler(reading->db.handle, CHECK_EVERY, on_progress, request);
  if (xpf_history_run(&reading->db, XPF_SQL_BEGIN_READ, 0, "") != SQLITE_OK)
    error = -EIO;
  else if (request->type == XPF_REQUEST_SERIES)
    error = xpf_history_series(&reading->chunks, request);
  else
    error = read_list(&reading->db, request);
  sqlite3_progress_handler(reading->db.handle, 0, NULL, NULL);
  if (!sqlite3_get_autocommit(reading->db.handle))
    xpf_history_run(&reading->db, XPF_SQL_COMMIT, 0, "");
  int reason = xpf_store_request_check(request);
  if (error == -EIO && reason)
    error = reason; /* SQLite was interrupted by it */
  if (error == -EIO)
    close_db(reading); /* perhaps the file is another one by now */
  return error;
}

void xpf_store_reader_run(void *arg) {
  struct xpf_store *store = arg;
  struct xpf_store_reader *reader = &store->reader;
  struct reading reading = {.store = store};
  uv_mutex_lock(&store->mutex);
  for (;;) {
    while (!reader->waiting && !store->is_closing)
      uv_cond_wait(&reader->wake, &store->mutex);
    struct xpf_store_request *request = reader->waiting;
    if (!request)
      break;
    reader->waiting = request->next;
    if (!reader->waiting)
      reader->waiting_end = &reader->waiting;
    reader->running = request;
    uv_mutex_unlock(&store->mutex);
    request->error = answer(&reading, request);
    if (!request->error && request->prepare)
      request->prepare(request->arg, &request->answer);
    uv_mutex_lock(&store->mutex);
    reader->running = NULL;
    put_done(reader, request);
    uv_async_send(&store->async);
  }
  store->has_reader_ended = true;
  uv_mutex_unlock(&store->mutex);
  close_db(&reading);
  xpf_chunk_reader_free(&reading.chunks);
  uv_async_send(&store->async);
}

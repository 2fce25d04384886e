/* The writer's thread: takes what the loop gives, opens the file and tells when it cannot be
 * written. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store_sqlite.h"

#define NONE             INT64_MIN
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

static void free_departed(struct xpf_store_writer *writer) {
  while (writer->departed) {
    struct xpf_tracked *next = writer->departed->next;
    xpf_tracked_free(writer->departed);
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
    is_good = writer->db.handle && xpf_store_write_frame(store, message, at_s) == SQLITE_OK;
  }
  if (is_good) {
    writer->last_s = at_s;
    events = xpf_store_drop_events(writer);
    set_problem(store, "");
  }
  count_frame(store, is_good, begun_ns, events);
}

static void handle(struct xpf_store *store, struct xpf_message *message) {
  struct xpf_store_writer *writer = &store->writer;
  if (message->type == XPF_MESSAGE_EVENT) {
    xpf_store_keep_event(writer, message);
    return;
  }
  if (message->type == XPF_MESSAGE_FRAME)
    handle_frame(store, message);
  else
    xpf_store_depart(writer, message->slot);
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
  xpf_store_write_last(store);
  xpf_history_db_close(&store->writer.db);
  uv_mutex_lock(&store->mutex);
  store->has_writer_ended = true;
  uv_mutex_unlock(&store->mutex);
  uv_async_send(&store->async);
}

void xpf_store_writer_free(struct xpf_store *store) {
  struct xpf_store_writer *writer = &store->writer;
  for (size_t i = 0; i < writer->slots; i++)
    xpf_tracked_free(writer->tracked[i]);
  free(writer->tracked);
  free_departed(writer);
  xpf_store_drop_events(writer);
  xpf_bytes_free(&writer->frame);
  xpf_bytes_free(&writer->packed);
  xpf_store_rollup_free(&writer->rollup);
  xpf_chunk_reader_free(&writer->chunks);
  xpf_history_db_close(&writer->db);
}

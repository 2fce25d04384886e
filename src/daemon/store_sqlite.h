/* What the files of the SQLite engine share. The loop's thread packs what the world tells into
 * messages (store_sqlite.c); the writer's thread keeps them (store_sqlite_writer.c and the others
 * that say [writer]); the reader's thread answers queries (store_sqlite_reader.c). */
#ifndef XPF_DAEMON_STORE_SQLITE_H
#define XPF_DAEMON_STORE_SQLITE_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>
#include "daemon/history_db.h"
#include "daemon/history_frame.h"
#include "daemon/history_layout.h"
#include "daemon/store.h"

#define XPF_FRAME_BYTES_MAX (64u << 20) /* a larger one is none of ours */

/* What is not yet written when the disk is slow. */
#define XPF_STORE_QUEUE_BYTES_MAX (8u << 20)
#define XPF_STORE_QUEUE_COUNT_MAX 4096
/* Kinds that came in a daemon's life: a plugin that always prints other fields makes many. */
#define XPF_STORE_KINDS_MAX 1024

/* A copy of a kind: the kind itself may go before the last of it is written. Made on the loop's
 * thread, never changed, freed at the end. */
struct xpf_store_kind {
  const struct xpf_kind *of; /* only compared */
  char *name;
  struct xpf_layout *layout;
  /* [writer] in the database; 0: not looked up since it was opened. */
  int64_t kind_id, layout_id;
};

enum xpf_message_type { XPF_MESSAGE_FRAME, XPF_MESSAGE_EVENT, XPF_MESSAGE_GONE };
struct xpf_message {
  struct xpf_message *next;
  enum xpf_message_type type;
  int64_t at_ms;
  uint32_t slot;          /* of GONE */
  struct xpf_bytes bytes; /* FRAME: struct xpf_packed and what follows it, again and again.
                             EVENT: four texts */
};
/* One entity in a frame. Behind it: text_size bytes (key, parent, labels, info, each with its NUL,
 * when it is new or its info is, else none), filled up to 8, then the values. */
struct xpf_packed {
  uint32_t slot, kind, count, text_size;
  int64_t since_ms;
};

/* [writer] An entity that is written. */
struct xpf_tracked {
  struct xpf_store_kind *kind;
  int64_t entity; /* 0: not in the database */
  char *text;     /* key, parent, labels, info */
  int64_t since_ms, last_ms;
  bool must_be_told; /* the database does not have it, or not as it is now */
  bool is_stored;    /* entity is for good */
  bool was_written;  /* in the frame that is being made */
  size_t good_size;  /* of stream, before that frame */
  struct xpf_stream_writer writer;
  struct xpf_bytes stream;  /* of the minute */
  struct xpf_tracked *next; /* in the list of those that are gone */
};

/* [writer] A tier is made of the finer one, span by span, some entities at a time. */
struct xpf_rollup {
  bool is_open;
  unsigned tier;
  int64_t start_s;
  int64_t *entities;
  size_t count, next;
};

struct xpf_store_writer {
  uv_thread_t thread;
  struct xpf_history_db db;
  struct xpf_chunk_reader chunks;
  struct xpf_tracked **tracked; /* by slot */
  size_t slots;
  struct xpf_tracked *departed; /* gone, but still in the minute */
  struct xpf_message *events;   /* to be written with the next frame, oldest first */
  struct xpf_message **events_end;
  unsigned events_count;
  struct xpf_bytes frame, packed; /* scratch */
  int64_t minute_s;               /* that is open; INT64_MIN: none */
  int64_t last_s;                 /* second of the last frame; INT64_MIN: none */
  int64_t settled_s;              /* from then on the clock is believed */
  int64_t flushed_s;              /* the highest minute that has chunks */
  bool has_leftovers;             /* frames of minutes that are no chunks yet */
  bool must_find_lost;            /* entities whose end was not seen */
  int64_t done_s[XPF_HISTORY_TIER_COUNT];
  struct xpf_rollup rollup;
  bool may_roll;
  unsigned tries; /* to open, since it was closed */
};

struct xpf_store_request; /* of the reader */
struct xpf_store_reader {
  uv_thread_t thread;
  uv_cond_t wake;
  struct xpf_store_request *waiting, **waiting_end, *running, *done, **done_end;
  unsigned count; /* all of them */
};

struct xpf_store_notice { /* an event that a thread wants to tell */
  struct xpf_store_notice *next;
  const char *name;
  char text[512];
};

struct xpf_store {
  uv_loop_t *loop;
  struct xpf_world *world;
  struct xpf_world_listener listener;
  uv_async_t async;
  char path[4096];
  uint64_t max_bytes, max_age_s;
  int lock_fd;

  /* [loop] */
  struct xpf_store_known *known; /* by slot */
  size_t known_count;
  size_t frame_size;
  int64_t last_frame_ms;
  void (*closed)(void *arg);
  void *closed_arg;
  bool is_leaving;

  uv_mutex_t mutex; /* of what follows */
  uv_cond_t wake;   /* the writer */
  struct xpf_message *first, **end;
  size_t queue_bytes, queue_count;
  bool is_closing, has_writer_ended, has_reader_ended;
  unsigned generation; /* grows when the file is another one */
  struct xpf_store_figures figures;
  struct xpf_store_notice *notices, **notices_end;
  unsigned notices_count;
  struct xpf_store_kind *kinds[XPF_STORE_KINDS_MAX];
  unsigned kinds_count;

  struct xpf_store_writer writer;
  struct xpf_store_reader reader;
};

/* store_sqlite_pack.c [loop] */
void xpf_store_listen(struct xpf_store *store);
void xpf_store_pack_free(struct xpf_store *store);

/* store_sqlite_writer.c. The thread; it opens the file when the store has not. */
void xpf_store_writer_run(void *store);
void xpf_store_writer_free(struct xpf_store *store);
void xpf_message_free(struct xpf_message *message);
/* [writer] What to do when SQLite said this: rolls back, tells, sets a damaged file aside. */
void xpf_store_failed(struct xpf_store *store, int code);
/* [any] An event, told on the loop. */
void xpf_store_tell(struct xpf_store *store, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* store_sqlite_frame.c [writer] */
/* SQLite's code; when it is not SQLITE_OK nothing of the frame was written, and it is told. */
int xpf_store_write_frame(struct xpf_store *store, const struct xpf_message *message, int64_t at_s);
/* Events since the last frame: there is no frame any more that takes them. */
void xpf_store_write_last(struct xpf_store *store);
/* The entity of a slot is gone. */
void xpf_store_depart(struct xpf_store_writer *writer, uint32_t slot);
/* An event for the next frame, and after it: gives how many there were. */
void xpf_store_keep_event(struct xpf_store_writer *writer, struct xpf_message *message);
unsigned xpf_store_drop_events(struct xpf_store_writer *writer);
void xpf_tracked_free(struct xpf_tracked *tracked);

/* store_sqlite_minute.c [writer]: minutes into chunks. */
/* Ends the open minute: its streams become chunks, its frames go. SQLite's code; the streams are
 * empty then in any case, and what could not be written stays in the frames. */
int xpf_store_end_minute(struct xpf_store *store);
/* Frames of other minutes than the open one become chunks: those that a killed daemon left. */
int xpf_store_replay(struct xpf_store *store);

/* store_sqlite_rollup.c [writer] */
/* One piece of the work, if there is any; store->writer.may_roll says if there may be more. */
int xpf_store_roll(struct xpf_store *store);
void xpf_store_rollup_free(struct xpf_rollup *rollup);

/* store_sqlite_retention.c [writer] */
/* Removes what is too old, and the oldest when all is too much. */
int xpf_store_retain(struct xpf_store *store, int64_t now_s);
/* Puts the oldest moment into the figures. */
int xpf_store_find_oldest(struct xpf_store *store);
uint64_t xpf_store_bytes_on_disk(const struct xpf_store *store);

/* store_sqlite_reader.c */
int xpf_store_reader_query(struct xpf_store *store, const struct xpf_store_query *query,
                           xpf_store_answered answered, void *arg);
int xpf_store_reader_events(struct xpf_store *store, int64_t from_ms, int64_t to_ms,
                            const char *kind, const char *key, size_t limit,
                            xpf_store_events_answered answered, void *arg);
int xpf_store_reader_entities(struct xpf_store *store, const char *kind, int64_t from_ms,
                              int64_t to_ms, size_t limit, xpf_store_entities_answered answered,
                              void *arg);
int xpf_store_reader_kinds(struct xpf_store *store, int64_t from_ms, int64_t to_ms,
                           xpf_store_kinds_answered answered, void *arg);
void xpf_store_reader_cancel(struct xpf_store *store, void *arg); /* NULL: all */
void xpf_store_reader_run(void *store);
/* [loop] Gives out the answers that are ready. */
void xpf_store_reader_deliver(struct xpf_store *store);
#endif

/* The history: where the values of entities, their coming and going, and events are kept. An engine
 * is one file and one line in store_table.c. All functions are called on the loop's thread and
 * never wait for the disk: what takes time happens on a thread of the engine. */
#ifndef XPF_DAEMON_STORE_H
#define XPF_DAEMON_STORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>
#include "daemon/world.h"

struct xpf_store; /* of the engine */

struct xpf_store_options {
  const char *dir; /* exists, ours */
  uint64_t max_bytes;
  uint64_t max_age_s;
};

struct xpf_store_answer;

/* What is asked of the history: fields of one kind, of one or more entities, in equal steps. */
struct xpf_store_query {
  const struct xpf_kind *kind;
  /* Without a kind: the name of one that is known no more (of a plugin that was removed), and of
   * its fields; what they were, the history knows. -ENOENT is answered when it does not. */
  const char *past_kind;
  const char *const *past_fields; /* fields_count of them, in place of fields */
  const char *const *keys;        /* of entities, living or gone */
  size_t keys_count;
  const unsigned *fields;
  size_t fields_count;
  int64_t from_ms, to_ms; /* from <= t < to */
  int64_t step_ms;        /* whole seconds; 0: the finest there is, but at most 2,000 steps */
  bool as_rates;          /* counters per second (a counter that began anew counts from 0) */
  /* Called with the answer on the engine's own thread before `answered` is on the loop, when there
   * was no error: what takes long (thousands of numbers as JSON) is made there. May be NULL. */
  void (*prepare)(void *arg, const struct xpf_store_answer *answer);
};
/* More is refused with -E2BIG. */
#define XPF_STORE_STEPS_MAX  10000
#define XPF_STORE_VALUES_MAX 500000 /* entities x fields x steps */
#define XPF_STORE_LIMIT_MAX  10000  /* of events and entities */

struct xpf_store_column {
  const char *key;
  unsigned field;
  double *values; /* one a step: mean of a gauge, rate or last value of a counter; NaN: none */
  double *maxima; /* of gauges, else NULL: the highest value within the step */
};
/* Owned by the engine, valid during the callback. error: 0 or -errno, then nothing else counts. */
struct xpf_store_answer {
  int error;
  int64_t from_ms, step_ms;
  size_t steps;
  struct xpf_store_column *columns;
  size_t columns_count;
};
typedef void (*xpf_store_answered)(void *arg, const struct xpf_store_answer *answer);

struct xpf_store_event {
  int64_t at_ms;
  const char *name, *kind, *key, *text; /* kind and key "" when of no entity */
};
typedef void (*xpf_store_events_answered)(void *arg, int error,
                                          const struct xpf_store_event *events, size_t count);

/* Entities of the past. */
struct xpf_store_entity {
  const char *kind, *key;
  const char *parent;                  /* its key; NULL: none */
  const char *labels_json, *info_json; /* objects */
  int64_t since_ms, until_ms;          /* until: last value; 0: it is not known to be gone */
};
typedef void (*xpf_store_entities_answered)(void *arg, int error,
                                            const struct xpf_store_entity *entities, size_t count);

/* Kinds of the past. */
struct xpf_store_past_kind {
  const char *name;
  const char *fields; /* the last it had, one a line: key, a space, 'g' (gauge) or 'c' (counter) */
  int64_t stale_after_ms;
};
typedef void (*xpf_store_kinds_answered)(void *arg, int error,
                                         const struct xpf_store_past_kind *kinds, size_t count);

struct xpf_store_figures { /* its own cost */
  uint64_t bytes_on_disk, frames_written, frames_lost, events_written;
  double last_write_seconds, write_seconds_total;
  int64_t oldest_ms;
  char problem[256]; /* why it does not write at present; "" when it does */
};

struct xpf_store_engine {
  const char *name;
  /* Opens or makes it; why: a sentence for a person when it fails. Takes what it keeps from the
   * world by listening to it (frame, came, gone, event). */
  int (*open)(struct xpf_store **out, const struct xpf_store_options *options, uv_loop_t *loop,
              struct xpf_world *world, char *why, size_t why_size);
  /* The answer comes later, on the loop, exactly once when 0 was returned; -EBUSY: too many wait.
   * What takes too long is answered with -ETIMEDOUT. */
  int (*query)(struct xpf_store *store, const struct xpf_store_query *query,
               xpf_store_answered answered, void *arg);
  /* At most `limit` events, newest first. kind and key may be NULL. */
  int (*events)(struct xpf_store *store, int64_t from_ms, int64_t to_ms, const char *kind,
                const char *key, size_t limit, xpf_store_events_answered answered, void *arg);
  /* Entities of a kind (NULL: of all) that had values in that time, newest first. */
  int (*entities)(struct xpf_store *store, const char *kind, int64_t from_ms, int64_t to_ms,
                  size_t limit, xpf_store_entities_answered answered, void *arg);
  /* Kinds of which there was an entity in that time, by name. */
  int (*kinds)(struct xpf_store *store, int64_t from_ms, int64_t to_ms,
               xpf_store_kinds_answered answered, void *arg);
  /* Nobody wants what was asked with this arg any more: it is answered soon, with -ECANCELED when
   * it was not complete. */
  void (*cancel)(struct xpf_store *store, void *arg);
  void (*figures)(const struct xpf_store *store, struct xpf_store_figures *out);
  /* Writes what is left, within a few seconds; then closed is called. Open queries are answered
   * with -ECANCELED before. */
  void (*close)(struct xpf_store *store, void (*closed)(void *arg), void *arg);
};
/* Ended by NULL; the first is the default. */
extern const struct xpf_store_engine *const xpf_store_engines[];
#endif

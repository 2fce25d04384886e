/* Everything the daemon knows now: entities (a CPU, a disk, a process, a thread, …), each of one
 * kind (kind.h) with the latest value of every field, and what happened to them (events).
 * Collectors write it; /metrics, the API, the live stream and the store read it. Belongs to the
 * loop's thread; no other may touch it. Times are Unix time in ms. */
#ifndef XPF_DAEMON_WORLD_H
#define XPF_DAEMON_WORLD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "daemon/kind.h"

struct xpf_world;

struct xpf_entity {
  const struct xpf_kind *kind;
  struct xpf_entity *parent; /* a thread's process; NULL: none. Outlives its children. */
  /* Names it for ever within its kind, also in the history: "sda", "4711.98765" (pid and start
   * ticks), "4711.98765/0" (and thread). */
  const char *key;
  const char *const *labels; /* values, as many as the kind has names */
  const char *const *info;   /* values or NULLs, as many as the kind has keys */
  uint32_t info_version;     /* grows when a value of info changes */
  uint32_t slot;             /* a small number that no other living entity has */
  int64_t since_ms;          /* when we first saw it */
  int64_t updated_ms;        /* of the last xpf_entity_updated; 0: never */
  double *values;            /* NaN where the quality says that there is none */
  uint8_t *qualities;        /* enum xpf_quality, but never STALE: ask xpf_entity_quality */
  struct xpf_entity *next;   /* of its kind, in the order they came */
  void *owner_data;          /* of the collector that made it; not touched here */
};

struct xpf_world *xpf_world_new(void);
void xpf_world_free(struct xpf_world *world);

/* The entity of that key, made when it is new. labels: kind's number of values; key NULL: the
 * labels joined by '/' ("" when there are none). A child needs its parent. Texts are copied; those
 * that are no UTF-8 are made so. NULL: no memory, or more entities than XPF_ENTITIES_MAX (told once
 * as an event). */
#define XPF_ENTITIES_MAX 50000
struct xpf_entity *xpf_world_entity(struct xpf_world *world, const struct xpf_kind *kind,
                                    const char *key, const char *const *labels,
                                    struct xpf_entity *parent);
struct xpf_entity *xpf_world_find(const struct xpf_world *world, const struct xpf_kind *kind,
                                  const char *key);
/* It is gone: children first, listeners are told, then it is freed. */
void xpf_world_remove(struct xpf_world *world, struct xpf_entity *entity);

/* Values. A field that is not set keeps what it had; a new entity begins with ABSENT everywhere. */
void xpf_entity_set(struct xpf_entity *entity, unsigned field, double value);
void xpf_entity_mark(struct xpf_entity *entity, unsigned field, enum xpf_quality quality);
/* For a reading that failed with -errno: DENIED for EACCES and EPERM, else ABSENT. */
enum xpf_quality xpf_quality_of_error(int error);
/* 0 or -ENOMEM; value NULL takes it away. */
int xpf_entity_set_info(struct xpf_entity *entity, unsigned index, const char *value);
/* The values are complete, as of that time. */
void xpf_entity_updated(struct xpf_entity *entity, int64_t now_ms);
enum xpf_quality xpf_entity_quality(const struct xpf_entity *entity, unsigned field,
                                    int64_t now_ms);
const char *xpf_quality_name(enum xpf_quality quality); /* "ok" "stale" "absent" "denied" */

/* All entities of a kind, in the order they came: for (e = xpf_world_first(…); e; e = e->next). */
struct xpf_entity *xpf_world_first(const struct xpf_world *world, const struct xpf_kind *kind);
size_t xpf_world_count(const struct xpf_world *world);
/* The kinds that were made known, in order; NULL at the end. */
const struct xpf_kind *xpf_world_kind(const struct xpf_world *world, unsigned index);
const struct xpf_kind *xpf_world_kind_named(const struct xpf_world *world, const char *name);
/* Makes a kind known before it has entities (so that it is listed). Its index, or -E2BIG. */
#define XPF_KINDS_MAX 320
int xpf_world_add_kind(struct xpf_world *world, const struct xpf_kind *kind);

/* Something that happened at a moment: a process came, an OOM kill, a stall, a plugin that failed.
 */
struct xpf_event {
  int64_t at_ms;
  const char *name;                /* a short word: "process_came", "oom_kill" */
  const struct xpf_entity *entity; /* may be NULL */
  const char *text;                /* one sentence for a person */
};
void xpf_world_event(struct xpf_world *world, const char *name, const struct xpf_entity *entity,
                     const char *text);

/* Who wants to know. Callbacks run within the call that changes the world; they must not change it.
 * came: the entity has no values and no info yet; they are complete at the next frame.
 * frame: once a second, after the collectors had their turn. Any may be NULL. */
struct xpf_world_listener {
  void (*came)(void *arg, const struct xpf_entity *entity);
  void (*gone)(void *arg, const struct xpf_entity *entity);
  void (*event)(void *arg, const struct xpf_event *event);
  void (*frame)(void *arg, int64_t now_ms);
  void *arg;
  struct xpf_world_listener *next; /* ours */
};
void xpf_world_listen(struct xpf_world *world, struct xpf_world_listener *listener);
void xpf_world_unlisten(struct xpf_world *world, struct xpf_world_listener *listener);
void xpf_world_frame(struct xpf_world *world, int64_t now_ms);

int64_t xpf_world_now_ms(void); /* Unix time. [any] */
#endif

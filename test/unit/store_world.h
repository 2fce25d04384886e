/* A store on a folder of its own, a world with a few kinds, and a clock that goes as fast as the
 * test wants. */
#ifndef XPF_TEST_STORE_WORLD_H
#define XPF_TEST_STORE_WORLD_H
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store.h"
#include "daemon/world.h"

static const struct xpf_field STORE_FIELDS[] = {
    {"level", "level", NULL, XPF_FIELD_GAUGE, "", "a", "here"},
    {"count", "count_total", NULL, XPF_FIELD_COUNTER, "", "b", "here"},
    {"share", "share", NULL, XPF_FIELD_GAUGE, "", "c", "here"},
};
static const char *const STORE_INFO[] = {"name", NULL};
static const struct xpf_kind STORE_KIND = {.name = "thing",
                                           .labels = {"id", NULL},
                                           .fields = STORE_FIELDS,
                                           .fields_count = 3,
                                           .info = STORE_INFO,
                                           .stale_after_ms = 3500};

struct store_world {
  char dir[64];
  uv_loop_t loop;
  struct xpf_world *world;
  const struct xpf_store_engine *engine;
  struct xpf_store *store;
  struct xpf_store_options options;
  uint64_t frames; /* that were given since it was opened */
  char why[1024];
  char events[8192]; /* names and texts */
  struct xpf_world_listener listener;
};

static void on_world_event(void *arg, const struct xpf_event *event) {
  struct store_world *w = arg;
  size_t used = strlen(w->events);
  snprintf(w->events + used, sizeof w->events - used, "%s: %s\n", event->name, event->text);
}

static inline int store_world_open(struct store_world *w) {
  w->frames = 0;
  return w->engine->open(&w->store, &w->options, &w->loop, w->world, w->why, sizeof w->why);
}

static inline int store_world_begin(struct store_world *w, uint64_t max_bytes, uint64_t max_age_s) {
  memset(w, 0, sizeof *w);
  snprintf(w->dir, sizeof w->dir, "/tmp/xpf-store-XXXXXX");
  if (!mkdtemp(w->dir))
    return -1;
  uv_loop_init(&w->loop);
  w->world = xpf_world_new();
  w->engine = xpf_store_engines[0];
  w->options = (struct xpf_store_options){w->dir, max_bytes, max_age_s};
  w->listener = (struct xpf_world_listener){.event = on_world_event, .arg = w};
  xpf_world_listen(w->world, &w->listener);
  return store_world_open(w);
}

static inline void store_world_close(struct store_world *w) {
  if (w->store)
    w->engine->close(w->store, NULL, NULL);
  w->store = NULL;
  uv_run(&w->loop, UV_RUN_DEFAULT);
}

static inline void store_world_end(struct store_world *w) {
  char command[128];
  store_world_close(w);
  xpf_world_free(w->world);
  uv_loop_close(&w->loop);
  snprintf(command, sizeof command, "rm -rf '%s'", w->dir);
  if (system(command) != 0)
    perror(w->dir);
}

static inline struct xpf_store_figures store_world_figures(struct store_world *w) {
  struct xpf_store_figures figures;
  w->engine->figures(w->store, &figures);
  return figures;
}

/* Until all frames but `behind` are written or lost. */
static inline void store_world_wait(struct store_world *w, uint64_t behind) {
  for (;;) {
    struct xpf_store_figures figures = store_world_figures(w);
    if (figures.frames_written + figures.frames_lost + behind >= w->frames)
      return;
    usleep(200);
  }
}

static inline struct xpf_entity *store_world_entity(struct store_world *w,
                                                    const struct xpf_kind *kind, const char *key) {
  return xpf_world_entity(w->world, kind, key, (const char *const[]){key}, NULL);
}

/* One frame in which each entity of the kind is updated: level is the second within the hour, count
 * grows by 3 a second (modulo 100000), share is a third of the level. */
static inline void store_world_frame(struct store_world *w, const struct xpf_kind *kind,
                                     int64_t at_s) {
  for (struct xpf_entity *e = xpf_world_first(w->world, kind); e; e = e->next) {
    if (kind->fields_count > 0)
      xpf_entity_set(e, 0, (double)(at_s % 3600));
    if (kind->fields_count > 1)
      xpf_entity_set(e, 1, (double)(at_s * 3 % 100000));
    if (kind->fields_count > 2)
      xpf_entity_set(e, 2, (double)(at_s % 3600) / 3);
    xpf_entity_updated(e, at_s * 1000);
  }
  xpf_world_frame(w->world, at_s * 1000);
  w->frames++;
  store_world_wait(w, 8);
}

struct store_world_answer {
  bool is_there;
  int error;
  int64_t from_ms, step_ms;
  size_t steps;
  double values[12000], maxima[12000];
};

static inline void on_store_answer(void *arg, const struct xpf_store_answer *answer) {
  struct store_world_answer *out = arg;
  out->is_there = true;
  out->error = answer->error;
  out->from_ms = answer->from_ms;
  out->step_ms = answer->step_ms;
  out->steps = answer->steps;
  for (size_t i = 0; !answer->error && i < answer->steps && i < 12000; i++) {
    out->values[i] = answer->columns[0].values[i];
    out->maxima[i] = answer->columns[0].maxima ? answer->columns[0].maxima[i] : NAN;
  }
}

/* One field of one entity. */
static inline const struct store_world_answer *
store_world_ask(struct store_world *w, const struct xpf_kind *kind, const char *key, unsigned field,
                int64_t from_s, int64_t to_s, int64_t step_s) {
  static struct store_world_answer answer;
  struct xpf_store_query query = {.kind = kind,
                                  .keys = &key,
                                  .keys_count = 1,
                                  .fields = &field,
                                  .fields_count = 1,
                                  .from_ms = from_s * 1000,
                                  .to_ms = to_s * 1000,
                                  .step_ms = step_s * 1000,
                                  .as_rates = true};
  store_world_wait(w, 0);
  answer.is_there = false;
  answer.error = w->engine->query(w->store, &query, on_store_answer, &answer);
  while (!answer.error && !answer.is_there)
    uv_run(&w->loop, UV_RUN_ONCE);
  return &answer;
}
#endif

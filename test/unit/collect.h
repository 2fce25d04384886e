/* A collector on a tree of files made by the test: one reading after the other, as the daemon does
 * them, and what the world then holds. */
#ifndef XPF_TEST_COLLECT_H
#define XPF_TEST_COLLECT_H
#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/collector.h"

#define COLLECT_NOW 1764087600000

struct collect {
  char root[64], proc[80], sys[80];
  struct xpf_world *world;
  const struct xpf_collector *collector;
  void *state;
  int64_t now_ms;
  struct xpf_world_listener listener;
  char events[1024]; /* their names and texts, a line each */
};

static void collect_on_event(void *arg, const struct xpf_event *event) {
  struct collect *c = arg;
  size_t used = strlen(c->events);
  snprintf(c->events + used, sizeof c->events - used, "%s: %s\n", event->name, event->text);
}

static inline void collect_begin(struct collect *c, const struct xpf_collector *collector) {
  int error = 0;
  memset(c, 0, sizeof *c);
  strcpy(c->root, "/tmp/xpf-collect-XXXXXX");
  assert_non_null(mkdtemp(c->root));
  snprintf(c->proc, sizeof c->proc, "%s/proc", c->root);
  snprintf(c->sys, sizeof c->sys, "%s/sys", c->root);
  assert_int_equal(mkdir(c->proc, 0755), 0);
  c->now_ms = COLLECT_NOW;
  c->world = xpf_world_new();
  assert_non_null(c->world);
  c->listener.event = collect_on_event;
  c->listener.arg = c;
  xpf_world_listen(c->world, &c->listener);
  struct xpf_collector_context context = {c->world, c->proc, c->sys, NULL};
  c->collector = collector;
  c->state = collector->new (&context, &error);
  assert_non_null(c->state);
}

static inline int collect_remove_entry(const char *path, const struct stat *stat, int type,
                                       struct FTW *at) {
  (void)stat, (void)type, (void)at;
  return remove(path);
}

static inline void collect_end(struct collect *c) {
  c->collector->free(c->state);
  xpf_world_free(c->world);
  nftw(c->root, collect_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* What the tests of one file share: begun before each of them, with its collector, and ended after
 * it.
 */
static struct collect c;

static inline int collect_set_up(void **state) {
  collect_begin(&c, *state);
  return 0;
}

static inline int collect_tear_down(void **state) {
  (void)state;
  collect_end(&c);
  return 0;
}

#define collect_test(test, collector)                                                              \
  cmocka_unit_test_prestate_setup_teardown(test, collect_set_up, collect_tear_down,                \
                                           (void *)&(collector))

/* Writes a file of the tree ("proc/stat"), with its folders. */
static inline void collect_put(struct collect *c, const char *name, const char *text) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", c->root, name);
  for (char *at = strchr(path + strlen(c->root) + 1, '/'); at; at = strchr(at + 1, '/')) {
    *at = '\0';
    mkdir(path, 0755);
    *at = '/';
  }
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  fclose(file);
}

/* A reading, one second later by the world's clock. */
static inline int collect_run(struct collect *c) {
  c->now_ms += 1000;
  int error = c->collector->gather(c->state);
  c->collector->publish(c->state, c->world, c->now_ms);
  return error;
}

static inline struct xpf_entity *collect_entity(struct collect *c, const char *kind,
                                                const char *key) {
  const struct xpf_kind *of = xpf_world_kind_named(c->world, kind);
  return of ? xpf_world_find(c->world, of, key) : NULL;
}

static inline unsigned collect_count(struct collect *c, const char *kind) {
  const struct xpf_kind *of = xpf_world_kind_named(c->world, kind);
  unsigned count = 0;
  for (struct xpf_entity *e = of ? xpf_world_first(c->world, of) : NULL; e; e = e->next)
    count++;
  return count;
}

static inline unsigned collect_field(const struct xpf_kind *kind, const char *key) {
  for (unsigned i = 0; i < kind->fields_count; i++)
    if (strcmp(kind->fields[i].key, key) == 0)
      return i;
  fail_msg("%s has no field %s", kind->name, key);
  return 0;
}

/* NaN when it has none. */
static inline double collect_value(struct collect *c, const char *kind, const char *key,
                                   const char *field) {
  struct xpf_entity *entity = collect_entity(c, kind, key);
  if (!entity)
    fail_msg("there is no %s `%s`", kind, key);
  return entity->values[collect_field(entity->kind, field)];
}

static inline const char *collect_quality(struct collect *c, const char *kind, const char *key,
                                          const char *field) {
  struct xpf_entity *entity = collect_entity(c, kind, key);
  if (!entity)
    fail_msg("there is no %s `%s`", kind, key);
  return xpf_quality_name(
      xpf_entity_quality(entity, collect_field(entity->kind, field), c->now_ms));
}

#define assert_value(c, kind, key, field, expected)                                                \
  do {                                                                                             \
    double is_ = collect_value(c, kind, key, field), wants_ = (expected);                          \
    if (!(fabs(is_ - wants_) <= 1e-9 * (1 + fabs(wants_))))                                        \
      fail_msg("%s %s %s is %.17g, not %.17g", kind, key, field, is_, wants_);                     \
  } while (0)
#define assert_quality(c, kind, key, field, expected)                                              \
  assert_string_equal(collect_quality(c, kind, key, field), expected)
#endif

// clang-format off
// links: src/daemon/store_table.c src/daemon/store_sqlite.c src/daemon/store_sqlite_pack.c
// links: src/daemon/store_sqlite_writer.c src/daemon/store_sqlite_frame.c src/daemon/store_sqlite_minute.c src/daemon/store_sqlite_rollup.c
// links: src/daemon/store_sqlite_retention.c src/daemon/store_sqlite_reader.c src/daemon/store_request.c
// links: src/daemon/history_db.c src/daemon/history_fold.c src/daemon/history_frame.c src/daemon/history_layout.c
// links: src/daemon/history_pack.c src/daemon/history_series.c src/daemon/history_steps.c src/daemon/history_stream.c
// links: src/daemon/world.c src/wire/utf8.c -lsqlite3 -lz -luv -lcjson -lm
// clang-format on
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "store_world.h"

#define MB  ((uint64_t)1 << 20)
#define DAY 86400

/* A midnight some days ago, so that all of it is the past. */
static int64_t midnight(int days) {
  return (xpf_world_now_ms() / 1000 / DAY - days) * DAY;
}

static void run(struct store_world *w, int64_t from_s, int64_t count, int64_t every_s) {
  for (int64_t i = 0; i < count; i++)
    store_world_frame(w, &STORE_KIND, from_s + i * every_s);
}

/* What a statement says of the file. */
static long long sql(const struct store_world *w, const char *text) {
  char path[128];
  sqlite3 *db;
  sqlite3_stmt *row;
  long long value = -1;
  snprintf(path, sizeof path, "%s/history.db", w->dir);
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 5000);
  if (sqlite3_prepare_v2(db, text, -1, &row, NULL) != SQLITE_OK)
    fail_msg("%s: %s", text, sqlite3_errmsg(db));
  if (sqlite3_step(row) == SQLITE_ROW)
    value = sqlite3_column_int64(row, 0);
  sqlite3_finalize(row);
  sqlite3_close(db);
  return value;
}

/* Coarser tiers are made beside the frames, when there is none to write: later on a busy machine.
 */
static void wait_for_tier(const struct store_world *w, int tier, int64_t until_s) {
  char text[64];
  snprintf(text, sizeof text, "SELECT done_until_s FROM tier WHERE id = %d", tier);
  for (int i = 0; i < 5000; i++, usleep(20000))
    if (sql(w, text) >= until_s)
      return;
  fail_msg("tier %d is made until %lld, not %lld", tier, sql(w, text), (long long)until_s);
}

static void check_level(struct store_world *w, int64_t from_s, int64_t to_s) {
  const struct store_world_answer *a = store_world_ask(w, &STORE_KIND, "a", 0, from_s, to_s, 1);
  assert_int_equal(a->error, 0);
  assert_int_equal(a->steps, to_s - from_s);
  for (size_t i = 0; i < a->steps; i++)
    if (a->values[i] != (double)((from_s + (int64_t)i) % 3600))
      fail_msg("second %zu is %g", i, a->values[i]);
}

static void what_was_written_is_answered(void **state) {
  (void)state;
  struct store_world w;
  int64_t t = midnight(1) + 30;
  assert_int_equal(store_world_begin(&w, 64 * MB, 14 * DAY), 0);
  store_world_entity(&w, &STORE_KIND, "a");
  run(&w, t, 200, 1);
  check_level(&w, t, t + 200); /* of chunks and of frames */
  const struct store_world_answer *a = store_world_ask(&w, &STORE_KIND, "a", 1, t - 2, t + 205, 1);
  assert_true(isnan(a->values[0]) && isnan(a->values[2])); /* the first second has no rate yet */
  assert_true(a->values[3] == 3 && a->values[201] == 3);
  assert_true(isnan(a->values[206])); /* nothing was measured: no line */
  a = store_world_ask(&w, &STORE_KIND, "a", 2, t, t + 200, 1);
  assert_true(fabs(a->values[100] - (double)((t + 100) % 3600) / 3) < 1e-4);
  a = store_world_ask(&w, &STORE_KIND, "a", 0, t, t + 200, 100);
  assert_int_equal(a->from_ms, t * 1000 - t * 1000 % 100000);
  assert_int_equal(sql(&w, "SELECT count(*) FROM chunk_1s"), 3);
  a = store_world_ask(&w, &STORE_KIND, "unknown", 0, t, t + 10, 1);
  assert_int_equal(a->error, 0);
  assert_true(isnan(a->values[5]));
  a = store_world_ask(&w, &STORE_KIND, "a", 0, t, t + 20000, 1);
  assert_int_equal(a->error, -E2BIG);
  a = store_world_ask(&w, &STORE_KIND, "a", 0, t, t, 1);
  assert_int_equal(a->error, -EINVAL);
  store_world_end(&w);
}

static void a_new_daemon_goes_on(void **state) {
  (void)state;
  struct store_world w;
  int64_t t = midnight(1) + 30;
  assert_int_equal(store_world_begin(&w, 64 * MB, 14 * DAY), 0);
  store_world_entity(&w, &STORE_KIND, "a");
  run(&w, t, 10, 1);
  store_world_close(&w);
  assert_int_equal(store_world_open(&w), 0);
  run(&w, t + 10, 10, 1); /* within the same minute */
  store_world_close(&w);
  assert_int_equal(store_world_open(&w), 0);
  run(&w, t + 20, 50, 1);
  check_level(&w, t, t + 70);
  assert_int_equal(sql(&w, "SELECT count(*) FROM entity"), 1);
  assert_int_equal(sql(&w, "SELECT count(*) FROM layout"), 1);
  store_world_end(&w);
}

static void another_version_has_other_fields(void **state) {
  (void)state;
  static const struct xpf_field other[] = {
      {"new", "new", NULL, XPF_FIELD_GAUGE, "", "n", "here"},
      {"level", "level", NULL, XPF_FIELD_GAUGE, "", "a", "here"},
      {"count", "count", NULL, XPF_FIELD_GAUGE, "", "no counter any more", "here"},
  };
  struct xpf_kind kind = STORE_KIND;
  struct store_world w;
  int64_t t = midnight(1) + 30;
  kind.fields = other;
  assert_int_equal(store_world_begin(&w, 64 * MB, 14 * DAY), 0);
  store_world_entity(&w, &STORE_KIND, "a");
  run(&w, t, 10, 1);
  store_world_close(&w);
  xpf_world_remove(w.world, xpf_world_find(w.world, &STORE_KIND, "a"));
  assert_int_equal(store_world_open(&w), 0);
  struct xpf_entity *entity = store_world_entity(&w, &kind, "a");
  for (int64_t i = 10; i < 60; i++) { /* the minute has both */
    xpf_entity_set(entity, 1, (double)((t + i) % 3600));
    xpf_entity_set(entity, 0, 77);
    xpf_entity_updated(entity, (t + i) * 1000);
    xpf_world_frame(w.world, (t + i) * 1000);
    w.frames++;
  }
  check_level(&w, t, t + 60);
  const struct store_world_answer *a = store_world_ask(&w, &kind, "a", 0, t, t + 60, 1);
  assert_true(isnan(a->values[9]) && a->values[10] == 77);
  a = store_world_ask(&w, &kind, "a", 1, t, t + 60, 1);
  assert_true(a->values[0] == (double)(t % 3600) && a->values[59] == (double)((t + 59) % 3600));
  a = store_world_ask(&w, &kind, "a", 2, t, t + 60, 1);
  assert_true(isnan(a->values[0])); /* it was a counter then */
  store_world_end(&w);
}

static void the_clock_is_put_back_and_forth(void **state) {
  (void)state;
  struct store_world w;
  int64_t t = midnight(2) + 1800;
  assert_int_equal(store_world_begin(&w, 64 * MB, 14 * DAY), 0);
  store_world_entity(&w, &STORE_KIND, "a");
  run(&w, t, 100, 1);
  run(&w, t + 95, 50, 1);   /* five seconds back: these come twice */
  run(&w, t - 300, 200, 1); /* and five minutes */
  run(&w, t - 1500, 20, 1); /* and to before all that there is */
  check_level(&w, t - 1500, t - 1480);
  run(&w, t + 20 * DAY, 3, 1); /* a wrong date, in the future */
  run(&w, t + 3600, 100, 1);   /* and right again */
  check_level(&w, t - 300, t - 100);
  check_level(&w, t, t + 145);
  check_level(&w, t + 3600, t + 3700);
  run(&w, t + 3700, 700, 1); /* until the clock is believed */
  check_level(&w, t, t + 145);
  assert_int_equal(sql(&w, "SELECT count(*) FROM chunk_1s WHERE id >> 28 > unixepoch()"), 0);
  struct xpf_store_figures figures = store_world_figures(&w);
  assert_string_equal(figures.problem, "");
  assert_int_equal(figures.frames_lost, 0);
  store_world_end(&w);
}

/* Means and highest values of steps that are longer than what they are made of. */
static void check_coarse(struct store_world *w, int64_t from_s, int64_t to_s, int64_t step_s) {
  const struct store_world_answer *a =
      store_world_ask(w, &STORE_KIND, "a", 0, from_s, to_s, step_s);
  assert_int_equal(a->error, 0);
  for (size_t i = 0; i < a->steps; i++) {
    double first = (double)((from_s + (int64_t)i * step_s) % 3600);
    if (fabs(a->values[i] - (first + (double)(step_s - 1) / 2)) > 1e-3)
      fail_msg("step %zu of %lld s is %.17g", i, (long long)step_s, a->values[i]);
    assert_true(a->maxima[i] == first + (double)step_s - 1);
  }
  a = store_world_ask(w, &STORE_KIND, "a", 1, from_s, to_s, step_s);
  for (size_t i = 0; i < a->steps; i++) /* also where the counter began anew */
    if (fabs(a->values[i] - 3) > 0.35)
      fail_msg("rate %zu of %lld s is %.17g", i, (long long)step_s, a->values[i]);
}

static void coarser_tiers_say_the_same(void **state) {
  (void)state;
  struct store_world w;
  int64_t t = midnight(2);
  assert_int_equal(store_world_begin(&w, 64 * MB, 14 * DAY), 0);
  store_world_entity(&w, &STORE_KIND, "a");
  run(&w, t, 3 * 3600, 1);
  wait_for_tier(&w, 1, t + 10200);
  wait_for_tier(&w, 2, t + 7200);
  assert_int_equal(sql(&w, "SELECT done_until_s FROM tier WHERE id = 2"), t + 7200);
  run(&w, t + 3 * 3600, 1, 1); /* a new minute: what is there in steps of 10 s may go */
  store_world_wait(&w, 0);
  assert_int_equal(sql(&w, "SELECT min(id >> 28) FROM chunk_1s"), t + 3600); /* two hours */
  check_coarse(&w, t + 60, t + 3 * 3600, 10);
  check_coarse(&w, t + 60, t + 3 * 3600, 60);
  check_coarse(&w, t + 600, t + 3 * 3600, 600);
  /* The finest there is: what has gone in steps of 10 s stands for each second of them. */
  const struct store_world_answer *a = store_world_ask(&w, &STORE_KIND, "a", 0, t, t + 3600, 1);
  assert_true(a->values[5] == 4.5 && a->values[605] == 604.5);
  a = store_world_ask(&w, &STORE_KIND, "a", 0, t, t + 3 * 3600, 0);
  assert_true(a->steps <= 2001 && a->steps > 500);
  /* A day later the daemon is killed within a span: it is made all the same. */
  store_world_close(&w);
  assert_int_equal(store_world_open(&w), 0);
  run(&w, t + 3 * 3600 + 1, 3599, 1);
  check_coarse(&w, t + 60, t + 4 * 3600, 60);
  store_world_end(&w);
}

static void what_is_too_old_goes(void **state) {
  (void)state;
  struct store_world w;
  int64_t t = midnight(9);
  assert_int_equal(store_world_begin(&w, 64 * MB, 3 * DAY), 0);
  store_world_entity(&w, &STORE_KIND, "a");
  store_world_entity(&w, &STORE_KIND, "short");
  xpf_world_event(w.world, "first", NULL, "the first");
  run(&w, t, 20, 60);
  xpf_world_remove(w.world, xpf_world_find(w.world, &STORE_KIND, "short"));
  run(&w, t + 1200, 8 * 24 * 60 - 20, 60); /* eight days, a frame each minute */
  store_world_wait(&w, 0);
  int64_t now_s = t + 8 * DAY - 60;
  wait_for_tier(&w, 2, t + 8 * DAY - 7200);
  run(&w, t + 8 * DAY, 2, 60);
  store_world_wait(&w, 0);
  const struct {
    const char *table;
    int64_t keep_s, span_s;
  } tiers[] = {
      {"1s", 7200, 60}, {"10s", 2 * DAY, 600}, {"1m", 3 * DAY, 3600}, {"10m", 3 * DAY, 36000}};
  for (unsigned i = 0; i < 4; i++) {
    char text[128];
    snprintf(text, sizeof text, "SELECT min(id >> 28) FROM chunk_%s", tiers[i].table);
    int64_t oldest_s = sql(&w, text);
    assert_true(oldest_s >= now_s - tiers[i].keep_s - tiers[i].span_s);
    assert_true(oldest_s <= now_s - tiers[i].keep_s + 2 * tiers[i].span_s);
    char same[160];
    snprintf(same, sizeof same,
             "SELECT bytes = (SELECT total(length(data)) FROM chunk_%s) FROM tier WHERE id = %u",
             tiers[i].table, i);
    assert_int_equal(sql(&w, same), 1);
  }
  assert_int_equal(sql(&w, "SELECT count(*) FROM entity"), 1); /* the short one is forgotten */
  assert_int_equal(store_world_figures(&w).oldest_ms % 1000, 0);
  store_world_end(&w);
}

static void the_size_is_bounded(void **state) {
  (void)state;
  struct store_world w;
  int64_t t = midnight(3);
  uint64_t most = 8 * MB, largest = 0;
  uint32_t random = 1;
  assert_int_equal(store_world_begin(&w, most, 14 * DAY), 0);
  for (int i = 0; i < 400; i++) {
    char key[16];
    snprintf(key, sizeof key, "%d", i);
    store_world_entity(&w, &STORE_KIND, i ? key : "a");
  }
  for (int i = 0; i < 3000; i++) { /* 50 minutes of what no one can pack: more than 8 MB */
    for (struct xpf_entity *e = xpf_world_first(w.world, &STORE_KIND); e; e = e->next)
      for (unsigned j = 0; j < 3; j++)
        xpf_entity_set(e, j, (double)(random = random * 1664525 + 1013904223));
    for (struct xpf_entity *e = xpf_world_first(w.world, &STORE_KIND); e; e = e->next)
      xpf_entity_updated(e, (t + i) * 1000);
    xpf_world_frame(w.world, (t + i) * 1000);
    w.frames++;
    store_world_wait(&w, 2);
    uint64_t bytes = store_world_figures(&w).bytes_on_disk;
    largest = bytes > largest ? bytes : largest;
  }
  store_world_wait(&w, 0);
  assert_true(sql(&w, "SELECT min(id >> 28) FROM chunk_1s") > t + 600);
  if (largest > most)
    fail_msg("%llu bytes were on disk", (unsigned long long)largest);
  store_world_end(&w);
}

static void events_are_bounded(void **state) {
  (void)state;
  struct store_world w;
  int64_t t = midnight(1);
  assert_int_equal(store_world_begin(&w, 8 * MB, 14 * DAY), 0);
  store_world_entity(&w, &STORE_KIND, "a");
  for (int i = 0; i < 30; i++) { /* 8 MB: 2048 of them */
    for (int j = 0; j < 150; j++)
      xpf_world_event(w.world, "often", NULL, "it happens often");
    run(&w, t + i * 30, 1, 1);
    store_world_wait(&w, 0);
  }
  run(&w, t + 900, 2, 60);
  store_world_wait(&w, 0);
  long long count = sql(&w, "SELECT count(*) FROM event");
  assert_true(count <= 2048 && count >= 1000);
  assert_int_equal(sql(&w, "SELECT max(id) FROM event"), 30 * 150);
  store_world_end(&w);
}

/* Writes as fast as it can from at_s on, and says up to where it is on the disk. Does not end. */
static void write_for_ever(struct store_world *w, int64_t at_s, _Atomic int64_t *written_s) {
  if (store_world_open(w) != 0)
    _exit(1);
  for (int64_t i = 0;; i++) {
    store_world_frame(w, &STORE_KIND, at_s + i);
    store_world_wait(w, 0);
    if (store_world_figures(w).frames_lost == 0)
      atomic_store(written_s, at_s + i);
  }
}

static void killed_at_any_moment(void **state) {
  (void)state;
  struct store_world w;
  int64_t t = midnight(2) + 30, at_s = t;
  _Atomic int64_t *written_s =
      mmap(NULL, sizeof *written_s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(written_s != MAP_FAILED);
  assert_int_equal(store_world_begin(&w, 64 * MB, 14 * DAY), 0);
  for (int i = 0; i < 50; i++) {
    char key[16];
    snprintf(key, sizeof key, "%d", i);
    store_world_entity(&w, &STORE_KIND, i ? key : "a");
  }
  store_world_close(&w);
  srand((unsigned)getpid());
  for (int i = 0; i < 25; i++) {
    atomic_store(written_s, at_s - 1);
    pid_t child = fork();
    if (child == 0)
      write_for_ever(&w, at_s, written_s);
    for (int j = 0; i % 2 && j < 30000 && atomic_load(written_s) < at_s + 4; j++)
      usleep(1000); /* every other one has written something, also on a busy machine */
    usleep(20000 + (unsigned)rand() % 150000);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    int64_t last_s = atomic_load(written_s);
    assert_int_equal(
        sql(&w, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
    assert_int_equal(store_world_open(&w), 0);
    if (last_s > at_s + 5000)
      at_s = last_s - 5000;
    if (last_s >= at_s)
      check_level(&w, at_s, last_s + 1);
    assert_string_equal(store_world_figures(&w).problem, "");
    store_world_close(&w);
    at_s = last_s + 2; /* the second after it may be there, or not */
  }
  assert_true(at_s > t + 50);
  assert_null(strstr(w.events, "history_damaged"));
  munmap((void *)written_s, sizeof *written_s);
  store_world_end(&w);
}

static void no_file_may_grow(rlim_t most) {
  struct rlimit limit = {most, RLIM_INFINITY};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_is_told_and_survived(void **state) {
  (void)state;
  struct store_world w;
  int64_t t = midnight(1) + 30;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(store_world_begin(&w, 64 * MB, 14 * DAY), 0);
  store_world_entity(&w, &STORE_KIND, "a");
  run(&w, t, 100, 1);
  store_world_wait(&w, 0);
  no_file_may_grow(4096);
  run(&w, t + 100, 100, 1);
  store_world_wait(&w, 0);
  struct xpf_store_figures figures = store_world_figures(&w);
  no_file_may_grow(RLIM_INFINITY);
  assert_true(figures.problem[0] != '\0');
  assert_true(figures.frames_lost > 50);
  run(&w, t + 200, 150, 1);
  store_world_wait(&w, 0);
  uv_run(&w.loop, UV_RUN_NOWAIT);
  figures = store_world_figures(&w);
  assert_string_equal(figures.problem, "");
  assert_non_null(strstr(w.events, "history_failed: the history is not written: "));
  assert_non_null(strstr(w.events, "history_works: the history is written again"));
  check_level(&w, t, t + 100);
  check_level(&w, t + 210, t + 350);
  const struct store_world_answer *a =
      store_world_ask(&w, &STORE_KIND, "a", 0, t + 110, t + 200, 1);
  assert_true(isnan(a->values[30])); /* what was lost is a gap */
  store_world_end(&w);
}

static void a_damaged_file_is_set_aside(void **state) {
  (void)state;
  struct store_world w;
  int64_t t = midnight(1) + 30;
  char path[128], command[256];
  assert_int_equal(store_world_begin(&w, 64 * MB, 14 * DAY), 0);
  store_world_entity(&w, &STORE_KIND, "a");
  run(&w, t, 100, 1);
  store_world_close(&w);
  snprintf(path, sizeof path, "%s/history.db", w.dir);
  FILE *file = fopen(path, "r+");
  assert_non_null(file);
  for (int i = 0; i < 200; i++)
    fputs("this is no database, ", file);
  fclose(file);
  assert_int_equal(store_world_open(&w), 0);
  uv_run(&w.loop, UV_RUN_NOWAIT);
  assert_non_null(strstr(w.events, "history_damaged: the history was damaged; it is now "));
  run(&w, t + 200, 100, 1);
  check_level(&w, t + 200, t + 300);
  snprintf(command, sizeof command, "test $(ls %s/history.db.broken-* | wc -l) = 1", w.dir);
  assert_int_equal(system(command), 0);
  store_world_end(&w);
}

static void what_is_not_ours_is_refused(void **state) {
  (void)state;
  struct store_world w;
  struct xpf_store *second;
  char why[1024], expected[128];
  assert_int_equal(store_world_begin(&w, 64 * MB, 14 * DAY), 0);
  assert_int_equal(w.engine->open(&second, &w.options, &w.loop, w.world, why, sizeof why), -EBUSY);
  snprintf(expected, sizeof expected, "data_dir: %s is used by another xprofd (pid %d)", w.dir,
           (int)getpid());
  assert_non_null(strstr(why, expected));
  store_world_close(&w);
  sql(&w, "PRAGMA user_version = 99");
  assert_int_equal(store_world_open(&w), -EPROTO);
  assert_non_null(strstr(w.why, "history.db was written by a newer xprofd (schema 99, this one"));
  uv_run(&w.loop, UV_RUN_DEFAULT);
  sql(&w, "PRAGMA application_id = 7");
  assert_int_equal(store_world_open(&w), -EPROTO);
  assert_non_null(strstr(w.why, "is a database of another program"));
  uv_run(&w.loop, UV_RUN_DEFAULT);
  store_world_end(&w);
}

struct list {
  bool is_there;
  int error;
  size_t count;
  char text[4096];
};

static void on_entities(void *arg, int error, const struct xpf_store_entity *entities,
                        size_t count) {
  struct list *list = arg;
  *list = (struct list){true, error, count, ""};
  for (size_t i = 0; i < count; i++) {
    size_t used = strlen(list->text);
    snprintf(list->text + used, sizeof list->text - used, "%s %s %s %s %s;", entities[i].kind,
             entities[i].key, entities[i].labels_json, entities[i].info_json,
             entities[i].until_ms ? "gone" : "here");
  }
}

static void on_events(void *arg, int error, const struct xpf_store_event *events, size_t count) {
  struct list *list = arg;
  *list = (struct list){true, error, count, ""};
  for (size_t i = 0; i < count; i++) {
    size_t used = strlen(list->text);
    snprintf(list->text + used, sizeof list->text - used, "%s %s/%s %s;", events[i].name,
             events[i].kind, events[i].key, events[i].text);
  }
}

static void on_kinds(void *arg, int error, const struct xpf_store_past_kind *kinds, size_t count) {
  struct list *list = arg;
  list->is_there = true;
  list->error = error;
  list->count = count;
  list->text[0] = '\0';
  for (size_t i = 0; i < count; i++) {
    size_t at = strlen(list->text);
    snprintf(list->text + at, sizeof list->text - at, "%s %d %.12s;", kinds[i].name,
             (int)kinds[i].stale_after_ms, kinds[i].fields);
  }
}

/* A kind is of a time when there was an entity of it. */
static void kinds_of_the_past(void **state) {
  (void)state;
  struct store_world w;
  struct list list = {0};
  int64_t t = midnight(1);
  assert_int_equal(store_world_begin(&w, 64 * MB, 14 * DAY), 0);
  store_world_entity(&w, &STORE_KIND, "a");
  run(&w, t, 2, 1);
  store_world_wait(&w, 0);
  static const struct {
    int64_t from_s, to_s;
    size_t count;
  } RANGES[] = {{0, 100000 * (int64_t)DAY, 1}, {1, 2, 0}};
  for (unsigned i = 0; i < 2; i++) {
    list.is_there = false;
    assert_int_equal(
        w.engine->kinds(w.store, RANGES[i].from_s * 1000, RANGES[i].to_s * 1000, on_kinds, &list),
        0);
    while (!list.is_there)
      uv_run(&w.loop, UV_RUN_ONCE);
    assert_int_equal(list.error, 0);
    assert_int_equal(list.count, RANGES[i].count);
    assert_true(strncmp(list.text, "thing ", 6 * list.count) == 0);
  }
  store_world_end(&w);
}

static void entities_and_events_of_the_past(void **state) {
  (void)state;
  struct store_world w;
  struct list list = {0};
  int64_t t = midnight(1), now_ms = xpf_world_now_ms();
  assert_int_equal(store_world_begin(&w, 64 * MB, 14 * DAY), 0);
  struct xpf_entity *a = store_world_entity(&w, &STORE_KIND, "a");
  xpf_entity_set_info(a, 0, "shop");
  run(&w, t, 2, 1);
  xpf_world_event(w.world, "hello", a, "an \"event\"");
  xpf_world_event(w.world, "alone", NULL, "another");
  xpf_entity_set_info(a, 0, "bar");
  store_world_entity(&w, &STORE_KIND, "b");
  run(&w, t + 2, 2, 1);
  xpf_world_remove(w.world, xpf_world_find(w.world, &STORE_KIND, "b"));
  run(&w, t + 4, 2, 1);
  store_world_wait(&w, 0);
  assert_int_equal(
      w.engine->entities(w.store, "thing", 0, now_ms + DAY * 1000, 10, on_entities, &list), 0);
  while (!list.is_there)
    uv_run(&w.loop, UV_RUN_ONCE);
  assert_int_equal(list.count, 2);
  assert_non_null(strstr(list.text, "thing a {\"id\":\"a\"} {\"name\":\"bar\"} here;"));
  assert_non_null(strstr(list.text, "thing b {\"id\":\"b\"} {} gone;"));
  list.is_there = false;
  assert_int_equal(
      w.engine->events(w.store, 0, now_ms + DAY * 1000, NULL, NULL, 10, on_events, &list), 0);
  while (!list.is_there)
    uv_run(&w.loop, UV_RUN_ONCE);
  assert_string_equal(list.text, "alone / another;hello thing/a an \"event\";");
  list.is_there = false;
  assert_int_equal(
      w.engine->events(w.store, 0, now_ms + DAY * 1000, "thing", "a", 10, on_events, &list), 0);
  w.engine->cancel(w.store, &list);
  while (!list.is_there)
    uv_run(&w.loop, UV_RUN_ONCE);
  assert_true(list.error == -ECANCELED || (list.error == 0 && list.count == 1));
  store_world_end(&w);
}

int main(void) {
  static const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_written_is_answered),
      cmocka_unit_test(a_new_daemon_goes_on),
      cmocka_unit_test(another_version_has_other_fields),
      cmocka_unit_test(the_clock_is_put_back_and_forth),
      cmocka_unit_test(coarser_tiers_say_the_same),
      cmocka_unit_test(what_is_too_old_goes),
      cmocka_unit_test(the_size_is_bounded),
      cmocka_unit_test(events_are_bounded),
      cmocka_unit_test(killed_at_any_moment),
      cmocka_unit_test(a_full_disk_is_told_and_survived),
      cmocka_unit_test(a_damaged_file_is_set_aside),
      cmocka_unit_test(what_is_not_ours_is_refused),
      cmocka_unit_test(kinds_of_the_past),
      cmocka_unit_test(entities_and_events_of_the_past),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// clang-format off
// links: src/daemon/store_table.c src/daemon/store_sqlite.c src/daemon/store_sqlite_pack.c
// links: src/daemon/store_sqlite_writer.c src/daemon/store_sqlite_frame.c src/daemon/store_sqlite_minute.c src/daemon/store_sqlite_rollup.c
// links: src/daemon/store_sqlite_retention.c src/daemon/store_sqlite_reader.c src/daemon/store_request.c
// links: src/daemon/history_db.c src/daemon/history_fold.c src/daemon/history_frame.c src/daemon/history_layout.c
// links: src/daemon/history_pack.c src/daemon/history_series.c src/daemon/history_steps.c src/daemon/history_stream.c
// links: src/daemon/world.c src/wire/utf8.c -lsqlite3 -lz -luv -lcjson -lm
// clang-format on
/* What the history costs: history PROCESSES SECONDS DIR. Gives the store so many seconds of so many
 * processes, each an entity of 40 values, one of 80 and four threads of 70, as fast as it writes
 * them, and prints what that took. Of ten values four never change, four are counters (one of them
 * of seconds), one is a size, one a share. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "daemon/history_db.h"
#include "daemon/store.h"

#define FIELDS_MAX 80

static struct xpf_field fields[FIELDS_MAX];
static char keys[FIELDS_MAX][16];
static struct xpf_kind kinds[3] = {{.name = "process", .fields_count = 40},
                                   {.name = "node", .fields_count = 80},
                                   {.name = "thread", .fields_count = 70}};
static const unsigned entities_of[3] = {1, 1, 4};
static uint32_t state = 1;

static uint32_t next_random(void) {
  return (state = state * 1664525 + 1013904223) >> 8;
}

static double seconds_of(clockid_t id) {
  struct timespec time;
  clock_gettime(id, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void make_kinds(void) {
  for (unsigned i = 0; i < FIELDS_MAX; i++) {
    snprintf(keys[i], sizeof keys[i], "value_%u", i);
    bool is_counter = i % 10 >= 4 && i % 10 < 8;
    fields[i] = (struct xpf_field){
        .key = keys[i],
        .type = is_counter ? XPF_FIELD_COUNTER : XPF_FIELD_GAUGE,
        .unit = "",
        .help = "",
        .source = "",
    };
  }
  for (unsigned k = 0; k < 3; k++) {
    kinds[k].fields = fields;
    kinds[k].labels[0] = "id";
    kinds[k].stale_after_ms = 3500;
  }
}

static double first_value(unsigned field) {
  return field % 10 < 4 ? (double)(field % 3) : field % 10 == 8 ? 81920000 : 0;
}

static double next_value(double before, unsigned field) {
  uint32_t random = next_random();
  switch (field % 10) {
  case 4:
  case 5:
  case 6:
    return before + (double)(random % 1000);
  case 7: /* CPU time in ns */
    return (double)((int64_t)(before * 1e9 + 0.5) + random % 100000000) / 1e9;
  case 8:
    return before + 4096.0 * ((double)(random % 64) - 32);
  case 9:
    return (double)random / (1 << 24);
  default:
    return before;
  }
}

static void make_entities(struct xpf_world *world, int processes) {
  char key[32];
  const char *const labels[] = {key};
  for (int i = 0; i < processes; i++)
    for (unsigned k = 0; k < 3; k++)
      for (unsigned j = 0; j < entities_of[k]; j++) {
        snprintf(key, sizeof key, "%d.%d/%u", 1000 + i, 123456 + i, j);
        struct xpf_entity *entity = xpf_world_entity(world, &kinds[k], key, labels, NULL);
        for (unsigned f = 0; f < kinds[k].fields_count; f++)
          xpf_entity_set(entity, f, first_value(f));
      }
}

static void change(struct xpf_world *world, int64_t now_ms) {
  for (unsigned k = 0; k < 3; k++)
    for (struct xpf_entity *e = xpf_world_first(world, &kinds[k]); e; e = e->next) {
      for (unsigned f = 0; f < kinds[k].fields_count; f++)
        xpf_entity_set(e, f, next_value(e->values[f], f));
      xpf_entity_updated(e, now_ms);
    }
}

static void print_tiers(const char *dir, int seconds) {
  char path[4096];
  sqlite3 *db;
  sqlite3_stmt *row;
  snprintf(path, sizeof path, "%s/" XPF_HISTORY_FILE, dir);
  if (sqlite3_open(path, &db) != SQLITE_OK ||
      sqlite3_prepare_v2(db, "SELECT name, bytes, done_until_s FROM tier ORDER BY id", -1, &row,
                         NULL) != SQLITE_OK)
    return;
  for (unsigned i = 0; sqlite3_step(row) == SQLITE_ROW && i < XPF_HISTORY_TIER_COUNT; i++) {
    int64_t keep_s = xpf_history_tiers[i].keep_s;
    double of_s = keep_s && keep_s < seconds ? (double)keep_s : seconds;
    printf(", \"%s\": %.1f", (const char *)sqlite3_column_text(row, 0),
           (double)sqlite3_column_int64(row, 1) / of_s);
  }
  sqlite3_finalize(row);
  sqlite3_close(db);
}

/* The coarser tiers are made when no frame waits, which here is never: until the last that can be
 * made is. */
static void wait_for_tiers(const char *dir, int64_t end_s) {
  char path[4096], sql[128];
  sqlite3 *db;
  snprintf(path, sizeof path, "%s/" XPF_HISTORY_FILE, dir);
  int64_t done_s = xpf_span_start(end_s - 60, xpf_history_tiers[1].span_s);
  snprintf(sql, sizeof sql, "SELECT 1 FROM tier WHERE id = 1 AND done_until_s >= %" PRId64, done_s);
  if (sqlite3_open(path, &db) != SQLITE_OK)
    return;
  sqlite3_busy_timeout(db, 5000);
  bool is_done = false;
  for (int i = 0; i < 3000 && !is_done; i++) {
    sqlite3_stmt *row;
    usleep(100000);
    is_done =
        sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW;
    sqlite3_finalize(row);
  }
  sqlite3_close(db);
}

int main(int argc, char **argv) {
  int processes = argc == 4 ? atoi(argv[1]) : 0, seconds = argc == 4 ? atoi(argv[2]) : 0;
  if (processes <= 0 || seconds <= 0) {
    fprintf(stderr, "usage: history PROCESSES SECONDS DIR\n");
    return 2;
  }
  make_kinds();
  uv_loop_t loop;
  uv_loop_init(&loop);
  struct xpf_world *world = xpf_world_new();
  struct xpf_store *store;
  struct xpf_store_options options = {argv[3], UINT64_C(1) << 40, 3650ull * 86400};
  char why[512];
  const struct xpf_store_engine *engine = xpf_store_engines[0];
  if (engine->open(&store, &options, &loop, world, why, sizeof why) != 0) {
    fprintf(stderr, "history: %s\n", why);
    return 1;
  }
  make_entities(world, processes);
  int64_t begin_ms = (xpf_world_now_ms() / 36000000 - 24) * 36000000;
  double packing = 0, begin = seconds_of(CLOCK_PROCESS_CPUTIME_ID),
         main_begin = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  struct xpf_store_figures figures = {0};
  for (int i = 0; i < seconds; i++) {
    change(world, begin_ms + i * 1000);
    double before = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    xpf_world_frame(world, begin_ms + i * 1000);
    packing += seconds_of(CLOCK_THREAD_CPUTIME_ID) - before;
    do {
      engine->figures(store, &figures);
      if (figures.frames_written + figures.frames_lost < (uint64_t)i)
        usleep(500);
    } while (figures.frames_written + figures.frames_lost < (uint64_t)i);
  }
  wait_for_tiers(argv[3], begin_ms / 1000 + seconds);
  engine->close(store, NULL, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  double main_cpu = seconds_of(CLOCK_THREAD_CPUTIME_ID) - main_begin;
  double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - begin - main_cpu;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("{\"processes\": %d, \"seconds\": %d, \"lost\": %" PRIu64
         ", \"loop_ms\": %.3f, \"writer_ms\": %.3f, \"peak_mb\": %.1f, \"written\": %ld",
         processes, seconds, figures.frames_lost, packing * 1000 / seconds, cpu * 1000 / seconds,
         (double)usage.ru_maxrss / 1024, usage.ru_oublock / 2);
  print_tiers(argv[3], seconds);
  printf("}\n");
  xpf_world_free(world);
  uv_loop_close(&loop);
  return 0;
}

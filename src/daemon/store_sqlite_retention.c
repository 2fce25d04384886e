/* What the history lets go: what is older than its tier keeps and than keep_days; and when the
 * files take more than keep_megabytes, the oldest span of the tier that is furthest above its
 * share. */
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/store_sqlite.h"

#define FUTURE_S     86400 /* what lies further ahead is of a clock that was wrong */
#define BYTES_A_ROW  4096  /* of keep_megabytes, for each event and for each entity that is gone */
#define ROUNDS_MAX   64    /* spans that go at once */
#define FULL_PERCENT 90

static uint64_t size_of(const char *path, const char *more) {
  char full[4200];
  struct stat status;
  snprintf(full, sizeof full, "%s%s", path, more);
  return stat(full, &status) == 0 ? (uint64_t)status.st_size : 0;
}

uint64_t xpf_store_bytes_on_disk(const struct xpf_store *store) {
  return size_of(store->path, "") + size_of(store->path, "-wal") + size_of(store->path, "-shm");
}

/* Chunks that ended before the moment. */
static int remove_before(struct xpf_history_db *db, unsigned tier, int64_t before_s) {
  int64_t id = xpf_chunk_id(xpf_span_start(before_s, xpf_history_tiers[tier].span_s), 0), size;
  int64_t first;
  int code = xpf_history_number(db, XPF_SQL_CHUNK_NEXT, tier, INT64_MAX, &first, "i", (int64_t)0);
  if (code != SQLITE_OK || first >= id)
    return code;
  code = xpf_history_number(db, XPF_SQL_CHUNK_SIZE, tier, 0, &size, "i", id);
  if (code == SQLITE_OK)
    code = xpf_history_run(db, XPF_SQL_CHUNK_OLD, tier, "i", id);
  if (code == SQLITE_OK)
    code = xpf_history_run(db, XPF_SQL_TIER_BYTES, 0, "ii", -size, (int64_t)tier);
  return code;
}

static int remove_future(struct xpf_history_db *db, unsigned tier, int64_t now_s) {
  int64_t id = xpf_chunk_id(now_s + FUTURE_S, 0), size, first;
  int code = xpf_history_number(db, XPF_SQL_CHUNK_NEXT, tier, INT64_MAX, &first, "i", id);
  if (code != SQLITE_OK || first == INT64_MAX)
    return code;
  code = xpf_history_number(db, XPF_SQL_CHUNK_SIZE_FROM, tier, 0, &size, "i", id);
  if (code == SQLITE_OK)
    code = xpf_history_run(db, XPF_SQL_CHUNK_FUTURE, tier, "i", id);
  if (code == SQLITE_OK)
    code = xpf_history_run(db, XPF_SQL_TIER_BYTES, 0, "ii", -size, (int64_t)tier);
  return code;
}

static int remove_by_age(struct xpf_store *store, int64_t now_s) {
  struct xpf_history_db *db = &store->writer.db;
  int64_t oldest_s = now_s - (int64_t)store->max_age_s;
  int code = SQLITE_OK;
  for (unsigned i = 0; code == SQLITE_OK && i < XPF_HISTORY_TIER_COUNT; i++) {
    int64_t keep_s = xpf_history_tiers[i].keep_s;
    int64_t before_s = keep_s ? now_s - keep_s : oldest_s;
    /* After a pause the coarser tier has to be made first. */
    if (i + 1 < XPF_HISTORY_TIER_COUNT && before_s > store->writer.done_s[i + 1])
      before_s = store->writer.done_s[i + 1];
    if (before_s < oldest_s)
      before_s = oldest_s;
    code = remove_before(db, i, before_s);
    if (code == SQLITE_OK)
      code = remove_future(db, i, now_s);
  }
  if (code == SQLITE_OK)
    code = xpf_history_run(db, XPF_SQL_EVENT_OLD, 0, "i", oldest_s * 1000);
  if (code == SQLITE_OK)
    code = xpf_history_run(db, XPF_SQL_ENTITY_OLD, 0, "i", oldest_s * 1000);
  return code;
}

static int remove_by_count(struct xpf_store *store) {
  struct xpf_history_db *db = &store->writer.db;
  int64_t most = (int64_t)(store->max_bytes / BYTES_A_ROW);
  int code = xpf_history_run(db, XPF_SQL_EVENT_MANY, 0, "i", most);
  return code == SQLITE_OK ? xpf_history_run(db, XPF_SQL_ENTITY_MANY, 0, "i", most) : code;
}

/* What is in use, and what the files take. */
static int measure(struct xpf_store *store, uint64_t *used, uint64_t *taken) {
  int64_t pages = 0, free_pages = 0;
  int code = xpf_history_number(&store->writer.db, XPF_SQL_PAGES, 0, 0, &pages, "");
  if (code == SQLITE_OK)
    code = xpf_history_number(&store->writer.db, XPF_SQL_FREE_PAGES, 0, 0, &free_pages, "");
  uint64_t log = size_of(store->path, "-wal") + size_of(store->path, "-shm");
  *taken = (uint64_t)pages * 4096 + log;
  *used = *taken - (uint64_t)free_pages * 4096;
  return code;
}

/* The tier that is furthest above its share, and how many bytes it has. */
static int find_largest(struct xpf_history_db *db, unsigned *largest) {
  double most = 0;
  int code = SQLITE_OK;
  *largest = XPF_HISTORY_TIER_COUNT;
  for (unsigned i = 0; code == SQLITE_OK && i < XPF_HISTORY_TIER_COUNT; i++) {
    sqlite3_stmt *row = xpf_history_rows(db, XPF_SQL_TIER_GET, 0, "i", (int64_t)i);
    code = row ? sqlite3_step(row) : SQLITE_ERROR;
    double share = code == SQLITE_ROW
                       ? (double)sqlite3_column_int64(row, 1) / xpf_history_tiers[i].share_percent
                       : 0;
    sqlite3_reset(row);
    code = code == SQLITE_ROW ? SQLITE_OK : code;
    int64_t first = INT64_MAX;
    if (code == SQLITE_OK)
      code = xpf_history_number(db, XPF_SQL_CHUNK_NEXT, i, INT64_MAX, &first, "i", (int64_t)0);
    if (code == SQLITE_OK && first != INT64_MAX && share >= most) {
      most = share;
      *largest = i;
    }
  }
  return code;
}

static int remove_by_size(struct xpf_store *store) {
  struct xpf_history_db *db = &store->writer.db;
  uint64_t used = 0, taken = 0;
  int code = measure(store, &used, &taken);
  for (int i = 0; code == SQLITE_OK && i < ROUNDS_MAX; i++) {
    unsigned tier = 0;
    int64_t first = 0;
    if (used <= store->max_bytes / 100 * FULL_PERCENT)
      break;
    code = find_largest(db, &tier);
    if (code != SQLITE_OK || tier == XPF_HISTORY_TIER_COUNT)
      break;
    code = xpf_history_number(db, XPF_SQL_CHUNK_NEXT, tier, 0, &first, "i", (int64_t)0);
    if (code == SQLITE_OK)
      code = remove_before(db, tier, xpf_chunk_start(first) + xpf_history_tiers[tier].span_s);
    if (code == SQLITE_OK)
      code = measure(store, &used, &taken);
  }
  return code;
}

int xpf_store_find_oldest(struct xpf_store *store) {
  int64_t oldest_s = INT64_MAX;
  int code = SQLITE_OK;
  for (unsigned i = 0; code == SQLITE_OK && i < XPF_HISTORY_TIER_COUNT; i++) {
    int64_t first = INT64_MAX;
    code = xpf_history_number(&store->writer.db, XPF_SQL_CHUNK_NEXT, i, INT64_MAX, &first, "i",
                              (int64_t)0);
    if (first != INT64_MAX && xpf_chunk_start(first) < oldest_s)
      oldest_s = xpf_chunk_start(first);
  }
  uv_mutex_lock(&store->mutex);
  store->figures.oldest_ms = oldest_s == INT64_MAX ? 0 : oldest_s * 1000;
  uv_mutex_unlock(&store->mutex);
  return code;
}

int xpf_store_retain(struct xpf_store *store, int64_t now_s) {
  struct xpf_store_writer *writer = &store->writer;
  uint64_t used = 0, taken = 0;
  int code = xpf_history_run(&writer->db, XPF_SQL_BEGIN, 0, "");
  if (code == SQLITE_OK && now_s >= writer->settled_s)
    code = remove_by_age(store, now_s);
  if (code == SQLITE_OK)
    code = remove_by_count(store);
  if (code == SQLITE_OK)
    code = remove_by_size(store);
  if (code == SQLITE_OK)
    code = xpf_history_run(&writer->db, XPF_SQL_COMMIT, 0, "");
  if (code == SQLITE_OK)
    code = measure(store, &used, &taken);
  if (code == SQLITE_OK && taken > store->max_bytes / 100 * 95 && taken > used)
    code = xpf_history_run(&writer->db, XPF_SQL_VACUUM, 0, "");
  return code == SQLITE_OK ? xpf_store_find_oldest(store) : code;
}

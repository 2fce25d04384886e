/* The database file of the history: opening, its schema, its statements. A connection is of one
 * thread. Results are SQLite's codes (SQLITE_OK is 0) unless said otherwise.
 *
 * Tiers: the same values in steps of different lengths, each kept for its own time. A chunk has
 * the values of one entity in one span of a tier; its id is the span's start in seconds and, in
 * the lower 28 bits, the entity: chunks are in the order of time, and found without an index. */
#ifndef XPF_DAEMON_HISTORY_DB_H
#define XPF_DAEMON_HISTORY_DB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>

/* name, seconds of a step, seconds of a chunk, seconds that it is kept at most (0: keep_days only),
 * percent of keep_megabytes that it should have when there is not enough for all. */
#define XPF_HISTORY_TIERS(X)                                                                       \
  X("1s", 1, 60, 2 * 3600, 45)                                                                     \
  X("10s", 10, 600, 2 * 86400, 25)                                                                 \
  X("1m", 60, 3600, 14 * 86400, 20)                                                                \
  X("10m", 600, 36000, 0, 10)
#define XPF_HISTORY_TIER_COUNT 4

struct xpf_history_tier {
  const char *name;
  int64_t step_s, span_s, keep_s;
  unsigned share_percent;
};
extern const struct xpf_history_tier xpf_history_tiers[XPF_HISTORY_TIER_COUNT];

#define XPF_ENTITY_BITS 28
static inline int64_t xpf_chunk_id(int64_t start_s, int64_t entity) {
  return start_s * ((int64_t)1 << XPF_ENTITY_BITS) + entity;
}
static inline int64_t xpf_chunk_start(int64_t id) {
  return id >> XPF_ENTITY_BITS;
}
static inline int64_t xpf_chunk_entity(int64_t id) {
  return id & (((int64_t)1 << XPF_ENTITY_BITS) - 1);
}
/* The start of the span that a moment is in. */
static inline int64_t xpf_span_start(int64_t at_s, int64_t span_s) {
  int64_t rest = at_s % span_s;
  return at_s - (rest < 0 ? rest + span_s : rest);
}

/* clang-format off */
/* %T is the tier's table. */
#define XPF_HISTORY_STATEMENTS(X) \
  X(BEGIN, "BEGIN IMMEDIATE") X(BEGIN_READ, "BEGIN") X(COMMIT, "COMMIT") X(ROLLBACK, "ROLLBACK") \
  X(FRAME_PUT, "INSERT OR REPLACE INTO frame(at_s, data) VALUES(?, ?)") \
  X(FRAME_RANGE, "SELECT at_s, data FROM frame WHERE at_s >= ? AND at_s < ? ORDER BY at_s") \
  X(FRAME_OTHER, "SELECT at_s FROM frame WHERE at_s < ? OR at_s >= ? ORDER BY at_s LIMIT 1") \
  X(FRAME_DELETE, "DELETE FROM frame WHERE at_s >= ? AND at_s < ?") \
  X(FRAME_LAST, "SELECT max(at_s) FROM frame") \
  X(KIND_FIND, "SELECT id FROM kind WHERE name = ?") \
  X(KIND_PUT, "INSERT INTO kind(name) VALUES(?)") \
  X(LAYOUT_FIND, "SELECT id FROM layout WHERE kind = ? AND gap_ms = ? AND fields = ?") \
  X(LAYOUT_PUT, "INSERT INTO layout(kind, gap_ms, fields) VALUES(?, ?, ?)") \
  X(LAYOUT_OF_KIND, "SELECT layout.id FROM layout JOIN kind ON kind.id = layout.kind WHERE kind.name = ? ORDER BY layout.id DESC") \
  X(LAYOUT_GET, "SELECT gap_ms, fields FROM layout WHERE id = ?") \
  X(ENTITY_FIND, "SELECT id, since_ms, until_ms FROM entity WHERE kind = ? AND key = ?") \
  X(ENTITY_PUT, "INSERT INTO entity(kind, key, parent, labels, info, since_ms, until_ms) VALUES(?, ?, ?, ?, ?, ?, 0)") \
  X(ENTITY_BACK, "UPDATE entity SET parent = ?, labels = ?, info = ?, until_ms = 0 WHERE id = ?") \
  X(ENTITY_END, "UPDATE entity SET until_ms = ? WHERE id = ?") \
  X(ENTITY_LOST, "UPDATE entity SET until_ms = ? WHERE id = ? AND until_ms = 0") \
  X(ENTITY_LOST_ALL, "UPDATE entity SET until_ms = max(since_ms, ?) WHERE until_ms = 0") \
  X(ENTITY_LIST, "SELECT k.name, e.key, e.parent, e.labels, e.info, e.since_ms, e.until_ms FROM entity e JOIN kind k ON k.id = e.kind WHERE (?1 IS NULL OR k.name = ?1) AND e.since_ms < ?2 AND (e.until_ms = 0 OR e.until_ms >= ?3) ORDER BY e.since_ms DESC LIMIT ?4") \
  X(KIND_LIST, "SELECT k.name, l.fields, l.gap_ms FROM kind k JOIN layout l ON l.id = (SELECT max(id) FROM layout WHERE kind = k.id) WHERE EXISTS (SELECT 1 FROM entity e WHERE e.kind = k.id AND e.since_ms < ?1 AND (e.until_ms = 0 OR e.until_ms >= ?2)) ORDER BY k.name LIMIT ?3") \
  X(ENTITY_OLD, "DELETE FROM entity WHERE until_ms > 0 AND until_ms < ?") \
  X(ENTITY_MANY, "DELETE FROM entity WHERE until_ms > 0 AND id <= (SELECT max(id) FROM entity) - ?") \
  X(EVENT_PUT, "INSERT INTO event(at_ms, name, kind, key, text) VALUES(?, ?, ?, ?, ?)") \
  X(EVENT_LIST, "SELECT at_ms, name, kind, key, text FROM event WHERE at_ms >= ?1 AND at_ms < ?2 AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR key = ?4) ORDER BY at_ms DESC, id DESC LIMIT ?5") \
  X(EVENT_OLD, "DELETE FROM event WHERE at_ms < ?") \
  X(EVENT_MANY, "DELETE FROM event WHERE id <= (SELECT max(id) FROM event) - ?") \
  X(TIER_GET, "SELECT done_until_s, bytes FROM tier WHERE id = ?") \
  X(TIER_DONE, "UPDATE tier SET done_until_s = ? WHERE id = ?") \
  X(TIER_BYTES, "UPDATE tier SET bytes = max(0, bytes + ?) WHERE id = ?") \
  X(PAGES, "PRAGMA page_count") X(FREE_PAGES, "PRAGMA freelist_count") \
  X(VACUUM, "PRAGMA incremental_vacuum(2000)") \
  X(CHUNK_GET, "SELECT layout, data FROM %T WHERE id = ?") \
  X(CHUNK_PUT, "INSERT OR REPLACE INTO %T(id, layout, data) VALUES(?, ?, ?)") \
  X(CHUNK_NEXT, "SELECT id FROM %T WHERE id >= ? ORDER BY id LIMIT 1") \
  X(CHUNK_LAST, "SELECT max(id) FROM %T") \
  X(CHUNK_IDS, "SELECT id FROM %T WHERE id >= ? AND id < ? ORDER BY id") \
  X(CHUNK_SIZE, "SELECT total(length(data)) FROM %T WHERE id < ?") \
  X(CHUNK_OLD, "DELETE FROM %T WHERE id < ?") \
  X(CHUNK_SIZE_FROM, "SELECT total(length(data)) FROM %T WHERE id >= ?") \
  X(CHUNK_FUTURE, "DELETE FROM %T WHERE id >= ?")
/* clang-format on */
enum xpf_history_statement {
#define XPF_STATEMENT_ENUM(name, sql) XPF_SQL_##name,
  XPF_HISTORY_STATEMENTS(XPF_STATEMENT_ENUM)
#undef XPF_STATEMENT_ENUM
      XPF_SQL_COUNT
};

struct xpf_history_db {
  sqlite3 *handle; /* NULL: closed */
  sqlite3_stmt *statements[XPF_SQL_COUNT][XPF_HISTORY_TIER_COUNT];
};

#define XPF_HISTORY_FILE "history.db"

/* Opens the file for writing, makes it and its schema when it is new, brings an older schema up to
 * date. 0; -EBADMSG: what is there is damaged; -ENOSPC and -EIO: not now, perhaps later; others:
 * never. why: a sentence that names the file and what can be done. max_bytes: of the whole. */
int xpf_history_db_open(struct xpf_history_db *db, const char *path, uint64_t max_bytes, char *why,
                        size_t why_size);
/* For reading only; it was opened for writing before. SQLite's code. */
int xpf_history_db_open_read(struct xpf_history_db *db, const char *path);
void xpf_history_db_close(struct xpf_history_db *db);
/* Moves a damaged file (and what belongs to it) aside, as history.db.broken-DATE-TIME; an older
 * one so named is removed. 0 or -errno. moved: its new path. */
int xpf_history_db_set_aside(const char *path, char *moved, size_t moved_size);

/* Runs a statement that gives no rows, with these values: `types` has one letter for each: i
 * (int64_t), t (const char *, may be NULL), b (const void *, int size). */
int xpf_history_run(struct xpf_history_db *db, enum xpf_history_statement id, unsigned tier,
                    const char *types, ...);
/* The first column of the first row as a number, `none` when there is no row or it is NULL. */
int xpf_history_number(struct xpf_history_db *db, enum xpf_history_statement id, unsigned tier,
                       int64_t none, int64_t *out, const char *types, ...);
/* The statement with values, ready to be stepped; NULL as above. Reset it when done. */
sqlite3_stmt *xpf_history_rows(struct xpf_history_db *db, enum xpf_history_statement id,
                               unsigned tier, const char *types, ...);
#endif

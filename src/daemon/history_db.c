#include "daemon/history_db.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define APPLICATION_ID 0x78707264 /* "xprd" */
#define PAGE_SIZE      4096
#define CACHE_KIB      1024
#define BUSY_MS        2000

const struct xpf_history_tier xpf_history_tiers[XPF_HISTORY_TIER_COUNT] = {
#define TIER_ROW(...) {__VA_ARGS__},
    XPF_HISTORY_TIERS(TIER_ROW)
#undef TIER_ROW
};

static const char *const STATEMENTS[XPF_SQL_COUNT] = {
#define STATEMENT_TEXT(name, sql) sql,
    XPF_HISTORY_STATEMENTS(STATEMENT_TEXT)
#undef STATEMENT_TEXT
};

/* Step i makes schema i + 1 of schema i. A step that was released is never changed. */
static const char *const UPGRADES[] = {
    "CREATE TABLE kind(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE layout(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, gap_ms INTEGER NOT NULL,"
    "  fields TEXT NOT NULL);"
    "CREATE TABLE entity(id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
    "  key TEXT NOT NULL, parent TEXT, labels TEXT NOT NULL, info TEXT NOT NULL,"
    "  since_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, UNIQUE(kind, key));"
    "CREATE INDEX entity_until ON entity(until_ms);"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, name TEXT NOT NULL,"
    "  kind TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL);"
    "CREATE INDEX event_at ON event(at_ms);"
    "CREATE TABLE frame(at_s INTEGER PRIMARY KEY, data BLOB NOT NULL);"
    "CREATE TABLE tier(id INTEGER PRIMARY KEY, name TEXT NOT NULL, done_until_s INTEGER NOT NULL,"
    "  bytes INTEGER NOT NULL);"
    "INSERT INTO tier VALUES(0, '1s', 0, 0), (1, '10s', 0, 0), (2, '1m', 0, 0), (3, '10m', 0, 0);"
    "CREATE TABLE chunk_1s(id INTEGER PRIMARY KEY, layout INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE chunk_10s(id INTEGER PRIMARY KEY, layout INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE chunk_1m(id INTEGER PRIMARY KEY, layout INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE chunk_10m(id INTEGER PRIMARY KEY, layout INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE VIEW chunk AS"
    "  SELECT '1s' AS tier, id >> 28 AS start_s, id & 268435455 AS entity, layout,"
    "    length(data) AS bytes FROM chunk_1s"
    "  UNION ALL SELECT '10s', id >> 28, id & 268435455, layout, length(data) FROM chunk_10s"
    "  UNION ALL SELECT '1m', id >> 28, id & 268435455, layout, length(data) FROM chunk_1m"
    "  UNION ALL SELECT '10m', id >> 28, id & 268435455, layout, length(data) FROM chunk_10m;",
};
#define SCHEMA ((int)(sizeof UPGRADES / sizeof UPGRADES[0]))

static int error_of(int code) {
  switch (code & 0xff) {
  case SQLITE_OK:
    return 0;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return -EBADMSG;
  case SQLITE_FULL:
    return -ENOSPC;
  case SQLITE_NOMEM:
    return -ENOMEM;
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_CANTOPEN:
    return -EACCES;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return -EBUSY;
  default:
    return -EIO;
  }
}

static int pragma(sqlite3 *handle, const char *name, int *value) {
  char sql[64];
  sqlite3_stmt *statement;
  snprintf(sql, sizeof sql, "PRAGMA %s", name);
  int code = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);
  if (code != SQLITE_OK)
    return code;
  code = sqlite3_step(statement);
  *value = code == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
  sqlite3_finalize(statement);
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int upgrade(sqlite3 *handle, int version) {
  char sql[128];
  int code = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  for (int i = version; code == SQLITE_OK && i < SCHEMA; i++)
    code = sqlite3_exec(handle, UPGRADES[i], NULL, NULL, NULL);
  snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
           APPLICATION_ID, SCHEMA);
  if (code == SQLITE_OK)
    code = sqlite3_exec(handle, sql, NULL, NULL, NULL);
  if (code != SQLITE_OK)
    sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
  return code;
}

/* 0, SQLite's code, or -EPROTO when it is not ours to write. */
static int check_schema(sqlite3 *handle, const char *path, char *why, size_t why_size) {
  int version = 0, application = 0, tables = 0;
  int code = pragma(handle, "user_version", &version);
  if (code == SQLITE_OK)
    code = pragma(handle, "application_id", &application);
  if (code == SQLITE_OK)
    code = pragma(handle, "schema_version", &tables);
  if (code != SQLITE_OK)
    return code;
  if (tables > 0 && application != APPLICATION_ID) {
    snprintf(why, why_size,
             "data_dir: %.400s is a database of another program; move it away, or give another "
             "data_dir",
             path);
    return -EPROTO;
  }
  if (version > SCHEMA) {
    snprintf(why, why_size,
             "data_dir: %.400s was written by a newer xprofd (schema %d, this one knows %d); use "
             "that one, or move the file away",
             path, version, SCHEMA);
    return -EPROTO;
  }
  return version < SCHEMA ? upgrade(handle, version) : SQLITE_OK;
}

/* The log takes from the same budget as the database. */
static int configure(sqlite3 *handle, uint64_t max_bytes) {
  uint64_t log_bytes = max_bytes / 16 < 4u << 20 ? max_bytes / 16 : 4u << 20;
  char sql[512];
  snprintf(sql, sizeof sql,
           "PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
           "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -%d; PRAGMA temp_store = MEMORY;"
           "PRAGMA wal_autocheckpoint = %llu; PRAGMA journal_size_limit = %llu;",
           PAGE_SIZE, CACHE_KIB, (unsigned long long)(log_bytes / PAGE_SIZE),
           (unsigned long long)log_bytes);
  return sqlite3_exec(handle, sql, NULL, NULL, NULL);
}

int xpf_history_db_open(struct xpf_history_db *db, const char *path, uint64_t max_bytes, char *why,
                        size_t why_size) {
  memset(db, 0, sizeof *db);
  why[0] = '\0';
  /* Made by us first: SQLite would take the umask's rights. */
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  int code = fd < 0 ? SQLITE_CANTOPEN : SQLITE_OK;
  int error = fd < 0 ? -errno : 0;
  if (fd >= 0) {
    close(fd);
    code = sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  }
  if (code == SQLITE_OK) {
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    code = configure(db->handle, max_bytes);
  }
  if (code == SQLITE_OK)
    code = check_schema(db->handle, path, why, why_size);
  if (code == SQLITE_OK)
    return 0;
  if (!error)
    error = code < 0 ? code : error_of(code);
  if (why[0] == '\0')
    snprintf(why, why_size, "data_dir: %.400s cannot be %s: %s", path,
             error == -EACCES || error == -EROFS ? "written" : "opened",
             fd < 0 ? strerror(-error) : sqlite3_errstr(code));
  xpf_history_db_close(db);
  return error;
}

int xpf_history_db_open_read(struct xpf_history_db *db, const char *path) {
  memset(db, 0, sizeof *db);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  char sql[128];
  int code = sqlite3_open_v2(path, &db->handle, flags, NULL);
  snprintf(sql, sizeof sql, "PRAGMA query_only = 1; PRAGMA cache_size = -%d", CACHE_KIB);
  if (code == SQLITE_OK) {
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
  }
  if (code != SQLITE_OK)
    xpf_history_db_close(db);
  return code;
}

void xpf_history_db_close(struct xpf_history_db *db) {
  for (unsigned i = 0; i < XPF_SQL_COUNT; i++)
    for (unsigned tier = 0; tier < XPF_HISTORY_TIER_COUNT; tier++)
      sqlite3_finalize(db->statements[i][tier]);
  sqlite3_close(db->handle);
  memset(db, 0, sizeof *db);
}

/* One damaged file is enough to find out what happened; more would fill the disk. */
static void remove_older(const char *path) {
  char folder[4096], full[4352];
  snprintf(folder, sizeof folder, "%s", path);
  char *name = strrchr(folder, '/');
  if (!name)
    return;
  *name++ = '\0';
  DIR *dir = opendir(folder[0] ? folder : "/");
  for (struct dirent *entry; dir && (entry = readdir(dir));) {
    size_t length = strlen(name);
    if (strncmp(entry->d_name, name, length) != 0 ||
        strncmp(entry->d_name + length, ".broken-", 8) != 0)
      continue;
    snprintf(full, sizeof full, "%s/%s", folder, entry->d_name);
    unlink(full);
  }
  if (dir)
    closedir(dir);
}

int xpf_history_db_set_aside(const char *path, char *moved, size_t moved_size) {
  char from[4200];
  time_t now = time(NULL);
  struct tm tm;
  char date[32];
  remove_older(path);
  strftime(date, sizeof date, "%Y%m%d-%H%M%S", gmtime_r(&now, &tm));
  snprintf(moved, moved_size, "%s.broken-%s", path, date);
  if (rename(path, moved) != 0)
    return -errno;
  static const char *const PARTS[] = {"-wal", "-shm"};
  for (unsigned i = 0; i < 2; i++) {
    snprintf(from, sizeof from, "%s%s", path, PARTS[i]);
    unlink(from); /* it belongs to the old file: a new one must not be read with it */
  }
  return 0;
}

/* The statement, reset and without values; NULL when it cannot be prepared (see the handle). */
static sqlite3_stmt *fresh(struct xpf_history_db *db, enum xpf_history_statement id,
                           unsigned tier) {
  sqlite3_stmt **slot = &db->statements[id][tier];
  if (*slot) {
    sqlite3_reset(*slot);
    return *slot;
  }
  char sql[512] = "";
  const char *text = STATEMENTS[id], *mark = strstr(text, "%T");
  if (mark)
    snprintf(sql, sizeof sql, "%.*schunk_%s%s", (int)(mark - text), text,
             xpf_history_tiers[tier].name, mark + 2);
  if (!db->handle || sqlite3_prepare_v3(db->handle, mark ? sql : text, -1,
                                        SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK)
    return NULL;
  return *slot;
}

static sqlite3_stmt *bind(struct xpf_history_db *db, enum xpf_history_statement id, unsigned tier,
                          const char *types, va_list values) {
  sqlite3_stmt *statement = fresh(db, id, tier);
  for (int i = 1; statement && *types; i++, types++)
    if (*types == 'i') {
      sqlite3_bind_int64(statement, i, va_arg(values, int64_t));
    } else if (*types == 't') {
      sqlite3_bind_text(statement, i, va_arg(values, const char *), -1, SQLITE_STATIC);
    } else {
      const void *data = va_arg(values, const void *);
      sqlite3_bind_blob(statement, i, data, va_arg(values, int), SQLITE_STATIC);
    }
  return statement;
}

static int code_of(const struct xpf_history_db *db) {
  int code = db->handle ? sqlite3_extended_errcode(db->handle) : SQLITE_MISUSE;
  return code == SQLITE_OK ? SQLITE_ERROR : code;
}

/* Texts and blobs of the caller are not to be touched later. */
static void release(sqlite3_stmt *statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
}

int xpf_history_run(struct xpf_history_db *db, enum xpf_history_statement id, unsigned tier,
                    const char *types, ...) {
  va_list values;
  va_start(values, types);
  sqlite3_stmt *statement = bind(db, id, tier, types, values);
  va_end(values);
  if (!statement)
    return code_of(db);
  int code;
  do {
    code = sqlite3_step(statement);
  } while (code == SQLITE_ROW);
  release(statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int xpf_history_number(struct xpf_history_db *db, enum xpf_history_statement id, unsigned tier,
                       int64_t none, int64_t *out, const char *types, ...) {
  va_list values;
  va_start(values, types);
  sqlite3_stmt *statement = bind(db, id, tier, types, values);
  va_end(values);
  *out = none;
  if (!statement)
    return code_of(db);
  int code = sqlite3_step(statement);
  if (code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
    *out = sqlite3_column_int64(statement, 0);
  release(statement);
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

sqlite3_stmt *xpf_history_rows(struct xpf_history_db *db, enum xpf_history_statement id,
                               unsigned tier, const char *types, ...) {
  va_list values;
  va_start(values, types);
  sqlite3_stmt *statement = bind(db, id, tier, types, values);
  va_end(values);
  return statement;
}

/* Which columns the rows of an entity have. Written into the history beside the values, by the
 * names of the fields, so that a later version with other fields still reads them. A layout is of a
 * kind and never changes: other fields are another layout. [any], one thread at a time. */
#ifndef XPF_DAEMON_HISTORY_LAYOUT_H
#define XPF_DAEMON_HISTORY_LAYOUT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "daemon/history_db.h"
#include "daemon/history_stream.h"
#include "daemon/kind.h"

struct xpf_layout {
  int64_t id; /* 0: not yet in the database */
  int64_t gap_ms;
  char *text; /* one line a field: its key, a space, 'g' or 'c' */
  unsigned fields;
  const char **keys; /* one a field */
  bool *is_counter;  /* one a field; also: exact, one a column of the finest tier */
  bool *exact;       /* one a column of a coarser tier: two a field */
};
/* The text of a kind, to be freed. NULL: no memory, or too many fields. */
char *xpf_layout_text(const struct xpf_kind *kind);
/* Takes text over (also when it fails). NULL: no memory, or it is no such text. */
struct xpf_layout *xpf_layout_new(char *text, int64_t gap_ms);
void xpf_layout_free(struct xpf_layout *layout);
/* The field's index, or -1. */
int xpf_layout_find(const struct xpf_layout *layout, const char *key);
static inline unsigned xpf_layout_columns(const struct xpf_layout *layout, unsigned tier) {
  return tier == 0 ? layout->fields : 2 * layout->fields;
}

/* Those that a connection has met. */
struct xpf_layouts {
  struct xpf_layout **of;
  size_t count;
};
/* NULL: it is not there, or damaged. */
const struct xpf_layout *xpf_layouts_get(struct xpf_layouts *layouts, struct xpf_history_db *db,
                                         int64_t id);
void xpf_layouts_free(struct xpf_layouts *layouts);

/* The rows of a chunk: row i is of the span's start plus i steps. */
struct xpf_rows {
  const struct xpf_layout *layout;
  unsigned columns, steps;
  double *values;
  bool present[XPF_STREAM_STEPS_MAX];
  size_t capacity;
};
void xpf_rows_free(struct xpf_rows *rows);
/* Sizes it; nothing is present. 0 or -ENOMEM. */
int xpf_rows_begin(struct xpf_rows *rows, const struct xpf_layout *layout, unsigned tier);
/* Adds what a stream has, whose columns are those of `from`; fields of the same key go together.
 * 0, -ENOMEM, -EBADMSG. */
int xpf_rows_add(struct xpf_rows *rows, unsigned tier, const struct xpf_layout *from,
                 const uint8_t *stream, size_t size);

/* What reading chunks needs. */
struct xpf_chunk_reader {
  struct xpf_history_db *db;
  struct xpf_layouts layouts;
  struct xpf_packer *packer;
  struct xpf_bytes stream; /* of the last xpf_chunk_load */
};
/* The stream of a chunk and its layout; *layout NULL when there is none that can be read. SQLite's
 * code. */
int xpf_chunk_load(struct xpf_chunk_reader *reader, unsigned tier, int64_t start_s, int64_t entity,
                   const struct xpf_layout **layout);
/* The layout of a chunk without its values, as above. */
int xpf_chunk_layout(struct xpf_chunk_reader *reader, unsigned tier, int64_t start_s,
                     int64_t entity, const struct xpf_layout **layout);
void xpf_chunk_reader_free(struct xpf_chunk_reader *reader);
#endif

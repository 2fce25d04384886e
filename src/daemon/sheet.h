/* What a collector read of one kind: rows of values, written by the pool's thread when it gathers
 * and carried into the world by the loop's when it publishes (never both at once). A row remembers
 * the reading before, for figures that are made of two. */
#ifndef XPF_DAEMON_SHEET_H
#define XPF_DAEMON_SHEET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "daemon/world.h"

struct xpf_row {
  const struct xpf_kind *kind;
  char *key;
  char **labels, **info;
  double *values, *before; /* before: NaN in its first reading */
  uint8_t *qualities;
  bool is_told, is_kept, has_other_labels; /* of sheet.c */
};

struct xpf_sheet {
  const struct xpf_kind *kind;
  struct xpf_row **rows;
  size_t count, capacity, max, next;
  uint64_t at_ns, before_ns; /* when they were read; monotonic */
  int error;
};

/* max: how many rows it may have; more are left out. NULL: no memory. */
struct xpf_sheet *xpf_sheet_new(const struct xpf_kind *kind, size_t max);
void xpf_sheet_free(struct xpf_sheet *sheet);

/* A new reading begins: values become those before, and are absent until they are set. */
void xpf_sheet_begin(struct xpf_sheet *sheet);
/* It failed as a whole (-errno): the rows stay, without numbers. 0 takes it back. */
void xpf_sheet_fail(struct xpf_sheet *sheet, int error);
/* Since the reading before; NaN in the first. */
double xpf_sheet_seconds(const struct xpf_sheet *sheet);

/* The row of that key, new or known, and told: rows that are not told in a reading are gone.
 * labels: the values of the kind's labels; NULL: the key is the only one. NULL: no memory or
 * too many. Quickest when the rows come in the same order each time. */
struct xpf_row *xpf_sheet_row(struct xpf_sheet *sheet, const char *key, const char *const *labels);
/* The same, but only if it is known; does not tell it. */
struct xpf_row *xpf_sheet_find(struct xpf_sheet *sheet, const char *key);
/* It is there still, but was not read: its values grow stale. */
void xpf_row_keep(struct xpf_row *row);
/* NaN is absent. */
void xpf_row_set(struct xpf_row *row, unsigned field, double value);
/* The same for a figure that cannot shrink although the kernel's does by a little at times. */
void xpf_row_set_growing(struct xpf_row *row, unsigned field, double value, double slack);
void xpf_row_mark(struct xpf_row *row, unsigned field, enum xpf_quality quality);
/* How much it grew since the reading before: 0 when it shrank, NaN when either is not known. */
double xpf_row_growth(const struct xpf_row *row, unsigned field);
/* Text NULL: none. */
void xpf_row_set_info(struct xpf_row *row, unsigned index, const char *text);

/* Into the world: entities come, are updated, and go. */
void xpf_sheet_publish(struct xpf_sheet *sheet, struct xpf_world *world, int64_t now_ms);
#endif

/* Many points of an entity made into one of a coarser step. In a coarse row each field has two
 * columns: a gauge its mean and its highest value, a counter its last value and its rate per second
 * (one that began anew counts from 0, so that no increase is lost). Pure. [any] */
#ifndef XPF_DAEMON_HISTORY_FOLD_H
#define XPF_DAEMON_HISTORY_FOLD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xpf_fold_field {
  double sum, highest, last; /* of the step that is being made; rates: seconds in weight */
  double weight;
  double before; /* a counter's value at before_ms */
  int64_t before_ms;
};
struct xpf_fold {
  unsigned fields;
  const bool *is_counter; /* one a field */
  int64_t gap_ms;         /* a counter that was not seen for longer has no rate over that time */
  bool has_points;
  struct xpf_fold_field *of;
};
/* What a counter grew by; when it began anew, what it has counted since. */
double xpf_counter_increase(double before, double after);

int xpf_fold_init(struct xpf_fold *fold, unsigned fields, const bool *is_counter, int64_t gap_ms);
void xpf_fold_free(struct xpf_fold *fold);
/* A row of the finest step: one column a field. */
void xpf_fold_point(struct xpf_fold *fold, int64_t at_ms, const double *row);
/* A coarse row: two columns a field. */
void xpf_fold_row(struct xpf_fold *fold, const double *row);
/* The coarse row of what came since the last take, 2 * fields values; false: nothing came. */
bool xpf_fold_take(struct xpf_fold *fold, double *row);
#endif

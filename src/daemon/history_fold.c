#include "daemon/history_fold.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

double xpf_counter_increase(double before, double after) {
  return after >= before ? after - before : after;
}

static void clear(struct xpf_fold *fold) {
  fold->has_points = false;
  for (unsigned i = 0; i < fold->fields; i++) {
    struct xpf_fold_field *field = &fold->of[i];
    field->sum = field->weight = 0;
    field->highest = field->last = NAN;
  }
}

int xpf_fold_init(struct xpf_fold *fold, unsigned fields, const bool *is_counter, int64_t gap_ms) {
  *fold = (struct xpf_fold){.fields = fields, .is_counter = is_counter, .gap_ms = gap_ms};
  fold->of = calloc(fields + 1, sizeof *fold->of);
  if (!fold->of)
    return -ENOMEM;
  for (unsigned i = 0; i < fields; i++)
    fold->of[i].before = NAN;
  clear(fold);
  return 0;
}

void xpf_fold_free(struct xpf_fold *fold) {
  free(fold->of);
  *fold = (struct xpf_fold){0};
}

static void add(struct xpf_fold_field *field, double mean, double highest, double weight) {
  field->sum += mean * weight;
  field->weight += weight;
  field->highest = fmax(field->highest, highest); /* one that is NaN does not count */
}

static void add_counter(struct xpf_fold_field *field, int64_t at_ms, double value, int64_t gap_ms) {
  int64_t since_ms = at_ms - field->before_ms;
  if (!isnan(field->before) && since_ms > 0 && since_ms <= gap_ms) {
    field->sum += xpf_counter_increase(field->before, value);
    field->weight += (double)since_ms / 1000;
  }
  field->before = field->last = value;
  field->before_ms = at_ms;
}

void xpf_fold_point(struct xpf_fold *fold, int64_t at_ms, const double *row) {
  fold->has_points = true;
  for (unsigned i = 0; i < fold->fields; i++)
    if (isnan(row[i]))
      continue;
    else if (fold->is_counter[i])
      add_counter(&fold->of[i], at_ms, row[i], fold->gap_ms);
    else
      add(&fold->of[i], row[i], row[i], 1);
}

void xpf_fold_row(struct xpf_fold *fold, const double *row) {
  fold->has_points = true;
  for (unsigned i = 0; i < fold->fields; i++) {
    double first = row[2 * i], second = row[2 * i + 1];
    struct xpf_fold_field *field = &fold->of[i];
    if (fold->is_counter[i]) {
      if (!isnan(first))
        field->last = first;
      if (!isnan(second))
        add(field, second, NAN, 1);
    } else if (!isnan(first)) {
      add(field, first, second, 1);
    }
  }
}

bool xpf_fold_take(struct xpf_fold *fold, double *row) {
  if (!fold->has_points)
    return false;
  for (unsigned i = 0; i < fold->fields; i++) {
    const struct xpf_fold_field *field = &fold->of[i];
    double mean = field->weight > 0 ? field->sum / field->weight : NAN;
    row[2 * i] = fold->is_counter[i] ? field->last : mean;
    row[2 * i + 1] = fold->is_counter[i] ? mean : field->highest;
  }
  clear(fold);
  return true;
}

#include "daemon/history_steps.h"

#include <math.h>

#include "daemon/history_fold.h"

#define FINEST_MS 1000 /* a point says what was in the second that ends with it */

void xpf_steps_begin(struct xpf_steps *steps) {
  for (size_t i = 0; i < steps->count; i++) {
    steps->values[i] = 0;
    steps->weights[i] = 0;
    if (steps->maxima)
      steps->maxima[i] = NAN;
  }
  steps->value = steps->highest = steps->before = NAN;
  steps->at_ms = steps->before_ms = INT64_MIN / 2;
  steps->spacing_ms = FINEST_MS;
}

/* value holds in from <= t < to. */
static void cover(struct xpf_steps *steps, int64_t from_ms, int64_t to_ms, double value,
                  double highest) {
  int64_t end_ms = steps->from_ms + (int64_t)steps->count * steps->step_ms;
  if (from_ms < steps->from_ms)
    from_ms = steps->from_ms;
  if (to_ms > end_ms)
    to_ms = end_ms;
  while (from_ms < to_ms) {
    size_t i = (size_t)((from_ms - steps->from_ms) / steps->step_ms);
    int64_t next_ms = steps->from_ms + (int64_t)(i + 1) * steps->step_ms;
    double weight = (double)((next_ms < to_ms ? next_ms : to_ms) - from_ms);
    if (steps->kind == XPF_STEPS_LAST) {
      steps->values[i] = value;
      steps->weights[i] = 1;
    } else {
      steps->values[i] += value * weight;
      steps->weights[i] += weight;
      if (steps->maxima)
        steps->maxima[i] = fmax(steps->maxima[i], highest);
    }
    from_ms = next_ms;
  }
}

/* What held up to now ends, at the latest at to_ms. */
static void settle(struct xpf_steps *steps, int64_t to_ms) {
  int64_t hold_ms = steps->hold_ms > steps->spacing_ms ? steps->hold_ms : steps->spacing_ms;
  int64_t last_ms = steps->at_ms + hold_ms;
  if (isnan(steps->value))
    return;
  cover(steps, steps->at_ms, last_ms < to_ms ? last_ms : to_ms, steps->value, steps->highest);
  steps->value = NAN;
}

static void hold(struct xpf_steps *steps, int64_t at_ms, int64_t spacing_ms, double value,
                 double highest) {
  settle(steps, at_ms);
  steps->at_ms = at_ms;
  steps->spacing_ms = spacing_ms;
  steps->value = value;
  steps->highest = highest;
}

void xpf_steps_point(struct xpf_steps *steps, int64_t at_ms, int64_t spacing_ms, double value,
                     double highest) {
  if (steps->kind != XPF_STEPS_RATE) {
    hold(steps, at_ms, spacing_ms, value, highest);
    return;
  }
  settle(steps, at_ms);
  if (isnan(value))
    return;
  int64_t since_ms = at_ms - steps->before_ms;
  int64_t hold_ms = steps->hold_ms > spacing_ms ? steps->hold_ms : spacing_ms;
  if (!isnan(steps->before) && since_ms > 0 && since_ms <= hold_ms)
    cover(steps, steps->before_ms + FINEST_MS, at_ms + FINEST_MS,
          xpf_counter_increase(steps->before, value) * 1000 / (double)since_ms, NAN);
  steps->before = value;
  steps->before_ms = at_ms;
}

void xpf_steps_counter(struct xpf_steps *steps, int64_t at_ms, int64_t spacing_ms, double last,
                       double rate) {
  hold(steps, at_ms, spacing_ms, steps->kind == XPF_STEPS_RATE ? rate : last, NAN);
  if (isnan(last))
    return;
  steps->before = last;
  steps->before_ms = at_ms + spacing_ms - FINEST_MS;
}

void xpf_steps_end(struct xpf_steps *steps) {
  settle(steps, steps->end_ms);
  for (size_t i = 0; i < steps->count; i++)
    if (steps->weights[i] == 0)
      steps->values[i] = NAN;
    else if (steps->kind != XPF_STEPS_LAST)
      steps->values[i] /= steps->weights[i];
}

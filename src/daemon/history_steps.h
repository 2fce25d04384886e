/* Points of any spacing made into equal steps, as a query asks for them. A value holds from its
 * point to the next one, but not longer than `hold_ms`: where nothing was measured there is NaN, no
 * line. A step's value is the mean over the time that is covered. Pure. [any] */
#ifndef XPF_DAEMON_HISTORY_STEPS_H
#define XPF_DAEMON_HISTORY_STEPS_H
#include <stddef.h>
#include <stdint.h>

enum xpf_steps_kind {
  XPF_STEPS_GAUGE,
  XPF_STEPS_RATE, /* of a counter, per second */
  XPF_STEPS_LAST, /* of a counter, as it is */
};

struct xpf_steps {
  enum xpf_steps_kind kind;
  int64_t from_ms, step_ms;
  size_t count;
  int64_t hold_ms; /* at least the spacing of the points */
  int64_t end_ms;  /* nothing holds beyond: now, or when the entity was gone */
  double *values;  /* count of each; of the caller */
  double *maxima;  /* NULL: not wanted */
  double *weights; /* scratch */
  /* the rest: ours */
  double value, highest, before;
  int64_t at_ms, spacing_ms, before_ms;
};
/* The fields up to `weights` are set. */
void xpf_steps_begin(struct xpf_steps *steps);
/* In the order of time. value, and highest, of a point which stands for spacing_ms from at_ms on;
 * for a counter its value. NaN: it ends what held. */
void xpf_steps_point(struct xpf_steps *steps, int64_t at_ms, int64_t spacing_ms, double value,
                     double highest);
/* A coarse point of a counter: its last value and its rate. */
void xpf_steps_counter(struct xpf_steps *steps, int64_t at_ms, int64_t spacing_ms, double last,
                       double rate);
void xpf_steps_end(struct xpf_steps *steps);
#endif

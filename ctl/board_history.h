/* The last values of every figure of a row of the live view. Fixed size: about 17 KB. */
#ifndef XPF_CTL_BOARD_HISTORY_H
#define XPF_CTL_BOARD_HISTORY_H
#include <stddef.h>
#include "board_reading.h"

#define XPF_BOARD_HISTORY_MAX 300 /* at the usual second: five minutes */

struct xpf_board_history {
  float values[XPF_BOARD_FIGURE_COUNT][XPF_BOARD_HISTORY_MAX];
  size_t count, next;
};

/* values NULL: an answer that did not come. */
void xpf_board_history_add(struct xpf_board_history *history,
                           const struct xpf_board_values *values);
/* An answer that came late takes the place of the last one. */
void xpf_board_history_amend(struct xpf_board_history *history,
                             const struct xpf_board_values *values);
/* The last `max` values, oldest first; NaN where there was none. Returns how many. */
size_t xpf_board_history_last(const struct xpf_board_history *history, enum xpf_board_figure_id id,
                              double *out, size_t max);
#endif

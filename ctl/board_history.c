#include "board_history.h"
#include <math.h>

static void put(struct xpf_board_history *history, size_t at,
                const struct xpf_board_values *values) {
  for (int i = 0; i < XPF_BOARD_FIGURE_COUNT; i++)
    history->values[i][at] = values != NULL ? (float)values->of[i] : NAN;
}

void xpf_board_history_add(struct xpf_board_history *history,
                           const struct xpf_board_values *values) {
  put(history, history->next, values);
  history->next = (history->next + 1) % XPF_BOARD_HISTORY_MAX;
  if (history->count < XPF_BOARD_HISTORY_MAX)
    history->count++;
}

void xpf_board_history_amend(struct xpf_board_history *history,
                             const struct xpf_board_values *values) {
  if (history->count == 0)
    xpf_board_history_add(history, values);
  else
    put(history, (history->next + XPF_BOARD_HISTORY_MAX - 1) % XPF_BOARD_HISTORY_MAX, values);
}

size_t xpf_board_history_last(const struct xpf_board_history *history, enum xpf_board_figure_id id,
                              double *out, size_t max) {
  size_t count = history->count < max ? history->count : max;
  for (size_t i = 0; i < count; i++)
    out[i] = (double)history->values[id][(history->next + XPF_BOARD_HISTORY_MAX - count + i) %
                                         XPF_BOARD_HISTORY_MAX];
  return count;
}

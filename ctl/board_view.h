/* What the user of the live view has chosen, and what keys do to it. */
#ifndef XPF_CTL_BOARD_VIEW_H
#define XPF_CTL_BOARD_VIEW_H
#include <stdbool.h>
#include "board_job.h"
#include "board_table.h"

#define XPF_BOARD_TOGGLED_MAX 256
#define XPF_BOARD_WHOLE       (-1L) /* as selected_thread: the process itself */

struct xpf_board_view {
  struct xpf_board_order order;
  pid_t toggled[XPF_BOARD_TOGGLED_MAX];
  pid_t selected_pid; /* 0: the first row, whichever it is */
  long selected_thread;
  size_t selected, first; /* rows: as drawn last */
  size_t page;            /* rows that the screen has */
  bool hides_detail, is_paused, shows_help, types_filter, asks_snapshot;
  double interval_s;
  char message[256]; /* until the next key */
};

void xpf_board_view_init(struct xpf_board_view *view, const struct xpf_board_order *order,
                         double interval_s);
/* Finds the selected row again, or takes the nearest, and scrolls to it. page: rows on the screen.
 */
void xpf_board_view_settle(struct xpf_board_view *view, const struct xpf_board_row *rows,
                           size_t count, size_t page);

enum xpf_board_action {
  XPF_BOARD_REDRAW,
  XPF_BOARD_QUIT,
  XPF_BOARD_INTERVAL, /* interval_s or is_paused changed */
  XPF_BOARD_RUN,      /* start or stop *job in the selected thread */
};
/* key: as of curses. rows: as drawn last. */
enum xpf_board_action xpf_board_view_key(struct xpf_board_view *view, int key,
                                         const struct xpf_board_row *rows, size_t count,
                                         enum xpf_board_job_id *job);
#endif

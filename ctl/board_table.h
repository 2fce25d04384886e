/* What the table of the live view shows: which rows in which order, which columns, which words.
 * Pure. */
#ifndef XPF_CTL_BOARD_TABLE_H
#define XPF_CTL_BOARD_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include "board.h"
#include "suggest.h"

/* A figure, or one of these. */
#define XPF_BOARD_SORT_PID   XPF_BOARD_FIGURE_COUNT
#define XPF_BOARD_SORT_NAME  (XPF_BOARD_FIGURE_COUNT + 1)
#define XPF_BOARD_SORT_COUNT (XPF_BOARD_FIGURE_COUNT + 2)

struct xpf_board_order {
  int sort;
  bool is_reversed; /* figures: the smallest first; pid and name: the last first */
  char filter[64];  /* part of the name, the pid or the state; "" = all */
  bool hides_threads;
  const pid_t *toggled; /* processes whose threads are shown although hidden, or the reverse */
  size_t toggled_count;
};

struct xpf_board_row {
  const struct xpf_board_process *process;
  const struct xpf_board_thread *thread; /* NULL: the whole process */
  bool is_last;                          /* of the threads of its process */
};

/* Rows in order; threads stand below their process, if it has more than one. *out is the caller's
 * to free. 0 or -ENOMEM. */
int xpf_board_rows(struct xpf_board_row **out, size_t *count, const struct xpf_board_order *order,
                   struct xpf_board_process **processes, size_t processes_count);
const struct xpf_board_values *xpf_board_row_values(const struct xpf_board_row *row);

#define XPF_BOARD_PID_COLUMNS 8
/* The figures that have room in `width` columns beside the pid and a name; the one that is sorted
 * by always has. Returns how many; in the order of the list. */
int xpf_board_columns(enum xpf_board_figure_id out[XPF_BOARD_FIGURE_COUNT], int width, int sort);

/* "blocked 12 s", "" when all is well. */
const char *xpf_board_state_text(const struct xpf_board_process *process, char *buffer,
                                 size_t size);
/* A word for scripts: "ok", "blocked", … */
const char *xpf_board_state_word(enum xpf_board_state state);
/* The state in front of the name, or what a thread is: "├ thread 1". utf8: with lines. A path that
 * does not fit into width columns loses directories at its beginning; width 0: it is whole. */
const char *xpf_board_row_name(const struct xpf_board_row *row, bool utf8, unsigned width,
                               char *buffer, size_t size);

/* -1 when there is none of that name; then suggest knows all names. */
int xpf_board_sort_find(const char *name, struct xpf_suggest *suggest);
const char *xpf_board_sort_name(int sort);
const char *xpf_board_sort_title(int sort);
char xpf_board_sort_key(int sort);
#endif

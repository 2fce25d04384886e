/* Draws the live view with curses. Only into its memory: what reaches the terminal goes with
 * doupdate(), when no lock is held. */
#ifndef XPF_CTL_BOARD_SCREEN_H
#define XPF_CTL_BOARD_SCREEN_H
#include "host/os.h"
#include "board_view.h"
#include "terminal.h"

struct xpf_board_picture {
  const struct xpf_terminal *terminal;
  const struct xpf_board_view *view;
  const struct xpf_board_row *rows;
  size_t rows_count;
  struct xpf_board_process **processes;
  size_t processes_count;
  const struct xpf_board_note *notes;
  size_t notes_count;
};

/* Rows of the table that fit now. */
size_t xpf_board_screen_page(const struct xpf_board_view *view, size_t notes_count);
void xpf_board_screen_draw(const struct xpf_board_picture *picture);
/* The keys. */
void xpf_board_help_draw(const struct xpf_terminal *terminal);
/* The sparklines of a row, from `line` on, `lines` lines. */
void xpf_board_detail_draw(const struct xpf_terminal *terminal, const struct xpf_board_row *row,
                           int line, int lines);
int xpf_board_detail_lines(int screen_lines);

/* Text at a place, cut to its width; right: at the right end of it. */
void xpf_board_put(const struct xpf_terminal *terminal, int line, int column, int width, int style,
                   bool right, const char *text);
/* Colours, or what stands for them on a terminal without. */
enum xpf_board_style {
  XPF_BOARD_STYLE_PLAIN,
  XPF_BOARD_STYLE_GOOD,
  XPF_BOARD_STYLE_WARN,
  XPF_BOARD_STYLE_ALARM,
  XPF_BOARD_STYLE_KEY,
  XPF_BOARD_STYLE_CHART,
  XPF_BOARD_STYLE_DIM,
};
int xpf_board_style(const struct xpf_terminal *terminal, enum xpf_board_style style);
#endif

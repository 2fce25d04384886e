#include "board_screen.h"
#include <curses.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "cell_text.h"
#include "print.h"
#include "text.h"
#include "timestamp.h"
#include "xpf_version.h"

#define HEAD_LINES  3
#define NOTES_MAX   3
#define TABLE_LINES 4 /* at least, beside the detail pane */
#define WIDTH_MAX   1024

int xpf_board_style(const struct xpf_terminal *terminal, enum xpf_board_style style) {
  bool colour = terminal->colour;
  switch (style) {
  case XPF_BOARD_STYLE_GOOD:
    return colour ? (int)COLOR_PAIR(1) : A_NORMAL;
  case XPF_BOARD_STYLE_WARN:
    return colour ? (int)COLOR_PAIR(2) : A_BOLD;
  case XPF_BOARD_STYLE_ALARM:
    return colour ? (int)(COLOR_PAIR(3) | A_BOLD) : (int)(A_BOLD | A_STANDOUT);
  case XPF_BOARD_STYLE_KEY:
    return colour ? (int)(COLOR_PAIR(4) | A_BOLD) : A_BOLD;
  case XPF_BOARD_STYLE_CHART:
    return colour ? (int)COLOR_PAIR(4) : A_NORMAL;
  case XPF_BOARD_STYLE_DIM:
    return A_DIM;
  case XPF_BOARD_STYLE_PLAIN:
    break;
  }
  return A_NORMAL;
}

void xpf_board_put(const struct xpf_terminal *terminal, int line, int column, int width, int style,
                   bool right, const char *text) {
  char fitted[4 * WIDTH_MAX];
  if (width <= 0 || line < 0 || line >= LINES || column >= COLS)
    return;
  if (column + width > COLS)
    width = COLS - column;
  xpf_cell_fit(fitted, sizeof fitted, text, (unsigned)width, terminal->utf8);
  int used = (int)xpf_print_width(fitted);
  attrset((attr_t)style);
  if (right && used < width)
    column += width - used;
  mvaddstr(line, column, fitted);
  attrset(A_NORMAL);
}

/* ---- head ---- */

static void put_head(const struct xpf_board_picture *picture) {
  struct xpf_os_host host;
  char text[256], clock[XPF_TIMESTAMP_BYTES], used[32], total[32];
  const struct xpf_terminal *terminal = picture->terminal;

  xpf_board_put(terminal, 0, 0, COLS, A_BOLD, false, "xprofctl top");
  if (xpf_os_host(&host) == 0) {
    double in_use = (double)(host.memory_total_bytes - host.memory_available_bytes);
    snprintf(text, sizeof text, xpf_text(XPF_TEXT_TOP_HEADER), xpf_timestamp_clock(clock),
             (double)host.cpus, host.load1, host.load5, host.load15,
             xpf_print_bytes(in_use, used, sizeof used),
             xpf_print_bytes((double)host.memory_total_bytes, total, sizeof total));
    xpf_board_put(terminal, 0, 14, COLS - 14, A_NORMAL, true, text);
  }
}

static void put_counts(const struct xpf_board_picture *picture) {
  const struct xpf_board_view *view = picture->view;
  const struct xpf_terminal *terminal = picture->terminal;
  size_t threads = 0, blocked = 0, silent = 0;
  char text[256];

  for (size_t i = 0; i < picture->processes_count; i++) {
    const struct xpf_board_process *process = picture->processes[i];
    threads += process->threads_count;
    blocked += process->state == XPF_BOARD_BLOCKED;
    silent += process->state == XPF_BOARD_SILENT || process->state == XPF_BOARD_STOPPED;
  }
  size_t processes = picture->processes_count;
  int size =
      snprintf(text, sizeof text,
               xpf_text(processes == 1 ? XPF_TEXT_TOP_PROCESS : XPF_TEXT_TOP_PROCESSES), processes);
  snprintf(text + size, sizeof text - (size_t)size,
           xpf_text(threads == 1 ? XPF_TEXT_TOP_THREAD : XPF_TEXT_TOP_THREADS), threads);
  xpf_board_put(terminal, 1, 0, COLS, A_NORMAL, false, text);
  int column = (int)xpf_print_width(text) + 2;
  if (blocked + silent > 0) {
    snprintf(text, sizeof text, xpf_text(XPF_TEXT_TOP_TROUBLE), blocked, silent);
    xpf_board_put(terminal, 1, column, COLS - column,
                  xpf_board_style(terminal, XPF_BOARD_STYLE_ALARM), false, text);
    column += (int)xpf_print_width(text) + 2;
  }
  char every[64], filter[128] = "";
  snprintf(every, sizeof every, xpf_text(XPF_TEXT_TOP_EVERY), view->interval_s);
  if (*view->order.filter != '\0')
    snprintf(filter, sizeof filter, xpf_text(XPF_TEXT_TOP_FILTERED), view->order.filter);
  snprintf(text, sizeof text, "%s%s%s", filter, *filter != '\0' ? "  " : "",
           view->is_paused ? xpf_text(XPF_TEXT_TOP_PAUSED) : every);
  xpf_board_put(terminal, 1, column, COLS - column, A_NORMAL, true, text);
}

/* ---- table ---- */

/* The title at the right end of its column, the key that sorts by it underlined. */
static void put_title(const struct xpf_board_picture *picture, int column, int width, int sort,
                      bool right) {
  const struct xpf_terminal *terminal = picture->terminal;
  const struct xpf_board_order *order = &picture->view->order;
  const char *title = xpf_board_sort_title(sort);
  const char *key = strchr(title, xpf_board_sort_key(sort));
  bool is_sorted = order->sort == sort;
  int style = (int)A_REVERSE | (is_sorted ? (int)A_BOLD : 0);
  int used = (int)xpf_print_width(title);
  int begin = right && used < width ? column + width - used : column;

  xpf_board_put(terminal, 2, column, width, style, right, title);
  if (key != NULL && begin + (key - title) < COLS)
    mvaddch(2, begin + (int)(key - title),
            (chtype)(unsigned char)*key | A_UNDERLINE | (chtype)style);
  if (!is_sorted)
    return;
  bool rises = (sort >= XPF_BOARD_FIGURE_COUNT) != order->is_reversed;
  const char *arrow = terminal->utf8 ? (rises ? "▲" : "▼") : (rises ? "^" : "v");
  xpf_board_put(terminal, 2, right ? begin - 1 : begin + used, 1, style, false, arrow);
}

static void put_titles(const struct xpf_board_picture *picture,
                       const enum xpf_board_figure_id *columns, int count) {
  int column = 0;
  attrset(A_REVERSE);
  mvhline(2, 0, ' ' | A_REVERSE, COLS);
  attrset(A_NORMAL);
  put_title(picture, column, XPF_BOARD_PID_COLUMNS, XPF_BOARD_SORT_PID, true);
  column += XPF_BOARD_PID_COLUMNS + 1;
  for (int i = 0; i < count; i++) {
    int width = xpf_board_figures[columns[i]].width;
    put_title(picture, column, width, (int)columns[i], true);
    column += width + 1;
  }
  put_title(picture, column, COLS - column, XPF_BOARD_SORT_NAME, false);
}

static int row_style(const struct xpf_board_picture *picture, const struct xpf_board_row *row) {
  enum xpf_board_state state = row->process->state;
  if (state == XPF_BOARD_GONE || state == XPF_BOARD_REFUSED)
    return xpf_board_style(picture->terminal, XPF_BOARD_STYLE_DIM);
  return A_NORMAL;
}

static int cell_style(const struct xpf_board_picture *picture, const struct xpf_board_row *row,
                      enum xpf_board_figure_id id, double value) {
  switch (xpf_board_figure_alarm(id, value)) {
  case XPF_BOARD_ALARM:
    return xpf_board_style(picture->terminal, XPF_BOARD_STYLE_ALARM);
  case XPF_BOARD_WARN:
    return xpf_board_style(picture->terminal, XPF_BOARD_STYLE_WARN);
  case XPF_BOARD_CALM:
    break;
  }
  return row_style(picture, row);
}

static int name_style(const struct xpf_board_picture *picture, const struct xpf_board_row *row) {
  switch (row->process->state) {
  case XPF_BOARD_BLOCKED:
    if (row->thread != NULL && row->thread->blocked_ms < 1000)
      break;
    return xpf_board_style(picture->terminal, XPF_BOARD_STYLE_ALARM);
  case XPF_BOARD_SILENT:
  case XPF_BOARD_STOPPED:
    return xpf_board_style(picture->terminal, XPF_BOARD_STYLE_ALARM);
  default:
    break;
  }
  return row_style(picture, row);
}

static void put_row(const struct xpf_board_picture *picture, int line, size_t index,
                    const enum xpf_board_figure_id *columns, int count) {
  const struct xpf_board_row *row = &picture->rows[index];
  const struct xpf_board_values *values = xpf_board_row_values(row);
  const struct xpf_terminal *terminal = picture->terminal;
  int select = index == picture->view->selected ? (int)A_REVERSE : 0;
  int column = XPF_BOARD_PID_COLUMNS + 1;
  char text[700];

  if (select != 0)
    mvhline(line, 0, ' ' | A_REVERSE, COLS);
  snprintf(text, sizeof text, "%d", (int)row->process->pid);
  if (row->thread == NULL)
    xpf_board_put(terminal, line, 0, XPF_BOARD_PID_COLUMNS, row_style(picture, row) | select, true,
                  text);
  for (int i = 0; i < count; i++) {
    enum xpf_board_figure_id id = columns[i];
    xpf_board_figure_cell(id, values->of[id], text, sizeof text);
    int style = cell_style(picture, row, id, values->of[id]) | select;
    xpf_board_put(terminal, line, column, xpf_board_figures[id].width, style, true, text);
    column += xpf_board_figures[id].width + 1;
  }
  xpf_board_row_name(row, terminal->utf8, column < COLS ? (unsigned)(COLS - column) : 0, text,
                     sizeof text);
  xpf_board_put(terminal, line, column, COLS - column, name_style(picture, row) | select, false,
                text);
}

static void put_table(const struct xpf_board_picture *picture, int lines) {
  enum xpf_board_figure_id columns[XPF_BOARD_FIGURE_COUNT];
  const struct xpf_board_view *view = picture->view;
  int count = xpf_board_columns(columns, COLS, view->order.sort);

  put_titles(picture, columns, count);
  for (int i = 0; i < lines && view->first + (size_t)i < picture->rows_count; i++)
    put_row(picture, HEAD_LINES + i, view->first + (size_t)i, columns, count);
  if (picture->rows_count == 0)
    xpf_board_put(
        picture->terminal, HEAD_LINES + 1, 2, COLS - 2, A_NORMAL, false,
        xpf_text(picture->processes_count == 0 ? XPF_TEXT_TOP_SEARCHING : XPF_TEXT_TOP_NO_MATCH));
}

/* ---- foot ---- */

static void put_notes(const struct xpf_board_picture *picture, int line) {
  for (size_t i = 0; i < picture->notes_count; i++) {
    const struct xpf_board_note *note = &picture->notes[i];
    enum xpf_board_style style = note->state == XPF_BOARD_JOB_DONE     ? XPF_BOARD_STYLE_GOOD
                                 : note->state == XPF_BOARD_JOB_FAILED ? XPF_BOARD_STYLE_ALARM
                                                                       : XPF_BOARD_STYLE_WARN;
    xpf_board_put(picture->terminal, line + (int)i, 0, COLS,
                  xpf_board_style(picture->terminal, style), false, note->text);
  }
}

static void put_keys(const struct xpf_board_picture *picture) {
  static const struct {
    const char *key, *plain;
    enum xpf_text_id text;
  } keys[] = {
      {"q", "q", XPF_TEXT_TOP_KEYS_QUIT},     {"?", "?", XPF_TEXT_TOP_KEYS_HELP},
      {"↑↓", "j/k", XPF_TEXT_TOP_KEYS_MOVE},  {"<>", "<>", XPF_TEXT_TOP_KEYS_SORT},
      {"/", "/", XPF_TEXT_TOP_KEYS_FILTER},   {"c", "c", XPF_TEXT_TOP_KEYS_CPU},
      {"s", "s", XPF_TEXT_TOP_KEYS_SNAPSHOT}, {"d", "d", XPF_TEXT_TOP_KEYS_DETAIL},
      {"t", "t", XPF_TEXT_TOP_KEYS_THREADS},
  };
  int column = 0, style = xpf_board_style(picture->terminal, XPF_BOARD_STYLE_KEY);
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *key = picture->terminal->utf8 ? keys[i].key : keys[i].plain;
    int key_width = (int)xpf_print_width(key);
    int width = (int)xpf_print_width(xpf_text(keys[i].text));
    if (column + key_width + 1 + width > COLS)
      break;
    xpf_board_put(picture->terminal, LINES - 1, column, key_width, style, false, key);
    xpf_board_put(picture->terminal, LINES - 1, column + key_width + 1, width, A_NORMAL, false,
                  xpf_text(keys[i].text));
    column += key_width + width + 3;
  }
}

static void put_foot(const struct xpf_board_picture *picture) {
  const struct xpf_board_view *view = picture->view;
  char text[256];
  if (view->types_filter) {
    snprintf(text, sizeof text, xpf_text(XPF_TEXT_TOP_FILTER_PROMPT), view->order.filter);
    strncat(text, "_", sizeof text - strlen(text) - 1);
    xpf_board_put(picture->terminal, LINES - 1, 0, COLS, A_BOLD, false, text);
  } else if (*view->message != '\0') {
    xpf_board_put(picture->terminal, LINES - 1, 0, COLS,
                  xpf_board_style(picture->terminal, XPF_BOARD_STYLE_WARN) | (int)A_BOLD, false,
                  view->message);
  } else {
    put_keys(picture);
  }
}

/* ---- all ---- */

static int detail_lines(const struct xpf_board_view *view, int notes) {
  int lines = view->hides_detail ? 0 : xpf_board_detail_lines(LINES);
  return LINES - HEAD_LINES - 1 - notes - lines >= TABLE_LINES ? lines : 0;
}

static int notes_lines(size_t notes_count) {
  return notes_count > NOTES_MAX ? NOTES_MAX : (int)notes_count;
}

size_t xpf_board_screen_page(const struct xpf_board_view *view, size_t notes_count) {
  int notes = notes_lines(notes_count);
  int lines = LINES - HEAD_LINES - 1 - notes - detail_lines(view, notes);
  return lines > 0 ? (size_t)lines : 0;
}

void xpf_board_screen_draw(const struct xpf_board_picture *picture) {
  const struct xpf_board_view *view = picture->view;
  int notes = notes_lines(picture->notes_count);
  int detail = detail_lines(view, notes);
  int table = (int)xpf_board_screen_page(view, picture->notes_count);

  erase();
  put_head(picture);
  put_counts(picture);
  put_table(picture, table);
  if (detail > 0 && picture->rows_count > 0)
    xpf_board_detail_draw(picture->terminal, &picture->rows[view->selected], HEAD_LINES + table,
                          detail);
  put_notes(picture, HEAD_LINES + table + detail);
  put_foot(picture);
  wnoutrefresh(stdscr);
}

/* The detail pane and the help of the live view. */
#include <curses.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "board_screen.h"
#include "print.h"
#include "sparkline.h"
#include "text.h"

#define SERIES 12
#define GAP    2
/* With this width a column has room for words instead of a title. */
#define WORDS_FROM    56
#define WORDS_COLUMNS 25
#define TITLE_COLUMNS 6
#define VALUE_COLUMNS 9

static const struct {
  enum xpf_board_figure_id id;
  double top; /* of the chart, when the values stay below */
} series[SERIES] = {
    {XPF_BOARD_CPU, 100},   {XPF_BOARD_RSS, 0},     {XPF_BOARD_ELU, 100}, {XPF_BOARD_HEAP, 0},
    {XPF_BOARD_DELAY, 10},  {XPF_BOARD_FULL, 100},  {XPF_BOARD_RATE, 1},  {XPF_BOARD_GC, 10},
    {XPF_BOARD_LATENCY, 1}, {XPF_BOARD_HANDLES, 1}, {XPF_BOARD_WAIT, 10}, {XPF_BOARD_THROTTLED, 10},
};

static int chart_lines(int screen_lines) {
  return screen_lines >= 48 ? 3 : screen_lines >= 36 ? 2 : 1;
}

int xpf_board_detail_lines(int screen_lines) {
  return 1 + SERIES / 2 * chart_lines(screen_lines);
}

static void put_rule(const struct xpf_terminal *terminal, const struct xpf_board_row *row,
                     int line) {
  const struct xpf_board_process *process = row->process;
  char text[1200], thread[64] = "", node[96] = "";

  if (row->thread != NULL && row->thread->thread_id == 0)
    snprintf(thread, sizeof thread, "  %s", xpf_text(XPF_TEXT_TOP_MAIN));
  else if (row->thread != NULL) {
    thread[0] = thread[1] = ' ';
    snprintf(thread + 2, sizeof thread - 2, xpf_text(XPF_TEXT_TOP_WORKER), row->thread->thread_id);
  }
  if (*process->node_version != '\0')
    snprintf(node, sizeof node, "  node %s  xprofiler %s", process->node_version, process->version);
  snprintf(text, sizeof text, " %d%s  %s%s  %s ", (int)process->pid, thread, process->name, node,
           process->state == XPF_BOARD_REFUSED ? process->reason : process->log_dir);
  attrset((attr_t)xpf_board_style(terminal, XPF_BOARD_STYLE_DIM));
  for (int i = 0; i < COLS; i++)
    mvaddstr(line, i, terminal->utf8 ? "─" : "-");
  attrset(A_NORMAL);
  xpf_board_put(terminal, line, 2, COLS - 4, A_BOLD, false, text);
}

static void put_series(const struct xpf_terminal *terminal, const struct xpf_board_row *row, int at,
                       int line, int column, int width) {
  const struct xpf_board_history *history =
      row->thread != NULL ? row->thread->history : &row->process->history;
  enum xpf_board_figure_id id = series[at].id;
  double values[XPF_BOARD_HISTORY_MAX], value = xpf_board_row_values(row)->of[id];
  char text[4 * XPF_BOARD_HISTORY_MAX];
  bool has_words = width >= WORDS_FROM;
  int label = has_words ? WORDS_COLUMNS : TITLE_COLUMNS, height = chart_lines(LINES);
  int chart = width - label - VALUE_COLUMNS - 2;

  if (isnan(value) && row->thread != NULL)
    return;
  const struct xpf_board_figure *figure = &xpf_board_figures[id];
  xpf_board_put(terminal, line + height - 1, column, label, A_NORMAL, false,
                xpf_text(has_words ? figure->label : figure->title));
  size_t count =
      history != NULL ? xpf_board_history_last(history, id, values, XPF_BOARD_HISTORY_MAX) : 0;
  for (int i = 0; i < height && chart > 0; i++) {
    xpf_sparkline(text, sizeof text, values, count, series[at].top, (unsigned)chart,
                  (unsigned)height, (unsigned)i, terminal->utf8);
    xpf_board_put(terminal, line + i, column + label + 1, chart,
                  xpf_board_style(terminal, XPF_BOARD_STYLE_CHART), false, text);
  }
  enum xpf_board_alarm alarm = xpf_board_figure_alarm(id, value);
  enum xpf_board_style style = alarm == XPF_BOARD_ALARM  ? XPF_BOARD_STYLE_ALARM
                               : alarm == XPF_BOARD_WARN ? XPF_BOARD_STYLE_WARN
                                                         : XPF_BOARD_STYLE_PLAIN;
  xpf_board_put(terminal, line + height - 1, column + width - VALUE_COLUMNS, VALUE_COLUMNS,
                xpf_board_style(terminal, style), true,
                xpf_board_figure_text(id, value, text, sizeof text));
}

void xpf_board_detail_draw(const struct xpf_terminal *terminal, const struct xpf_board_row *row,
                           int line, int lines) {
  int width = (COLS - GAP) / 2, height = chart_lines(LINES);
  put_rule(terminal, row, line);
  for (int i = 0; i < SERIES; i++) {
    int top = line + 1 + i / 2 * height;
    if (top + height <= line + lines)
      put_series(terminal, row, i, top, i % 2 * (width + GAP), width);
  }
}

/* ---- help ---- */

static const struct {
  const char *keys;
  enum xpf_text_id text;
} helps[] = {
    {"up down k j PgUp PgDn", XPF_TEXT_TOP_HELP_MOVE},
    {"< >", XPF_TEXT_TOP_HELP_SORT},
    {"v", XPF_TEXT_TOP_HELP_REVERSE},
    {"/", XPF_TEXT_TOP_HELP_FILTER},
    {"Space t", XPF_TEXT_TOP_HELP_THREADS},
    {"d Enter", XPF_TEXT_TOP_HELP_DETAIL},
    {"p", XPF_TEXT_TOP_HELP_PAUSE},
    {"+ -", XPF_TEXT_TOP_HELP_DELAY},
    {"q Ctrl-C", XPF_TEXT_TOP_KEYS_QUIT},
    {"", XPF_TEXT_TOP_HELP_JOBS},
    {"c", XPF_TEXT_TOP_HELP_CPU},
    {"a", XPF_TEXT_TOP_HELP_ALLOC},
    {"g", XPF_TEXT_TOP_HELP_GC},
    {"s", XPF_TEXT_TOP_HELP_SNAPSHOT},
    {"r", XPF_TEXT_TOP_HELP_REPORT},
};

/* Returns the next free line. */
static int put_letters(const struct xpf_terminal *terminal, int line) {
  int column = 2;
  xpf_board_put(terminal, line, column, COLS, A_NORMAL, false, xpf_text(XPF_TEXT_TOP_HELP_LETTERS));
  column += (int)xpf_print_width(xpf_text(XPF_TEXT_TOP_HELP_LETTERS)) + 1;
  for (int i = 0; i < XPF_BOARD_SORT_COUNT; i++) {
    char key[2] = {xpf_board_sort_key(i), '\0'};
    int width = (int)xpf_print_width(xpf_board_sort_title(i));
    if (column + width + 4 > COLS) {
      column = 11;
      line++;
    }
    xpf_board_put(terminal, line, column, 1, xpf_board_style(terminal, XPF_BOARD_STYLE_KEY), false,
                  key);
    xpf_board_put(terminal, line, column + 2, width, A_NORMAL, false, xpf_board_sort_title(i));
    column += width + 4;
  }
  return line + 1;
}

static void put_rows_note(const struct xpf_terminal *terminal, int line) {
  const char *text = xpf_text(XPF_TEXT_TOP_HELP_ROWS);
  int width = COLS - 4;
  size_t size = strlen(text);
  if ((int)xpf_print_width(text) > width && !xpf_text_is_chinese()) {
    size = (size_t)width;
    while (size > 0 && text[size] != ' ')
      size--;
  }
  char first[300];
  snprintf(first, sizeof first, "%.*s", (int)size, text);
  xpf_board_put(terminal, line, 2, width, A_NORMAL, false, first);
  if (text[size] != '\0')
    xpf_board_put(terminal, line + 1, 2, width, A_NORMAL, false, text + size + 1);
}

void xpf_board_help_draw(const struct xpf_terminal *terminal) {
  int line = 0;
  erase();
  xpf_board_put(terminal, line++, 0, COLS, A_BOLD, false, xpf_text(XPF_TEXT_TOP_HELP_TITLE));
  for (size_t i = 0; i < sizeof helps / sizeof *helps; i++, line++) {
    bool is_key = *helps[i].keys != '\0';
    xpf_board_put(terminal, line, 2, 22, xpf_board_style(terminal, XPF_BOARD_STYLE_KEY), false,
                  helps[i].keys);
    xpf_board_put(terminal, line, is_key ? 25 : 2, COLS - 25, A_NORMAL, false,
                  xpf_text(helps[i].text));
  }
  line = put_letters(terminal, line);
  put_rows_note(terminal, line);
  xpf_board_put(terminal, LINES - 1, 0, COLS, A_BOLD, false, xpf_text(XPF_TEXT_TOP_HELP_END));
  wnoutrefresh(stdscr);
}

#include "board_view.h"
#include <curses.h>
#include <stdio.h>
#include <string.h>
#include "print.h"
#include "text.h"

#define ESCAPE         27
#define INTERVAL_MIN_S 0.25
#define INTERVAL_MAX_S 60.0

void xpf_board_view_init(struct xpf_board_view *view, const struct xpf_board_order *order,
                         double interval_s) {
  *view = (struct xpf_board_view){
      .order = *order, .selected_thread = XPF_BOARD_WHOLE, .interval_s = interval_s};
  view->order.toggled = view->toggled;
  view->order.toggled_count = 0;
}

/* ---- the selected row ---- */

static void select_row(struct xpf_board_view *view, const struct xpf_board_row *rows, size_t row) {
  view->selected = row;
  view->selected_pid = rows[row].process->pid;
  view->selected_thread =
      rows[row].thread != NULL ? (long)rows[row].thread->thread_id : XPF_BOARD_WHOLE;
}

static bool is_selected(const struct xpf_board_view *view, const struct xpf_board_row *row) {
  long thread = row->thread != NULL ? (long)row->thread->thread_id : XPF_BOARD_WHOLE;
  return row->process->pid == view->selected_pid && thread == view->selected_thread;
}

static void move_by(struct xpf_board_view *view, const struct xpf_board_row *rows, size_t count,
                    long by) {
  if (count == 0)
    return;
  long to = (long)view->selected + by;
  to = to < 0 ? 0 : to >= (long)count ? (long)count - 1 : to;
  select_row(view, rows, (size_t)to);
}

void xpf_board_view_settle(struct xpf_board_view *view, const struct xpf_board_row *rows,
                           size_t count, size_t page) {
  size_t at = count;
  view->page = page;
  for (size_t i = 0; view->selected_pid != 0 && i < count && at == count; i++)
    if (is_selected(view, &rows[i]))
      at = i;
  /* Its threads were folded: the process is the nearest. */
  for (size_t i = 0; view->selected_pid != 0 && i < count && at == count; i++)
    if (rows[i].process->pid == view->selected_pid)
      at = i;
  if (at == count)
    at = view->selected_pid == 0 ? 0 : view->selected < count ? view->selected : count - 1;
  if (count == 0) {
    view->selected = view->first = 0;
    return;
  }
  /* Until somebody selects a row, the first one is meant, whoever that is. */
  if (view->selected_pid != 0)
    select_row(view, rows, at);
  view->selected = at;
  if (view->first > at)
    view->first = at;
  if (page > 0 && at >= view->first + page)
    view->first = at - page + 1;
  if (view->first + page > count)
    view->first = count > page ? count - page : 0;
}

/* ---- keys ---- */

static void toggle(struct xpf_board_view *view, pid_t pid) {
  struct xpf_board_order *order = &view->order;
  for (size_t i = 0; i < order->toggled_count; i++)
    if (view->toggled[i] == pid) {
      view->toggled[i] = view->toggled[--order->toggled_count];
      return;
    }
  if (order->toggled_count < XPF_BOARD_TOGGLED_MAX)
    view->toggled[order->toggled_count++] = pid;
}

static void sort_by(struct xpf_board_view *view, int sort) {
  if (view->order.sort == sort)
    view->order.is_reversed = !view->order.is_reversed;
  else
    view->order.is_reversed = false;
  view->order.sort = sort;
}

/* Columns as they stand: pid, the figures, the name. */
static void sort_beside(struct xpf_board_view *view, int by) {
  int place = view->order.sort == XPF_BOARD_SORT_PID ? 0 : view->order.sort + 1;
  if (view->order.sort == XPF_BOARD_SORT_NAME)
    place = XPF_BOARD_SORT_COUNT - 1;
  place = (place + by + XPF_BOARD_SORT_COUNT) % XPF_BOARD_SORT_COUNT;
  view->order.is_reversed = false;
  view->order.sort = place == 0                          ? XPF_BOARD_SORT_PID
                     : place == XPF_BOARD_SORT_COUNT - 1 ? XPF_BOARD_SORT_NAME
                                                         : place - 1;
}

static enum xpf_board_action change_interval(struct xpf_board_view *view, double factor) {
  view->interval_s *= factor;
  if (view->interval_s < INTERVAL_MIN_S)
    view->interval_s = INTERVAL_MIN_S;
  if (view->interval_s > INTERVAL_MAX_S)
    view->interval_s = INTERVAL_MAX_S;
  return XPF_BOARD_INTERVAL;
}

/* Letters of any language: bytes of UTF-8. A backspace takes a whole character. */
static void type_filter(struct xpf_board_view *view, int key) {
  char *filter = view->order.filter;
  size_t size = strlen(filter);
  if (key == '\r' || key == '\n' || key == KEY_ENTER) {
    view->types_filter = false;
  } else if (key == ESCAPE) {
    view->types_filter = false;
    filter[0] = '\0';
  } else if (key == KEY_BACKSPACE || key == 127 || key == 8) {
    while (size > 0 && ((unsigned char)filter[size - 1] & 0xc0) == 0x80)
      size--;
    filter[size > 0 ? size - 1 : 0] = '\0';
  } else if (key == ('U' & 0x1f)) {
    filter[0] = '\0';
  } else if (key >= 32 && key < 256 && size + 1 < sizeof view->order.filter) {
    filter[size] = (char)key;
    filter[size + 1] = '\0';
  }
}

static enum xpf_board_action ask_snapshot(struct xpf_board_view *view,
                                          const struct xpf_board_row *row,
                                          enum xpf_board_job_id *job) {
  char heap[32];
  unsigned thread_id = row->thread != NULL ? row->thread->thread_id : 0;
  xpf_board_figure_text(XPF_BOARD_HEAP, xpf_board_row_values(row)->of[XPF_BOARD_HEAP], heap,
                        sizeof heap);
  snprintf(view->message, sizeof view->message, xpf_text(XPF_TEXT_TOP_ASK_SNAPSHOT), thread_id,
           (int)row->process->pid, heap);
  view->asks_snapshot = true;
  *job = XPF_BOARD_JOB_SNAPSHOT;
  return XPF_BOARD_REDRAW;
}

static enum xpf_board_action run_job(struct xpf_board_view *view, int key,
                                     const struct xpf_board_row *rows, size_t count,
                                     enum xpf_board_job_id *job) {
  if (count == 0) {
    snprintf(view->message, sizeof view->message, "%s", xpf_text(XPF_TEXT_TOP_JOB_NONE));
    return XPF_BOARD_REDRAW;
  }
  select_row(view, rows, view->selected);
  if (key == 's')
    return ask_snapshot(view, &rows[view->selected], job);
  *job = key == 'c'   ? XPF_BOARD_JOB_CPU
         : key == 'a' ? XPF_BOARD_JOB_ALLOC
         : key == 'g' ? XPF_BOARD_JOB_GC
                      : XPF_BOARD_JOB_REPORT;
  return XPF_BOARD_RUN;
}

static bool move_key(struct xpf_board_view *view, int key, const struct xpf_board_row *rows,
                     size_t count) {
  long page = (long)view->page > 1 ? (long)view->page - 1 : 1;
  switch (key) {
  case KEY_UP:
  case 'k':
    move_by(view, rows, count, -1);
    return true;
  case KEY_DOWN:
  case 'j':
    move_by(view, rows, count, 1);
    return true;
  case KEY_PPAGE:
    move_by(view, rows, count, -page);
    return true;
  case KEY_NPAGE:
    move_by(view, rows, count, page);
    return true;
  case KEY_HOME:
    move_by(view, rows, count, -(long)count);
    return true;
  case KEY_END:
    move_by(view, rows, count, (long)count);
    return true;
  default:
    return false;
  }
}

static enum xpf_board_action choose_key(struct xpf_board_view *view, int key,
                                        const struct xpf_board_row *rows, size_t count) {
  switch (key) {
  case '<':
  case ',':
    sort_beside(view, -1);
    break;
  case '>':
  case '.':
    sort_beside(view, 1);
    break;
  case 'v':
    view->order.is_reversed = !view->order.is_reversed;
    break;
  case '/':
    view->types_filter = true;
    break;
  case ESCAPE:
    view->order.filter[0] = '\0';
    break;
  case ' ':
    if (count > 0)
      toggle(view, rows[view->selected].process->pid);
    break;
  case 't':
    view->order.hides_threads = !view->order.hides_threads;
    view->order.toggled_count = 0;
    break;
  case 'd':
  case '\r':
  case '\n':
  case KEY_ENTER:
    view->hides_detail = !view->hides_detail;
    break;
  case '?':
  case 'h':
    view->shows_help = true;
    break;
  default:
    for (int i = 0; i < XPF_BOARD_SORT_COUNT; i++)
      if (key == xpf_board_sort_key(i))
        sort_by(view, i);
  }
  return XPF_BOARD_REDRAW;
}

enum xpf_board_action xpf_board_view_key(struct xpf_board_view *view, int key,
                                         const struct xpf_board_row *rows, size_t count,
                                         enum xpf_board_job_id *job) {
  bool asked = view->asks_snapshot;
  view->message[0] = '\0';
  view->asks_snapshot = false;
  if (asked) {
    *job = XPF_BOARD_JOB_SNAPSHOT;
    return key == 'y' || key == 'Y' ? XPF_BOARD_RUN : XPF_BOARD_REDRAW;
  }
  if (view->shows_help) {
    view->shows_help = false;
    return key == 'q' ? XPF_BOARD_QUIT : XPF_BOARD_REDRAW;
  }
  if (view->types_filter) {
    type_filter(view, key);
    return XPF_BOARD_REDRAW;
  }
  if (move_key(view, key, rows, count))
    return XPF_BOARD_REDRAW;
  switch (key) {
  case 'q':
    return XPF_BOARD_QUIT;
  case 'p':
    view->is_paused = !view->is_paused;
    return XPF_BOARD_INTERVAL;
  case '+':
  case '=':
    return change_interval(view, 0.5);
  case '-':
    return change_interval(view, 2);
  case 'c':
  case 'a':
  case 'g':
  case 's':
  case 'r':
    return run_job(view, key, rows, count, job);
  default:
    return choose_key(view, key, rows, count);
  }
}

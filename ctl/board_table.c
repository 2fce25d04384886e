#include "board_table.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "print.h"
#include "text.h"

#define NAME_COLUMNS_MIN 12

/* ---- rows ---- */

static bool contains(const char *text, const char *part) {
  size_t size = strlen(part);
  for (; *text != '\0'; text++)
    if (strncasecmp(text, part, size) == 0)
      return true;
  return false;
}

static bool is_wanted(const struct xpf_board_process *process, const char *filter) {
  char pid[16], state[96];
  if (*filter == '\0')
    return true;
  snprintf(pid, sizeof pid, "%d", (int)process->pid);
  return contains(process->name, filter) || contains(pid, filter) ||
         contains(xpf_board_state_text(process, state, sizeof state), filter);
}

static bool is_open(const struct xpf_board_process *process, const struct xpf_board_order *order) {
  bool is_open = !order->hides_threads;
  for (size_t i = 0; i < order->toggled_count; i++)
    if (order->toggled[i] == process->pid)
      is_open = !is_open;
  return is_open && process->threads_count > 1 && process->state != XPF_BOARD_GONE;
}

/* Unknown ones go last, whatever the direction. */
static int by_value(double a, double b, bool smallest_first) {
  if (isnan(a) || isnan(b))
    return (isnan(a) != 0) - (isnan(b) != 0);
  int order = (a > b) - (a < b);
  return smallest_first ? order : -order;
}

static int compare(const struct xpf_board_process *a, const struct xpf_board_process *b,
                   const struct xpf_board_order *order) {
  int result = 0;
  if (order->sort < XPF_BOARD_FIGURE_COUNT)
    result = by_value(a->values.of[order->sort], b->values.of[order->sort], order->is_reversed);
  else if (order->sort == XPF_BOARD_SORT_NAME)
    result = order->is_reversed ? strcmp(b->name, a->name) : strcmp(a->name, b->name);
  else
    result = order->is_reversed ? (b->pid > a->pid) - (b->pid < a->pid) : 0;
  return result != 0 ? result : (a->pid > b->pid) - (a->pid < b->pid);
}

static void merge(struct xpf_board_process **out, struct xpf_board_process **left,
                  size_t left_count, struct xpf_board_process **right, size_t right_count,
                  const struct xpf_board_order *order) {
  while (left_count + right_count > 0) {
    bool takes_left = right_count == 0 || (left_count > 0 && compare(*left, *right, order) <= 0);
    *out++ = takes_left ? *left++ : *right++;
    left_count -= takes_left;
    right_count -= !takes_left;
  }
}

/* qsort cannot be told the order without a global. */
static void sort(struct xpf_board_process **items, struct xpf_board_process **room, size_t count,
                 const struct xpf_board_order *order) {
  if (count < 2)
    return;
  size_t half = count / 2;
  sort(items, room, half, order);
  sort(items + half, room, count - half, order);
  merge(room, items, half, items + half, count - half, order);
  memcpy(items, room, count * sizeof *items);
}

static size_t put_rows(struct xpf_board_row *out, const struct xpf_board_process *process,
                       const struct xpf_board_order *order) {
  size_t used = 0;
  out[used++] = (struct xpf_board_row){.process = process};
  for (size_t i = 0; is_open(process, order) && i < process->threads_count; i++)
    out[used++] =
        (struct xpf_board_row){process, &process->threads[i], i + 1 == process->threads_count};
  return used;
}

int xpf_board_rows(struct xpf_board_row **out, size_t *count, const struct xpf_board_order *order,
                   struct xpf_board_process **processes, size_t processes_count) {
  struct xpf_board_process **wanted = calloc(2 * processes_count + 1, sizeof(*wanted));
  size_t wanted_count = 0, rows_max = 1;

  *out = NULL;
  *count = 0;
  if (wanted == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < processes_count; i++)
    if (is_wanted(processes[i], order->filter)) {
      wanted[wanted_count++] = processes[i];
      rows_max += 1 + processes[i]->threads_count;
    }
  sort(wanted, wanted + processes_count, wanted_count, order);
  *out = calloc(rows_max, sizeof **out);
  for (size_t i = 0; *out != NULL && i < wanted_count; i++)
    *count += put_rows(*out + *count, wanted[i], order);
  free(wanted);
  return *out != NULL ? 0 : -ENOMEM;
}

const struct xpf_board_values *xpf_board_row_values(const struct xpf_board_row *row) {
  return row->thread != NULL ? &row->thread->values : &row->process->values;
}

/* ---- columns ---- */

int xpf_board_columns(enum xpf_board_figure_id out[XPF_BOARD_FIGURE_COUNT], int width, int sort) {
  bool is_shown[XPF_BOARD_FIGURE_COUNT];
  int used = XPF_BOARD_PID_COLUMNS + 1 + NAME_COLUMNS_MIN, count = 0;

  for (int i = 0; i < XPF_BOARD_FIGURE_COUNT; i++) {
    is_shown[i] = true;
    used += xpf_board_figures[i].width + 1;
  }
  while (used > width) {
    int first = -1;
    for (int i = 0; i < XPF_BOARD_FIGURE_COUNT; i++)
      if (is_shown[i] && i != sort &&
          (first < 0 || xpf_board_figures[i].gives_way > xpf_board_figures[first].gives_way))
        first = i;
    if (first < 0)
      break;
    is_shown[first] = false;
    used -= xpf_board_figures[first].width + 1;
  }
  for (int i = 0; i < XPF_BOARD_FIGURE_COUNT; i++)
    if (is_shown[i])
      out[count++] = (enum xpf_board_figure_id)i;
  return count;
}

/* ---- words ---- */

const char *xpf_board_state_word(enum xpf_board_state state) {
  static const char *const words[] = {
      [XPF_BOARD_NEW] = "new",         [XPF_BOARD_OK] = "ok",
      [XPF_BOARD_BLOCKED] = "blocked", [XPF_BOARD_STOPPED] = "stopped",
      [XPF_BOARD_SILENT] = "silent",   [XPF_BOARD_REFUSED] = "refused",
      [XPF_BOARD_GONE] = "gone",
  };
  return words[state];
}

const char *xpf_board_state_text(const struct xpf_board_process *process, char *buffer,
                                 size_t size) {
  buffer[0] = '\0';
  switch (process->state) {
  case XPF_BOARD_NEW:
  case XPF_BOARD_OK:
    break;
  case XPF_BOARD_BLOCKED:
    snprintf(buffer, size, xpf_text(XPF_TEXT_LIST_BLOCKED), process->state_s);
    break;
  case XPF_BOARD_STOPPED:
    snprintf(buffer, size, xpf_text(XPF_TEXT_TOP_STOPPED), process->state_s);
    break;
  case XPF_BOARD_SILENT:
    snprintf(buffer, size, xpf_text(XPF_TEXT_TOP_SILENT), process->state_s);
    break;
  case XPF_BOARD_REFUSED:
    snprintf(buffer, size, xpf_text(XPF_TEXT_LIST_UNUSABLE), process->reason);
    break;
  case XPF_BOARD_GONE:
    snprintf(buffer, size, "%s", xpf_text(XPF_TEXT_TOP_GONE));
    break;
  }
  return buffer;
}

/* The end of a path says more than its beginning. */
static const char *shorten(const char *name, unsigned width) {
  const char *end = name;
  bool is_path = name[0] == '/' || (name[0] == '.' && name[1] == '/');
  while (is_path && width > 0 && xpf_print_width(end) + (end != name) > width) {
    const char *slash = strchr(end + 1, '/');
    if (slash == NULL)
      break;
    end = slash;
  }
  return end;
}

const char *xpf_board_row_name(const struct xpf_board_row *row, bool utf8, unsigned width,
                               char *buffer, size_t size) {
  const struct xpf_board_process *process = row->process;
  char state[300], what[64];

  if (row->thread == NULL) {
    xpf_board_state_text(process, state, sizeof state);
    const char *gap = *state != '\0' ? "  " : "";
    unsigned used = xpf_print_width(state) + (unsigned)strlen(gap);
    const char *name = shorten(process->name, width > used ? width - used : 0);
    const char *more = name == process->name ? "" : utf8 ? "…" : "~";
    snprintf(buffer, size, "%s%s%s%s", state, gap, more, name);
    return buffer;
  }
  if (row->thread->thread_id == 0)
    snprintf(what, sizeof what, "%s", xpf_text(XPF_TEXT_TOP_MAIN));
  else
    snprintf(what, sizeof what, xpf_text(XPF_TEXT_TOP_WORKER), row->thread->thread_id);
  state[0] = '\0';
  if (row->thread->blocked_ms >= 1000)
    snprintf(state, sizeof state, xpf_text(XPF_TEXT_LIST_BLOCKED), row->thread->blocked_ms / 1e3);
  const char *line = row->is_last ? (utf8 ? "└ " : "` ") : (utf8 ? "├ " : "| ");
  snprintf(buffer, size, "%s%s%s%s", line, what, *state != '\0' ? "  " : "", state);
  return buffer;
}

const char *xpf_board_sort_name(int sort) {
  if (sort < XPF_BOARD_FIGURE_COUNT)
    return xpf_board_figures[sort].name;
  return sort == XPF_BOARD_SORT_PID ? "pid" : "name";
}

int xpf_board_sort_find(const char *name, struct xpf_suggest *suggest) {
  xpf_suggest_init(suggest, name);
  for (int i = 0; i < XPF_BOARD_SORT_COUNT; i++) {
    if (strcasecmp(name, xpf_board_sort_name(i)) == 0)
      return i;
    xpf_suggest_offer(suggest, xpf_board_sort_name(i));
  }
  return -1;
}

const char *xpf_board_sort_title(int sort) {
  if (sort < XPF_BOARD_FIGURE_COUNT)
    return xpf_text(xpf_board_figures[sort].title);
  return xpf_text(sort == XPF_BOARD_SORT_PID ? XPF_TEXT_LIST_PID : XPF_TEXT_TOP_TITLE_NAME);
}

char xpf_board_sort_key(int sort) {
  if (sort < XPF_BOARD_FIGURE_COUNT)
    return xpf_board_figures[sort].key;
  return sort == XPF_BOARD_SORT_PID ? 'P' : 'A';
}

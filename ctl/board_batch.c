#include "board_batch.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "print.h"
#include "text.h"
#include "timestamp.h"

static void print_padded(const char *text, int width) {
  int used = (int)xpf_print_width(text);
  printf("%*s%s ", used < width ? width - used : 0, "", text);
}

static void print_titles(void) {
  print_padded(xpf_board_sort_title(XPF_BOARD_SORT_PID), XPF_BOARD_PID_COLUMNS);
  for (int i = 0; i < XPF_BOARD_FIGURE_COUNT; i++)
    print_padded(xpf_board_sort_title(i), xpf_board_figures[i].width);
  xpf_print_line(stdout, "%s", xpf_board_sort_title(XPF_BOARD_SORT_NAME));
}

static void print_row(const struct xpf_board_row *row, bool utf8) {
  const struct xpf_board_values *values = xpf_board_row_values(row);
  char cell[64], name[640];

  if (row->thread == NULL)
    snprintf(cell, sizeof cell, "%d", (int)row->process->pid);
  else
    cell[0] = '\0';
  print_padded(cell, XPF_BOARD_PID_COLUMNS);
  for (int i = 0; i < XPF_BOARD_FIGURE_COUNT; i++) {
    enum xpf_board_figure_id id = (enum xpf_board_figure_id)i;
    xpf_board_figure_cell(id, values->of[i], cell, sizeof cell);
    print_padded(cell, xpf_board_figures[i].width);
  }
  xpf_print_line(stdout, "%s", xpf_board_row_name(row, utf8, 0, name, sizeof name));
}

int xpf_board_batch_print(const struct xpf_board_order *order, struct xpf_board_process **processes,
                          size_t count, bool utf8) {
  struct xpf_board_row *rows;
  size_t rows_count;
  int error = xpf_board_rows(&rows, &rows_count, order, processes, count);

  if (error != 0)
    return error;
  print_titles();
  for (size_t i = 0; i < rows_count; i++)
    print_row(&rows[i], utf8);
  free(rows);
  return 0;
}

/* Every object has the same keys; what is not known is null. */
static void add_values(cJSON *object, const struct xpf_board_values *values) {
  for (int i = 0; i < XPF_BOARD_FIGURE_COUNT; i++) {
    if (isnan(values->of[i]))
      cJSON_AddNullToObject(object, xpf_board_figures[i].name);
    else
      cJSON_AddNumberToObject(object, xpf_board_figures[i].name,
                              round(values->of[i] * 1000) / 1000);
  }
}

static void add_row(cJSON *list, const struct xpf_board_row *row) {
  cJSON *object = cJSON_CreateObject(), *threads = list;

  if (row->thread != NULL) {
    const cJSON *process = cJSON_GetArrayItem(list, cJSON_GetArraySize(list) - 1);
    threads = cJSON_GetObjectItemCaseSensitive(process, "threads");
    cJSON_AddNumberToObject(object, "thread_id", row->thread->thread_id);
    add_values(object, &row->thread->values);
    cJSON_AddItemToArray(threads, object);
    return;
  }
  cJSON_AddNumberToObject(object, "pid", row->process->pid);
  cJSON_AddStringToObject(object, "state", xpf_board_state_word(row->process->state));
  cJSON_AddNumberToObject(object, "state_seconds", round(row->process->state_s * 10) / 10);
  cJSON_AddStringToObject(object, "name", row->process->name);
  add_values(object, &row->process->values);
  cJSON_AddArrayToObject(object, "threads");
  cJSON_AddItemToArray(list, object);
}

int xpf_board_batch_print_json(const struct xpf_board_order *order,
                               struct xpf_board_process **processes, size_t count) {
  struct xpf_board_row *rows;
  size_t rows_count;
  char time[XPF_TIMESTAMP_BYTES];
  int error = xpf_board_rows(&rows, &rows_count, order, processes, count);

  if (error != 0)
    return error;
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "time", xpf_timestamp_utc(time));
  cJSON *list = cJSON_AddArrayToObject(root, "processes");
  for (size_t i = 0; i < rows_count; i++)
    add_row(list, &rows[i]);
  xpf_print_json(root);
  cJSON_Delete(root);
  free(rows);
  return 0;
}

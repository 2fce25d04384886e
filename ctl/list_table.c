#include "list_table.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "print.h"
#include "process_figures.h"
#include "target/process_name.h"
#include "target/reply_field.h"
#include "text.h"

/* A loop that is blocked for longer is shown as such instead of its usual delay. */
#define BLOCKED_MS 1000

/* X(ID, column is flush right) */
#define COLUMNS(X)                                                                                 \
  X(PID, true)                                                                                     \
  X(THREADS, true)                                                                                 \
  X(CPU, true)                                                                                     \
  X(RSS, true)                                                                                     \
  X(HEAP, true)                                                                                    \
  X(LIMIT, true)                                                                                   \
  X(DELAY, true)                                                                                   \
  X(UPTIME, true)                                                                                  \
  X(NODE, false)                                                                                   \
  X(VERSION, false)                                                                                \
  X(TITLE, false)

enum column {
#define COLUMN_ENUM(id, right) COLUMN_##id,
  COLUMNS(COLUMN_ENUM)
#undef COLUMN_ENUM
      COLUMN_COUNT
};

static const struct {
  enum xpf_text_id title;
  bool right;
} columns[COLUMN_COUNT] = {
#define COLUMN_ROW(id, right) {XPF_TEXT_LIST_##id, right},
    COLUMNS(COLUMN_ROW)
#undef COLUMN_ROW
};

#define CELL_BYTES 64
/* The title is not here: it is last and may be long. */
struct cells {
  char text[COLUMN_TITLE][CELL_BYTES];
};

static void put_number(char *cell, const char *format, double value) {
  if (isnan(value))
    snprintf(cell, CELL_BYTES, "-");
  else
    snprintf(cell, CELL_BYTES, format, value);
}

static void put_bytes(char *cell, double value) {
  if (isnan(value))
    snprintf(cell, CELL_BYTES, "-");
  else
    xpf_print_bytes(value, cell, CELL_BYTES);
}

static void make_cells(struct cells *cells, const struct xpf_process_row *row) {
  struct xpf_process_figures figures;
  char(*text)[CELL_BYTES] = cells->text;

  xpf_process_figures_read(&figures, row);
  snprintf(text[COLUMN_PID], CELL_BYTES, "%d", (int)row->pid);
  put_number(text[COLUMN_THREADS], "%.0f", figures.threads);
  put_number(text[COLUMN_CPU], "%.1f", figures.cpu_percent);
  put_bytes(text[COLUMN_RSS], figures.rss_bytes);
  put_bytes(text[COLUMN_HEAP], figures.heap_used_bytes);
  put_bytes(text[COLUMN_LIMIT], figures.heap_limit_bytes);
  put_number(text[COLUMN_DELAY], "%.1f ms", figures.loop_delay_p99_ms);
  if (figures.loop_blocked_ms >= BLOCKED_MS)
    snprintf(text[COLUMN_DELAY], CELL_BYTES, xpf_text(XPF_TEXT_LIST_BLOCKED),
             figures.loop_blocked_ms / 1e3);
  snprintf(text[COLUMN_UPTIME], CELL_BYTES, "-");
  if (!isnan(figures.uptime))
    xpf_print_duration((double)(long long)figures.uptime, text[COLUMN_UPTIME], CELL_BYTES);
  snprintf(text[COLUMN_NODE], CELL_BYTES, "%.63s",
           xpf_reply_field_text(row->info, "node_version", "-"));
  snprintf(text[COLUMN_VERSION], CELL_BYTES, "%.63s",
           xpf_reply_field_text(row->info, "version", "-"));
}

static void print_padded(const char *text, unsigned width, bool right) {
  unsigned used = xpf_print_width(text);
  int padding = used < width ? (int)(width - used) : 0;

  if (right)
    printf("%*s", padding, "");
  xpf_print_text(stdout, text);
  printf("%*s", (right ? 0 : padding) + 2, "");
}

static void print_row(const struct xpf_process_row *row, const struct cells *cells,
                      const unsigned *widths) {
  char reason[96], name[4096];
  unsigned span = 0;

  if (row->status == 0) {
    for (int i = 0; i < COLUMN_TITLE; i++)
      print_padded(cells->text[i], widths[i], columns[i].right);
  } else {
    for (int i = COLUMN_THREADS; i < COLUMN_TITLE; i++)
      span += widths[i] + (i > COLUMN_THREADS ? 2 : 0);
    if (row->is_plain)
      snprintf(reason, sizeof reason, "%s", xpf_text(XPF_TEXT_LIST_PLAIN));
    else if (strcmp(row->verdict.reason, "timeout") == 0)
      snprintf(reason, sizeof reason, "%s", xpf_text(XPF_TEXT_LIST_SILENT));
    else
      snprintf(reason, sizeof reason, xpf_text(XPF_TEXT_LIST_UNUSABLE), row->verdict.reason);
    print_padded(cells->text[COLUMN_PID], widths[COLUMN_PID], true);
    print_padded(reason, span, false);
  }
  if (row->status == 0)
    xpf_process_name(name, sizeof name, row->info, row->command_line);
  else
    snprintf(name, sizeof name, "%s", row->command_line);
  xpf_print_line(stdout, "%s", name);
}

static void print_titles(const unsigned *widths) {
  for (int i = 0; i < COLUMN_TITLE; i++)
    print_padded(xpf_text(columns[i].title), widths[i], columns[i].right);
  xpf_print_line(stdout, "%s", xpf_text(columns[COLUMN_TITLE].title));
}

int xpf_list_table_print(const struct xpf_process_list *list) {
  struct cells *cells = calloc(list->count, sizeof *cells);
  unsigned widths[COLUMN_TITLE];

  if (cells == NULL)
    return -ENOMEM;
  for (int i = 0; i < COLUMN_TITLE; i++)
    widths[i] = xpf_print_width(xpf_text(columns[i].title));
  for (size_t row = 0; row < list->count; row++) {
    make_cells(&cells[row], &list->rows[row]);
    for (int i = 0; i < COLUMN_TITLE; i++) {
      unsigned width = xpf_print_width(cells[row].text[i]);
      widths[i] = width > widths[i] ? width : widths[i];
    }
  }
  print_titles(widths);
  for (size_t row = 0; row < list->count; row++)
    print_row(&list->rows[row], &cells[row], widths);
  free(cells);
  return 0;
}

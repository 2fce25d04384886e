#include "daemon/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/proc_file.h"

void *xpf_reading_new(const struct xpf_collector_context *context,
                      const struct xpf_kind *const *kinds, size_t rows_max, size_t size,
                      int *error) {
  struct xpf_reading *reading = calloc(1, size);
  *error = -ENOMEM;
  if (!reading)
    return NULL;
  reading->proc = context->proc;
  reading->sys = context->sys;
  for (unsigned i = 0; i < XPF_READING_SHEETS_MAX && kinds[i]; i++)
    if (!(reading->sheets[i] = xpf_sheet_new(kinds[i], rows_max))) {
      xpf_reading_free(reading);
      return NULL;
    }
  *error = 0;
  return reading;
}

void xpf_reading_begin(struct xpf_reading *reading) {
  for (struct xpf_sheet **sheet = reading->sheets; *sheet; sheet++)
    xpf_sheet_begin(*sheet);
}

int xpf_reading_file(struct xpf_reading *reading, const char *name, unsigned first, unsigned last) {
  int error = xpf_proc_text_read(&reading->text, reading->proc, name);
  for (unsigned i = first; error && i <= last; i++)
    xpf_sheet_fail(reading->sheets[i], error);
  return error;
}

int xpf_reading_number(struct xpf_reading *reading, struct xpf_row *row, unsigned field,
                       const char *name, unsigned column, double unit) {
  uint64_t number;
  int error = xpf_proc_text_read(&reading->text, reading->proc, name);
  char *at = reading->text.text;
  char *line = error ? NULL : xpf_proc_text_line(&at), *word = NULL;
  for (unsigned i = 0; line && i <= column; i++)
    word = xpf_proc_text_word(&line);
  if (word && xpf_proc_number(word, &number))
    xpf_row_set(row, field, (double)number * unit);
  else
    xpf_row_mark(row, field, xpf_quality_of_error(error));
  return error;
}

static void read_pair(const struct xpf_kind *kind, struct xpf_row *row, char *line, size_t skip,
                      unsigned count, unsigned *next) {
  char *end = line + strcspn(line, ": ");
  char *rest = end + (*end == ':');
  uint64_t number;
  if (*end == '\0' || !xpf_proc_number(rest, &number))
    return;
  double unit = strstr(rest, " kB") ? 1024 : 1;
  *end = '\0';
  for (unsigned tried = 0; tried < count; tried++) {
    unsigned field = (*next + tried) % count; /* the lines mostly come in our order */
    if (strcmp(kind->fields[field].source + skip, line) == 0) {
      xpf_row_set(row, field, (double)number * unit);
      *next = field + 1;
      return;
    }
  }
}

void xpf_reading_pairs(struct xpf_reading *reading, struct xpf_row *row, size_t skip,
                       unsigned count) {
  char *at = reading->text.text;
  unsigned next = 0;
  for (char *line; (line = xpf_proc_text_line(&at));)
    read_pair(row->kind, row, line, skip, count, &next);
}

void xpf_reading_publish(void *arg, struct xpf_world *world, int64_t now_ms) {
  struct xpf_reading *reading = arg;
  for (struct xpf_sheet **sheet = reading->sheets; *sheet; sheet++)
    xpf_sheet_publish(*sheet, world, now_ms);
}

void xpf_reading_free(void *arg) {
  struct xpf_reading *reading = arg;
  for (struct xpf_sheet **sheet = reading->sheets; *sheet; sheet++)
    xpf_sheet_free(*sheet);
  xpf_proc_text_free(&reading->text);
  free(reading);
}

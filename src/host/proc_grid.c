#include "host/proc_grid.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/proc_text.h"

static int make_room(struct xpf_proc_grid *grid) {
  if (grid->count < grid->capacity)
    return 0;
  size_t capacity = grid->capacity ? grid->capacity * 2 : 32;
  struct xpf_proc_grid_row *rows = realloc(grid->rows, capacity * sizeof *rows);
  if (rows)
    grid->rows = rows;
  size_t columns = grid->columns ? grid->columns : 1;
  double *values = rows ? realloc(grid->values, capacity * columns * sizeof *values) : NULL;
  if (!values)
    return -ENOMEM;
  grid->values = values;
  grid->capacity = capacity;
  return 0;
}

static char *trim(char *text) {
  text += strspn(text, " \t");
  size_t size = strlen(text);
  while (size > 0 && isspace((unsigned char)text[size - 1]))
    text[--size] = '\0';
  return text;
}

static char *read_values(double *values, unsigned columns, char *line) {
  for (unsigned i = 0; i < columns; i++) {
    char *at = line + strspn(line, " \t"), *end = at;
    double value = isdigit((unsigned char)*at) ? strtod(at, &end) : NAN;
    bool is_number = end > at && (*end == '\0' || *end == ' ' || *end == '\t');
    values[i] = is_number ? value : NAN;
    if (is_number)
      line = end;
  }
  return line;
}

static int add_line(struct xpf_proc_grid *grid, char *line, const struct xpf_proc_grid_form *form) {
  for (unsigned i = 0; i < form->skip_words; i++)
    if (!xpf_proc_text_word(&line))
      return 0;
  char *name = xpf_proc_text_word(&line);
  if (!name || (form->prefix && strncmp(name, form->prefix, strlen(form->prefix)) != 0))
    return 0;
  int error = make_room(grid);
  if (error)
    return error;
  size_t size = strlen(name);
  if (size > 1 && name[size - 1] == ':')
    name[size - 1] = '\0';
  char *rest = read_values(grid->values + grid->count * grid->columns, grid->columns, line);
  grid->rows[grid->count++] = (struct xpf_proc_grid_row){name, trim(rest)};
  return 0;
}

int xpf_proc_grid_parse(struct xpf_proc_grid *grid, char *text,
                        const struct xpf_proc_grid_form *form) {
  *grid = (struct xpf_proc_grid){.columns = form->columns};
  int error = 0;
  unsigned number = 0;
  for (char *line; !error && (line = xpf_proc_text_line(&text));)
    if (number++ >= form->skip_lines)
      error = add_line(grid, line, form);
  return error;
}

void xpf_proc_grid_free(struct xpf_proc_grid *grid) {
  free(grid->rows);
  free(grid->values);
  *grid = (struct xpf_proc_grid){0};
}

double xpf_proc_grid_value(const struct xpf_proc_grid *grid, size_t row, unsigned column) {
  return column < grid->columns ? grid->values[row * grid->columns + column] : NAN;
}

/* The files keep their order, so the same place is nearly always right. */
static size_t find(const struct xpf_proc_grid *grid, const char *name, size_t guess) {
  if (guess < grid->count && strcmp(grid->rows[guess].name, name) == 0)
    return guess;
  for (size_t i = 0; i < grid->count; i++)
    if (strcmp(grid->rows[i].name, name) == 0)
      return i;
  return grid->count;
}

double xpf_proc_grid_growth(const struct xpf_proc_grid *before, const struct xpf_proc_grid *now,
                            size_t row, unsigned column) {
  size_t old = find(before, now->rows[row].name, row);
  if (old == before->count)
    return NAN;
  double growth = xpf_proc_grid_value(now, row, column) - xpf_proc_grid_value(before, old, column);
  return growth < 0 ? 0 : growth;
}

unsigned xpf_proc_grid_header_words(const char *text) {
  unsigned count = 0;
  size_t size;
  for (;; text += size, count++) {
    text += strspn(text, " \t");
    size = strcspn(text, " \t\n");
    if (size == 0)
      return count;
  }
}

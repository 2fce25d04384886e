/* Files of the kernel that are a name and numbers in each line (/proc/stat, interrupts, softirqs,
 * diskstats), whole in memory so that two looks can be compared. Pure; one thread at a time. */
#ifndef XPF_HOST_PROC_GRID_H
#define XPF_HOST_PROC_GRID_H
#include <stdbool.h>
#include <stddef.h>

struct xpf_proc_grid_form {
  unsigned columns;    /* at most so many numbers of a line are taken; missing ones are NaN */
  unsigned skip_lines; /* at the top: a header */
  unsigned skip_words; /* of each line, before the name */
  const char *prefix;  /* only lines whose name begins so; NULL: all */
};

struct xpf_proc_grid_row {
  char *name;  /* without the colon behind it */
  char *about; /* what stands behind the numbers, without blanks around it */
};

struct xpf_proc_grid {
  struct xpf_proc_grid_row *rows;
  double *values; /* rows by columns */
  size_t count, capacity;
  unsigned columns;
};

/* text is changed, and the grid points into it. 0 or -ENOMEM; call _free in both cases. */
int xpf_proc_grid_parse(struct xpf_proc_grid *grid, char *text,
                        const struct xpf_proc_grid_form *form);
void xpf_proc_grid_free(struct xpf_proc_grid *grid);
double xpf_proc_grid_value(const struct xpf_proc_grid *grid, size_t row, unsigned column);
/* How much the number of a row of `now` grew since `before`, which is looked for by its name: NaN
 * when it was not there; 0 when it shrank, as a counter that began anew or went back a little. */
double xpf_proc_grid_growth(const struct xpf_proc_grid *before, const struct xpf_proc_grid *now,
                            size_t row, unsigned column);
/* Words of the first line: the CPUs of /proc/interrupts and softirqs. */
unsigned xpf_proc_grid_header_words(const char *text);
#endif

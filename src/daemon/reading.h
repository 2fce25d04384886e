/* The state of a collector that reads files of /proc and /sys into sheets, one for each of its
 * kinds in their order: what most collectors of the host are made of. */
#ifndef XPF_DAEMON_READING_H
#define XPF_DAEMON_READING_H
#include "daemon/collector.h"
#include "daemon/sheet.h"
#include "host/proc_text.h"

#define XPF_READING_SHEETS_MAX 4

struct xpf_reading {
  const char *proc, *sys;
  struct xpf_proc_text text;
  struct xpf_sheet *sheets[XPF_READING_SHEETS_MAX + 1]; /* ended by NULL */
};

/* For a collector's `new`: a reading, at the start of a block of that size whose rest is zeros.
 * NULL and *error: no memory. */
void *xpf_reading_new(const struct xpf_collector_context *context,
                      const struct xpf_kind *const *kinds, size_t rows_max, size_t size,
                      int *error);
/* All its sheets begin. */
void xpf_reading_begin(struct xpf_reading *reading);
/* Reads a file of proc into text; on failure the sheets `first` to `last` fail. 0 or -errno. */
int xpf_reading_file(struct xpf_reading *reading, const char *name, unsigned first, unsigned last);
/* For files of lines `name number` or `name: number kB`: sets the first `count` fields of the row
 * from the text. The name of a field's line is its `source` without the first `skip` letters. */
void xpf_reading_pairs(struct xpf_reading *reading, struct xpf_row *row, size_t skip,
                       unsigned count);

/* The number in a column (from 0) of the first line of a file of proc, times unit, into a field of
 * row; when it cannot be read the field says so. 0 or -errno. */
int xpf_reading_number(struct xpf_reading *reading, struct xpf_row *row, unsigned field,
                       const char *name, unsigned column, double unit);

/* These are a collector's `publish` and `free` as they are. */
void xpf_reading_publish(void *reading, struct xpf_world *world, int64_t now_ms);
void xpf_reading_free(void *reading);
#endif

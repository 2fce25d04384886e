/* The figures of the live view: what they are called, how they are written, when they are alarming.
 * Columns, sparklines and sort keys come from this list. Pure. */
#ifndef XPF_CTL_BOARD_FIGURE_H
#define XPF_CTL_BOARD_FIGURE_H
#include <stddef.h>
#include "text.h"

/* X(ID, name for --sort, sort key, width, kind, warning from, alarm from (0: never), order in which
 * columns give way when the terminal is narrow: the highest first). In the order of the columns. */
#define XPF_BOARD_FIGURES(X)                                                                       \
  X(CPU, "cpu", 'C', 5, PERCENT, 80, 100, 0)                                                       \
  X(RSS, "rss", 'R', 5, BYTES, 0, 0, 1)                                                            \
  X(HEAP, "heap", 'H', 5, BYTES, 0, 0, 2)                                                          \
  X(LIMIT, "limit", 'I', 5, BYTES, 0, 0, 12)                                                       \
  X(FULL, "full", 'F', 5, PERCENT, 80, 95, 8)                                                      \
  X(GC, "gc", 'G', 4, PERCENT, 10, 25, 4)                                                          \
  X(DELAY, "delay", 'D', 6, MS, 50, 200, 3)                                                        \
  X(ELU, "elu", 'E', 4, PERCENT, 70, 95, 5)                                                        \
  X(RATE, "rate", 'Q', 5, RATE, 0, 0, 6)                                                           \
  X(LATENCY, "latency", 'L', 6, MS, 0, 0, 7)                                                       \
  X(HANDLES, "handles", 'N', 5, COUNT, 0, 0, 9)                                                    \
  X(WAIT, "wait", 'W', 5, PERCENT, 10, 30, 10)                                                     \
  X(THROTTLED, "throttled", 'T', 5, PERCENT, 1, 20, 11)                                            \
  X(UPTIME, "uptime", 'U', 6, SECONDS, 0, 0, 13)

enum xpf_board_figure_id {
#define XPF_BOARD_FIGURE_ENUM(id, ...) XPF_BOARD_##id,
  XPF_BOARD_FIGURES(XPF_BOARD_FIGURE_ENUM)
#undef XPF_BOARD_FIGURE_ENUM
      XPF_BOARD_FIGURE_COUNT
};

enum xpf_board_kind {
  XPF_BOARD_KIND_PERCENT,
  XPF_BOARD_KIND_BYTES,
  XPF_BOARD_KIND_MS,
  XPF_BOARD_KIND_RATE,
  XPF_BOARD_KIND_COUNT,
  XPF_BOARD_KIND_SECONDS,
};

struct xpf_board_figure {
  const char *name;
  char key;
  int width; /* columns */
  enum xpf_board_kind kind;
  double warn, alarm;
  int gives_way;
  enum xpf_text_id title, label; /* of the column; of the sparkline and the help */
};
extern const struct xpf_board_figure xpf_board_figures[XPF_BOARD_FIGURE_COUNT];

enum xpf_board_alarm { XPF_BOARD_CALM, XPF_BOARD_WARN, XPF_BOARD_ALARM };
enum xpf_board_alarm xpf_board_figure_alarm(enum xpf_board_figure_id id, double value);
/* At most the column's width for any value: "57.8", "147M", "29ms", "3h12m"; "-" for NaN. Returns
 * buffer. */
const char *xpf_board_figure_cell(enum xpf_board_figure_id id, double value, char *buffer,
                                  size_t size);
/* With its unit and room: "57.8 %", "147 MiB", "29.3 ms", "12.0/s". Returns buffer. */
const char *xpf_board_figure_text(enum xpf_board_figure_id id, double value, char *buffer,
                                  size_t size);
#endif

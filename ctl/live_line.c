#include "live_line.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "print.h"
#include "style.h"
#include "wire/utf8.h"

#define BAR_COLUMNS 20

struct line {
  char *text;
  size_t size, used;
  unsigned columns; /* of the terminal */
};

/* Adds a part when it fits whole. */
static void add(struct line *line, const char *gap, const char *format, ...) {
  char part[512];
  va_list args;

  va_start(args, format);
  vsnprintf(part, sizeof part, format, args);
  va_end(args);
  size_t length = strlen(part) + strlen(gap);
  if (line->used + length >= line->size ||
      xpf_print_width(line->text) + xpf_print_width(part) + strlen(gap) >= line->columns)
    return;
  snprintf(line->text + line->used, line->size - line->used, "%s%s", gap, part);
  line->used += length;
}

/* Adds as much of a text as there is room for. */
static void add_cut(struct line *line, const char *gap, const char *text) {
  char part[256];
  unsigned used = xpf_print_width(line->text) + (unsigned)strlen(gap) + 1;

  snprintf(part, sizeof part, "%.255s", text);
  while (*part != '\0' && used + xpf_print_width(part) > line->columns)
    part[xpf_utf8_cut(part, strlen(part), strlen(part) - 1)] = '\0';
  if (*part != '\0')
    add(line, gap, "%s", part);
}

/* "4.2 s"; a number that changes all the time keeps its width. */
static const char *print_time(double ms, char *buffer, size_t size) {
  if (ms >= 60e3)
    return xpf_print_duration(ms / 1e3, buffer, size);
  snprintf(buffer, size, xpf_text(XPF_TEXT_LIVE_SECONDS), ms / 1e3);
  return buffer;
}

/* What is under way, in words. */
static void add_state(struct line *line, const struct xpf_live_view *view) {
  char elapsed[32], total[32];

  if (!view->is_begun) {
    add(line, "  ", "%s",
        xpf_text(view->is_pending ? XPF_TEXT_STATE_PENDING : XPF_TEXT_LIVE_CONNECTING));
    if (*view->reason != '\0')
      add_cut(line, ": ", view->reason);
    return;
  }
  if (view->is_writing) {
    add(line, "  ", "%s", xpf_text(XPF_TEXT_STATE_WRITING));
    return;
  }
  print_time(view->elapsed_ms, elapsed, sizeof elapsed);
  if (view->total_ms <= 0) {
    add(line, "  ", "%s", elapsed);
    return;
  }
  add(line, "  ", xpf_text(XPF_TEXT_LIVE_TIME), elapsed,
      xpf_print_duration(view->total_ms / 1e3, total, sizeof total));
  double left_ms = fmax(view->total_ms - view->elapsed_ms, 0);
  add(line, ", ", xpf_text(XPF_TEXT_LIVE_LEFT),
      xpf_print_duration(ceil(left_ms / 1e3), elapsed, sizeof elapsed));
}

static void add_figures(struct line *line, const struct xpf_live_view *view) {
  char bytes[32];
  if (!isnan(view->rss_bytes))
    add(line, "  ", "RSS %s", xpf_print_bytes(view->rss_bytes, bytes, sizeof bytes));
  if (view->part == XPF_LIVE_HEAP && !isnan(view->heap_used_bytes))
    add(line, "  ", xpf_text(XPF_TEXT_LIVE_HEAP),
        xpf_print_bytes(view->heap_used_bytes, bytes, sizeof bytes));
  if (view->part == XPF_LIVE_GC && !isnan(view->collections))
    add(line, "  ", xpf_text(XPF_TEXT_LIVE_GC), view->collections, view->gc_ms);
  if (!isnan(view->cpu_percent))
    add(line, "  ", "CPU %.0f %%", view->cpu_percent);
  if (!isnan(view->stall_ms))
    add(line, "  ", xpf_text(XPF_TEXT_LIVE_DELAY), view->stall_ms);
}

void xpf_live_line_format(const struct xpf_live_view *view, unsigned columns, char *buffer,
                          size_t size) {
  struct line line = {.text = buffer, .size = size, .columns = columns};
  char bar[4 * BAR_COLUMNS];
  double fraction = view->done;

  buffer[0] = '\0';
  add(&line, "", "%s", view->label);
  if (view->total_ms > 0)
    fraction = view->is_writing ? 1 : view->elapsed_ms / view->total_ms;
  if (view->is_begun && (view->total_ms > 0 || view->done > 0))
    add(&line, "  ", "%s", xpf_style_bar(fraction, BAR_COLUMNS, true, bar, sizeof bar));
  add_state(&line, view);
  add_figures(&line, view);
}

void xpf_live_line_draw(const struct xpf_live_view *view) {
  char text[1024];
  xpf_live_line_format(view, xpf_style_columns(stderr), text, sizeof text);
  fputs("\r\033[K", stderr);
  xpf_print_text(stderr, text);
  fflush(stderr);
}

void xpf_live_line_clear(void) {
  fputs("\r\033[K", stderr);
  fflush(stderr);
}

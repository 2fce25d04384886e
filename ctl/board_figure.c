#include "board_figure.h"
#include <math.h>
#include <stdio.h>
#include "print.h"

const struct xpf_board_figure xpf_board_figures[XPF_BOARD_FIGURE_COUNT] = {
#define FIGURE_ROW(id, name, key, width, kind, warn, alarm, gives_way)                             \
  {name,                                                                                           \
   key,                                                                                            \
   width,                                                                                          \
   XPF_BOARD_KIND_##kind,                                                                          \
   warn,                                                                                           \
   alarm,                                                                                          \
   gives_way,                                                                                      \
   XPF_TEXT_TOP_TITLE_##id,                                                                        \
   XPF_TEXT_TOP_LABEL_##id},
    XPF_BOARD_FIGURES(FIGURE_ROW)
#undef FIGURE_ROW
};

enum xpf_board_alarm xpf_board_figure_alarm(enum xpf_board_figure_id id, double value) {
  const struct xpf_board_figure *figure = &xpf_board_figures[id];
  if (figure->alarm > 0 && value >= figure->alarm)
    return XPF_BOARD_ALARM;
  return figure->warn > 0 && value >= figure->warn ? XPF_BOARD_WARN : XPF_BOARD_CALM;
}

/* Four columns: "12B", "8.1K", "147M", "4.0G". */
static void put_bytes(double value, char *buffer, size_t size) {
  static const char units[] = "BKMGTPE";
  int unit = 0;
  while (value >= 999.5 && unit + 1 < (int)sizeof units - 1) {
    value /= 1024;
    unit++;
  }
  snprintf(buffer, size, unit > 0 && value < 9.95 ? "%.1f%c" : "%.0f%c", fmin(value, 9999),
           units[unit]);
}

/* Four columns: "0.3", "57.8", "123", "12k", "3.4M". */
static void put_number(double value, char *buffer, size_t size) {
  if (value < 99.95)
    snprintf(buffer, size, "%.1f", value);
  else if (value < 9999.5)
    snprintf(buffer, size, "%.0f", value);
  else if (value < 999.5e3)
    snprintf(buffer, size, "%.0fk", value / 1e3);
  else
    snprintf(buffer, size, value < 9.95e6 ? "%.1fM" : "%.0fM", fmin(value / 1e6, 999));
}

/* Six columns: "0.3ms", "29ms", "1.2s", "48s", "12m", "3.5h". */
static void put_ms(double value, char *buffer, size_t size) {
  if (value < 9.95)
    snprintf(buffer, size, "%.1fms", value);
  else if (value < 999.5)
    snprintf(buffer, size, "%.0fms", value);
  else if (value < 9950)
    snprintf(buffer, size, "%.1fs", value / 1e3);
  else if (value < 99.5e3)
    snprintf(buffer, size, "%.0fs", value / 1e3);
  else if (value < 99.5 * 60e3)
    snprintf(buffer, size, "%.0fm", value / 60e3);
  else
    snprintf(buffer, size, "%.0fh", fmin(value / 3600e3, 99999));
}

/* Six columns: "48s", "3m12s", "3h12m", "12d3h", "1234d". */
static void put_seconds(double value, char *buffer, size_t size) {
  long long s = value < 1e9 ? (long long)value : 999999999;
  if (s < 60)
    snprintf(buffer, size, "%llds", s);
  else if (s < 3600)
    snprintf(buffer, size, "%lldm%02llds", s / 60, s % 60);
  else if (s < 86400)
    snprintf(buffer, size, "%lldh%02lldm", s / 3600, s / 60 % 60);
  else if (s < 100LL * 86400)
    snprintf(buffer, size, "%lldd%02lldh", s / 86400, s / 3600 % 24);
  else
    snprintf(buffer, size, "%lldd", s / 86400);
}

const char *xpf_board_figure_cell(enum xpf_board_figure_id id, double value, char *buffer,
                                  size_t size) {
  if (isnan(value)) {
    snprintf(buffer, size, "-");
    return buffer;
  }
  value = fmax(value, 0);
  switch (xpf_board_figures[id].kind) {
  case XPF_BOARD_KIND_BYTES:
    put_bytes(value, buffer, size);
    break;
  case XPF_BOARD_KIND_MS:
    put_ms(value, buffer, size);
    break;
  case XPF_BOARD_KIND_SECONDS:
    put_seconds(value, buffer, size);
    break;
  case XPF_BOARD_KIND_COUNT:
    if (value < 9999.5)
      snprintf(buffer, size, "%.0f", value);
    else
      put_number(value, buffer, size);
    break;
  case XPF_BOARD_KIND_PERCENT:
  case XPF_BOARD_KIND_RATE:
    put_number(value, buffer, size);
    break;
  }
  return buffer;
}

const char *xpf_board_figure_text(enum xpf_board_figure_id id, double value, char *buffer,
                                  size_t size) {
  if (isnan(value)) {
    snprintf(buffer, size, "-");
    return buffer;
  }
  switch (xpf_board_figures[id].kind) {
  case XPF_BOARD_KIND_BYTES:
    return xpf_print_bytes(value, buffer, size);
  case XPF_BOARD_KIND_MS:
    if (value >= 59.95e3)
      return xpf_print_duration(value / 1e3, buffer, size);
    if (value >= 999.5)
      snprintf(buffer, size, "%.1f s", value / 1e3);
    else
      snprintf(buffer, size, value < 99.95 ? "%.1f ms" : "%.0f ms", value);
    return buffer;
  case XPF_BOARD_KIND_SECONDS:
    return xpf_print_duration(value, buffer, size);
  case XPF_BOARD_KIND_COUNT:
    snprintf(buffer, size, "%.0f", value);
    return buffer;
  case XPF_BOARD_KIND_PERCENT:
    snprintf(buffer, size, "%.1f %%", value);
    return buffer;
  case XPF_BOARD_KIND_RATE:
    snprintf(buffer, size, value < 99.95 ? "%.1f/s" : "%.0f/s", value);
    return buffer;
  }
  return buffer;
}

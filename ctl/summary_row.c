#include "summary_row.h"
#include <string.h>
#include "format/frame_class.h"
#include "print.h"
#include "target/reply_field.h"
#include "style.h"
#include "text.h"

#define BAR_COLUMNS    16
#define AMOUNT_COLUMNS 10
#define PLACE_BYTES    512
#define WIDE_COLUMNS   100
#define NAME_COLUMNS   22
#define PLACE_COLUMNS  60
/* Less says nothing. */
#define PLACE_MIN_COLUMNS 12

static cJSON *make_function(const struct xpf_profile *profile, uint32_t index,
                            enum xpf_frame_class frame_class) {
  const struct xpf_profile_node *node = &profile->nodes[index];
  const char *url = xpf_profile_string(profile, node->url);
  char path[PLACE_BYTES], package[128];
  size_t package_size;
  cJSON *object = cJSON_CreateObject();

  cJSON_AddStringToObject(object, "function",
                          xpf_frame_name(xpf_profile_string(profile, node->function_name)));
  if (*url != '\0') {
    cJSON_AddStringToObject(object, "file", xpf_frame_path(url, path, sizeof path));
    cJSON_AddNumberToObject(object, "line", node->line);
    cJSON_AddNumberToObject(object, "column", node->column);
  }
  cJSON_AddStringToObject(object, "class", xpf_frame_class_word(frame_class));
  const char *name = xpf_frame_package(url, &package_size);
  if (name != NULL) {
    snprintf(package, sizeof package, "%.*s", (int)package_size, name);
    cJSON_AddStringToObject(object, "package", package);
  }
  return object;
}

cJSON *xpf_summary_row_function(const struct xpf_profile *profile, const struct xpf_top_row *row) {
  cJSON *object = make_function(profile, row->node, row->frame_class);
  if (row->origin == 0)
    return object;
  const struct xpf_profile_node *node = &profile->nodes[row->origin];
  cJSON *origin = make_function(profile, row->origin,
                                xpf_frame_class_of(xpf_profile_string(profile, node->function_name),
                                                   xpf_profile_string(profile, node->url)));
  cJSON_AddNumberToObject(origin, "share", (double)row->origin_self / (double)row->self);
  cJSON_AddItemToObject(object, "origin", origin);
  return object;
}

static const char *make_place(const cJSON *function, unsigned columns, char *buffer, size_t size) {
  const char *file = xpf_reply_field_text(function, "file", "");
  char whole[PLACE_BYTES + 16];
  double line = xpf_reply_field_number(function, "line", 0);

  buffer[0] = '\0';
  if (*file == '\0')
    return buffer;
  snprintf(whole, sizeof whole, line > 0 ? "%s:%.0f" : "%s", file, line);
  unsigned width = xpf_print_width(whole);
  if (width <= columns) {
    snprintf(buffer, size, "%s", whole);
    return buffer;
  }
  if (columns < PLACE_MIN_COLUMNS)
    return buffer;
  const char *from = whole;
  while (xpf_print_width(from) + 3 > columns)
    do
      from++;
    while ((*from & 0xc0) == 0x80);
  const char *slash = strchr(from, '/');
  if (slash != NULL && slash[1] != '\0')
    from = slash;
  snprintf(buffer, size, "...%s", from);
  return buffer;
}

/* "from login /srv/shop/user.js:2", "61 % from …" where others call it too. The name stays whole: a
 * place without it would look like that of the row itself. */
static const char *make_origin(const cJSON *origin, unsigned columns, char *buffer, size_t size) {
  char name[PLACE_BYTES / 2], place[PLACE_BYTES];
  double percent = xpf_reply_field_number(origin, "share", 1) * 100;
  const char *function = xpf_reply_field_text(origin, "function", "");

  if (percent >= 99.5)
    snprintf(name, sizeof name, xpf_text(XPF_TEXT_SUM_FROM), function);
  else
    snprintf(name, sizeof name, xpf_text(XPF_TEXT_SUM_PARTLY_FROM), percent, function);
  unsigned width = xpf_print_width(name);
  buffer[0] = '\0';
  if (width > columns)
    return buffer;
  make_place(origin, columns > width ? columns - width - 1 : 0, place, sizeof place);
  snprintf(buffer, size, "%s%s%s", name, *place != '\0' ? " " : "", place);
  return buffer;
}

const char *xpf_summary_row_place(const cJSON *function, unsigned columns, char *buffer,
                                  size_t size) {
  const cJSON *origin = cJSON_GetObjectItemCaseSensitive(function, "origin");
  if (origin != NULL)
    return make_origin(origin, columns, buffer, size);
  return make_place(function, columns, buffer, size);
}

static void print_coloured(FILE *out, enum xpf_colour colour, const char *text) {
  fputs(xpf_style(colour, out), out);
  xpf_print_text(out, text);
  fputs(xpf_style(XPF_COLOUR_PLAIN, out), out);
}

static void print_place(FILE *out, const struct xpf_summary_row *row, unsigned used,
                        unsigned columns) {
  char place[PLACE_BYTES];
  unsigned width = xpf_print_width(row->name), at = width < NAME_COLUMNS ? NAME_COLUMNS : width;
  const char *text = row->remark;

  if (row->function != NULL)
    text = xpf_summary_row_place(
        row->function, columns > used + at + 2 ? columns - used - at - 2 : 0, place, sizeof place);
  if (text == NULL || *text == '\0')
    return;
  for (; width < at + 2; width++)
    fputc(' ', out);
  print_coloured(out, XPF_COLOUR_DIM, text);
}

void xpf_summary_row_print(FILE *out, const struct xpf_summary_row *row, unsigned columns) {
  char bar[4 * BAR_COLUMNS], percent[16];
  unsigned bar_columns = columns < WIDE_COLUMNS ? BAR_COLUMNS / 2 : BAR_COLUMNS;
  unsigned used = 2 + 7 + 2 + bar_columns + AMOUNT_COLUMNS + 2;

  snprintf(percent, sizeof percent, "%.1f %%", row->fraction * 100);
  fputs("  ", out);
  xpf_print_right(out, percent, 7);
  fputs("  ", out);
  print_coloured(out, XPF_COLOUR_BAR, xpf_style_bar(row->bar, bar_columns, false, bar, sizeof bar));
  xpf_print_right(out, row->amount, AMOUNT_COLUMNS);
  if (row->other != NULL) {
    xpf_print_right(out, row->other, AMOUNT_COLUMNS);
    used += AMOUNT_COLUMNS;
  }
  fputs("  ", out);
  xpf_print_text(out, row->name);
  print_place(out, row, used, columns);
  fputc('\n', out);
}

void xpf_summary_row_print_function(FILE *out, const cJSON *function) {
  char place[4 * PLACE_COLUMNS];
  fputs("  ", out);
  xpf_print_text(out, xpf_reply_field_text(function, "function", "?"));
  if (*xpf_summary_row_place(function, PLACE_COLUMNS, place, sizeof place) != '\0') {
    fputs("  ", out);
    print_coloured(out, XPF_COLOUR_DIM, place);
  }
  fputc('\n', out);
}

void xpf_summary_row_heading(FILE *out, const char *text) {
  fputs("\n  ", out);
  print_coloured(out, XPF_COLOUR_BOLD, text);
  fputc('\n', out);
}

const char *xpf_summary_row_ms(double ms, char *buffer, size_t size) {
  snprintf(buffer, size, xpf_text(ms >= 1000 ? XPF_TEXT_SUM_S : XPF_TEXT_SUM_MS),
           ms >= 1000 ? ms / 1e3 : ms);
  return buffer;
}

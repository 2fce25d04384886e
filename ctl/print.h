/* What reaches the terminal. Text that came from a target is never trusted: control characters
 * (escape sequences) are replaced. */
#ifndef XPF_CTL_PRINT_H
#define XPF_CTL_PRINT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <cjson/cJSON.h>

/* One line; what follows format's conversions may contain anything, a line break becomes '?'. */
void xpf_print_line(FILE *out, const char *format, ...);
/* Text of many lines as it is, but for control characters other than tab and newline. */
void xpf_print_text(FILE *out, const char *text);
/* The same on the right of a column. */
void xpf_print_right(FILE *out, const char *text, unsigned columns);
/* One JSON value and a newline to standard output. Says so on standard error when out of memory. */
void xpf_print_json(const cJSON *value);
/* {"ok":true,"data":…}; data is borrowed, NULL becomes {}. */
void xpf_print_json_done(const cJSON *data);
/* "  - key: value" for every member of an object, by name when sorted. */
void xpf_print_members(const cJSON *object, bool sorted);

/* Both return buffer. */
const char *xpf_print_bytes(double bytes, char *buffer, size_t size);      /* "18.2 MiB" */
const char *xpf_print_duration(double seconds, char *buffer, size_t size); /* "3h 12m" */
/* Columns that a terminal uses for UTF-8 text; Chinese takes two each. */
unsigned xpf_print_width(const char *text);
/* Flushes standard output. 0 or negative errno when something did not reach it. */
int xpf_print_finish(void);
#endif

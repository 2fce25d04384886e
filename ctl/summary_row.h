/* The rows of the summaries' lists. Pure. */
#ifndef XPF_CTL_SUMMARY_ROW_H
#define XPF_CTL_SUMMARY_ROW_H
#include <stdio.h>
#include <cjson/cJSON.h>
#include "format/profile.h"
#include "format/top.h"

/* {"function":…,"file":…,"line":…,"column":…,"class":…,"package":…}; the place is left out where
 * there is none. Native code then has "origin": the function that most of it was called from, with
 * its "share", 0 … 1. */
cJSON *xpf_summary_row_function(const struct xpf_profile *profile, const struct xpf_top_row *row);

struct xpf_summary_row {
  double fraction;       /* 0 … 1 of the whole: the percentage */
  double bar;            /* 0 … 1 of the largest row: the bar */
  const char *amount;    /* "705 ms" */
  const char *other;     /* a second amount, or NULL */
  const char *name;      /* "editDistance" */
  const cJSON *function; /* where it is, as xpf_summary_row_function made it, or NULL */
  const char *remark;    /* or NULL */
};
/* What has no room is left out; a place is cut in front: its end says more than its beginning. */
void xpf_summary_row_print(FILE *out, const struct xpf_summary_row *row, unsigned columns);
/* "/srv/shop/lib/cart.js:31" in at most `columns`, of what has none "from total …/cart.js:31"; ""
 * without a file or room. Returns buffer. */
const char *xpf_summary_row_place(const cJSON *function, unsigned columns, char *buffer,
                                  size_t size);
/* The end of a line of a table: name and place of a function. */
void xpf_summary_row_print_function(FILE *out, const cJSON *function);
/* A heading of a list. */
void xpf_summary_row_heading(FILE *out, const char *text);
/* "705 ms", "3.79 s". Returns buffer. */
const char *xpf_summary_row_ms(double ms, char *buffer, size_t size);
#endif

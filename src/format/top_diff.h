/* What changed between two profiles, by function. Functions are the same when name and file are,
 * wherever they moved in it; functions without a name when their line is, too. Pure. [any] */
#ifndef XPF_FORMAT_TOP_DIFF_H
#define XPF_FORMAT_TOP_DIFF_H
#include "format/top.h"

struct xpf_top_diff_row {
  /* A node of the function in each profile, or XPF_NO_INDEX; which of them names it. */
  uint32_t base_node, node;
  double base_self, self, base_total, total; /* scaled */
};

struct xpf_top_diff {
  struct xpf_top_diff_row *rows;
  uint32_t count;
};

/* Values are multiplied by the scales, which make the profiles comparable. 0, -EINVAL, -ENOMEM.
 * Rows come by change, the largest first: of self, of equal ones of total. */
int xpf_top_diff_make(struct xpf_top_diff *diff, const struct xpf_profile *base,
                      uint32_t base_value, double base_scale, const struct xpf_profile *profile,
                      uint32_t value, double scale);
void xpf_top_diff_free(struct xpf_top_diff *diff);
#endif

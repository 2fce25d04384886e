/* Which functions weigh most: self and total of every function, over all its nodes. A function is
 * its name, url, line and column; total counts a recursive function once per stack. Pure. [any] */
#ifndef XPF_FORMAT_TOP_H
#define XPF_FORMAT_TOP_H
#include <stdint.h>
#include "format/frame_class.h"
#include "format/profile.h"

struct xpf_top_row {
  uint32_t node; /* the first node of the function: its name, url, line */
  enum xpf_frame_class frame_class;
  int64_t self, total; /* of the value asked for */
  uint32_t nodes;      /* places in the tree */
  /* Of native code, which has no place of its own: a node of the function that most of its self was
   * spent below, the nearest of the application, else of a package, else of Node.js; 0 for none. */
  uint32_t origin;
  int64_t origin_self;
};

struct xpf_top {
  struct xpf_top_row *rows; /* without the root of the tree */
  uint32_t count;
  int64_t sum; /* of the whole profile */
};

enum xpf_top_order { XPF_TOP_SELF, XPF_TOP_TOTAL };

/* `value` is an index below values_count. 0, -EINVAL or -ENOMEM. */
int xpf_top_make(struct xpf_top *top, const struct xpf_profile *profile, uint32_t value);
/* Largest first; of equal ones the one with more of the other number, then by name and place. */
void xpf_top_sort(struct xpf_top *top, const struct xpf_profile *profile, enum xpf_top_order order);
void xpf_top_free(struct xpf_top *top);
/* Sums by class of frame, of self. The array has XPF_FRAME_CLASSES_COUNT items. */
void xpf_top_classes(const struct xpf_top *top, int64_t *sums);
#endif

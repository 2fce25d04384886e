/* The page of the flame graph without its data: made from src/format/flamegraph/ when the project
 * is built (scripts/flamegraph_page.js), packed by gzip. The title goes between HEAD and MIDDLE,
 * the data between MIDDLE and TAIL. */
#ifndef XPF_FORMAT_FLAMEGRAPH_PAGE_H
#define XPF_FORMAT_FLAMEGRAPH_PAGE_H

#include <stddef.h>

enum xpf_flamegraph_part {
  XPF_FLAMEGRAPH_HEAD,
  XPF_FLAMEGRAPH_MIDDLE,
  XPF_FLAMEGRAPH_TAIL,
  XPF_FLAMEGRAPH_PARTS
};

struct xpf_flamegraph_packed {
  const unsigned char *gzip;
  size_t gzip_size, size; /* size: unpacked */
};
extern const struct xpf_flamegraph_packed xpf_flamegraph_page[XPF_FLAMEGRAPH_PARTS];
#endif

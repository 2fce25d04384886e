/* The page of the flame graph without its data: made from src/format/flamegraph/ when the project
 * is built (scripts/flamegraph_page.js). The title goes between head and middle, the data between
 * middle and tail. */
#ifndef XPF_FORMAT_FLAMEGRAPH_PAGE_H
#define XPF_FORMAT_FLAMEGRAPH_PAGE_H

#include <stddef.h>

extern const char xpf_flamegraph_page_head[], xpf_flamegraph_page_middle[],
    xpf_flamegraph_page_tail[];
extern const size_t xpf_flamegraph_page_head_size, xpf_flamegraph_page_middle_size,
    xpf_flamegraph_page_tail_size;

#endif

/* The parts of the daemon, one line each. */
#include "daemon/part.h"
#include "daemon/part_list.h"

const struct xpf_part *const xpf_parts[] = {
#define XPF_PART_ROW(name) &xpf_part_##name,
    XPF_PARTS(XPF_PART_ROW)
#undef XPF_PART_ROW
        NULL,
};

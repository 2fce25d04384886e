/* The collectors of the host, one line each. */
#include "daemon/collector.h"
#include "daemon/collector_list.h"

const struct xpf_collector *const xpf_collectors[] = {
#define XPF_COLLECTOR_ROW(name) &xpf_collector_##name,
    XPF_COLLECTORS(XPF_COLLECTOR_ROW)
#undef XPF_COLLECTOR_ROW
        NULL,
};

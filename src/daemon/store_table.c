/* The engines that can keep the history. */
#include "daemon/store.h"

const struct xpf_store_engine *const xpf_store_engines[] = {
    NULL,
};

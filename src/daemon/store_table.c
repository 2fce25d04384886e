/* The engines that can keep the history. */
#include "daemon/store.h"

extern const struct xpf_store_engine xpf_store_sqlite; /* store_sqlite.c */

const struct xpf_store_engine *const xpf_store_engines[] = {
    &xpf_store_sqlite,
    NULL,
};

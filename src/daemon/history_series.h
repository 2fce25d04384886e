/* Answers a question about series from the database: for each moment from the tier that fits best
 * among those that have it, and for what is no chunk yet from the frames. One thread. */
#ifndef XPF_DAEMON_HISTORY_SERIES_H
#define XPF_DAEMON_HISTORY_SERIES_H
#include "daemon/history_layout.h"
#include "daemon/store_request.h"

/* Within a transaction. 0, -ECANCELED, -ETIMEDOUT, -ENOMEM, -EIO, -E2BIG. */
int xpf_history_series(struct xpf_chunk_reader *chunks, struct xpf_store_request *request);
/* 0, or why it should not go on. */
int xpf_store_request_check(const struct xpf_store_request *request);
#endif

/* The typed arrays that lib/http.js writes and the core reads: no native call per request.
 * One block of uint32 slots per JS thread, in an ArrayBuffer kept alive by the thread. All counters
 * are cumulative and wrap at 2^32; readers subtract. Offsets are exported to JS by the addon from
 * this header, so that only one place knows them. Server and client (outgoing) blocks look the
 * same. [js] counts, its own block; [any] reads, under the thread's data_lock. */
#ifndef XPF_CORE_HTTP_COUNTERS_H
#define XPF_CORE_HTTP_COUNTERS_H
#include <stdint.h>
#include "core/histogram.h"

#define XPF_HTTP_STATUS_MAX 1000

struct xpf_http_block {
  uint32_t started;   /* requests begun */
  uint32_t sent;      /* responses finished ('finish'; for a client: response ended) */
  uint32_t closed;    /* responses closed (server: 'close'; client: ended, failed or aborted) */
  uint32_t timeouts;  /* not finished within patch_http_timeout */
  uint32_t errors;    /* client: request errors */
  uint32_t in_flight; /* a gauge: begun and not closed */
  uint32_t duration_us_low, duration_us_high; /* sum of durations of sent, 64 bit in two halves */
  uint32_t status[XPF_HTTP_STATUS_MAX];
  struct xpf_histogram duration; /* of sent, µs */
};

struct xpf_http_counters {
  uint32_t profiling;  /* written by the core: 1 while JS must report httpDetail */
  uint32_t timeout_ms; /* written by the core: patch_http_timeout; 0 = no timer */
  struct xpf_http_block server, client;
};
#endif

/* /metrics. The text is made on the pool from a snapshot, so that a large host's scrape does not
 * make the loop wait. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/daemon.h"
#include "daemon/exposition.h"
#include "daemon/route_list.h"
#include "format/gzip.h"

#define TEXT_MAX    (128u * 1024 * 1024)
#define SCRAPES_MAX 4 /* at a time */

struct scrape {
  uv_work_t work; /* first */
  struct xpf_exchange *exchange;
  struct xpf_exposition *exposition;
  bool is_openmetrics, is_packed;
  uint64_t begun_ns;
  struct xpf_memory_sink text;
};

static unsigned open_scrapes;

static void write_text(uv_work_t *work) {
  struct scrape *scrape = (struct scrape *)work;
  if (!scrape->is_packed) {
    xpf_exposition_write(scrape->exposition, scrape->is_openmetrics, &scrape->text.sink);
    return;
  }
  struct xpf_sink *packed = xpf_gzip_sink_new(&scrape->text.sink);
  if (!packed) {
    scrape->text.sink.error = -1;
    return;
  }
  xpf_exposition_write(scrape->exposition, scrape->is_openmetrics, packed);
  int error = xpf_gzip_sink_finish(packed);
  if (error && !scrape->text.sink.error)
    scrape->text.sink.error = error;
  xpf_gzip_sink_free(packed);
}

static void written(uv_work_t *work, int status) {
  struct scrape *scrape = (struct scrape *)work;
  open_scrapes--;
  xpf_exposition_free(scrape->exposition);
  if (status != 0 || scrape->text.sink.error) {
    xpf_memory_sink_free(&scrape->text);
    xpf_exchange_reply_error(scrape->exchange, 503, NULL, "no memory for the text");
  } else {
    struct xpf_figures *figures = &xpf_exchange_daemon(scrape->exchange)->figures;
    figures->scrapes++;
    figures->scrape_bytes += scrape->text.size;
    figures->scrape_seconds += (double)(uv_hrtime() - scrape->begun_ns) / 1e9;
    xpf_exchange_add_header(scrape->exchange, "vary", "accept, accept-encoding");
    if (scrape->is_packed)
      xpf_exchange_add_header(scrape->exchange, "content-encoding", "gzip");
    xpf_exchange_reply_take(scrape->exchange, 200,
                            scrape->is_openmetrics
                                ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                : "text/plain; version=0.0.4; charset=utf-8",
                            scrape->text.data, scrape->text.size);
  }
  free(scrape);
}

void xpf_route_metrics(struct xpf_exchange *exchange) {
  struct xpf_daemon *daemon = xpf_exchange_daemon(exchange);
  const char *accept = xpf_exchange_header(exchange, "accept");
  const char *encoding = xpf_exchange_header(exchange, "accept-encoding");
  struct scrape *scrape = open_scrapes < SCRAPES_MAX ? calloc(1, sizeof *scrape) : NULL;
  uint64_t begun_ns = uv_hrtime();
  if (scrape)
    scrape->exposition = xpf_exposition_new(daemon->world, xpf_world_now_ms());
  if (!scrape || !scrape->exposition) {
    free(scrape);
    xpf_exchange_add_header(exchange, "retry-after", "1");
    xpf_exchange_reply_error(exchange, 503, NULL, "too many scrapes at a time");
    return;
  }
  scrape->exchange = exchange;
  scrape->begun_ns = begun_ns;
  scrape->is_openmetrics = accept && strcasestr(accept, "application/openmetrics-text");
  scrape->is_packed = encoding && strcasestr(encoding, "gzip");
  xpf_memory_sink_init(&scrape->text, TEXT_MAX);
  open_scrapes++;
  if (uv_queue_work(daemon->loop, &scrape->work, write_text, written) != 0)
    written(&scrape->work, UV_ENOMEM);
}

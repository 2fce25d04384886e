/* The core of one process: its one background thread, its configuration, log, sampler and server.
 * A single instance; started by the first start(), stopped when the last JS thread has ended. */
#ifndef XPF_CORE_CORE_H
#define XPF_CORE_CORE_H
#include <stdbool.h>
#include <uv.h>
#include "core/config.h"
#include "core/log.h"
#include "core/sampler.h"

/* ---- configuration -----------------------------------------------------------------------------
 */

/* [any] Copies the current one; false when nobody configured yet (then the defaults are copied). */
bool xpf_core_config(struct xpf_config *out);
/* [any] Replaces it and tells log and sampler: on the core thread at once; on others log_level at
 * once, the rest soon. */
void xpf_core_configure(const struct xpf_config *config);

/* ---- parts, each started once, idempotent [js]
 * --------------------------------------------------- */

/* The thread with the log alone: for lines of an app that started nothing. 0 or negative. */
int xpf_core_open_log(void);
/* The same with the sampler, that is, with records. */
int xpf_core_start_log(void);
struct xpf_core_socket {
  char path[128];
  char error[256];
};
/* The socket. out->path gets it; on failure out->error a sentence and negative. Starts the thread
 * too. */
int xpf_core_start_server(struct xpf_core_socket *out);
/* [js] The last JS thread has ended: closes all, waits for the thread (milliseconds). */
void xpf_core_stop(void);

/* [any] A line for the log; nothing happens while the log is not open. */
void xpf_core_log(enum xpf_log_level level, const char *component, uint32_t thread_id,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* [any] The same for a finished text of any length up to the log's. */
void xpf_core_log_text(enum xpf_log_level level, const char *component, uint32_t thread_id,
                       const char *text);
/* [any but core] Waits until every line so far is written, at most limit_ms. */
void xpf_core_flush(unsigned limit_ms);
/* [any] -ESRCH when the sampler does not run; else as xpf_sampler_metrics. */
int xpf_core_metrics(struct xpf_metrics *out);
/* [any] As Prometheus text; the caller frees. NULL when out of memory. */
char *xpf_core_prometheus(const struct xpf_metrics *metrics);

/* ---- the core thread
 * ------------------------------------------------------------------------------ */

/* Work for the core thread, embedded in its owner. Runs in the order posted. */
struct xpf_call {
  struct xpf_call *next;
  void (*run)(struct xpf_call *call);
};
/* [any] When the thread does not run (any more), `run` is called at once on the calling thread, so
 * that ownership always moves on. Returns true when it was queued. */
bool xpf_core_post(struct xpf_call *call);
/* [any] True from the first start() until the last JS thread has ended. */
bool xpf_core_is_running(void);
uv_loop_t *xpf_core_loop(void); /* [core] */
/* [any] True on the core thread. */
bool xpf_core_is_here(void);

/* Threads of ours take no signals of the app, but stay reachable for xpf_freeze. */
int xpf_core_thread_create(uv_thread_t *thread, void (*run)(void *arg), void *arg);
#endif

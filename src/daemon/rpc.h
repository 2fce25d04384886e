/* JSON-RPC 2.0 without its transport: one text in (a request or a batch), one text out. Also speaks
 * the dialect of LEP's daemon, for its old clients: a request without "jsonrpc" is answered with
 * {"result": TEXT} whose text ends with the marker they wait for. All on the loop's thread. */
#ifndef XPF_DAEMON_RPC_H
#define XPF_DAEMON_RPC_H
#include "daemon/rpc_job.h"

#define XPF_RPC_BATCH_MAX  64
#define XPF_RPC_LEP_MARKER "lepdendstring"

/* One text and its answer. */
struct xpf_rpc_exchange;
/* Takes the answer (free it; its last byte is a newline), NULL: there is nothing to say. Not called
 * for an exchange that was left. */
typedef void (*xpf_rpc_answered)(void *arg, char *take_text, size_t size);

struct xpf_rpc_origin {
  enum xpf_access access; /* what the client may use */
  bool takes_lep;         /* requests without "jsonrpc" are LEP's; else they are refused */
};

/* answered may run within the call; then, and when there is no memory (then answered is called with
 * NULL), NULL is returned. */
struct xpf_rpc_exchange *xpf_rpc_take(struct xpf_rpc_jobs *jobs, const char *text, size_t size,
                                      const struct xpf_rpc_origin *origin,
                                      xpf_rpc_answered answered, void *arg);
/* LEP's clients give no ids: their requests must be answered in order, so one at a time. */
bool xpf_rpc_exchange_is_lep(const struct xpf_rpc_exchange *exchange);
/* Nobody waits any more. */
void xpf_rpc_exchange_leave(struct xpf_rpc_exchange *exchange);
/* {"jsonrpc": "2.0", "id": null, "error": …} for what is no request at all; NULL: no memory. */
char *xpf_rpc_refusal(int code, const char *sentence);
/* The part `rpc` starts them; NULL before. For the route of HTTP. */
struct xpf_rpc_jobs *xpf_rpc_jobs_of(const struct xpf_daemon *daemon);
#endif

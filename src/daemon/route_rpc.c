/* JSON-RPC 2.0 over HTTP. */
#include <stdlib.h>
#include <string.h>

#include "daemon/exchange.h"
#include "daemon/http.h"
#include "daemon/route_list.h"
#include "daemon/rpc.h"

struct post {
  struct xpf_exchange *exchange;
  struct xpf_rpc_exchange *rpc; /* NULL: answered, or about to be */
  bool is_answered;
};

static void on_answered(void *arg, char *take_text, size_t size) {
  struct post *post = arg;
  if (take_text)
    xpf_exchange_reply_take(post->exchange, 200, "application/json", take_text, size);
  else
    xpf_exchange_reply(post->exchange, 204, "application/json", "", 0); /* notifications only */
  post->is_answered = true;
  if (post->rpc)
    free(post);
}

static void on_left(void *arg) {
  struct post *post = arg;
  xpf_rpc_exchange_leave(post->rpc);
  free(post);
}

void xpf_route_rpc(struct xpf_exchange *exchange) {
  struct xpf_rpc_jobs *jobs = xpf_rpc_jobs_of(xpf_exchange_daemon(exchange));
  struct post *post = jobs ? calloc(1, sizeof *post) : NULL;
  size_t size;
  const char *body = xpf_exchange_body(exchange, &size);
  if (!post) {
    xpf_exchange_reply_error(exchange, 503, NULL, "xprofd is ending, or out of memory");
    return;
  }
  post->exchange = exchange;
  struct xpf_refusal why;
  bool may_act = xpf_http_check_access(exchange->connection, exchange, XPF_ACCESS_ACT, &why) == 0;
  struct xpf_rpc_origin origin = {may_act ? XPF_ACCESS_ACT : XPF_ACCESS_READ, false};
  post->rpc = xpf_rpc_take(jobs, body ? body : "", size, &origin, on_answered, post);
  if (post->is_answered)
    free(post);
  else
    xpf_exchange_on_left(exchange, on_left, post);
}

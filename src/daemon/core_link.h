/* The connection to the core of one process: asked for its metrics once a second, never waited for.
 * A target that hangs, lies or dies costs nobody else anything. Connections are made on the pool
 * (discovery.c) and given here. Belongs to the loop's thread. */
#ifndef XPF_DAEMON_CORE_LINK_H
#define XPF_DAEMON_CORE_LINK_H
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>
#include <cjson/cJSON.h>
#include "daemon/metrics_reply.h"
#include "wire/client.h"

struct xpf_core_link;

struct xpf_core_link_user {
  /* What the process says about itself: once, first. */
  void (*info)(void *arg, const cJSON *info);
  /* Figures; or is_error and the reason why it has none. */
  void (*figures)(void *arg, const struct xpf_metrics_reply *reply);
  /* The connection is closed. -ECONNRESET: the target closed it, -EPROTO: it does not speak our
   * protocol, -ETIMEDOUT: no answer for half a minute, … */
  void (*lost)(void *arg, int error);
};

/* Takes the client, also when it fails. 0 or negative errno. scratch: shared by all links. */
int xpf_core_link_open(struct xpf_core_link **out, uv_loop_t *loop, struct xpf_client *take_client,
                       struct xpf_metrics_reply *scratch, const struct xpf_core_link_user *user,
                       void *arg);
/* No callback comes any more. */
void xpf_core_link_close(struct xpf_core_link *link);
/* Asks, unless an answer is still to come. May call `lost`, which closes: then false. */
bool xpf_core_link_ask(struct xpf_core_link *link);
/* For how long it owes an answer, in ms; 0: it owes none. */
uint64_t xpf_core_link_owes_ms(const struct xpf_core_link *link);
#endif

/* Whether the daemon is well. */
#include "daemon/daemon.h"
#include "daemon/route_list.h"
#include "xpf_version.h"

void xpf_route_health(struct xpf_exchange *exchange) {
  const struct xpf_daemon *daemon = xpf_exchange_daemon(exchange);
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "status", "ok");
  cJSON_AddStringToObject(root, "version", XPF_VERSION);
  cJSON_AddNumberToObject(root, "uptime_s",
                          (double)(xpf_world_now_ms() - daemon->started_ms) / 1000);
  xpf_exchange_reply_json(exchange, 200, root);
}

/* Every route: X(method, path, access, name, params, help); xpf_route_<name> answers it, and is in
 * the file of its subject, route_*.c. */
#ifndef XPF_DAEMON_ROUTE_LIST_H
#define XPF_DAEMON_ROUTE_LIST_H
#include "daemon/route.h"

/* clang-format off */
#define XPF_ROUTES(X) \
  X("GET", "/healthz", OPEN, health, NULL, "Whether all is well") \
  X("POST", "/rpc", READ, rpc, NULL, "JSON-RPC 2.0") \
  X("GET", "/metrics", READ, metrics, NULL, "Prometheus text 0.0.4, or OpenMetrics 1.0") \
  X("GET", "/api/kinds", READ, kinds, "from to", "The kinds of things and their fields") \
  X("GET", "/api/entities", READ, entities, "kind key fields from to", "What there is, with the latest values") \
  X("GET", "/api/series", READ, series, "kind key fields from to step points raw", "The history of fields") \
  X("GET", "/api/events", READ, events, "from to kind key limit", "What happened, newest first") \
  X("GET", "/api/live", READ, live, "kind key fields", "What changes, as server-sent events") \
  X("GET", "/api/self", READ, self, "", "The daemon's own state, cost and settings") \
  X("GET", "/api/profiles", ACT, profiles_list, "", "Profiles that were taken through xprofd, newest first") \
  X("POST", "/api/profiles", ACT, profiles_post, "", "Takes a profile, a snapshot or a report") \
  X("GET", "/api/profiles/*", ACT, profiles_get, "", "One of them") \
  X("DELETE", "/api/profiles/*", ACT, profiles_delete, "", "Stops one early, or removes it") \
  X("GET", "/api/files/*", ACT, files_get, "format download", "Its file, or another form of it: ?format=html") \
  X("GET", "/**", OPEN, console, NULL, "The console")
/* clang-format on */

#define XPF_ROUTE_DECLARATION(method, path, access, name, params, help)                            \
  void xpf_route_##name(struct xpf_exchange *exchange);
XPF_ROUTES(XPF_ROUTE_DECLARATION)
#undef XPF_ROUTE_DECLARATION
#endif

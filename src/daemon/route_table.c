#include "daemon/route.h"

#include "daemon/route_list.h"
#include "daemon/route_match.h"

const struct xpf_route xpf_routes[] = {
#define ROUTE_ROW(method, path, access, name, params, help)                                        \
  {method, path, XPF_ACCESS_##access, xpf_route_##name, help, params},
    XPF_ROUTES(ROUTE_ROW)
#undef ROUTE_ROW
};
const size_t xpf_routes_count = sizeof xpf_routes / sizeof xpf_routes[0];

const struct xpf_route *xpf_route_find(const char *method, const char *path, const char **part,
                                       unsigned *methods) {
  return xpf_route_find_in(xpf_routes, xpf_routes_count, method, path, part, methods);
}

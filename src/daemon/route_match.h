/* Finding the route of a request in a table. Pure. */
#ifndef XPF_DAEMON_ROUTE_MATCH_H
#define XPF_DAEMON_ROUTE_MATCH_H
#include <stddef.h>
#include "daemon/route.h"

/* As xpf_route_find, in any table. */
const struct xpf_route *xpf_route_find_in(const struct xpf_route *routes, size_t count,
                                          const char *method, const char *path, const char **part,
                                          unsigned *methods);
#endif

#include "daemon/route_match.h"

#include <string.h>

/* Where in path the wildcard's part begins; NULL: it does not match. */
static const char *match(const char *pattern, const char *path) {
  size_t size = strlen(pattern);
  if (size >= 3 && strcmp(pattern + size - 3, "/**") == 0)
    return strncmp(pattern, path, size - 2) == 0 ? path + size - 2 : NULL;
  if (size >= 2 && strcmp(pattern + size - 2, "/*") == 0) {
    const char *part = path + size - 1;
    bool matches = strncmp(pattern, path, size - 1) == 0 && *part && !strchr(part, '/');
    return matches ? part : NULL;
  }
  return strcmp(pattern, path) == 0 ? path + strlen(path) : NULL;
}

static bool is_exact(const struct xpf_route *route) {
  return strchr(route->path, '*') == NULL;
}

/* A path that stands there word for word comes before one with a wildcard, and "*" before "**". */
static unsigned rank(const struct xpf_route *route) {
  return is_exact(route) ? 3 : strstr(route->path, "**") ? 1 : 2;
}

const struct xpf_route *xpf_route_find_in(const struct xpf_route *routes, size_t count,
                                          const char *method, const char *path, const char **part,
                                          unsigned *methods) {
  const struct xpf_route *best = NULL;
  unsigned best_rank = 0;
  *methods = 0;
  for (size_t i = 0; i < count; i++) {
    const struct xpf_route *route = &routes[i];
    const char *found = match(route->path, path);
    if (!found || rank(route) < best_rank)
      continue;
    if (rank(route) > best_rank) {
      best_rank = rank(route);
      best = NULL;
      *methods = 0;
    }
    *methods |= xpf_method_bit(route->method);
    if (strcmp(route->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0) {
      best = route;
      *part = found;
    }
  }
  return best;
}

unsigned xpf_method_bit(const char *method) {
  static const char *const NAMES[] = {"GET", "POST", "DELETE", "PUT"};
  for (unsigned i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
    if (strcmp(method, NAMES[i]) == 0)
      return 1u << i;
  return 0;
}

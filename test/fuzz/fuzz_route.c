// links: src/daemon/route_match.c src/daemon/address.c
/* Any bytes as method and path of a request, and as the address of a setting. */
#include "daemon/address.h"
#include "daemon/route_match.h"
#include "fuzz.h"

static const struct xpf_route ROUTES[] = {
    {.method = "GET", .path = "/**"},
    {.method = "GET", .path = "/api/things/*"},
    {.method = "DELETE", .path = "/api/things/*"},
    {.method = "POST", .path = "/api/things"},
    {.method = "GET", .path = "/api/things/last"},
};

static void check_route(const char *method, const char *path) {
  const char *part = NULL;
  unsigned methods = 0;
  const struct xpf_route *route =
      xpf_route_find_in(ROUTES, sizeof ROUTES / sizeof ROUTES[0], method, path, &part, &methods);
  if (!route)
    return;
  require(part >= path && part <= path + strlen(path));
  require((methods & xpf_method_bit(route->method)) != 0);
  require(strstr(route->path, "/*") == NULL || strstr(route->path, "/**") != NULL ||
          (*part != '\0' && strchr(part, '/') == NULL));
}

static void check_address(const char *text) {
  struct xpf_address address, again;
  char why[256] = "", written[XPF_ADDRESS_TEXT_SIZE], written_again[XPF_ADDRESS_TEXT_SIZE];
  if (xpf_address_parse(&address, text, "listen", why, sizeof why) != 0) {
    require(strncmp(why, "listen: ", 8) == 0);
    return;
  }
  xpf_address_write(&address, written);
  require(xpf_address_parse(&again, written, "listen", why, sizeof why) == 0);
  xpf_address_write(&again, written_again);
  require(strcmp(written, written_again) == 0);
  require(xpf_address_is_loopback(&address) == xpf_address_is_loopback(&again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = fuzz_text(data, size);
  check_address(text);
  char *blank = strchr(text, ' ');
  if (blank)
    *blank = '\0';
  check_route(blank ? text : "GET", blank ? blank + 1 : text);
  free(text);
  return 0;
}

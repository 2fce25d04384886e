#include "daemon/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(const char *setting, const char *text, const char *what, char *why,
                  size_t why_size) {
  snprintf(why, why_size, "%s: `%.80s` %s; give an address and a port, e.g. 127.0.0.1:12300 or %s",
           setting, text, what, "[::1]:12300");
  return -EINVAL;
}

static bool read_port(const char *text, uint16_t *out) {
  char *end = NULL;
  if (*text < '0' || *text > '9')
    return false;
  unsigned long port = strtoul(text, &end, 10);
  *out = (uint16_t)port;
  return *end == '\0' && port <= 65535;
}

static int read_host(struct xpf_address *out, const char *host, bool is_v6) {
  struct sockaddr_in *v4 = (struct sockaddr_in *)&out->storage;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->storage;
  if (is_v6) {
    v6->sin6_family = AF_INET6;
    out->size = sizeof *v6;
    return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 ? 0 : -EINVAL;
  }
  v4->sin_family = AF_INET;
  out->size = sizeof *v4;
  if (strcmp(host, "localhost") == 0)
    host = "127.0.0.1";
  return inet_pton(AF_INET, host, &v4->sin_addr) == 1 ? 0 : -EINVAL;
}

int xpf_address_parse(struct xpf_address *out, const char *text, const char *setting, char *why,
                      size_t why_size) {
  memset(out, 0, sizeof *out);
  const char *colon = strrchr(text, ':');
  char host[64];
  if (!colon)
    return refuse(setting, text, "has no port", why, why_size);
  size_t size = (size_t)(colon - text);
  bool is_v6 = size > 2 && text[0] == '[' && colon[-1] == ']';
  if (size >= sizeof host)
    return refuse(setting, text, "is no address", why, why_size);
  snprintf(host, sizeof host, "%.*s", (int)(is_v6 ? size - 2 : size), text + (is_v6 ? 1 : 0));
  if (read_host(out, host, is_v6) != 0)
    return refuse(setting, text, "does not begin with an address", why, why_size);
  uint16_t port = 0;
  if (!read_port(colon + 1, &port))
    return refuse(setting, text, "does not end with a port from 0 to 65535", why, why_size);
  if (is_v6)
    ((struct sockaddr_in6 *)&out->storage)->sin6_port = htons(port);
  else
    ((struct sockaddr_in *)&out->storage)->sin_port = htons(port);
  return 0;
}

static unsigned port_of(const struct xpf_address *address) {
  return address->storage.ss_family == AF_INET6
             ? ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port)
             : ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
}

void xpf_address_write(const struct xpf_address *address, char text[XPF_ADDRESS_TEXT_SIZE]) {
  char host[INET6_ADDRSTRLEN] = "?";
  bool is_v6 = address->storage.ss_family == AF_INET6;
  if (is_v6)
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)&address->storage)->sin6_addr, host,
              sizeof host);
  else if (address->storage.ss_family == AF_INET)
    inet_ntop(AF_INET, &((const struct sockaddr_in *)&address->storage)->sin_addr, host,
              sizeof host);
  snprintf(text, XPF_ADDRESS_TEXT_SIZE, is_v6 ? "[%s]:%u" : "%s:%u", host, port_of(address));
}

bool xpf_address_is_loopback(const struct xpf_address *address) {
  if (address->storage.ss_family == AF_INET)
    return ntohl(((const struct sockaddr_in *)&address->storage)->sin_addr.s_addr) >> 24 == 127;
  if (address->storage.ss_family != AF_INET6)
    return false;
  const struct in6_addr *v6 = &((const struct sockaddr_in6 *)&address->storage)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}

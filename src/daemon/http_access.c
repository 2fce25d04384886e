/* Who may ask for what: addresses, token, user, and what browsers are made to send by others. */
#include "daemon/http.h"

#include <arpa/inet.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "host/tcp_peer.h"

#define HEADER xpf_exchange_header

/* In a time that does not tell how much of it is right. */
static bool is_equal(const char *told, const char *token) {
  size_t told_size = strlen(told), size = strlen(token);
  unsigned char differs = told_size != size;
  for (size_t i = 0; i < told_size; i++)
    differs |= (unsigned char)(told[i] ^ token[i % size]);
  return !differs;
}

/* A browser cannot give a header to a stream or to a download. */
static bool takes_token_param(const struct xpf_exchange *exchange) {
  return strcmp(exchange->method, "GET") == 0 && (strcmp(exchange->path, "/api/live") == 0 ||
                                                  strncmp(exchange->path, "/api/files/", 11) == 0);
}

/* What the client shows; NULL: nothing. */
static const char *shown_token(const struct xpf_exchange *exchange) {
  const char *header = HEADER(exchange, "authorization");
  if (header && strncasecmp(header, "bearer ", 7) == 0)
    return header + 7 + strspn(header + 7, " ");
  if (header)
    return ""; /* of another scheme: wrong */
  return takes_token_param(exchange) ? xpf_exchange_param(exchange, "token") : NULL;
}

/* From this host to this host, and not through a proxy that asks for others. */
static bool is_local(const struct xpf_connection *connection, const struct xpf_exchange *exchange) {
  return xpf_address_is_loopback(&connection->peer) &&
         xpf_address_is_loopback(&connection->local) && !HEADER(exchange, "x-forwarded-for") &&
         !HEADER(exchange, "x-forwarded-host") && !HEADER(exchange, "forwarded") &&
         !HEADER(exchange, "x-real-ip") && !HEADER(exchange, "via");
}

/* An address or "localhost", with or without a port: no name that somebody's DNS can make mean this
 * host. */
static bool is_host_ours(const char *host) {
  char name[64];
  unsigned char address[16];
  bool is_v6 = host[0] == '[';
  size_t size = is_v6 ? strcspn(host, "]") + 1 : strcspn(host, ":");
  if (size >= sizeof name || size > strlen(host))
    return false;
  const char *port = host + size;
  if ((*port && (*port != ':' || port[1 + strspn(port + 1, "0123456789")])))
    return false;
  snprintf(name, sizeof name, "%.*s", (int)(is_v6 ? size - 2 : size), host + (is_v6 ? 1 : 0));
  if (is_v6)
    return inet_pton(AF_INET6, name, address) == 1;
  return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, address) == 1;
}

/* The page of another site makes the browser of our user ask: it must not act, nor take places. */
static int check_site(const struct xpf_exchange *exchange, struct xpf_refusal *why) {
  const char *origin = HEADER(exchange, "origin"), *host = HEADER(exchange, "host");
  const char *site = HEADER(exchange, "sec-fetch-site");
  const char *authority = origin ? strstr(origin, "://") : NULL;
  if (origin && (!authority || !host || strcasecmp(authority + 3, host) != 0))
    return xpf_http_refuse(why, 403, "Origin", "Origin: `%.80s` is another site", origin);
  if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
    return xpf_http_refuse(why, 403, "Sec-Fetch-Site",
                           "Sec-Fetch-Site: `%.40s`: asked by another site", site);
  return 0;
}

/* Is the other end of the connection a process of our own user, or of root? */
static int check_user(const struct xpf_connection *connection, struct xpf_refusal *why) {
  uid_t uid = 0;
  int error = xpf_tcp_peer_uid(lws_get_socket_fd(connection->wsi), &uid);
  if (error)
    return xpf_http_refuse(why, 403, "Authorization",
                           "whose connection this is cannot be told (%s); show the token",
                           strerror(-error));
  if (uid != 0 && uid != geteuid())
    return xpf_http_refuse(
        why, 403, "Authorization",
        "only the user that runs xprofd (uid %u) and root may do this without the token",
        (unsigned)geteuid());
  return 0;
}

int xpf_http_check_access(const struct xpf_connection *connection,
                          const struct xpf_exchange *exchange, enum xpf_access access,
                          struct xpf_refusal *why) {
  if (access == XPF_ACCESS_OPEN)
    return 0;
  const char *token = connection->http->options.token, *shown = shown_token(exchange);
  bool is_read = strcmp(exchange->method, "GET") == 0 || exchange->is_head;
  if ((!is_read || !shown) && check_site(exchange, why) != 0)
    return why->status;
  if (shown && token && is_equal(shown, token))
    return 0;
  if (shown)
    return xpf_http_refuse(why, 401, "Authorization", "Authorization: the token is not right");
  if (!is_local(connection, exchange))
    return token
               ? xpf_http_refuse(why, 401, "Authorization",
                                 "Authorization: it is missing; send `Authorization: Bearer TOKEN`")
               : xpf_http_refuse(
                     why, 403, "Authorization",
                     "without the setting token_file only clients of this host are answered");
  const char *host = HEADER(exchange, "host");
  if (host && !is_host_ours(host))
    return xpf_http_refuse(
        why, 421, "Host",
        "Host: `%.80s` is neither an address nor localhost; without a token only those "
        "are answered",
        host);
  return access == XPF_ACCESS_ACT ? check_user(connection, why) : 0;
}

bool xpf_exchange_may(const struct xpf_exchange *exchange, enum xpf_access access) {
  struct xpf_refusal why;
  return exchange->connection &&
         xpf_http_check_access(exchange->connection, exchange, access, &why) == 0;
}

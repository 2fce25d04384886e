/* The HTTP server: libwebsockets on the daemon's loop. It accepts, reads requests, decides who may
 * ask (http_access.c), hands them to routes (route.h) and sends their answers. [loop] */
#ifndef XPF_DAEMON_HTTP_H
#define XPF_DAEMON_HTTP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "daemon/address.h"
#include "daemon/exchange.h"
#include "daemon/tcp_accept.h"

struct lws;
struct ssl_ctx_st;
struct lws_context;
struct lws_vhost;

#define XPF_HTTP_CONNECTIONS_MAX 256

struct xpf_http_options {
  struct xpf_address listen;
  const char *token;              /* NULL: none */
  const char *tls_cert, *tls_key; /* NULL: no TLS */
};

struct xpf_http;

struct xpf_connection {
  struct xpf_http *http;
  uintptr_t number; /* from 1, never used again */
  struct lws *wsi;
  struct xpf_exchange *exchange; /* NULL between two requests */
  struct xpf_address peer, local;
  int64_t since_ms; /* of what is going on: waiting for a request, its body, the client's reading */
  bool had_request, is_extra; /* extra: is only told that there are too many */
  bool awaits_body;           /* some of it may still come */
  bool is_draining;           /* answered before its body came: that is only taken away */
  bool must_end;              /* as soon as libwebsockets asks what to do with it */
  struct xpf_connection *next, **link;
};

struct xpf_http {
  struct xpf_daemon *daemon;
  struct xpf_http_options options; /* texts are copies */
  struct xpf_tcp_accept accept;
  struct lws_context *context;
  struct lws_vhost *vhost;
  struct ssl_ctx_st
      *renewed; /* certificate and key for new connections; NULL: those of the vhost */
  struct xpf_connection *connections;
  unsigned connections_count;
  uintptr_t last_number;
  bool is_stopping;
  uv_timer_t end; /* while it stops */
  unsigned end_turns;
  void (*closed)(void *arg);
  void *closed_arg;
};

/* 0; else negative with a sentence in why: *out is then NULL, or is to be stopped. */
int xpf_http_start(struct xpf_http **out, struct xpf_daemon *daemon,
                   const struct xpf_http_options *options, char *why, size_t why_size);
/* From now on. Live streams end when the token is another one: who knows it comes back. 0, -ENOMEM.
 */
int xpf_http_set_token(struct xpf_http *http, const char *token);
/* For connections that begin from now on; taken over. */
void xpf_http_set_certificate(struct xpf_http *http, struct ssl_ctx_st *take);
void xpf_http_tick(struct xpf_http *http, int64_t now_ms);
void xpf_http_stop(struct xpf_http *http, void (*closed)(void *arg), void *arg);

/* http_request.c: fills in what was asked from libwebsockets' tables. 0, or the status of the
 * answer it deserves with the field and the sentence. */
struct xpf_refusal {
  int status;
  const char *field;
  char message[256];
};
/* Fills it in; gives status. */
int xpf_http_refuse(struct xpf_refusal *why, int status, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int xpf_http_read_request(struct lws *wsi, struct xpf_exchange *exchange, struct xpf_refusal *why);
/* http_access.c: whether this client may have what route gives. 0, or the status. */
int xpf_http_check_access(const struct xpf_connection *connection,
                          const struct xpf_exchange *exchange, enum xpf_access access,
                          struct xpf_refusal *why);
#endif

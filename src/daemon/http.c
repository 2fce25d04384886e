#include "daemon/http.h"

#include <errno.h>
#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemon.h"

#define HEADER_BYTES      (16 * 1024) /* of one request, in libwebsockets */
#define REQUEST_SECONDS   10          /* for the head of a request */
#define KEEP_SECONDS      75          /* between two requests */
#define BODY_SECONDS      30          /* for a whole body */
#define DRAIN_SECONDS     5           /* for what is left of a body that nobody wants */
#define READING_SECONDS   60          /* without the client taking anything of its answer */
#define RECORD_BYTES      (16 * 1024) /* the most that a record of TLS holds */
#define END_TURNS_MIN     4           /* of 5 ms */
#define END_TURNS_MAX     400
#define EXTRA_CONNECTIONS 16 /* that are told that there are too many */

static void free_connection(struct xpf_connection *connection) {
  *connection->link = connection->next;
  if (connection->next)
    connection->next->link = connection->link;
  struct xpf_http *http = connection->http;
  http->daemon->figures.http_connections = --http->connections_count;
  free(connection);
}

static struct xpf_connection *add_connection(struct xpf_http *http) {
  struct xpf_connection *connection = calloc(1, sizeof *connection);
  if (!connection)
    return NULL;
  connection->http = http;
  connection->number = ++http->last_number;
  connection->since_ms = xpf_world_now_ms();
  connection->next = http->connections;
  connection->link = &http->connections;
  if (connection->next)
    connection->next->link = &connection->next;
  http->connections = connection;
  http->daemon->figures.http_connections = ++http->connections_count;
  connection->is_extra = http->connections_count > XPF_HTTP_CONNECTIONS_MAX;
  return connection;
}

/* libwebsockets knows a connection by its number only: of one that it could not adopt (a TLS client
 * that speaks no TLS) it tells the end some turns later, or never. */
static struct xpf_connection *find_connection(const struct xpf_http *http, const void *number) {
  struct xpf_connection *at = http->connections;
  while (at && at->number != (uintptr_t)number)
    at = at->next;
  return at;
}

static void accepted(void *arg, int fd) {
  struct xpf_http *http = arg;
  struct xpf_connection *connection =
      http->connections_count < XPF_HTTP_CONNECTIONS_MAX + EXTRA_CONNECTIONS ? add_connection(http)
                                                                             : NULL;
  if (!connection) {
    http->daemon->figures.http_refused++;
    close(fd);
    return;
  }
  connection->peer.size = connection->local.size = sizeof connection->peer.storage;
  getpeername(fd, (struct sockaddr *)&connection->peer.storage, &connection->peer.size);
  getsockname(fd, (struct sockaddr *)&connection->local.storage, &connection->local.size);
  lws_adopt_desc_t adopt = {
      .vh = http->vhost,
      .type = LWS_ADOPT_HTTP | LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL,
      .fd.sockfd = fd,
      .opaque = (void *)connection->number,
  };
  const void *number = adopt.opaque;
  struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&adopt);
  connection = find_connection(http, number);
  if (connection && !wsi)
    free_connection(connection);
  else if (connection)
    connection->wsi = wsi;
}

void xpf_http_wants_to_write(void *arg) {
  struct xpf_connection *connection = arg;
  lws_callback_on_writable(connection->wsi);
}

static void refuse(struct xpf_exchange *exchange, const struct xpf_refusal *why) {
  exchange->daemon->figures.http_refused += why->status != 400;
  exchange->state = XPF_EXCHANGE_HANDLING;
  if (why->status == 401)
    xpf_exchange_add_header(exchange, "www-authenticate", "Bearer realm=\"xprofd\"");
  xpf_exchange_reply_error(exchange, why->status, why->field, "%s", why->message);
}

static void refuse_method(struct xpf_exchange *exchange, unsigned methods) {
  if (methods == 0) {
    xpf_exchange_reply_error(exchange, 404, NULL, "there is nothing at `%.200s`", exchange->path);
    return;
  }
  char allow[64];
  snprintf(allow, sizeof allow, "OPTIONS%s%s%s%s", methods & 1 ? ", GET, HEAD" : "",
           methods & 2 ? ", POST" : "", methods & 4 ? ", DELETE" : "", methods & 8 ? ", PUT" : "");
  xpf_exchange_add_header(exchange, "allow", allow);
  if (strcmp(exchange->method, "OPTIONS") == 0)
    xpf_exchange_reply(exchange, 204, NULL, NULL, 0);
  else
    xpf_exchange_reply_error(exchange, 405, NULL, "`%.200s` takes only %s", exchange->path, allow);
}

static bool has_name(const char *names, const char *name) {
  size_t size = strlen(name);
  for (const char *at = names; *at; at += strcspn(at, " "), at += *at == ' ')
    if (strcspn(at, " ") == size && memcmp(at, name, size) == 0)
      return true;
  return false;
}

/* A parameter that is not taken, or twice, would make another question of what was meant. Answers
 * it when there is one. */
static bool refuse_params(struct xpf_exchange *exchange) {
  const char *names = exchange->route->params;
  for (unsigned i = 0; names && i < exchange->params_count; i++) {
    const char *name = exchange->params[i].name;
    if (strcmp(name, "token") != 0 && !has_name(names, name)) {
      xpf_exchange_reply_error(exchange, 400, name,
                               "%.80s: is no parameter of `%.200s`; it takes %s", name,
                               exchange->route->path, names[0] ? names : "none");
      return true;
    }
    if (xpf_exchange_param(exchange, name) != exchange->params[i].value) {
      xpf_exchange_reply_error(exchange, 400, name, "%.80s: is given twice", name);
      return true;
    }
  }
  return false;
}

/* The request is complete. */
static void dispatch(struct xpf_exchange *exchange) {
  exchange->state = XPF_EXCHANGE_HANDLING;
  if (!refuse_params(exchange))
    exchange->route->handle(exchange);
}

static int find_route(struct xpf_connection *connection, struct xpf_exchange *exchange) {
  unsigned methods = 0;
  exchange->route = xpf_route_find(exchange->method, exchange->path, &exchange->part, &methods);
  if (!exchange->route) {
    exchange->state = XPF_EXCHANGE_HANDLING;
    refuse_method(exchange, methods);
    return -1;
  }
  struct xpf_refusal why = {0};
  if (xpf_http_check_access(connection, exchange, exchange->route->access, &why) == 0)
    return 0;
  refuse(exchange, &why);
  return -1;
}

static int send_more(struct xpf_connection *connection);

static bool has_body(struct lws *wsi) {
  static const enum lws_token_indexes WITH_BODY[] = {
      WSI_TOKEN_HTTP_CONTENT_LENGTH, WSI_TOKEN_POST_URI, WSI_TOKEN_PUT_URI, WSI_TOKEN_PATCH_URI};
  for (size_t i = 0; i < sizeof WITH_BODY / sizeof WITH_BODY[0]; i++)
    if (lws_hdr_total_length(wsi, WITH_BODY[i]) > 0)
      return true;
  return false;
}

/* Whether what libwebsockets gives us comes out of what it held back, behind the request before.
 * It tells whether it holds back anything of those that may read: so the others may not for that
 * moment. */
static bool is_held_back(const struct xpf_connection *connection) {
  const struct xpf_http *http = connection->http;
  if (lws_service_adjust_timeout(http->context, 1, 0) != 0)
    return false;
  for (struct xpf_connection *at = http->connections; at; at = at->next)
    if (at != connection && at->had_request)
      lws_rx_flow_control(at->wsi, 0);
  bool is_ours = lws_service_adjust_timeout(http->context, 1, 0) == 0;
  for (struct xpf_connection *at = http->connections; at; at = at->next)
    if (at != connection && at->had_request)
      lws_rx_flow_control(at->wsi, 1);
  return is_ours;
}

/* A body that came in one piece with the request before its own: libwebsockets 4.1 would hand out
 * the head of its request in its place, from memory that it frees meanwhile, and then look for more
 * of it for ever. */
static bool is_body_lost(const struct xpf_connection *connection) {
  return has_body(connection->wsi) && is_held_back(connection);
}

/* In time for libwebsockets not to look for the body. */
static int refuse_lost_body(struct xpf_connection *connection) {
  const struct xpf_refusal why = {
      400, NULL, "a request with a body may be sent when the one before it is answered"};
  connection->exchange->keeps_alive = false;
  refuse(connection->exchange, &why);
  send_more(connection);
  return -1;
}

static int begin_request(struct xpf_connection *connection) {
  struct xpf_http *http = connection->http;
  if (connection->exchange) /* libwebsockets never gives two at once */
    return -1;
  struct xpf_exchange *exchange = xpf_exchange_new(http->daemon, connection);
  if (!exchange)
    return -1;
  connection->exchange = exchange;
  connection->since_ms = xpf_world_now_ms();
  bool is_first = !connection->had_request;
  connection->had_request = true;
  connection->awaits_body = has_body(connection->wsi);
  http->daemon->figures.http_requests++;
  lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0); /* ours are kept by the tick */
  if (!is_first && is_body_lost(connection))
    return refuse_lost_body(connection);
  struct xpf_refusal why = {0};
  if (xpf_http_read_request(connection->wsi, exchange, &why) != 0) {
    exchange->keeps_alive = false;
    refuse(exchange, &why);
    return 0;
  }
  if (connection->is_extra) {
    exchange->keeps_alive = false;
    why = (struct xpf_refusal){503, NULL, "too many connections; try again later"};
    refuse(exchange, &why);
    return 0;
  }
  bool keeps_alive = exchange->keeps_alive;
  if (exchange->body_expected > 0)
    exchange->keeps_alive = false; /* when it is refused before the body has come */
  if (find_route(connection, exchange) != 0)
    return 0;
  exchange->keeps_alive = keeps_alive;
  if (exchange->body_expected == 0) {
    dispatch(exchange);
    return 0;
  }
  exchange->body = malloc(exchange->body_expected + 1);
  if (!exchange->body)
    return -1;
  const char *expect = xpf_exchange_header(exchange, "expect");
  if (expect && strcasecmp(expect, "100-continue") == 0) {
    char text[LWS_PRE + 32];
    int size = snprintf(text + LWS_PRE, 32, "HTTP/1.1 100 Continue\r\n\r\n");
    if (lws_write(connection->wsi, (unsigned char *)text + LWS_PRE, (size_t)size, LWS_WRITE_HTTP) <
        0)
      return -1;
  }
  return 0;
}

static int take_body(struct xpf_exchange *exchange, const void *data, size_t size) {
  if (!exchange || exchange->state != XPF_EXCHANGE_READING || !exchange->body)
    return 0; /* the answer is known already */
  if (size > exchange->body_expected - exchange->body_size)
    size = exchange->body_expected - exchange->body_size;
  memcpy(exchange->body + exchange->body_size, data, size);
  exchange->body_size += size;
  exchange->body[exchange->body_size] = '\0';
  if (exchange->body_size == exchange->body_expected)
    dispatch(exchange);
  return 0;
}

static int finish_exchange(struct xpf_connection *connection) {
  struct xpf_exchange *exchange = connection->exchange;
  bool keeps_alive = exchange->keeps_alive;
  connection->exchange = NULL;
  connection->since_ms = xpf_world_now_ms();
  xpf_exchange_leave(exchange);
  if (!keeps_alive && connection->awaits_body) {
    /* A connection that ends with bytes unread takes the answer with it. */
    connection->is_draining = true;
    return 0;
  }
  return !keeps_alive || lws_http_transaction_completed(connection->wsi) ? -1 : 0;
}

static int send_more(struct xpf_connection *connection) {
  struct xpf_exchange *exchange = connection->exchange;
  static unsigned char buffer[LWS_PRE + XPF_EXCHANGE_PIECE]; /* one loop, one thread */
  if (connection->must_end)
    return -1;
  if (!exchange)
    return 0;
  bool is_last = false;
  long size = xpf_exchange_take(exchange, (char *)buffer + LWS_PRE, XPF_EXCHANGE_PIECE, &is_last);
  if (size < 0)
    return -1;
  if (size == 0 && !is_last)
    return 0;
  connection->since_ms = xpf_world_now_ms();
  lws_set_timeout(connection->wsi, NO_PENDING_TIMEOUT, 0);
  if (size > 0 && lws_write(connection->wsi, buffer + LWS_PRE, (size_t)size,
                            is_last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < size)
    return -1;
  if (is_last)
    return finish_exchange(connection);
  lws_callback_on_writable(connection->wsi);
  return 0;
}

static void gone(struct xpf_connection *connection) {
  struct xpf_exchange *exchange = connection->exchange;
  connection->exchange = NULL;
  if (exchange)
    xpf_exchange_leave(exchange);
}

/* At the beginning of each connection, in place of what the vhost was made with: its context of
 * OpenSSL keeps one certificate for each type of key, and would go on to show an old one. */
static int choose_certificate(SSL *ssl, void *arg) {
  const struct xpf_http *http = arg;
  STACK_OF(X509) *chain = NULL;
  if (!http->renewed)
    return 1;
  SSL_certs_clear(ssl);
  SSL_CTX_get0_chain_certs(http->renewed, &chain);
  return SSL_use_cert_and_key(ssl, SSL_CTX_get0_certificate(http->renewed),
                              SSL_CTX_get0_privatekey(http->renewed), chain, 1);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size) {
  struct xpf_http *http = wsi ? lws_context_user(lws_get_context(wsi)) : NULL;
  if (http && reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS)
    SSL_CTX_set_cert_cb(user, choose_certificate, http);
  struct xpf_connection *connection =
      http ? find_connection(http, lws_get_opaque_user_data(wsi)) : NULL;
  if (!connection)
    return lws_callback_http_dummy(wsi, reason, user, in, size);
  switch ((int)reason) {
  case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
  case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
    return -1; /* nothing here speaks anything but HTTP/1.1 */
  case LWS_CALLBACK_HTTP:
    connection->wsi = wsi;
    return begin_request(connection);
  case LWS_CALLBACK_HTTP_BODY:
    return connection->must_end ? -1 : take_body(connection->exchange, in, size);
  case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    connection->awaits_body = false;
    return connection->is_draining ? -1 : 0;
  case LWS_CALLBACK_HTTP_WRITEABLE:
    return send_more(connection);
  case LWS_CALLBACK_CLOSED_HTTP:
    gone(connection);
    return 0;
  case LWS_CALLBACK_WSI_DESTROY:
    gone(connection);
    free_connection(connection);
    return 0;
  default:
    return lws_callback_http_dummy(wsi, reason, user, in, size);
  }
}

static const struct lws_protocols PROTOCOLS[] = {
    {.name = "http", .callback = callback},
    {0},
};

static void say_nothing(int level, const char *line) {
  (void)level, (void)line; /* it has words for every odd request */
}

static int make_context(struct xpf_http *http) {
  void *loops[] = {http->daemon->loop};
  const struct xpf_http_options *options = &http->options;
  struct lws_context_creation_info info = {
      .port = CONTEXT_PORT_NO_LISTEN_SERVER,
      .protocols = PROTOCOLS,
      .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_UV_NO_SIGSEGV_SIGFPE_SPIN |
                 LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                 (options->tls_cert ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
      .foreign_loops = loops,
      .gid = -1,
      .uid = -1,
      .max_http_header_data = HEADER_BYTES,
      .pt_serv_buf_size = RECORD_BYTES + 512, /* read whole: nothing of it is held back */
      .timeout_secs = REQUEST_SECONDS,
      .keepalive_timeout = KEEP_SECONDS,
      .fd_limit_per_thread = XPF_HTTP_CONNECTIONS_MAX + EXTRA_CONNECTIONS + 16,
      .alpn = "http/1.1",
      .vhost_name = "xprofd",
      .pcontext = &http->context,
      .user = http,
      .ssl_cert_filepath = options->tls_cert,
      .ssl_private_key_filepath = options->tls_key,
      .ssl_options_set = SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1,
  };
  lws_set_log_level(0, say_nothing);
  http->context = lws_create_context(&info);
  if (!http->context)
    return -ENOMEM;
  http->vhost = lws_create_vhost(http->context, &info);
  return http->vhost ? 0 : -EINVAL;
}

static void free_http(struct xpf_http *http) {
  free((char *)(uintptr_t)http->options.token);
  free((char *)(uintptr_t)http->options.tls_cert);
  free((char *)(uintptr_t)http->options.tls_key);
  SSL_CTX_free(http->renewed);
  free(http);
}

static const char *copy_text(const char *text) {
  return text ? strdup(text) : NULL;
}

int xpf_http_start(struct xpf_http **out, struct xpf_daemon *daemon,
                   const struct xpf_http_options *options, char *why, size_t why_size) {
  *out = NULL;
  struct xpf_http *http = calloc(1, sizeof *http);
  if (!http)
    return -ENOMEM;
  http->daemon = daemon;
  http->options = *options;
  http->options.token = copy_text(options->token);
  http->options.tls_cert = copy_text(options->tls_cert);
  http->options.tls_key = copy_text(options->tls_key);
  http->accept.accepted = accepted;
  http->accept.arg = http;
  int error =
      xpf_tcp_accept_start(&http->accept, daemon->loop, &options->listen, "listen", why, why_size);
  if (error) {
    free_http(http);
    return error;
  }
  *out = http;
  error = make_context(http);
  if (error)
    snprintf(why, why_size,
             "listen: libwebsockets does not start; is the package libwebsockets-evlib-uv there?");
  return error;
}

int xpf_http_set_token(struct xpf_http *http, const char *token) {
  if (http->options.token && strcmp(http->options.token, token) == 0)
    return 0;
  const char *copy = copy_text(token);
  if (!copy)
    return -ENOMEM;
  free((char *)(uintptr_t)http->options.token);
  http->options.token = copy;
  for (struct xpf_connection *at = http->connections; at; at = at->next)
    if (at->wsi && at->exchange && at->exchange->state == XPF_EXCHANGE_STREAMING) {
      at->must_end = true;
      lws_callback_on_writable(at->wsi);
    }
  return 0;
}

void xpf_http_set_certificate(struct xpf_http *http, SSL_CTX *take) {
  SSL_CTX_free(http->renewed);
  http->renewed = take;
}

static int64_t patience_ms(const struct xpf_connection *connection) {
  const struct xpf_exchange *exchange = connection->exchange;
  if (connection->is_draining)
    return DRAIN_SECONDS * 1000;
  if (!exchange)
    return (connection->had_request ? KEEP_SECONDS : REQUEST_SECONDS) * 1000;
  switch (exchange->state) {
  case XPF_EXCHANGE_READING:
    return BODY_SECONDS * 1000;
  case XPF_EXCHANGE_HANDLING:
    return INT64_MAX; /* it is we who take the time */
  default:
    return READING_SECONDS * 1000;
  }
}

/* Deadlines are for the whole of a request, a body, a piece of the answer: a byte now and then does
 * not move them. */
void xpf_http_tick(struct xpf_http *http, int64_t now_ms) {
  for (struct xpf_connection *at = http->connections; at; at = at->next)
    if (at->wsi && now_ms - at->since_ms > patience_ms(at)) {
      at->must_end = true; /* each byte of a body undoes the timeout of libwebsockets */
      lws_callback_on_writable(at->wsi);
      lws_set_timeout(at->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
    }
}

static void ended(uv_handle_t *handle) {
  struct xpf_http *http = handle->data;
  void (*closed)(void *) = http->closed;
  void *arg = http->closed_arg;
  free_http(http);
  closed(arg);
}

/* On a loop that is not its own, libwebsockets is told twice: first it closes its handles, and when
 * the loop has seen them go, it frees itself. */
static void end(uv_timer_t *timer) {
  struct xpf_http *http = timer->data;
  unsigned turns = ++http->end_turns;
  if (turns < END_TURNS_MIN || (http->connections_count > 0 && turns < END_TURNS_MAX))
    return;
  if (http->context)
    lws_context_destroy(http->context);
  uv_close((uv_handle_t *)timer, ended);
}

static void accept_closed(void *arg) {
  struct xpf_http *http = arg;
  uv_timer_init(http->daemon->loop, &http->end);
  http->end.data = http;
  uv_timer_start(&http->end, end, 0, 5);
  if (http->context)
    lws_context_destroy(http->context);
}

void xpf_http_stop(struct xpf_http *http, void (*closed)(void *arg), void *arg) {
  http->is_stopping = true;
  http->closed = closed;
  http->closed_arg = arg;
  xpf_tcp_accept_close(&http->accept, accept_closed, http);
}

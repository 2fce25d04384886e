/* A route answers requests for one path. One file (a file may hold related routes) and one line in
 * route_list.h. HTTP itself (http.c, libwebsockets on the daemon's libuv loop) knows nothing about
 * what is served, and routes know nothing about sockets. All on the loop's thread. */
#ifndef XPF_DAEMON_ROUTE_H
#define XPF_DAEMON_ROUTE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cjson/cJSON.h>

struct xpf_daemon;
struct xpf_exchange; /* one request and its answer */

enum xpf_access {
  XPF_ACCESS_OPEN, /* anybody who can connect: /healthz, the console's own files */
  XPF_ACCESS_READ, /* figures: loopback without a token, elsewhere with it */
  /* Acts on processes, or shows what is inside them (profiles, snapshots): a token, or on loopback
   * a client of our own user (or root). */
  XPF_ACCESS_ACT,
};

struct xpf_route {
  const char *method; /* "GET" (also answers HEAD), "POST", "DELETE" */
  const char *path;   // "/api/events"; "/api/profiles/*" takes any one last part, "/a/**" any rest
  enum xpf_access access;
  void (*handle)(struct xpf_exchange *exchange);
  const char *help;
  /* The names of the parameters it takes, with spaces between them; `token` is taken everywhere.
   * Others are refused. NULL: any. */
  const char *params;
};
extern const struct xpf_route xpf_routes[];
extern const size_t xpf_routes_count;
/* The route of a request: the most exact path of the table that matches. *part: what the wildcard
 * stands for, within path. NULL: there is none; then *methods has the bits of those that the path
 * would have (0: there is no such path). Pure. */
const struct xpf_route *xpf_route_find(const char *method, const char *path, const char **part,
                                       unsigned *methods);
/* GET 1, POST 2, DELETE 4, PUT 8; 0: another one. */
unsigned xpf_method_bit(const char *method);

/* What was asked. Texts live as long as the exchange. */
struct xpf_daemon *xpf_exchange_daemon(const struct xpf_exchange *exchange);
/* What the '*' of the path stands for, decoded; "" when the path has none. */
const char *xpf_exchange_part(const struct xpf_exchange *exchange);
/* A decoded parameter of the query; NULL when it is not given. */
const char *xpf_exchange_param(const struct xpf_exchange *exchange, const char *name);
/* A request header, by its lower-case name ("accept"); NULL. */
const char *xpf_exchange_header(const struct xpf_exchange *exchange, const char *name);
/* Only the head of an answer is wanted; its body is not sent. */
bool xpf_exchange_is_head(const struct xpf_exchange *exchange);
const char *xpf_exchange_body(const struct xpf_exchange *exchange, size_t *size);
/* Whether this client may have what needs that access: for routes where it depends on the body.
 * Only within handle(). */
bool xpf_exchange_may(const struct xpf_exchange *exchange, enum xpf_access access);

/* The answer: exactly one of these, now or later. After it (and after `left` was called) the
 * exchange is not to be touched. */
void xpf_exchange_reply(struct xpf_exchange *exchange, int status, const char *content_type,
                        const void *body, size_t size);
/* The same with a body from malloc, which becomes the exchange's. */
void xpf_exchange_reply_take(struct xpf_exchange *exchange, int status, const char *content_type,
                             char *take, size_t size);
void xpf_exchange_reply_json(struct xpf_exchange *exchange, int status, cJSON *take);
/* {"error": {"status": …, "field": field or null, "message": …}} */
void xpf_exchange_reply_error(struct xpf_exchange *exchange, int status, const char *field,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A file, sent in pieces. name: for Content-Disposition; NULL: shown in the browser. */
void xpf_exchange_reply_file(struct xpf_exchange *exchange, const char *path,
                             const char *content_type, const char *name);
/* Headers for the answer that follows. Copied. */
void xpf_exchange_add_header(struct xpf_exchange *exchange, const char *name, const char *value);
/* Server-sent events: begin, then any number of events (`data` is one line of JSON). A client that
 * reads too slowly loses events, never more than a bounded number are kept. The stream ends when
 * the client leaves. Begins within handle(), after xpf_exchange_on_left. */
void xpf_exchange_stream_begin(struct xpf_exchange *exchange);
void xpf_exchange_stream_send(struct xpf_exchange *exchange, const char *event, const char *data);
/* Events that wait for the client to take them, and those that it lost so far. */
unsigned xpf_exchange_stream_waiting(const struct xpf_exchange *exchange);
uint64_t xpf_exchange_stream_lost(const struct xpf_exchange *exchange);
void xpf_exchange_stream_lose(struct xpf_exchange *exchange); /* counts one that was not made */
/* Called when the client leaves before the answer was complete, or a stream ends. */
void xpf_exchange_on_left(struct xpf_exchange *exchange, void (*left)(void *arg), void *arg);
#endif

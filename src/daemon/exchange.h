/* The inside of an exchange (route.h): what http.c, which knows the socket, and exchange.c, which
 * knows the answer, share. */
#ifndef XPF_DAEMON_EXCHANGE_H
#define XPF_DAEMON_EXCHANGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>
#include "daemon/route.h"

#define XPF_EXCHANGE_PARAMS_MAX  32
#define XPF_EXCHANGE_HEADERS_MAX 48
#define XPF_EXCHANGE_BODY_MAX    (1024 * 1024)
#define XPF_EXCHANGE_PIECE       (16 * 1024)

struct xpf_pair {
  const char *name, *value;
};

enum xpf_exchange_state {
  XPF_EXCHANGE_READING,   /* its body */
  XPF_EXCHANGE_HANDLING,  /* the route has it */
  XPF_EXCHANGE_ANSWERING, /* the answer is known and on its way */
  XPF_EXCHANGE_STREAMING, /* server-sent events */
};

struct xpf_stream_event {
  char *text;
  size_t size;
};
#define XPF_STREAM_EVENTS_MAX 64
#define XPF_STREAM_BYTES_MAX  (2u * 1024 * 1024)

struct xpf_exchange {
  struct xpf_daemon *daemon;
  void *connection; /* of http.c; NULL: the client has left */
  enum xpf_exchange_state state;
  bool is_head, is_http10, keeps_alive;
  const struct xpf_route *route;

  /* The request. All texts are in `texts`. */
  char *texts;
  const char *method, *path, *part;
  struct xpf_pair params[XPF_EXCHANGE_PARAMS_MAX], headers[XPF_EXCHANGE_HEADERS_MAX];
  unsigned params_count, headers_count;
  char *body;
  size_t body_size, body_expected;

  /* The answer. */
  int status;
  char *added; /* header lines */
  size_t added_size;
  char *head;
  size_t head_size, head_sent;
  char *data;
  size_t data_size, data_sent;
  int file; /* -1: none */
  uint64_t file_left;
  bool is_reading; /* a piece of the file, on the pool */
  uv_fs_t file_request;

  struct xpf_stream_event events[XPF_STREAM_EVENTS_MAX]; /* a ring */
  unsigned events_first, events_count;
  size_t events_bytes;
  uint64_t events_lost;

  void (*left)(void *arg);
  void *left_arg;
};

struct xpf_exchange *xpf_exchange_new(struct xpf_daemon *daemon, void *connection);
/* The client is not there any more. Frees the exchange, at once or when its route is done. */
void xpf_exchange_leave(struct xpf_exchange *exchange);

/* What is to be sent next, at most XPF_EXCHANGE_PIECE (or one event): copied into out. Bytes; 0:
 * nothing at present; -1: it cannot go on (a file that became shorter). *is_last: with these the
 * answer is complete. */
long xpf_exchange_take(struct xpf_exchange *exchange, char *out, size_t size, bool *is_last);

/* For exchange.c, in http.c: something can be sent. */
void xpf_http_wants_to_write(void *connection);
#endif

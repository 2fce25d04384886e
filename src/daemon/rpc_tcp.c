/* The part `rpc`: JSON-RPC over TCP, on loopback only. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/address.h"
#include "daemon/daemon.h"
#include "daemon/part_list.h"
#include "daemon/rpc.h"
#include "daemon/tcp_accept.h"
#include "host/tcp_peer.h"
#include "wire/value_frame.h"
#include "xpf_protocol.h"

#define READ_BYTES 65536
/* Requests of one connection in work; more wait unread. */
#define REQUESTS_MAX 16
/* No more requests are read from who lets this much wait for him … */
#define UNREAD_PAUSE_BYTES ((size_t)1024 * 1024)
/* … and all that waits for all clients together is at most this. */
#define UNREAD_MAX_BYTES ((size_t)128 * 1024 * 1024)

struct waiting { /* for one answer */
  struct client *client;
  struct xpf_rpc_exchange *exchange;
  bool is_in_order;
  struct waiting *next;
};

struct client {
  uv_tcp_t tcp;
  struct rpc *rpc;
  struct client *next;
  struct xpf_value_frame frame;
  struct xpf_rpc_origin origin;
  struct waiting *waiting;
  unsigned waiting_count;
  size_t unread_bytes;
  int64_t active_ms;
  bool in_order;  /* waits for the answer to a request of LEP's dialect */
  bool is_taking; /* take_texts is at work */
  bool is_reading;
  bool is_last; /* to be closed when all is written */
  bool is_closing;
};

struct rpc {
  struct xpf_daemon *daemon;
  struct xpf_rpc_jobs *jobs;
  struct xpf_tcp_accept accept;
  bool listens, is_closing;
  struct client *clients;
  unsigned clients_count;
  size_t unread_bytes;
  void (*closed)(void *arg);
  void *closed_arg;
};

static void client_close(struct client *client);
static void take_texts(struct client *client);

/* ---- ends ---- */

static void on_jobs_closed(void *arg) {
  struct rpc *rpc = arg;
  void (*closed)(void *) = rpc->closed;
  void *closed_arg = rpc->closed_arg;
  free(rpc);
  closed(closed_arg);
}

static void go_on_closing(struct rpc *rpc) {
  if (rpc->is_closing && rpc->clients_count == 0 && !rpc->listens)
    xpf_rpc_jobs_close(rpc->jobs, on_jobs_closed, rpc);
}

static void on_client_closed(uv_handle_t *handle) {
  struct client *client = handle->data;
  struct rpc *rpc = client->rpc;
  struct client **at = &rpc->clients;
  while (*at != client)
    at = &(*at)->next;
  *at = client->next;
  rpc->clients_count--;
  xpf_value_frame_free(&client->frame);
  free(client);
  go_on_closing(rpc);
}

static void client_close(struct client *client) {
  if (client->is_closing)
    return;
  client->is_closing = true;
  while (client->waiting) {
    struct waiting *waiting = client->waiting;
    client->waiting = waiting->next;
    if (waiting->exchange)
      xpf_rpc_exchange_leave(waiting->exchange);
    free(waiting);
  }
  uv_close((uv_handle_t *)&client->tcp, on_client_closed);
}

/* ---- answers ---- */

struct write {
  uv_write_t request;
  struct client *client;
  char *text;
  size_t size;
};

static void on_written(uv_write_t *request, int status) {
  struct write *write = (struct write *)request;
  struct client *client = write->client;
  client->unread_bytes -= write->size;
  client->rpc->unread_bytes -= write->size;
  client->active_ms = xpf_world_now_ms();
  free(write->text);
  free(write);
  if (status < 0 || (client->is_last && client->unread_bytes == 0))
    client_close(client);
  else
    take_texts(client);
}

static void client_send(struct client *client, char *take_text, size_t size) {
  struct rpc *rpc = client->rpc;
  struct write *write = malloc(sizeof *write);
  bool fits = rpc->unread_bytes == 0 || rpc->unread_bytes + size <= UNREAD_MAX_BYTES;
  if (!write || !take_text || !fits || client->is_closing) {
    free(write);
    free(take_text);
    client_close(client); /* it would wait for ever for what cannot be said */
    return;
  }
  *write = (struct write){.client = client, .text = take_text, .size = size};
  uv_buf_t buffer = uv_buf_init(take_text, (unsigned)size);
  client->unread_bytes += size;
  rpc->unread_bytes += size;
  if (uv_write(&write->request, (uv_stream_t *)&client->tcp, &buffer, 1, on_written) != 0) {
    client->unread_bytes -= size;
    rpc->unread_bytes -= size;
    free(take_text);
    free(write);
    client_close(client);
  }
}

static void client_refuse(struct client *client, int code, const char *sentence) {
  char *line = xpf_rpc_refusal(code, sentence);
  client_send(client, line, line ? strlen(line) : 0);
}

static void on_answered(void *arg, char *take_text, size_t size) {
  struct waiting *waiting = arg;
  struct client *client = waiting->client;
  struct waiting **at = &client->waiting;
  while (*at != waiting)
    at = &(*at)->next;
  *at = waiting->next;
  client->waiting_count--;
  if (waiting->is_in_order)
    client->in_order = false;
  free(waiting);
  client->active_ms = xpf_world_now_ms();
  if (take_text)
    client_send(client, take_text, size);
  take_texts(client);
}

/* ---- requests ---- */

static void take_text(struct client *client, const char *text, size_t size) {
  struct waiting *waiting = calloc(1, sizeof *waiting);
  if (!waiting) {
    client_close(client);
    return;
  }
  waiting->client = client;
  waiting->next = client->waiting;
  client->waiting = waiting;
  client->waiting_count++;
  struct xpf_rpc_exchange *exchange =
      xpf_rpc_take(client->rpc->jobs, text, size, &client->origin, on_answered, waiting);
  if (!exchange)
    return; /* it was answered; waiting is gone */
  waiting->exchange = exchange;
  waiting->is_in_order = client->in_order = xpf_rpc_exchange_is_lep(exchange);
}

static bool may_take(const struct client *client) {
  return !client->is_closing && !client->is_last && !client->in_order &&
         client->waiting_count < REQUESTS_MAX && client->unread_bytes < UNREAD_PAUSE_BYTES;
}

/* False when the next text has not arrived. */
static bool take_next(struct client *client) {
  const char *text;
  size_t size;
  switch (xpf_value_frame_next(&client->frame, &text, &size)) {
  case XPF_VALUE_FRAME_NONE:
    return false;
  case XPF_VALUE_FRAME_TEXT:
    take_text(client, text, size);
    return true;
  case XPF_VALUE_FRAME_TOO_LONG:
    client_refuse(client, XPF_RPC_PARSE, "The request is longer than 1048576 bytes.");
    return true;
  case XPF_VALUE_FRAME_GARBAGE:
    break;
  }
  client->is_last = true;
  client_refuse(client, XPF_RPC_PARSE,
                "This is JSON-RPC 2.0: a request is a JSON object. The connection ends.");
  return false;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  static char bytes[READ_BYTES]; /* one loop: nobody reads while another does */
  (void)handle;
  (void)suggested;
  *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
  struct client *client = stream->data;
  if (count == 0)
    return;
  if (count < 0 || xpf_value_frame_feed(&client->frame, buffer->base, (size_t)count) != 0) {
    client_close(client); /* a client that leaves takes back what it asked */
    return;
  }
  client->active_ms = xpf_world_now_ms();
  take_texts(client);
}

/* Takes what has arrived, as far as may be, and reads on or pauses. */
static void take_texts(struct client *client) {
  if (client->is_taking || client->is_closing)
    return;
  client->is_taking = true;
  while (may_take(client) && take_next(client))
    ;
  client->is_taking = false;
  if (client->is_closing)
    return;
  bool reads = may_take(client) || client->is_last;
  if (client->is_last && client->unread_bytes == 0) {
    client_close(client);
  } else if (reads && !client->is_reading) {
    client->is_reading = uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read) == 0;
    if (!client->is_reading)
      client_close(client);
  } else if (!reads && client->is_reading) {
    /* Not while an answer is waited for: only reading shows that the client has left. */
    if (client->unread_bytes >= UNREAD_PAUSE_BYTES ||
        client->frame.size - client->frame.begin > XPF_LINE_MAX_BYTES) {
      uv_read_stop((uv_stream_t *)&client->tcp);
      client->is_reading = false;
    }
  }
}

/* ---- connections ---- */

static struct client *longest_idle(const struct rpc *rpc) {
  struct client *found = NULL;
  for (struct client *client = rpc->clients; client; client = client->next)
    if (!client->is_closing && !client->waiting && client->unread_bytes == 0 &&
        (!found || client->active_ms < found->active_ms))
      found = client;
  return found;
}

static void set_access(struct client *client, int fd) {
  uid_t uid;
  client->origin = (struct xpf_rpc_origin){XPF_ACCESS_READ, true};
  if (xpf_tcp_peer_uid(fd, &uid) == 0 && (uid == 0 || uid == geteuid()))
    client->origin.access = XPF_ACCESS_ACT;
}

static struct client *client_new(struct rpc *rpc) {
  struct client *client = calloc(1, sizeof *client);
  if (!client)
    return NULL;
  client->rpc = rpc;
  client->active_ms = xpf_world_now_ms();
  uv_tcp_init(rpc->daemon->loop, &client->tcp);
  client->tcp.data = client;
  xpf_value_frame_init(&client->frame, XPF_LINE_MAX_BYTES);
  client->next = rpc->clients;
  rpc->clients = client;
  rpc->clients_count++;
  return client;
}

static void on_accepted(void *arg, int fd) {
  struct rpc *rpc = arg;
  struct client *idle = rpc->clients_count >= XPF_CLIENTS_MAX ? longest_idle(rpc) : NULL;
  struct client *client = client_new(rpc);
  if (!client || uv_tcp_open(&client->tcp, fd) != 0) {
    close(fd);
    if (client)
      client_close(client);
    return;
  }
  if (idle)
    client_close(idle);
  set_access(client, fd);
  if (rpc->clients_count > XPF_CLIENTS_MAX && !idle) {
    client->is_last = true;
    client_refuse(client, XPF_RPC_BUSY, "Too many connections; try again later.");
  }
  take_texts(client);
}

/* ---- the part ---- */

static void on_listener_closed(void *arg) {
  struct rpc *rpc = arg;
  rpc->listens = false;
  go_on_closing(rpc);
}

static int listen_at(struct rpc *rpc, const char *text, char *why, size_t why_size) {
  struct xpf_address address;
  char bound[XPF_ADDRESS_TEXT_SIZE];
  int error = xpf_address_parse(&address, text, "rpc_listen", why, why_size);
  if (!error && !xpf_address_is_loopback(&address)) {
    snprintf(
        why, why_size,
        "rpc_listen: %.80s is not of loopback; JSON-RPC over TCP has no token and no TLS: give "
        "127.0.0.1:PORT, [::1]:PORT or none, and use /rpc of `listen` from elsewhere",
        text);
    error = -EINVAL;
  }
  if (error)
    return error;
  rpc->accept.accepted = on_accepted;
  rpc->accept.arg = rpc;
  error =
      xpf_tcp_accept_start(&rpc->accept, rpc->daemon->loop, &address, "rpc_listen", why, why_size);
  if (error)
    return error;
  rpc->listens = true;
  xpf_address_write(&rpc->accept.address, bound);
  printf("JSON-RPC: %s\n", bound);
  fflush(stdout);
  return 0;
}

static int rpc_start(void **out, struct xpf_daemon *daemon, char *why, size_t why_size) {
  struct rpc *rpc = calloc(1, sizeof *rpc);
  if (!rpc)
    return -ENOMEM;
  rpc->daemon = daemon;
  int error = xpf_rpc_jobs_new(&rpc->jobs, daemon);
  if (error) {
    free(rpc);
    return error;
  }
  *out = rpc;
  const char *text = xpf_settings_text(daemon->settings, XPF_SETTING_RPC_LISTEN);
  return strcmp(text, "none") == 0 ? 0 : listen_at(rpc, text, why, why_size);
}

static void rpc_tick(void *part, int64_t now_ms) {
  struct rpc *rpc = part;
  xpf_rpc_jobs_tick(rpc->jobs, now_ms);
  for (struct client *client = rpc->clients; client; client = client->next)
    if (!client->waiting && now_ms - client->active_ms > XPF_IDLE_MS)
      client_close(client);
}

static void rpc_stop(void *part, void (*closed)(void *arg), void *arg) {
  struct rpc *rpc = part;
  rpc->closed = closed;
  rpc->closed_arg = arg;
  rpc->is_closing = true;
  for (struct client *client = rpc->clients; client; client = client->next)
    client_close(client);
  if (rpc->listens)
    xpf_tcp_accept_close(&rpc->accept, on_listener_closed, rpc);
  go_on_closing(rpc);
}

struct xpf_rpc_jobs *xpf_rpc_jobs_of(const struct xpf_daemon *daemon) {
  for (unsigned i = 0; xpf_parts[i]; i++)
    if (xpf_parts[i] == &xpf_part_rpc)
      return daemon->parts[i] ? ((struct rpc *)daemon->parts[i])->jobs : NULL;
  return NULL;
}

const struct xpf_part xpf_part_rpc = {
    .name = "rpc",
    .start = rpc_start,
    .tick = rpc_tick,
    .stop = rpc_stop,
};

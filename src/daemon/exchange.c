#include "daemon/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/daemon.h"

#define JSON_TYPE "application/json; charset=utf-8"

struct xpf_exchange *xpf_exchange_new(struct xpf_daemon *daemon, void *connection) {
  struct xpf_exchange *exchange = calloc(1, sizeof *exchange);
  if (!exchange)
    return NULL;
  exchange->daemon = daemon;
  exchange->connection = connection;
  exchange->file = -1;
  exchange->part = exchange->path = "";
  return exchange;
}

static void free_exchange(struct xpf_exchange *exchange) {
  for (unsigned i = 0; i < exchange->events_count; i++)
    free(exchange->events[(exchange->events_first + i) % XPF_STREAM_EVENTS_MAX].text);
  if (exchange->file >= 0)
    close(exchange->file);
  free(exchange->texts);
  free(exchange->body);
  free(exchange->added);
  free(exchange->head);
  free(exchange->data);
  free(exchange);
}

void xpf_exchange_leave(struct xpf_exchange *exchange) {
  exchange->connection = NULL;
  bool is_with_route =
      exchange->state == XPF_EXCHANGE_HANDLING || exchange->state == XPF_EXCHANGE_STREAMING;
  if (is_with_route && exchange->left)
    exchange->left(exchange->left_arg);
  else if (exchange->state == XPF_EXCHANGE_HANDLING)
    return; /* its route still holds it: freed by the reply */
  if (!exchange->is_reading)
    free_exchange(exchange); /* else when the piece is read */
}

struct xpf_daemon *xpf_exchange_daemon(const struct xpf_exchange *exchange) {
  return exchange->daemon;
}

const char *xpf_exchange_part(const struct xpf_exchange *exchange) {
  return exchange->part;
}

static const char *find(const struct xpf_pair *pairs, unsigned count, const char *name) {
  for (unsigned i = 0; i < count; i++)
    if (strcmp(pairs[i].name, name) == 0)
      return pairs[i].value;
  return NULL;
}

const char *xpf_exchange_param(const struct xpf_exchange *exchange, const char *name) {
  return find(exchange->params, exchange->params_count, name);
}

const char *xpf_exchange_header(const struct xpf_exchange *exchange, const char *name) {
  return find(exchange->headers, exchange->headers_count, name);
}

bool xpf_exchange_is_head(const struct xpf_exchange *exchange) {
  return exchange->is_head;
}

const char *xpf_exchange_body(const struct xpf_exchange *exchange, size_t *size) {
  *size = exchange->body_size;
  return exchange->body ? exchange->body : "";
}

void xpf_exchange_on_left(struct xpf_exchange *exchange, void (*left)(void *arg), void *arg) {
  exchange->left = left;
  exchange->left_arg = arg;
}

void xpf_exchange_add_header(struct xpf_exchange *exchange, const char *name, const char *value) {
  size_t size = strlen(name) + strlen(value) + 5;
  char *grown = realloc(exchange->added, exchange->added_size + size);
  if (!grown || strpbrk(value, "\r\n")) {
    exchange->added = grown ? grown : exchange->added;
    return;
  }
  snprintf(grown + exchange->added_size, size, "%s: %s\r\n", name, value);
  exchange->added = grown;
  exchange->added_size += size - 1;
}

static const char *reason_of(int status) {
  static const struct {
    int status;
    const char *reason;
  } REASONS[] = {
      {200, "OK"},
      {202, "Accepted"},
      {204, "No Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {409, "Conflict"},
      {411, "Length Required"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {421, "Misdirected Request"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  };
  for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
    if (REASONS[i].status == status)
      return REASONS[i].reason;
  return status < 400 ? "OK" : "Error";
}

/* length: -1 when the end of the connection is the end of the body. */
static int write_head(struct xpf_exchange *exchange, const char *content_type, int64_t length) {
  char length_text[64] = "", type_text[160] = "";
  if (length >= 0 && exchange->status != 304 && exchange->status != 204)
    snprintf(length_text, sizeof length_text, "content-length: %lld\r\n", (long long)length);
  if (length < 0)
    exchange->keeps_alive = false;
  if (content_type)
    snprintf(type_text, sizeof type_text, "content-type: %.120s\r\n", content_type);
  const char *cached = exchange->added && strstr(exchange->added, "cache-control:")
                           ? ""
                           : "cache-control: no-store\r\n";
  int size = asprintf(&exchange->head,
                      "HTTP/1.1 %d %s\r\n%s%s%sx-content-type-options: nosniff\r\n"
                      "connection: %s\r\n%s\r\n",
                      exchange->status, reason_of(exchange->status), type_text, length_text, cached,
                      exchange->keeps_alive ? "keep-alive" : "close",
                      exchange->added ? exchange->added : "");
  if (size < 0) {
    exchange->head = NULL;
    return -ENOMEM;
  }
  exchange->head_size = (size_t)size;
  return 0;
}

/* The answer is complete; true when there is still somebody to have it. */
static bool answer(struct xpf_exchange *exchange, int status) {
  exchange->status = status;
  exchange->state = XPF_EXCHANGE_ANSWERING;
  if (exchange->connection)
    return true;
  free_exchange(exchange);
  return false;
}

void xpf_exchange_reply_take(struct xpf_exchange *exchange, int status, const char *content_type,
                             char *take, size_t size) {
  if (!answer(exchange, status)) {
    free(take);
    return;
  }
  if (write_head(exchange, content_type, (int64_t)size) != 0 || exchange->is_head ||
      status == 304 || status == 204) {
    free(take);
    take = NULL;
    size = 0;
  }
  exchange->data = take;
  exchange->data_size = size;
  xpf_http_wants_to_write(exchange->connection);
}

void xpf_exchange_reply(struct xpf_exchange *exchange, int status, const char *content_type,
                        const void *body, size_t size) {
  char *copy = malloc(size + 1);
  if (copy && size > 0)
    memcpy(copy, body, size);
  xpf_exchange_reply_take(exchange, copy ? status : 503, content_type, copy, copy ? size : 0);
}

void xpf_exchange_reply_json(struct xpf_exchange *exchange, int status, cJSON *take) {
  char *text = take ? cJSON_PrintUnformatted(take) : NULL;
  cJSON_Delete(take);
  if (!text) {
    xpf_exchange_reply(exchange, 503, JSON_TYPE, "{}", 2);
    return;
  }
  xpf_exchange_reply_take(exchange, status, JSON_TYPE, text, strlen(text));
}

void xpf_exchange_reply_error(struct xpf_exchange *exchange, int status, const char *field,
                              const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  cJSON *root = cJSON_CreateObject(), *error = cJSON_AddObjectToObject(root, "error");
  cJSON_AddNumberToObject(error, "status", status);
  if (field)
    cJSON_AddStringToObject(error, "field", field);
  else
    cJSON_AddNullToObject(error, "field");
  cJSON_AddStringToObject(error, "message", text);
  xpf_exchange_reply_json(exchange, status, root);
}

/* Files: opened and read on the pool, one piece at a time. */

struct opening {
  uv_work_t work; /* first */
  struct xpf_exchange *exchange;
  char *path, *type;
  int fd, error;
  uint64_t size;
};

static void open_file(uv_work_t *work) {
  struct opening *opening = (struct opening *)work;
  opening->fd = open(opening->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat stat_of;
  if (opening->fd < 0 || fstat(opening->fd, &stat_of) != 0)
    opening->error = -errno;
  else if (!S_ISREG(stat_of.st_mode))
    opening->error = -EISDIR;
  else
    opening->size = (uint64_t)stat_of.st_size;
}

static void file_opened(uv_work_t *work, int status) {
  struct opening *opening = (struct opening *)work;
  struct xpf_exchange *exchange = opening->exchange;
  int error = status ? status : opening->error;
  exchange->file = opening->fd;
  if (error && error != -ENOENT && error != -ENOTDIR && error != -EISDIR && error != -ELOOP) {
    xpf_exchange_reply_error(exchange, 500, NULL, "the file cannot be read: %s", strerror(-error));
  } else if (error) {
    xpf_exchange_reply_error(exchange, 404, NULL, "there is no such file");
  } else if (answer(exchange, 200)) {
    exchange->file_left = exchange->is_head ? 0 : opening->size;
    write_head(exchange, opening->type, (int64_t)opening->size);
    xpf_http_wants_to_write(exchange->connection);
  }
  free(opening->path);
  free(opening->type);
  free(opening);
}

void xpf_exchange_reply_file(struct xpf_exchange *exchange, const char *path,
                             const char *content_type, const char *name) {
  struct opening *opening = calloc(1, sizeof *opening);
  if (name) {
    char text[300];
    snprintf(text, sizeof text, "attachment; filename=\"%.250s\"", name);
    for (char *at = text + 22; *at && at[1]; at++)
      if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ')
        *at = '_';
    xpf_exchange_add_header(exchange, "content-disposition", text);
  }
  if (opening) {
    opening->exchange = exchange;
    opening->fd = -1;
    opening->path = strdup(path);
    opening->type = strdup(content_type);
  }
  if (!opening || !opening->path || !opening->type ||
      uv_queue_work(exchange->daemon->loop, &opening->work, open_file, file_opened) != 0) {
    if (opening) {
      free(opening->path);
      free(opening->type);
    }
    free(opening);
    xpf_exchange_reply_error(exchange, 503, NULL, "out of memory");
  }
}

static void piece_read(uv_fs_t *request) {
  struct xpf_exchange *exchange = request->data;
  ssize_t size = request->result;
  uv_fs_req_cleanup(request);
  exchange->is_reading = false;
  if (!exchange->connection) {
    free_exchange(exchange);
    return;
  }
  exchange->data_sent = 0;
  exchange->data_size = size > 0 ? (size_t)size : 0;
  if (size <= 0)
    exchange->file_left = UINT64_MAX; /* shorter than was promised: take() gives up */
  else
    exchange->file_left -=
        (uint64_t)size < exchange->file_left ? (uint64_t)size : exchange->file_left;
  xpf_http_wants_to_write(exchange->connection);
}

static long read_piece(struct xpf_exchange *exchange) {
  if (exchange->is_reading)
    return 0;
  if (exchange->file_left == UINT64_MAX)
    return -1;
  if (!exchange->data && !(exchange->data = malloc(XPF_EXCHANGE_PIECE)))
    return -1;
  uint64_t size =
      exchange->file_left < XPF_EXCHANGE_PIECE ? exchange->file_left : XPF_EXCHANGE_PIECE;
  uv_buf_t buffer = uv_buf_init(exchange->data, (unsigned)size);
  exchange->file_request.data = exchange;
  exchange->data_size = exchange->data_sent = 0;
  if (uv_fs_read(exchange->daemon->loop, &exchange->file_request, exchange->file, &buffer, 1, -1,
                 piece_read) != 0)
    return -1;
  exchange->is_reading = true;
  return 0;
}

/* Streams. */

void xpf_exchange_stream_begin(struct xpf_exchange *exchange) {
  exchange->status = 200;
  exchange->state = XPF_EXCHANGE_STREAMING;
  if (!exchange->connection)
    return; /* leave() told the route already, or never will: see on_left */
  write_head(exchange, "text/event-stream; charset=utf-8", -1);
  xpf_http_wants_to_write(exchange->connection);
}

void xpf_exchange_stream_send(struct xpf_exchange *exchange, const char *event, const char *data) {
  size_t size = strlen(event) + strlen(data) + sizeof "event: \ndata: \n\n";
  bool is_full =
      exchange->events_count == XPF_STREAM_EVENTS_MAX ||
      (exchange->events_count > 0 && exchange->events_bytes + size > XPF_STREAM_BYTES_MAX);
  char *text = is_full || !exchange->connection ? NULL : malloc(size);
  if (!text) {
    exchange->events_lost++;
    return;
  }
  int length = event[0] ? snprintf(text, size, "event: %s\ndata: %s\n\n", event, data)
                        : snprintf(text, size, ": %s\n\n", data);
  unsigned at = (exchange->events_first + exchange->events_count) % XPF_STREAM_EVENTS_MAX;
  exchange->events[at] = (struct xpf_stream_event){text, (size_t)length};
  exchange->events_count++;
  exchange->events_bytes += (size_t)length;
  xpf_http_wants_to_write(exchange->connection);
}

unsigned xpf_exchange_stream_waiting(const struct xpf_exchange *exchange) {
  return exchange->events_count;
}

uint64_t xpf_exchange_stream_lost(const struct xpf_exchange *exchange) {
  return exchange->events_lost;
}

void xpf_exchange_stream_lose(struct xpf_exchange *exchange) {
  exchange->events_lost++;
}

static size_t take_events(struct xpf_exchange *exchange, char *out, size_t size) {
  size_t used = 0;
  while (used < size && exchange->events_count > 0) {
    struct xpf_stream_event *event = &exchange->events[exchange->events_first];
    size_t part = event->size - exchange->data_sent;
    if (part > size - used)
      part = size - used;
    memcpy(out + used, event->text + exchange->data_sent, part);
    used += part;
    exchange->data_sent += part;
    if (exchange->data_sent < event->size)
      break;
    exchange->events_bytes -= event->size;
    exchange->data_sent = 0;
    free(event->text);
    event->text = NULL;
    exchange->events_first = (exchange->events_first + 1) % XPF_STREAM_EVENTS_MAX;
    exchange->events_count--;
  }
  return used;
}

static size_t take_from(const char *data, size_t size, size_t *sent, char *out, size_t room) {
  size_t part = size - *sent < room ? size - *sent : room;
  if (part > 0)
    memcpy(out, data + *sent, part);
  *sent += part;
  return part;
}

long xpf_exchange_take(struct xpf_exchange *exchange, char *out, size_t size, bool *is_last) {
  *is_last = false;
  if (exchange->state < XPF_EXCHANGE_ANSWERING)
    return 0;
  if (!exchange->head)
    return -1; /* there was no memory for it */
  size_t used = take_from(exchange->head, exchange->head_size, &exchange->head_sent, out, size);
  if (exchange->state == XPF_EXCHANGE_STREAMING)
    return (long)(used + take_events(exchange, out + used, size - used));
  if (!exchange->is_reading)
    used += take_from(exchange->data, exchange->data_size, &exchange->data_sent, out + used,
                      size - used);
  bool is_sent = exchange->head_sent == exchange->head_size && !exchange->is_reading &&
                 exchange->data_sent == exchange->data_size;
  if (is_sent && exchange->file_left > 0 && used == 0)
    return read_piece(exchange);
  *is_last = is_sent && exchange->file_left == 0;
  return (long)used;
}

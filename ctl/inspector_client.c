#include "inspector_client.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include "host/os.h"
#include "websocket.h"

#define MESSAGE_MAX (1024 * 1024)
#define HTTP_MAX    (64 * 1024)
#define BROWSER     "node.js/"

struct xpf_inspector {
  int fd;
  unsigned last_id;
  struct xpf_websocket websocket;
  xpf_inspector_event *on_event;
  void *event_arg;
};

static int left_ms(uint64_t deadline_ns) {
  uint64_t now_ns = xpf_os_now_ns();
  uint64_t left = deadline_ns > now_ns ? (deadline_ns - now_ns) / 1000000 : 0;
  return left > 1000000 ? 1000000 : (int)left;
}

/* 0, -ETIMEDOUT or -errno; a signal that was caught only shortens the wait. */
static int wait_for(int fd, short events, uint64_t deadline_ns) {
  for (;;) {
    struct pollfd poller = {.fd = fd, .events = events};
    int ready = poll(&poller, 1, left_ms(deadline_ns));
    if (ready > 0)
      return 0;
    if (ready < 0 && errno != EINTR)
      return -errno;
    if (left_ms(deadline_ns) == 0)
      return -ETIMEDOUT;
  }
}

static int send_all(int fd, const void *data, size_t size, uint64_t deadline_ns) {
  const char *at = data;
  while (size > 0) {
    ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
    if (sent > 0) {
      at += sent;
      size -= (size_t)sent;
    } else if (errno == EAGAIN) {
      int error = wait_for(fd, POLLOUT, deadline_ns);
      if (error != 0)
        return error;
    } else if (errno != EINTR) {
      return errno == EPIPE ? -ECONNRESET : -errno;
    }
  }
  return 0;
}

/* > 0 bytes, -ECONNRESET at the end, or negative. */
static ssize_t receive(int fd, void *data, size_t size, uint64_t deadline_ns) {
  for (;;) {
    ssize_t got = recv(fd, data, size, 0);
    if (got > 0)
      return got;
    if (got == 0)
      return -ECONNRESET;
    if (errno == EINTR)
      continue;
    if (errno != EAGAIN)
      return -errno;
    int error = wait_for(fd, POLLIN, deadline_ns);
    if (error != 0)
      return error;
  }
}

/* Inspectors answer only to a Host that is an address or localhost: it keeps web pages out. */
static int ask_http(int fd, const char *path, const char *more, uint64_t deadline_ns) {
  char request[512];
  int size =
      snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", path, more);
  if (size < 0 || (size_t)size >= sizeof request)
    return -EPROTO;
  return send_all(fd, request, (size_t)size, deadline_ns);
}

struct http_reply {
  int status;
  char *body; /* in text */
  size_t body_size, size;
  char text[HTTP_MAX];
};

static int read_head(int fd, struct http_reply *reply, uint64_t deadline_ns) {
  char *end = NULL;
  reply->size = 0;
  while (end == NULL) {
    if (reply->size == sizeof reply->text - 1)
      return -EPROTO;
    ssize_t got =
        receive(fd, reply->text + reply->size, sizeof reply->text - 1 - reply->size, deadline_ns);
    if (got < 0)
      return got == -ECONNRESET && reply->size > 0 ? -EPROTO : (int)got;
    reply->size += (size_t)got;
    reply->text[reply->size] = '\0';
    if (memcmp(reply->text, "HTTP", reply->size < 4 ? reply->size : 4) != 0)
      return -EPROTO; /* whoever it is, it speaks something else */
    end = strstr(reply->text, "\r\n\r\n");
  }
  reply->body = end + 4;
  reply->body_size = reply->size - (size_t)(reply->body - reply->text);
  int major, minor;
  return sscanf(reply->text, "HTTP/%1d.%1d %3d", &major, &minor, &reply->status) == 3 ? 0 : -EPROTO;
}

static int read_body(int fd, struct http_reply *reply, uint64_t deadline_ns) {
  size_t room = sizeof reply->text - 1 - (size_t)(reply->body - reply->text);
  char *name = strcasestr(reply->text, "\r\ncontent-length:");
  size_t wanted = room;

  if (name != NULL && name < reply->body)
    wanted = strtoul(name + strlen("\r\ncontent-length:"), NULL, 10);
  if (wanted > room)
    return -EPROTO;
  while (reply->body_size < wanted) {
    ssize_t got =
        receive(fd, reply->body + reply->body_size, wanted - reply->body_size, deadline_ns);
    if (got == -ECONNRESET && name == NULL)
      break;
    if (got < 0)
      return got == -ECONNRESET ? -EPROTO : (int)got;
    reply->body_size += (size_t)got;
  }
  reply->body[reply->body_size] = '\0';
  return 0;
}

/* The JSON that a path of the inspector's HTTP server gives. -ENOENT for 404. */
static int get_json(pid_t pid, const struct xpf_tcp_listener *listener, const char *path,
                    uint64_t deadline_ns, cJSON **out) {
  struct http_reply *reply = malloc(sizeof *reply);
  int fd, error = -ENOMEM;

  *out = NULL;
  if (reply == NULL)
    return error;
  fd = error = xpf_tcp_listener_connect(pid, listener, left_ms(deadline_ns));
  if (fd >= 0)
    error = ask_http(fd, path, "", deadline_ns);
  if (error == 0)
    error = read_head(fd, reply, deadline_ns);
  if (error == 0 && reply->status != 200)
    error = reply->status == 404 ? -ENOENT : -EPROTO;
  if (error == 0)
    error = read_body(fd, reply, deadline_ns);
  if (error == 0 && (*out = cJSON_Parse(reply->body)) == NULL)
    error = -EPROTO;
  if (fd >= 0)
    close(fd);
  free(reply);
  return error;
}

int xpf_inspector_probe(pid_t pid, const struct xpf_tcp_listener *listener, uint64_t deadline_ns) {
  cJSON *version;
  int error = get_json(pid, listener, "/json/version", deadline_ns, &version);
  const char *browser = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(version, "Browser"));
  bool is_node = browser != NULL && strncmp(browser, BROWSER, strlen(BROWSER)) == 0;

  cJSON_Delete(version);
  if (error == -EPROTO || error == -ENOENT || error == -ECONNRESET || error == -ETIMEDOUT)
    return 0;
  return error != 0 ? error : is_node;
}

/* The path of the only target there is: "/" and its id. */
static int read_target(const cJSON *list, char *path, size_t size) {
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(list, 0), "id");
  const char *text = cJSON_GetStringValue(id);

  if (text == NULL || strlen(text) > 64 || text[strspn(text, "0123456789abcdefABCDEF-")] != '\0')
    return -EPROTO;
  snprintf(path, size, "/%s", text);
  return 0;
}

static void base64(const unsigned char bytes[18], char text[25]) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 6; i++) {
    unsigned group =
        (unsigned)bytes[i * 3] << 16 | (unsigned)bytes[i * 3 + 1] << 8 | bytes[i * 3 + 2];
    for (int j = 0; j < 4; j++)
      text[i * 4 + j] = digits[group >> (18 - 6 * j) & 63];
  }
  text[24] = '\0';
}

/* That the answer's Sec-WebSocket-Accept fits the key is not looked at: it guards against caches
 * and servers that took the request for another one, and who is asked is known by its socket. */
static int upgrade(struct xpf_inspector *inspector, const char *path, uint64_t deadline_ns) {
  unsigned char bytes[18] = {0};
  char key[25], more[256];
  struct http_reply *reply = malloc(sizeof *reply);

  if (reply == NULL)
    return -ENOMEM;
  if (getrandom(bytes, 16, 0) != 16)
    bytes[0] = 1; /* it has to be there, not to be secret */
  base64(bytes, key);
  memcpy(key + 22, "==", 2); /* 16 bytes */
  snprintf(more, sizeof more,
           "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: %s\r\n",
           key);
  int error = ask_http(inspector->fd, path, more, deadline_ns);
  if (error == 0)
    error = read_head(inspector->fd, reply, deadline_ns);
  if (error == 0 && reply->status != 101)
    error = -EPROTO;
  if (error == 0)
    error = xpf_websocket_feed(&inspector->websocket, reply->body, reply->body_size);
  free(reply);
  return error;
}

int xpf_inspector_open(struct xpf_inspector **out, pid_t pid,
                       const struct xpf_tcp_listener *listener, uint64_t deadline_ns) {
  struct xpf_inspector *inspector = calloc(1, sizeof *inspector);
  char path[80];
  cJSON *list = NULL;

  *out = NULL;
  if (inspector == NULL)
    return -ENOMEM;
  inspector->fd = -1;
  xpf_websocket_init(&inspector->websocket, MESSAGE_MAX);
  int error = get_json(pid, listener, "/json/list", deadline_ns, &list);
  if (error == 0)
    error = read_target(list, path, sizeof path);
  cJSON_Delete(list);
  if (error == 0)
    inspector->fd = error = xpf_tcp_listener_connect(pid, listener, left_ms(deadline_ns));
  if (inspector->fd >= 0)
    error = upgrade(inspector, path, deadline_ns);
  if (error != 0) {
    xpf_inspector_free(inspector);
    return error;
  }
  *out = inspector;
  return 0;
}

void xpf_inspector_on_event(struct xpf_inspector *inspector, xpf_inspector_event *fn, void *arg) {
  inspector->on_event = fn;
  inspector->event_arg = arg;
}

/* Owns payload. */
static int send_frame(struct xpf_inspector *inspector, enum xpf_websocket_opcode opcode,
                      char *payload, size_t size, uint64_t deadline_ns) {
  unsigned char head[XPF_WEBSOCKET_HEAD_BYTES], mask[4] = {1, 2, 3, 4};

  if (payload == NULL)
    return -ENOMEM;
  if (getrandom(mask, sizeof mask, 0) != sizeof mask)
    mask[0] = 7; /* masking is for proxies; there is none on loopback */
  size_t head_size = xpf_websocket_head(head, opcode, size, mask);
  xpf_websocket_mask(payload, size, mask);
  int error = send_all(inspector->fd, head, head_size, deadline_ns);
  if (error == 0)
    error = send_all(inspector->fd, payload, size, deadline_ns);
  free(payload);
  return error;
}

int xpf_inspector_send(struct xpf_inspector *inspector, const char *method, cJSON *params,
                       uint64_t deadline_ns) {
  cJSON *request = cJSON_CreateObject();
  cJSON_AddNumberToObject(request, "id", ++inspector->last_id);
  cJSON_AddStringToObject(request, "method", method);
  if (!cJSON_AddItemToObject(request, "params", params))
    cJSON_Delete(params);
  char *text = cJSON_PrintUnformatted(request);
  cJSON_Delete(request);
  size_t size = text != NULL ? strlen(text) : 0;
  return send_frame(inspector, XPF_WEBSOCKET_TEXT, text, size, deadline_ns);
}

/* The next message of text. */
static int next_text(struct xpf_inspector *inspector, uint64_t deadline_ns, char **text) {
  char bytes[16 * 1024];
  size_t size;

  for (;;) {
    int opcode = xpf_websocket_next(&inspector->websocket, text, &size);
    if (opcode < 0)
      return opcode == -EMSGSIZE ? -EPROTO : opcode;
    if (opcode == XPF_WEBSOCKET_TEXT)
      return 0;
    if (opcode == XPF_WEBSOCKET_CLOSE)
      return -ECONNRESET; /* not answered: see the header */
    if (opcode == XPF_WEBSOCKET_PING) {
      char *echo = malloc(size + 1);
      if (echo != NULL)
        memcpy(echo, *text, size);
      int error = send_frame(inspector, XPF_WEBSOCKET_PONG, echo, size, deadline_ns);
      if (error != 0)
        return error;
    }
    if (opcode != 0)
      continue;
    ssize_t got = receive(inspector->fd, bytes, sizeof bytes, deadline_ns);
    int error = got < 0 ? (int)got : xpf_websocket_feed(&inspector->websocket, bytes, (size_t)got);
    if (error != 0)
      return error;
  }
}

/* The next reply, or NULL for an event, which is handed on. */
static int next_message(struct xpf_inspector *inspector, uint64_t deadline_ns, cJSON **reply) {
  char *text;
  int error = next_text(inspector, deadline_ns, &text);

  *reply = NULL;
  if (error != 0)
    return error;
  cJSON *message = cJSON_Parse(text);
  if (message == NULL)
    return -EPROTO;
  const char *method = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "method"));
  if (method == NULL) {
    *reply = message;
    return 0;
  }
  if (inspector->on_event != NULL)
    inspector->on_event(inspector->event_arg, method,
                        cJSON_GetObjectItemCaseSensitive(message, "params"));
  cJSON_Delete(message);
  return 0;
}

int xpf_inspector_call(struct xpf_inspector *inspector, const char *method, cJSON *params,
                       uint64_t deadline_ns, cJSON **result) {
  int error = xpf_inspector_send(inspector, method, params, deadline_ns);
  unsigned id = inspector->last_id;

  *result = NULL;
  while (error == 0 && *result == NULL) {
    cJSON *reply;
    error = next_message(inspector, deadline_ns, &reply);
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(reply, "id");
    if (error == 0 && cJSON_IsNumber(number) && number->valuedouble == id) {
      *result = cJSON_DetachItemFromObjectCaseSensitive(reply, "result");
      error = *result == NULL ? -EPROTO : 0;
    }
    cJSON_Delete(reply);
  }
  return error;
}

int xpf_inspector_wait(struct xpf_inspector *inspector, const bool *done, uint64_t deadline_ns) {
  int error = 0;
  while (error == 0 && (done == NULL || !*done)) {
    cJSON *reply;
    error = next_message(inspector, deadline_ns, &reply);
    cJSON_Delete(reply);
  }
  return error;
}

void xpf_inspector_free(struct xpf_inspector *inspector) {
  if (inspector == NULL)
    return;
  if (inspector->fd >= 0)
    close(inspector->fd);
  xpf_websocket_free(&inspector->websocket);
  free(inspector);
}

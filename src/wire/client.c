#include "wire/client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "wire/document.h"
#include "wire/frame.h"
#include "wire/reply.h"
#include "xpf_protocol.h"

/* A reply may be as long as what a server lets wait for one client. The bound on its values keeps a
 * hostile target from filling the memory of whoever asks it. */
#define REPLY_MAX_BYTES  XPF_OUTPUT_MAX_BYTES
#define REPLY_VALUES_MAX 500000

#define READ_BYTES (64 * 1024)

/* Lines and pieces that one xpf_client_take() looks at. */
#define TAKE_TURNS_MAX 64

/* How long a peer that takes no bytes any more is listened to. */
#define LAST_WORDS_MS 100

#ifdef MSG_NOSIGNAL
#define SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)
#else
#define SEND_FLAGS MSG_DONTWAIT /* SO_NOSIGPIPE is set on the socket instead */
#endif

struct xpf_client {
  int fd;
  int broken; /* the error after which the stream means nothing any more, or 0 */
  long long last_id;
  struct xpf_frame frame;
};

/* ---- deadlines: CLOCK_MONOTONIC in ms, INT64_MAX = none ---- */

static int64_t now_ms(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t deadline_after(int timeout_ms) {
  return timeout_ms == 0 ? INT64_MAX : now_ms() + timeout_ms;
}

/* For poll(); 0 when it has passed. One more than the difference, as both ends are rounded down. */
static int left_ms(int64_t deadline) {
  if (deadline == INT64_MAX)
    return -1;
  int64_t left = deadline - now_ms();
  if (left < 0)
    return 0;
  return left >= INT_MAX ? INT_MAX : (int)left + 1;
}

/* 0 when the descriptor is ready or failed (the call that follows says how). */
static int wait_for(int fd, short events, int64_t deadline) {
  for (;;) {
    int left = left_ms(deadline);
    if (left == 0)
      return -ETIMEDOUT;
    struct pollfd pollfd = {.fd = fd, .events = events};
    int ready = poll(&pollfd, 1, left);
    if (ready > 0)
      return 0;
    if (ready < 0 && errno != EINTR)
      return -errno;
  }
}

/* ---- connecting ---- */

static int prepare_fd(int fd) {
  int flags = fcntl(fd, F_GETFD);
  if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
    return -errno;
#ifdef SO_NOSIGPIPE
  if (setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int)) < 0)
    return -errno;
#endif
  return 0;
}

/* A descriptor that never blocks, or -errno. */
static int open_socket(void) {
#ifdef SOCK_CLOEXEC
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd >= 0 ? fd : -errno;
#else
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0)
    return -errno;
  if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
    return fd;
  int rc = -errno;
  close(fd);
  return rc;
#endif
}

static int connect_before(int fd, const struct sockaddr_un *address, int64_t deadline) {
  int pause_ms = 1;
  for (;;) {
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EISCONN)
      return 0;
    if (errno == EINPROGRESS || errno == EALREADY) {
      int rc = wait_for(fd, POLLOUT, deadline);
      if (rc != 0)
        return rc;
      continue;
    }
    if (errno != EAGAIN && errno != EINTR)
      return -errno;
    /* EAGAIN: the listen backlog is full. There is nothing to poll for, so try again soon. */
    int left = left_ms(deadline);
    if (left == 0)
      return -ETIMEDOUT;
    poll(NULL, 0, left > 0 && left < pause_ms ? left : pause_ms);
    if (pause_ms < 32)
      pause_ms *= 2;
  }
}

int xpf_client_connect(struct xpf_client **out, const char *path, int timeout_ms) {
  *out = NULL;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length == 0)
    return -ENOENT;
  if (length >= sizeof address.sun_path)
    return -ENAMETOOLONG;
  memcpy(address.sun_path, path, length + 1);
  int fd = open_socket();
  if (fd < 0)
    return fd;
  int rc = connect_before(fd, &address, deadline_after(timeout_ms));
  if (rc != 0) {
    close(fd);
    return rc;
  }
  return xpf_client_adopt(out, fd);
}

int xpf_client_adopt(struct xpf_client **out, int fd) {
  *out = NULL;
  if (fd < 0)
    return -EBADF;
  struct xpf_client *client = NULL;
  int rc = prepare_fd(fd);
  if (rc == 0) {
    client = calloc(1, sizeof *client);
    rc = client != NULL ? 0 : -ENOMEM;
  }
  if (rc != 0) {
    close(fd);
    return rc;
  }
  client->fd = fd;
  xpf_frame_init(&client->frame, REPLY_MAX_BYTES);
  *out = client;
  return 0;
}

void xpf_client_close(struct xpf_client *client) {
  if (client == NULL)
    return;
  close(client->fd);
  xpf_frame_free(&client->frame);
  free(client);
}

int xpf_client_peer(struct xpf_client *client, pid_t *pid, uid_t *uid) {
#ifdef SO_PEERCRED
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
    return -errno;
  *pid = peer.pid;
  *uid = peer.uid;
#else
  gid_t gid;
  socklen_t size = sizeof *pid;
  if (getpeereid(client->fd, uid, &gid) < 0 ||
      getsockopt(client->fd, SOL_LOCAL, LOCAL_PEERPID, pid, &size) < 0)
    return -errno;
#endif
  return 0;
}

int xpf_client_fd(const struct xpf_client *client) {
  return client->fd;
}

long long xpf_client_last_id(const struct xpf_client *client) {
  return client->last_id;
}

/* ---- sending ---- */

static int send_before(int fd, const char *data, size_t size, int64_t deadline) {
  while (size > 0) {
    ssize_t sent = send(fd, data, size, SEND_FLAGS);
    if (sent >= 0) {
      data += sent;
      size -= (size_t)sent;
      continue;
    }
    if (errno == EINTR)
      continue;
    if (errno == EPIPE)
      return -ECONNRESET;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
      return -errno;
    int rc = wait_for(fd, POLLOUT, deadline);
    if (rc != 0)
      return rc;
  }
  return 0;
}

/* After a failure the line may be cut in two, and nothing sent behind it would be understood. */
static int send_line(struct xpf_client *client, char *take_line, int64_t deadline) {
  if (take_line == NULL)
    return -ENOMEM;
  int rc = client->broken;
  if (rc == 0)
    rc = client->broken = send_before(client->fd, take_line, strlen(take_line), deadline);
  free(take_line);
  return rc;
}

/* ---- receiving ---- */

struct call {
  long long id;
  xpf_client_progress progress;
  void *arg;
  cJSON **result;
  struct xpf_fault *fault;
};

#define NOT_YET 1 /* the line was something else than the reply */
#define NO_LINE 2 /* no complete line has arrived */

static bool is_id(const cJSON *item, long long id) {
  return cJSON_IsNumber(item) && item->valuedouble == (double)id;
}

static const cJSON *member(const cJSON *object, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(object, name);
}

static int take_notification(const struct call *call, const cJSON *root) {
  const cJSON *method = member(root, "method");
  const cJSON *params = member(root, "params");
  if (!cJSON_IsString(method))
    return -EPROTO;
  if (call->progress != NULL && strcmp(method->valuestring, "progress") == 0 &&
      is_id(member(params, "id"), call->id))
    call->progress(call->arg, params);
  return NOT_YET;
}

static int take_error(const struct call *call, const cJSON *error) {
  const cJSON *code = member(error, "code");
  const cJSON *message = member(error, "message");
  const cJSON *field = member(member(error, "data"), "field");
  if (!cJSON_IsNumber(code) || !cJSON_IsString(message))
    return -EPROTO;
  xpf_fault_set(call->fault, code->valueint, cJSON_IsString(field) ? field->valuestring : "", "%s",
                message->valuestring);
  return XPF_CLIENT_FAULT;
}

static int take_reply(const struct call *call, cJSON *root) {
  const cJSON *id = member(root, "id");
  const cJSON *error = member(root, "error");
  if (id == NULL || (error != NULL) == (member(root, "result") != NULL))
    return -EPROTO;
  /* An error about no request in particular (too many clients, an unreadable line) is the answer to
   * the only one in work. */
  bool general = error != NULL && cJSON_IsNull(id);
  if (!general && !is_id(id, call->id))
    return NOT_YET;
  if (error != NULL)
    return take_error(call, error);
  cJSON *result = cJSON_DetachItemFromObjectCaseSensitive(root, "result");
  if (call->result != NULL)
    *call->result = result;
  else
    cJSON_Delete(result);
  return 0;
}

static int take_line(const struct call *call, const char *line, size_t size) {
  struct xpf_document document;
  int rc = xpf_document_parse(&document, line, size, REPLY_VALUES_MAX);
  if (rc != 0)
    return rc == -ENOMEM ? rc : -EPROTO;
  cJSON *root = document.root;
  const cJSON *jsonrpc = member(root, "jsonrpc");
  if (!cJSON_IsObject(root) || !cJSON_IsString(jsonrpc) ||
      strcmp(jsonrpc->valuestring, "2.0") != 0 || !xpf_document_is_finite(root))
    rc = -EPROTO;
  else if (member(root, "method") != NULL)
    rc = take_notification(call, root);
  else
    rc = take_reply(call, root);
  cJSON_Delete(root);
  return rc;
}

/* -EAGAIN when nothing has arrived. */
static int receive_now(struct xpf_client *client) {
  char buffer[READ_BYTES];
  ssize_t got = recv(client->fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got > 0)
    return xpf_frame_feed(&client->frame, buffer, (size_t)got);
  if (got == 0)
    return -ECONNRESET;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -errno;
}

static int receive(struct xpf_client *client, int64_t deadline) {
  int rc = wait_for(client->fd, POLLIN, deadline);
  if (rc == 0)
    rc = receive_now(client);
  return rc == -EAGAIN ? 0 : rc;
}

/* The next line that is here already: the end of the call, NOT_YET, or NO_LINE. */
static int take_next_line(struct xpf_client *client, const struct call *call) {
  char *line;
  size_t size;
  switch (xpf_frame_next(&client->frame, &line, &size)) {
  case XPF_FRAME_LINE:
    return take_line(call, line, size);
  case XPF_FRAME_TOO_LONG:
    return -EPROTO;
  default:
    return NO_LINE;
  }
}

/* Looks at the clock before every line: a target that never stops talking is no reply either. */
static int receive_reply(struct xpf_client *client, const struct call *call, int64_t deadline) {
  for (;;) {
    if (left_ms(deadline) == 0)
      return -ETIMEDOUT;
    int rc = take_next_line(client, call);
    if (rc == NO_LINE) {
      rc = receive(client, deadline);
      if (rc != 0)
        return rc;
    } else if (rc != NOT_YET) {
      return rc;
    }
  }
}

static int send_request(struct xpf_client *client, const char *method, cJSON *take_params,
                        int64_t deadline) {
  char *line = xpf_request_line(++client->last_id, method, take_params);
  if (client->broken) {
    free(line);
    return client->broken;
  }
  return send_line(client, line, deadline);
}

/* After these the stream means nothing any more. */
static void note_broken(struct xpf_client *client, int rc) {
  if (rc == -EPROTO || rc == -ECONNRESET || rc == -ENOMEM)
    client->broken = rc;
}

int xpf_client_call(struct xpf_client *client, const char *method, cJSON *take_params,
                    int timeout_ms, xpf_client_progress progress, void *arg, cJSON **result,
                    struct xpf_fault *fault) {
  int64_t deadline = deadline_after(timeout_ms);
  struct call call = {.progress = progress, .arg = arg, .result = result, .fault = fault};
  bool was_broken = client->broken != 0;
  if (result != NULL)
    *result = NULL;
  int rc = send_request(client, method, take_params, deadline);
  call.id = client->last_id;
  /* A server that has no place for us says so and closes before it reads: what it said is there. */
  if (rc == -ECONNRESET && !was_broken) {
    rc = receive_reply(client, &call, deadline_after(LAST_WORDS_MS));
    return rc == -ETIMEDOUT ? -ECONNRESET : rc;
  }
  if (rc != 0)
    return rc;
  rc = receive_reply(client, &call, deadline);
  note_broken(client, rc);
  return rc;
}

int xpf_client_send(struct xpf_client *client, const char *method, cJSON *take_params,
                    int timeout_ms) {
  return send_request(client, method, take_params, deadline_after(timeout_ms));
}

int xpf_client_take(struct xpf_client *client, cJSON **result, struct xpf_fault *fault) {
  struct call call = {.id = client->last_id, .result = result, .fault = fault};
  int rc = client->broken;
  if (result != NULL)
    *result = NULL;
  if (rc != 0)
    return rc;
  for (int turn = 0; turn < TAKE_TURNS_MAX; turn++) {
    rc = take_next_line(client, &call);
    if (rc == NO_LINE && (rc = receive_now(client)) == 0)
      continue;
    if (rc == NOT_YET)
      continue;
    note_broken(client, rc);
    return rc;
  }
  return -EAGAIN; /* it never stops talking: the others have their turns too */
}

int xpf_client_take_line(struct xpf_client *client, char **line, size_t *size) {
  int rc = client->broken;
  for (int turn = 0; rc == 0 && turn < TAKE_TURNS_MAX; turn++) {
    switch (xpf_frame_next(&client->frame, line, size)) {
    case XPF_FRAME_LINE:
      return 0;
    case XPF_FRAME_TOO_LONG:
      rc = -EPROTO;
      break;
    default:
      rc = receive_now(client);
    }
  }
  note_broken(client, rc);
  return rc == 0 ? -EAGAIN : rc;
}

#include "core/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/command.h"
#include "core/core.h"
#include "core/listener.h"
#include "core/local_client.h"
#include "core/standard_fds.h"
#include "host/os.h"
#include "wire/frame.h"
#include "xpf_protocol.h"

/* Requests of one client that are run before the others get their turn. */
#define LINES_A_TURN 16

struct client {
  struct client *next;
  struct xpf_server *server;
  uint64_t id, active_ms;
  uv_pipe_t pipe;
  uv_timer_t idle;
  unsigned handles_open, in_work;
  bool closing, is_spare;
  bool has_backlog; /* lines have arrived that wait for the next turn; reading is stopped */
  struct xpf_frame frame;
};

struct xpf_server {
  uv_pipe_t *pipe;
  uv_idle_t turns; /* active while a client has a backlog */
  unsigned handles_open;
  uv_loop_t *loop;
  struct xpf_listener socket;
  struct client *clients; /* the newest first */
  /* Takes a connection for which there is no memory, only to close it: libuv stops listening until
   * each is accepted. NULL while it is in use; then the next one waits for it. */
  struct client *spare;
  bool has_pending, is_closed;
  bool is_lost; /* the socket's name is gone and cannot be made again yet */
  unsigned clients_count;
  uint64_t next_id;
};

/* One server in a process; jobs name clients by id, so that a late answer finds nobody. */
static struct xpf_server *the_server;

/* ---- client ---------------------------------------------------------------------------------- */

static struct client *client_find(uint64_t id) {
  struct client *client = the_server ? the_server->clients : NULL;
  while (client && client->id != id)
    client = client->next;
  return client && !client->closing ? client : NULL;
}

static void on_connection(uv_stream_t *listener, int status);
static void server_unref(struct xpf_server *server);

static void spare_return(struct client *client) {
  struct xpf_server *server = client->server;
  bool is_wanted = server->has_pending && !server->is_closed;

  server->spare = client;
  server->has_pending = false;
  if (is_wanted)
    on_connection((uv_stream_t *)server->pipe, 0);
  server_unref(server);
}

static void on_client_handle_closed(uv_handle_t *handle) {
  struct client *client = handle->data;
  if (--client->handles_open > 0)
    return;
  xpf_frame_free(&client->frame);
  if (client->is_spare)
    spare_return(client);
  else
    free(client);
}

static void client_close(struct client *client) {
  if (client->closing)
    return;
  client->closing = true;
  struct client **link = &client->server->clients;
  while (*link && *link != client)
    link = &(*link)->next;
  if (*link)
    *link = client->next;
  client->server->clients_count--;
  uv_close((uv_handle_t *)&client->pipe, on_client_handle_closed);
  uv_close((uv_handle_t *)&client->idle, on_client_handle_closed);
}

static void on_idle(uv_timer_t *timer) {
  struct client *client = timer->data;
  if (client->in_work == 0)
    client_close(client);
}

static void idle_restart(struct client *client) {
  client->active_ms = uv_now(client->server->loop);
  uv_timer_start(&client->idle, on_idle, XPF_IDLE_MS, XPF_IDLE_MS);
}

static void refuse_long_line(struct client *client) {
  struct xpf_fault fault;
  xpf_fault_set(&fault, XPF_RPC_PARSE, "", "the line is longer than %d bytes and was skipped",
                XPF_LINE_MAX_BYTES);
  xpf_command_refuse(client->id, &fault);
}

/* At most LINES_A_TURN lines. False when there may be more. */
static bool take_lines(struct client *client) {
  uint64_t id = client->id;
  for (int taken = 0; taken < LINES_A_TURN; taken++) {
    char *line;
    size_t size;
    /* A command may have closed the client. */
    if (client_find(id) != client)
      return true;
    switch (xpf_frame_next(&client->frame, &line, &size)) {
    case XPF_FRAME_NONE:
      return true;
    case XPF_FRAME_TOO_LONG:
      refuse_long_line(client);
      break;
    case XPF_FRAME_LINE:
      xpf_command_dispatch(id, line, size);
      break;
    }
  }
  return false;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
  static char shared[64 * 1024]; /* one loop, read at once: needs no memory a client */
  (void)handle;
  (void)suggested;
  *buf = uv_buf_init(shared, sizeof shared);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf);

static void on_turn(uv_idle_t *turns) {
  struct xpf_server *server = turns->data;
  struct client *next;
  bool any = false;
  for (struct client *client = server->clients; client; client = next) {
    next = client->next; /* closed clients are freed after this turn only */
    if (client->closing || !client->has_backlog)
      continue;
    client->has_backlog = !take_lines(client);
    any |= client->has_backlog;
    if (!client->has_backlog && !client->closing)
      uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read);
  }
  if (!any)
    uv_idle_stop(turns);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf) {
  struct client *client = stream->data;
  if (count == 0)
    return;
  if (count < 0) {
    client_close(client); /* its jobs go on; their answers find nobody */
    return;
  }
  idle_restart(client);
  if (xpf_frame_feed(&client->frame, buf->base, (size_t)count) != 0) {
    client_close(client);
    return;
  }
  client->has_backlog = !take_lines(client);
  if (client->has_backlog && !client->closing) {
    uv_read_stop(stream);
    uv_idle_start(&client->server->turns, on_turn);
  }
}

static bool peer_allowed(struct client *client) {
  uv_os_fd_t fd;
  pid_t pid;
  uid_t uid;
  if (uv_fileno((uv_handle_t *)&client->pipe, &fd) != 0 || xpf_os_peer(fd, &pid, &uid) != 0)
    return false;
  if (uid == geteuid() || uid == 0)
    return true;
  xpf_core_log(XPF_LOG_ERROR, "ipc", 0, "refused a connection of uid %u (pid %d).", (unsigned)uid,
               (int)pid);
  return false;
}

static void refuse_full(struct client *client) {
  struct xpf_fault fault;
  xpf_fault_set(&fault, XPF_RPC_BUSY, "", "too many connections (%d), try again", XPF_CLIENTS_MAX);
  xpf_command_refuse(client->id, &fault);
  client_close(client);
}

/* The one without work that has been silent for longest, so that connections nobody uses keep
 * nobody out; NULL when all work. */
static struct client *longest_idle(const struct xpf_server *server, const struct client *except) {
  struct client *longest = NULL;
  for (struct client *client = server->clients; client; client = client->next) {
    if (client == except || client->in_work > 0 || client->has_backlog)
      continue;
    if (!longest || client->active_ms <= longest->active_ms)
      longest = client;
  }
  return longest;
}

/* False when the new client had to be refused. */
static bool make_room(struct xpf_server *server, struct client *client) {
  if (server->clients_count <= XPF_CLIENTS_MAX)
    return true;
  struct client *idle = longest_idle(server, client);
  if (idle)
    client_close(idle);
  else
    refuse_full(client);
  return idle != NULL;
}

static void client_init(struct client *client, struct xpf_server *server) {
  *client = (struct client){.server = server, .is_spare = client->is_spare};
  client->id = ++server->next_id;
  client->handles_open = 2;
  uv_pipe_init(server->loop, &client->pipe, 0);
  uv_timer_init(server->loop, &client->idle);
  client->pipe.data = client->idle.data = client;
  xpf_frame_init(&client->frame, XPF_LINE_MAX_BYTES);
  client->next = server->clients;
  server->clients = client;
  server->clients_count++;
}

static struct client *client_new(struct xpf_server *server) {
  struct client *client = calloc(1, sizeof *client);
  if (!client && server->spare) {
    client = server->spare;
    server->spare = NULL;
    server->handles_open++; /* it comes back */
  }
  if (client)
    client_init(client, server);
  return client;
}

/* On a descriptor that the application closed, of a standard stream, the client would be sent what
 * it prints, and libuv would never close it: another client goes on with the connection. */
static struct client *client_above(struct client *client) {
  struct xpf_server *server = client->server;
  int fd;
  if (uv_fileno((uv_handle_t *)&client->pipe, &fd) != 0 || fd > STDERR_FILENO)
    return client;
  client_close(client); /* the loop forgets fd at once */
  fd = xpf_standard_fds_avoid(fd);
  client = fd >= 0 ? client_new(server) : NULL;
  if (client && uv_pipe_open(&client->pipe, fd) == 0)
    return client;
  if (client)
    client_close(client);
  if (fd >= 0)
    close(fd);
  return NULL;
}

static void on_connection(uv_stream_t *listener, int status) {
  struct xpf_server *server = listener->data;
  if (status < 0)
    return;
  struct client *client = client_new(server);
  if (!client) {
    server->has_pending = true;
    return;
  }
  if (uv_accept(listener, (uv_stream_t *)&client->pipe) != 0) {
    client_close(client);
    return;
  }
  client = client_above(client);
  if (!client)
    return;
  if (client->is_spare || !peer_allowed(client)) {
    client_close(client);
    return;
  }
  if (!make_room(server, client))
    return;
  idle_restart(client);
  if (uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) != 0)
    client_close(client);
}

/* ---- sending --------------------------------------------------------------------------------- */

struct write {
  uv_write_t req;
  char *line;
};

static void on_written(uv_write_t *req, int status) {
  struct write *write = (struct write *)req;
  (void)status; /* a broken pipe shows in on_read too */
  free(write->line);
  free(write);
}

bool xpf_server_send(uint64_t client_id, char *take_line) {
  if (xpf_local_client_is(client_id))
    return xpf_local_client_deliver(client_id, take_line, NULL, 0);
  struct client *client = client_find(client_id);
  struct write *write = client && take_line ? malloc(sizeof *write) : NULL;
  if (!write) {
    if (client)
      client_close(client); /* it would wait for ever for what there was no memory to say */
    free(take_line);
    return false;
  }
  uv_buf_t buf = uv_buf_init(take_line, (unsigned)strlen(take_line));
  uv_stream_t *stream = (uv_stream_t *)&client->pipe;
  size_t waiting = uv_stream_get_write_queue_size(stream);
  if (waiting + buf.len > XPF_OUTPUT_MAX_BYTES && waiting > 0) {
    client_close(client); /* asks and never reads */
    free(take_line);
    free(write);
    return false;
  }
  write->line = take_line;
  if (uv_write(&write->req, stream, &buf, 1, on_written) != 0) {
    free(write->line);
    free(write);
    client_close(client);
    return false;
  }
  return true;
}

void xpf_server_work_begin(uint64_t client_id) {
  struct client *client = client_find(client_id);
  if (client)
    client->in_work++;
}

void xpf_server_work_end(uint64_t client_id) {
  struct client *client = client_find(client_id);
  if (!client || client->in_work == 0)
    return;
  client->in_work--;
  idle_restart(client); /* it was waiting, not idle */
}

unsigned xpf_server_work_count(uint64_t client_id) {
  struct client *client = client_find(client_id);
  return client ? client->in_work : 0;
}

/* ---- listening ------------------------------------------------------------------------------- */

static void server_unref(struct xpf_server *server) {
  if (--server->handles_open > 0)
    return;
  free(server->spare);
  free(server);
}

static void on_turns_closed(uv_handle_t *handle) {
  server_unref(handle->data);
}

static void on_pipe_closed(uv_handle_t *handle) {
  server_unref(handle->data);
  free(handle);
}

static void pipe_close(struct xpf_server *server) {
  if (server->pipe)
    uv_close((uv_handle_t *)server->pipe, on_pipe_closed);
  server->pipe = NULL;
  server->has_pending = false;
}

static void handles_close(struct xpf_server *server) {
  server->is_closed = true;
  pipe_close(server);
  uv_close((uv_handle_t *)&server->turns, on_turns_closed);
}

/* Takes the descriptor of a listening socket. */
static int pipe_open(struct xpf_server *server, int fd) {
  uv_pipe_t *pipe = calloc(1, sizeof *pipe);
  if (!pipe) {
    close(fd);
    return -ENOMEM;
  }
  uv_pipe_init(server->loop, pipe, 0);
  pipe->data = server;
  server->handles_open++;
  server->pipe = pipe;
  int err = uv_pipe_open(pipe, fd);
  if (err)
    close(fd);
  else
    err = uv_listen((uv_stream_t *)pipe, 128, on_connection);
  if (err)
    pipe_close(server);
  return err;
}

int xpf_server_new(struct xpf_server **out, uv_loop_t *loop) {
  struct xpf_server *server = calloc(1, sizeof *server);
  struct client *spare = calloc(1, sizeof *spare);
  int fd, err = -ENOMEM;
  if (server && spare)
    err = xpf_listener_open(&server->socket, &fd);
  if (err) {
    free(spare);
    free(server);
    return err;
  }
  spare->is_spare = true;
  server->spare = spare;
  server->loop = loop;
  uv_idle_init(loop, &server->turns);
  server->turns.data = server;
  server->handles_open = 1;
  err = pipe_open(server, fd);
  if (err) {
    xpf_listener_remove(&server->socket);
    handles_close(server);
    return err;
  }
  the_server = server;
  *out = server;
  return 0;
}

static void report_lost(struct xpf_server *server, int err) {
  if (!server->is_lost)
    xpf_core_log(XPF_LOG_ERROR, "ipc", 0,
                 "the command socket %s is gone and cannot be made again: %s.", server->socket.path,
                 uv_strerror(err));
  server->is_lost = true;
}

void xpf_server_check(struct xpf_server *server) {
  struct xpf_listener socket;
  int fd;
  if (server->pipe && xpf_listener_is_there(&server->socket))
    return;
  int err = xpf_listener_open(&socket, &fd);
  if (!err) {
    pipe_close(server);
    err = pipe_open(server, fd);
    if (err)
      xpf_listener_remove(&socket);
  }
  if (err) {
    report_lost(server, err);
    return;
  }
  server->socket = socket;
  server->is_lost = false;
  xpf_core_log(XPF_LOG_ERROR, "ipc", 0, "the command socket was gone and is made again: %s.",
               socket.path);
}

const char *xpf_server_path(const struct xpf_server *server) {
  return server->socket.path;
}

void xpf_server_close(struct xpf_server *server) {
  xpf_listener_remove(&server->socket);
  while (server->clients)
    client_close(server->clients);
  the_server = NULL;
  handles_close(server);
}

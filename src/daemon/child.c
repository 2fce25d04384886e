#include "daemon/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define ERRORS_MAX  4096
#define GRACE_MS    5000
#define HANDLES     4
#define READ_BUFFER 65536

struct stream {
  uv_pipe_t pipe;
  struct xpf_child *child;
  char *text;
  size_t size, room, max;
  bool keeps_end; /* the last `max` bytes, not the first */
};

struct xpf_child {
  uv_process_t process;
  uv_timer_t timer;
  struct stream output, errors;
  struct xpf_child_options options;
  struct xpf_child_end end;
  unsigned open;    /* handles not closed yet */
  unsigned waiting; /* for: exit, end of both streams */
  bool is_started, has_exited, was_asked;
  char buffer[READ_BUFFER];
};

static void free_child(struct xpf_child *child) {
  free(child->output.text);
  free(child->errors.text);
  free(child);
}

static void closed(uv_handle_t *handle) {
  struct xpf_child *child = handle->data;
  if (--child->open > 0)
    return;
  if (child->is_started) {
    child->end.output = child->output.text ? child->output.text : "";
    child->end.output_size = child->output.size;
    child->end.errors = child->errors.text ? child->errors.text : "";
    child->end.errors_size = child->errors.size;
    child->options.ended(child->options.arg, &child->end);
  }
  free_child(child);
}

static void close_all(struct xpf_child *child) {
  uv_handle_t *handles[HANDLES] = {(uv_handle_t *)&child->process, (uv_handle_t *)&child->timer,
                                   (uv_handle_t *)&child->output.pipe,
                                   (uv_handle_t *)&child->errors.pipe};
  for (unsigned i = 0; i < HANDLES; i++)
    if (!uv_is_closing(handles[i]))
      uv_close(handles[i], closed);
}

static void one_done(struct xpf_child *child) {
  if (--child->waiting == 0)
    close_all(child);
}

/* To its whole group, when it has one. */
static void signal_all(struct xpf_child *child, int signal) {
  if (!child->options.is_group)
    uv_process_kill(&child->process, signal);
  else if (child->process.pid > 1)
    kill(-child->process.pid, signal);
}

static void end_now(struct xpf_child *child);

static void times_up(uv_timer_t *timer) {
  struct xpf_child *child = timer->data;
  if (child->has_exited) {
    close_all(child); /* a child of its own keeps the pipes open */
    return;
  }
  if (child->was_asked) {
    signal_all(child, SIGKILL);
    return;
  }
  child->end.is_late = true;
  end_now(child);
}

static void end_now(struct xpf_child *child) {
  child->was_asked = true;
  signal_all(child, SIGTERM);
  uv_timer_start(&child->timer, times_up, GRACE_MS, 0);
}

static void exited(uv_process_t *process, int64_t status, int signal) {
  struct xpf_child *child = process->data;
  child->has_exited = true;
  child->end.status = signal ? -1 : (int)status;
  child->end.signal = signal;
  if (child->options.is_group)
    signal_all(child, SIGKILL); /* what it started and left behind */
  if (child->waiting > 1)
    uv_timer_start(&child->timer, times_up, GRACE_MS, 0);
  one_done(child);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  struct stream *stream = (struct stream *)handle;
  (void)suggested;
  *buffer = uv_buf_init(stream->child->buffer, READ_BUFFER);
}

/* False when it may not write so much, or there is no memory for it. */
static bool keep(struct stream *stream, const char *data, size_t size) {
  if (stream->keeps_end && stream->size + size > stream->max) {
    size_t fresh = size > stream->max ? stream->max : size;
    size_t old = stream->max - fresh < stream->size ? stream->max - fresh : stream->size;
    if (stream->text)
      memmove(stream->text, stream->text + stream->size - old, old);
    stream->size = old;
    data += size - fresh;
    size = fresh;
  }
  if (stream->size + size > stream->max)
    return false;
  if (stream->size + size + 1 > stream->room) {
    size_t room = stream->room ? stream->room : 1024;
    while (room < stream->size + size + 1)
      room *= 2;
    char *text = realloc(stream->text, room);
    if (!text)
      return false;
    stream->text = text;
    stream->room = room;
  }
  memcpy(stream->text + stream->size, data, size);
  stream->size += size;
  stream->text[stream->size] = '\0';
  return true;
}

static void arrived(uv_stream_t *handle, ssize_t size, const uv_buf_t *buffer) {
  struct stream *stream = (struct stream *)handle;
  struct xpf_child *child = stream->child;
  if (size < 0) {
    uv_read_stop(handle);
    one_done(child);
    return;
  }
  if (size > 0 && child->options.arrived && stream == &child->output) {
    child->options.arrived(child->options.arg, buffer->base, (size_t)size);
    return;
  }
  if (size > 0 && !child->end.is_too_long && !keep(stream, buffer->base, (size_t)size)) {
    child->end.is_too_long = true;
    if (!child->was_asked)
      end_now(child);
  }
}

static void init_stream(struct stream *stream, struct xpf_child *child, uv_loop_t *loop) {
  uv_pipe_init(loop, &stream->pipe, 0);
  stream->pipe.data = child;
  stream->child = child;
}

int xpf_child_start(struct xpf_child **out, uv_loop_t *loop,
                    const struct xpf_child_options *options) {
  struct xpf_child *child = calloc(1, sizeof *child);
  if (!child)
    return -ENOMEM;
  child->options = *options;
  init_stream(&child->output, child, loop);
  init_stream(&child->errors, child, loop);
  child->output.max = options->output_max;
  child->errors.max = ERRORS_MAX;
  child->errors.keeps_end = true;
  uv_timer_init(loop, &child->timer);
  child->timer.data = child->process.data = child;
  child->open = HANDLES;
  child->waiting = 3;
  uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}};
  stdio[1].flags = stdio[2].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
  stdio[1].data.stream = (uv_stream_t *)&child->output.pipe;
  stdio[2].data.stream = (uv_stream_t *)&child->errors.pipe;
  uv_process_options_t process = {
      .exit_cb = exited,
      .file = options->argv[0],
      .args = (char **)(uintptr_t)options->argv,
      .env = (char **)(uintptr_t)options->env,
      .cwd = options->cwd,
      .flags = options->is_group ? UV_PROCESS_DETACHED : 0,
      .stdio_count = 3,
      .stdio = stdio,
  };
  int error = uv_spawn(loop, &child->process, &process);
  if (error) {
    close_all(child);
    return error;
  }
  child->is_started = true;
  if (options->deadline_ms > 0)
    uv_timer_start(&child->timer, times_up, options->deadline_ms, 0);
  uv_read_start((uv_stream_t *)&child->output.pipe, give_buffer, arrived);
  uv_read_start((uv_stream_t *)&child->errors.pipe, give_buffer, arrived);
  *out = child;
  return 0;
}

void xpf_child_signal(struct xpf_child *child, int signal) {
  if (!child->has_exited)
    uv_process_kill(&child->process, signal);
}

void xpf_child_stop(struct xpf_child *child) {
  if (!child->has_exited && !child->was_asked)
    end_now(child);
}

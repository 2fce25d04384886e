#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/diag.h"

static const char *type_name(const uv_handle_t *handle) {
  switch (handle->type) {
#define NAME(upper, lower)                                                                         \
  case UV_##upper:                                                                                 \
    return #lower;
    UV_HANDLE_TYPE_MAP(NAME)
#undef NAME
  case UV_FILE:
    return "file";
  default:
    return "unknown";
  }
}

static void append(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void append(char *out, size_t size, const char *format, ...) {
  size_t used = strlen(out);
  va_list args;
  va_start(args, format);
  vsnprintf(out + used, size - used, format, args);
  va_end(args);
}

static bool address_text(const struct sockaddr_storage *address, char *out, size_t size) {
  char host[INET6_ADDRSTRLEN] = "";
  if (address->ss_family == AF_INET) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    uv_ip4_name(in, host, sizeof host);
    snprintf(out, size, "%s:%d", host, ntohs(in->sin_port));
    return true;
  }
  if (address->ss_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    uv_ip6_name(in6, host, sizeof host);
    snprintf(out, size, "%s:%d", host, ntohs(in6->sin6_port));
    return true;
  }
  return false;
}

static void endpoints(const uv_handle_t *handle, char *out, size_t size) {
  struct sockaddr_storage local = {0}, remote = {0};
  int local_size = sizeof local, remote_size = sizeof remote;
  char text[INET6_ADDRSTRLEN + 8];
  bool tcp = handle->type == UV_TCP;
  int err =
      tcp ? uv_tcp_getsockname((const uv_tcp_t *)handle, (struct sockaddr *)&local, &local_size)
          : uv_udp_getsockname((const uv_udp_t *)handle, (struct sockaddr *)&local, &local_size);
  if (err == 0 && address_text(&local, text, sizeof text))
    append(out, size, "%s", text);
  err =
      tcp ? uv_tcp_getpeername((const uv_tcp_t *)handle, (struct sockaddr *)&remote, &remote_size)
          : uv_udp_getpeername((const uv_udp_t *)handle, (struct sockaddr *)&remote, &remote_size);
  if (err == 0 && address_text(&remote, text, sizeof text))
    append(out, size, " connected to %s", text);
  else
    append(out, size, " (not connected)");
}

static void buffers(uv_handle_t *handle, char *out, size_t size) {
  int send = 0, receive = 0;
  if (uv_send_buffer_size(handle, &send) == 0)
    append(out, size, ", send buffer size: %d", send);
  if (uv_recv_buffer_size(handle, &receive) == 0)
    append(out, size, ", recv buffer size: %d", receive);
}

static void descriptor(uv_handle_t *handle, char *out, size_t size) {
  static const char *const standard[] = {"stdin", "stdout", "stderr"};
  uv_os_fd_t fd;
  if (uv_fileno(handle, &fd) != 0)
    return;
  const char *comma = out[0] ? ", " : "";
  if (fd >= 0 && fd <= 2)
    append(out, size, "%s%s", comma, standard[fd]);
  else
    append(out, size, "%sfile descriptor: %d", comma, fd);
}

static void stream_state(uv_handle_t *handle, char *out, size_t size) {
  const uv_stream_t *stream = (const uv_stream_t *)handle;
  append(out, size, ", write queue size: %zu", uv_stream_get_write_queue_size(stream));
  if (uv_is_readable(stream))
    append(out, size, ", readable");
  if (uv_is_writable(stream))
    append(out, size, ", writable");
}

static void timer_detail(const uv_timer_t *timer, char *out, size_t size) {
  uint64_t due = uv_timer_get_due_in(timer), repeat = uv_timer_get_repeat(timer);
  append(out, size, "repeat: %llu, ", (unsigned long long)repeat);
  if (!uv_is_active((const uv_handle_t *)timer))
    append(out, size, "not running");
  else if (due > 0)
    append(out, size, "timeout in: %llu ms", (unsigned long long)due);
  else
    append(out, size, "timeout expired");
}

static void path_detail(uv_handle_t *handle, char *out, size_t size) {
  char path[512];
  size_t path_size = sizeof path;
  int err = handle->type == UV_FS_EVENT
                ? uv_fs_event_getpath((uv_fs_event_t *)handle, path, &path_size)
                : uv_fs_poll_getpath((uv_fs_poll_t *)handle, path, &path_size);
  if (err == 0)
    append(out, size, "filename: %s", path);
}

static void pipe_detail(uv_handle_t *handle, char *out, size_t size) {
  char name[256];
  size_t name_size = sizeof name - 1;
  if (uv_pipe_getsockname((uv_pipe_t *)handle, name, &name_size) == 0 && name_size > 0 && name[0])
    append(out, size, "%.*s", (int)name_size, name);
}

/* sigabbrev_np() exists from glibc 2.32 on, and in no musl. */
static const char *signal_name(int number) {
#define NAME_OF_SIGNAL(name) [name] = #name
  static const char *const names[] = {
      NAME_OF_SIGNAL(SIGHUP),    NAME_OF_SIGNAL(SIGINT),    NAME_OF_SIGNAL(SIGQUIT),
      NAME_OF_SIGNAL(SIGILL),    NAME_OF_SIGNAL(SIGTRAP),   NAME_OF_SIGNAL(SIGABRT),
      NAME_OF_SIGNAL(SIGBUS),    NAME_OF_SIGNAL(SIGFPE),    NAME_OF_SIGNAL(SIGKILL),
      NAME_OF_SIGNAL(SIGUSR1),   NAME_OF_SIGNAL(SIGSEGV),   NAME_OF_SIGNAL(SIGUSR2),
      NAME_OF_SIGNAL(SIGPIPE),   NAME_OF_SIGNAL(SIGALRM),   NAME_OF_SIGNAL(SIGTERM),
      NAME_OF_SIGNAL(SIGCHLD),   NAME_OF_SIGNAL(SIGCONT),   NAME_OF_SIGNAL(SIGSTOP),
      NAME_OF_SIGNAL(SIGTSTP),   NAME_OF_SIGNAL(SIGTTIN),   NAME_OF_SIGNAL(SIGTTOU),
      NAME_OF_SIGNAL(SIGURG),    NAME_OF_SIGNAL(SIGXCPU),   NAME_OF_SIGNAL(SIGXFSZ),
      NAME_OF_SIGNAL(SIGVTALRM), NAME_OF_SIGNAL(SIGPROF),   NAME_OF_SIGNAL(SIGWINCH),
      NAME_OF_SIGNAL(SIGIO),     NAME_OF_SIGNAL(SIGSYS),
#ifdef SIGPWR
      NAME_OF_SIGNAL(SIGPWR),    NAME_OF_SIGNAL(SIGSTKFLT),
#endif
  };
#undef NAME_OF_SIGNAL
  size_t count = sizeof names / sizeof *names;
  return number >= 0 && (size_t)number < count && names[number] ? names[number] : "SIG?";
}

static void fill_detail(uv_handle_t *handle, char *out, size_t size) {
  switch (handle->type) {
  case UV_TIMER:
    timer_detail((uv_timer_t *)handle, out, size);
    break;
  case UV_PROCESS:
    append(out, size, "pid: %d", ((uv_process_t *)handle)->pid);
    break;
  case UV_SIGNAL: {
    int number = ((uv_signal_t *)handle)->signum;
    append(out, size, "signum: %d (%s)", number, signal_name(number));
    break;
  }
  case UV_FS_EVENT:
  case UV_FS_POLL:
    path_detail(handle, out, size);
    break;
  case UV_TCP:
  case UV_UDP:
    endpoints(handle, out, size);
    buffers(handle, out, size);
    descriptor(handle, out, size);
    break;
  case UV_NAMED_PIPE:
    pipe_detail(handle, out, size);
    descriptor(handle, out, size);
    break;
  case UV_TTY:
  case UV_POLL:
    descriptor(handle, out, size);
    break;
  default:
    break;
  }
  if (handle->type == UV_TCP || handle->type == UV_NAMED_PIPE || handle->type == UV_TTY)
    stream_state(handle, out, size);
}

static void collect(uv_handle_t *handle, void *arg) {
  struct xpf_diag_js *js = arg;
  js->handles_total++;
  if (js->handles_count >= XPF_DIAG_HANDLES_MAX)
    return;
  struct xpf_diag_handle *out = &js->handles[js->handles_count++];
  snprintf(out->type, sizeof out->type, "%s", type_name(handle));
  out->address = (uint64_t)(uintptr_t)handle;
  out->has_ref = uv_has_ref(handle) != 0;
  out->is_active = uv_is_active(handle) != 0;
  out->detail[0] = '\0';
  if (!uv_is_closing(handle))
    fill_detail(handle, out->detail, sizeof out->detail);
}

void xpf_diag_handles_collect(uv_loop_t *loop, struct xpf_diag_js *js) {
  uv_walk(loop, collect, js);
}

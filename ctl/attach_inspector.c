#include "attach_inspector.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "attach_closer.h"
#include "attach_room.h"
#include "host/os.h"
#include "host/process_signal.h"
#include "host/proc_file.h"
#include "text.h"

#define WORDS_MAX  (256 * 1024)
#define PROBE_MS   1000
#define YOUNG_MS   2000
#define STEP_MS    20
#define GUESS_MS   3000 /* without a new listener: it may be open where nobody said */
#define CLOSING_MS 3000

/* `require` is there for evaluated code alone, and only when the application has no global of that
 * name; an ES module has no main module; Node before 20.16 and 22.3 has no getBuiltinModule. */
#define LOADER                                                                                     \
  "((load)=>{%s})((name)=>typeof process.getBuiltinModule==='function'"                            \
  "?process.getBuiltinModule('module').createRequire('/')(name):process.mainModule"                \
  "?process.mainModule.require(name):require(name))"

cJSON *xpf_attach_evaluate(const char *body, const cJSON *argument) {
  cJSON *params = cJSON_CreateObject();
  char *json = argument != NULL ? cJSON_PrintUnformatted(argument) : NULL;
  size_t size = strlen(LOADER) + strlen(body) + (json != NULL ? strlen(json) : 0) + 32;
  char *call = malloc(size), *expression = malloc(size);

  if (params == NULL || call == NULL || expression == NULL || (argument != NULL && json == NULL)) {
    cJSON_Delete(params);
    params = NULL;
  } else {
    snprintf(call, size, "const argument=%s;%s", json != NULL ? json : "null", body);
    snprintf(expression, size, LOADER, call);
    cJSON_AddStringToObject(params, "expression", expression);
    cJSON_AddTrueToObject(params, "includeCommandLineAPI");
    cJSON_AddTrueToObject(params, "returnByValue");
    /* Another debugger of this process is not to stop in our code. */
    cJSON_AddTrueToObject(params, "silent");
    cJSON_AddTrueToObject(params, "disableBreaks");
  }
  cJSON_free(json);
  free(call);
  free(expression);
  return params;
}

static void read_words(struct xpf_attach_inspector *inspector) {
  char *text = malloc(WORDS_MAX), path[48];

  xpf_inspect_options_init(&inspector->words);
  if (text == NULL)
    return;
  /* In this order: what stands on the command line wins over NODE_OPTIONS. */
  snprintf(path, sizeof path, "/proc/%d/environ", (int)inspector->pid);
  ssize_t size = xpf_proc_file_read(AT_FDCWD, path, text, WORDS_MAX);
  if (size > 0)
    xpf_inspect_options_environment(&inspector->words, text, (size_t)size + 1);
  snprintf(path, sizeof path, "/proc/%d/cmdline", (int)inspector->pid);
  size = xpf_proc_file_read(AT_FDCWD, path, text, WORDS_MAX);
  if (size > 0)
    xpf_inspect_options_words(&inspector->words, text, (size_t)size + 1);
  free(text);
}

int xpf_attach_inspector_check(struct xpf_attach_inspector *inspector,
                               struct xpf_verdict *verdict) {
  pid_t pid = inspector->pid;

  read_words(inspector);
  const struct xpf_inspect_options *words = &inspector->words;
  if (words->has_no_addons || (words->has_permission && !words->allows_addons)) {
    xpf_verdict_set(verdict, XPF_REASON_UNSUITED, XPF_TEXT_ATTACH_ADDONS, (int)pid,
                    words->has_no_addons ? "--no-addons" : "--permission");
    xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_ADDONS_HINT);
    return verdict->status;
  }
  if (xpf_tcp_reach(pid) == -EPERM) {
    xpf_verdict_set(verdict, XPF_REASON_NOT_PERMITTED, XPF_TEXT_ATTACH_NETWORK, (int)pid);
    xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_NETWORK_HINT);
    return verdict->status;
  }
  int count = xpf_tcp_listeners(pid, inspector->before, XPF_ATTACH_LISTENERS_MAX);
  if (count < 0)
    return xpf_verdict_set(verdict, XPF_REASON_INSPECTOR, XPF_TEXT_ATTACH_SOCKETS, (int)pid,
                           strerror(-count));
  inspector->before_count = count;
  return 0;
}

static uint64_t soon_ns(const struct xpf_attach_inspector *inspector, int ms) {
  uint64_t soon = xpf_os_now_ns() + (uint64_t)ms * 1000000;
  return soon < inspector->deadline_ns ? soon : inspector->deadline_ns;
}

static bool is_inspector(const struct xpf_attach_inspector *inspector,
                         const struct xpf_tcp_listener *listener) {
  return xpf_inspector_probe(inspector->pid, listener, soon_ns(inspector, PROBE_MS)) == 1;
}

/* Among the listeners of before, at one port, or at any when port is 0. Only what listens for this
 * machine is asked: a service for others may not like an HTTP request. */
static bool find_at(struct xpf_attach_inspector *inspector, unsigned port) {
  for (int i = 0; i < inspector->before_count; i++) {
    const struct xpf_tcp_listener *listener = &inspector->before[i];
    bool is_meant = port != 0 ? listener->port == port : xpf_tcp_listener_is_local(listener);
    if (!is_meant || !is_inspector(inspector, listener))
      continue;
    inspector->place = *listener;
    return true;
  }
  return false;
}

static int refuse_hidden(const struct xpf_attach_inspector *inspector,
                         struct xpf_verdict *verdict) {
  xpf_verdict_set(verdict, XPF_REASON_INSPECTOR, XPF_TEXT_ATTACH_HIDDEN, (int)inspector->pid);
  xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_RESTART_HINT);
  return verdict->status;
}

int xpf_attach_inspector_find(struct xpf_attach_inspector *inspector, unsigned port, bool *found,
                              struct xpf_verdict *verdict) {
  if (inspector->words.is_hidden)
    return refuse_hidden(inspector, verdict);
  if (port != 0) {
    inspector->words.port = port;
    *found = find_at(inspector, port);
  } else {
    *found = find_at(inspector, inspector->words.port) ||
             (inspector->words.port != XPF_INSPECT_PORT && find_at(inspector, XPF_INSPECT_PORT));
  }
  return 0;
}

/* The port is bound by the target itself, so only what is taken there counts. */
static int check_port(const struct xpf_attach_inspector *inspector, struct xpf_verdict *verdict) {
  unsigned port = inspector->words.port;
  struct xpf_os_identity *owner = calloc(1, sizeof *owner);
  char name[128] = "?";
  pid_t pid = 0;

  if (port != 0 && xpf_tcp_port_owner(inspector->pid, (uint16_t)port, &pid) == 1) {
    if (pid != 0 && owner != NULL)
      xpf_os_identity(pid, owner);
    if (owner != NULL && *owner->command_line != '\0')
      snprintf(name, sizeof name, "%.120s", owner->command_line);
    xpf_verdict_set(verdict, XPF_REASON_INSPECTOR, XPF_TEXT_ATTACH_PORT_TAKEN, (int)inspector->pid,
                    port, (int)pid, name);
    xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_PORT_TAKEN_HINT);
    free(owner);
    return verdict->status;
  }
  free(owner);
  return 0;
}

void xpf_attach_pause_ms(int ms) {
  nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static int refuse_signal(const struct xpf_attach_inspector *inspector,
                         const struct xpf_signal_state *state, struct xpf_verdict *verdict) {
  enum xpf_text_id id = XPF_TEXT_ATTACH_YOUNG;
  if (inspector->words.is_disabled || state->is_blocked)
    id = XPF_TEXT_ATTACH_DISABLED;
  else if (state->is_ignored)
    id = XPF_TEXT_ATTACH_IGNORED;
  xpf_verdict_set(verdict, XPF_REASON_INSPECTOR, id, (int)inspector->pid);
  xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_RESTART_HINT);
  return verdict->status;
}

static int check_room(const struct xpf_attach_inspector *inspector, struct xpf_verdict *verdict) {
  uint64_t room = xpf_attach_room(inspector->pid);
  if (room >= XPF_ATTACH_THREADS)
    return 0;
  xpf_verdict_set(verdict, XPF_REASON_INSPECTOR, XPF_TEXT_ATTACH_ROOM, (int)inspector->pid,
                  (unsigned)room, XPF_ATTACH_THREADS);
  xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_ROOM_HINT);
  return verdict->status;
}

int xpf_attach_inspector_can_open(struct xpf_attach_inspector *inspector,
                                  struct xpf_verdict *verdict) {
  uint64_t limit_ns = soon_ns(inspector, YOUNG_MS);
  struct xpf_signal_state state;

  int status = check_port(inspector, verdict);
  if (status != 0)
    return status;
  for (;;) {
    int error = xpf_signal_state(inspector->pid, SIGUSR1, &state);
    if (error == -ESRCH)
      return xpf_verdict_set(verdict, XPF_REASON_NO_PROCESS, XPF_TEXT_NO_PROCESS,
                             (int)inspector->pid);
    if (error == 0 && state.is_caught)
      return check_room(inspector, verdict);
    if (error != 0 || inspector->words.is_disabled || state.is_ignored || state.is_blocked ||
        xpf_os_now_ns() >= limit_ns)
      return refuse_signal(inspector, &state, verdict);
    xpf_attach_pause_ms(STEP_MS);
  }
}

bool xpf_attach_inspector_appeared(struct xpf_attach_inspector *inspector) {
  struct xpf_tcp_listener now[XPF_ATTACH_LISTENERS_MAX];
  int count = xpf_tcp_listeners(inspector->pid, now, XPF_ATTACH_LISTENERS_MAX);

  for (int i = 0; i < count; i++) {
    bool is_old = false;
    for (int j = 0; j < inspector->before_count; j++)
      is_old |= inspector->before[j].inode == now[i].inode;
    if (is_old || !is_inspector(inspector, &now[i]))
      continue;
    inspector->place = now[i];
    return true;
  }
  return false;
}

static bool is_interrupted(void) {
  sigset_t pending;
  return sigpending(&pending) == 0 &&
         (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
          sigismember(&pending, SIGHUP) == 1);
}

static int refuse_silent(struct xpf_attach_inspector *inspector, struct xpf_verdict *verdict) {
  xpf_attach_closer_leave(inspector);
  xpf_verdict_set(verdict, XPF_REASON_INSPECTOR, XPF_TEXT_ATTACH_SILENT, (int)inspector->pid,
                  inspector->timeout_ms / 1e3);
  xpf_verdict_hint(verdict, XPF_TEXT_ATTACH_SILENT_HINT, XPF_ATTACH_CLOSER_MINUTES);
  return verdict->status;
}

int xpf_attach_inspector_open(struct xpf_attach_inspector *inspector, struct xpf_verdict *verdict) {
  pid_t pid = inspector->pid;
  int error = xpf_signal_send_caught(pid, inspector->start_ticks, SIGUSR1);

  if (error == -ESRCH)
    return xpf_verdict_set(verdict, XPF_REASON_NO_PROCESS, XPF_TEXT_NO_PROCESS, (int)pid);
  if (error != 0)
    return xpf_verdict_set(verdict, XPF_REASON_NOT_PERMITTED, XPF_TEXT_ATTACH_SIGNAL, (int)pid,
                           strerror(-error));
  inspector->is_ours = true;
  uint64_t guess_ns = soon_ns(inspector, GUESS_MS);
  while (xpf_os_now_ns() < inspector->deadline_ns && !is_interrupted()) {
    if (xpf_attach_inspector_appeared(inspector))
      return 0;
    if (!xpf_os_is_alive(pid))
      return xpf_verdict_set(verdict, XPF_REASON_DIED, XPF_TEXT_DIED, (int)pid);
    if (guess_ns != 0 && xpf_os_now_ns() >= guess_ns) {
      guess_ns = 0;
      if (find_at(inspector, 0)) {
        inspector->is_ours = false;
        return 0;
      }
    }
    xpf_attach_pause_ms(STEP_MS);
  }
  return refuse_silent(inspector, verdict);
}

int xpf_attach_inspector_begin(struct xpf_attach_inspector *inspector,
                               struct xpf_verdict *verdict) {
  int error = xpf_inspector_open(&inspector->session, inspector->pid, &inspector->place,
                                 inspector->deadline_ns);
  if (error == 0)
    return 0;
  if (inspector->is_ours)
    xpf_attach_closer_leave(inspector);
  if (error == -ENOENT)
    return refuse_hidden(inspector, verdict);
  if (!xpf_os_is_alive(inspector->pid))
    return xpf_verdict_set(verdict, XPF_REASON_DIED, XPF_TEXT_DIED, (int)inspector->pid);
  return xpf_verdict_set(verdict, XPF_REASON_INSPECTOR, XPF_TEXT_ATTACH_SESSION,
                         (int)inspector->pid, (unsigned)inspector->place.port, strerror(-error));
}

static bool is_listening(const struct xpf_attach_inspector *inspector) {
  struct xpf_tcp_listener now[XPF_ATTACH_LISTENERS_MAX];
  int count = xpf_tcp_listeners(inspector->pid, now, XPF_ATTACH_LISTENERS_MAX);
  for (int i = 0; i < count; i++)
    if (now[i].inode == inspector->place.inode)
      return true;
  return false;
}

/* The connection stays until Node has closed it: one that goes away just then is a risk. */
bool xpf_attach_inspector_close(struct xpf_attach_inspector *inspector, uint64_t deadline_ns) {
  int error =
      xpf_inspector_send(inspector->session, "Runtime.evaluate",
                         xpf_attach_evaluate("load('inspector').close()", NULL), deadline_ns);
  if (error == 0)
    error = xpf_inspector_wait(inspector->session, NULL, deadline_ns);
  while (is_listening(inspector) && xpf_os_now_ns() < deadline_ns)
    xpf_attach_pause_ms(STEP_MS);
  return !is_listening(inspector);
}

bool xpf_attach_inspector_end(struct xpf_attach_inspector *inspector) {
  bool is_done = true;

  if (inspector->session == NULL)
    return true;
  if (inspector->is_ours) {
    /* Its own time: also when the loading used up all of it, the door is not left open. */
    is_done =
        xpf_attach_inspector_close(inspector, xpf_os_now_ns() + (uint64_t)CLOSING_MS * 1000000);
    if (!is_done)
      xpf_attach_closer_leave(inspector);
  }
  xpf_inspector_free(inspector->session);
  inspector->session = NULL;
  return is_done;
}

#include "core/core.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/job.h"
#include "core/metric_format.h"
#include "core/outfile.h"
#include "core/registry.h"
#include "core/server.h"
#include "core/sigterm.h"
#include "core/stall.h"
#include "core/standard_fds.h"
#include "core/thread.h"

static struct {
  pthread_mutex_t lock; /* config, configured, running, calls, log, sampler pointers */
  struct xpf_config config;
  bool configured, running, stopping;
  bool sweep_due; /* [core] log_dir may hold temp files of dead processes */
  uv_loop_t loop;
  uv_async_t async;
  uv_thread_t thread;
  struct xpf_call *calls, **calls_tail;
  struct xpf_log *log;
  struct xpf_sampler *sampler;
  struct xpf_server *server;
  char socket_path[128]; /* of the server; under life_lock */
  uv_timer_t second;     /* log and socket upkeep */
} core = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Serialises starts and stops, which several JS threads may ask for at once. */
static pthread_mutex_t life_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- configuration --------------------------------------------------------------------------- */

bool xpf_core_config(struct xpf_config *out) {
  pthread_mutex_lock(&core.lock);
  bool configured = core.configured;
  if (configured)
    *out = core.config;
  pthread_mutex_unlock(&core.lock);
  if (!configured)
    xpf_config_init(out);
  return configured;
}

static enum xpf_log_format log_format(const struct xpf_config *config) {
  if (config->log_format_alinode || strcmp(config->log_format, "alinode") == 0)
    return XPF_FORMAT_ALINODE;
  return strcmp(config->log_format, "json") == 0 ? XPF_FORMAT_JSON : XPF_FORMAT_XPROFILER;
}

static void log_options(const struct xpf_config *config, struct xpf_log_options *out) {
  memset(out, 0, sizeof *out);
  snprintf(out->dir, sizeof out->dir, "%s", config->log_dir);
  out->format = log_format(config);
  out->level = (int)config->log_level;
  out->to_stdout = (int)config->log_type == 1;
  out->max_age_days = config->log_max_age_days;
  out->max_total_mb = config->log_max_total_mb;
  out->profile_max_total_mb = config->profile_max_total_mb;
}

/* [core] */
static void apply_config(void) {
  struct xpf_config config;
  struct xpf_log_options options;
  xpf_core_config(&config);
  log_options(&config, &options);
  if (core.log)
    xpf_log_configure(core.log, &options);
  if (core.sampler)
    xpf_sampler_configure(core.sampler, &config);
  core.sweep_due = true;
}

static void run_apply_config(struct xpf_call *call) {
  free(call);
  apply_config();
}

void xpf_core_configure(const struct xpf_config *config) {
  pthread_mutex_lock(&core.lock);
  core.config = *config;
  core.configured = true;
  if (core.log)
    xpf_log_set_level(core.log, (int)config->log_level);
  bool running = core.running;
  pthread_mutex_unlock(&core.lock);
  if (xpf_core_is_here()) {
    apply_config();
    return;
  }
  struct xpf_call *call = running ? calloc(1, sizeof *call) : NULL;
  if (!call)
    return;
  call->run = run_apply_config;
  xpf_core_post(call);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static bool queue_call(struct xpf_call *call) {
  call->next = NULL;
  pthread_mutex_lock(&core.lock);
  bool running = core.running;
  if (running) {
    *core.calls_tail = call;
    core.calls_tail = &call->next;
    uv_async_send(&core.async);
  }
  pthread_mutex_unlock(&core.lock);
  return running;
}

bool xpf_core_post(struct xpf_call *call) {
  bool queued = queue_call(call);
  if (!queued)
    call->run(call);
  return queued;
}

static void run_calls(void) {
  pthread_mutex_lock(&core.lock);
  struct xpf_call *calls = core.calls;
  core.calls = NULL;
  core.calls_tail = &core.calls;
  pthread_mutex_unlock(&core.lock);
  while (calls) {
    struct xpf_call *call = calls;
    calls = call->next;
    call->run(call);
  }
}

static void on_async(uv_async_t *async) {
  (void)async;
  run_calls();
  if (core.log)
    xpf_log_drain(core.log);
}

bool xpf_core_is_running(void) {
  pthread_mutex_lock(&core.lock);
  bool running = core.running;
  pthread_mutex_unlock(&core.lock);
  return running;
}

uv_loop_t *xpf_core_loop(void) {
  return &core.loop;
}

bool xpf_core_is_here(void) {
  uv_thread_t self = uv_thread_self();
  pthread_mutex_lock(&core.lock);
  bool here = core.running && uv_thread_equal(&self, &core.thread);
  pthread_mutex_unlock(&core.lock);
  return here;
}

/* A call that its poster waits for. */
struct sync_call {
  struct xpf_call call;
  int (*fn)(void);
  int result;
  uv_sem_t done;
};

static void run_sync(struct xpf_call *call) {
  struct sync_call *sync = (struct sync_call *)call;
  sync->result = sync->fn();
  uv_sem_post(&sync->done);
}

static int on_core_thread(int (*fn)(void)) {
  struct sync_call sync = {.call.run = run_sync, .fn = fn};
  if (uv_sem_init(&sync.done, 0) != 0)
    return -EAGAIN;
  xpf_core_post(&sync.call);
  uv_sem_wait(&sync.done);
  uv_sem_destroy(&sync.done);
  return sync.result;
}

/* ---- thread ---------------------------------------------------------------------------------- */

int xpf_core_thread_create(uv_thread_t *thread, void (*run)(void *arg), void *arg) {
  sigset_t blocked, before;
  sigfillset(&blocked);
  for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
    sigdelset(&blocked, i);
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
    sigdelset(&blocked, faults[i]);
  uv_thread_options_t options = {.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = 1 << 20};
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  int err = uv_thread_create_ex(thread, &options, run, arg);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return err;
}

static void run_loop(void *arg) {
  (void)arg;
  pthread_setname_np(pthread_self(), "xprofiler");
  uv_run(&core.loop, UV_RUN_DEFAULT);
}

static void sweep(void) {
  struct xpf_config config;
  core.sweep_due = false;
  xpf_core_config(&config);
  int swept = xpf_outfile_sweep(config.log_dir);
  if (swept > 0)
    xpf_core_log(XPF_LOG_INFO, "init", 0, "removed %d unfinished files of dead processes.", swept);
}

static void on_second(uv_timer_t *timer) {
  (void)timer;
  if (core.sweep_due)
    sweep();
  if (core.log) {
    xpf_log_drain(core.log);
    xpf_log_maintain(core.log);
  }
  if (core.server)
    xpf_server_check(core.server);
}

static int ensure_running(void) {
  if (core.running)
    return 0;
  int err = uv_loop_init(&core.loop);
  if (err)
    return err;
  core.calls = NULL;
  core.calls_tail = &core.calls;
  core.stopping = false;
  err = uv_async_init(&core.loop, &core.async, on_async);
  if (!err) {
    uv_timer_init(&core.loop, &core.second);
    pthread_mutex_lock(&core.lock);
    err = xpf_core_thread_create(&core.thread, run_loop, NULL);
    core.running = err == 0;
    pthread_mutex_unlock(&core.lock);
    if (!err)
      return 0;
    uv_close((uv_handle_t *)&core.second, NULL);
    uv_close((uv_handle_t *)&core.async, NULL);
  }
  uv_run(&core.loop, UV_RUN_DEFAULT);
  uv_loop_close(&core.loop);
  return err;
}

/* [core] */
static int open_log(void) {
  if (core.log)
    return 0;
  struct xpf_config config;
  struct xpf_log_options options;
  struct xpf_log *log;
  xpf_core_config(&config);
  log_options(&config, &options);
  int err = xpf_log_new(&log, &options);
  if (err)
    return err;
  core.sweep_due = true;
  uv_timer_start(&core.second, on_second, 1000, 1000);
  pthread_mutex_lock(&core.lock);
  core.log = log;
  if (core.configured)
    xpf_log_set_level(log, (int)core.config.log_level); /* may have changed since */
  pthread_mutex_unlock(&core.lock);
  return 0;
}

/* [core] */
static int start_log(void) {
  if (core.sampler)
    return 0;
  struct xpf_config config;
  struct xpf_sampler *sampler;
  int err = open_log();
  if (err)
    return err;
  xpf_core_config(&config);
  err = xpf_sampler_new(&sampler, &core.loop, core.log, &config);
  if (err)
    return err;
  pthread_mutex_lock(&core.lock);
  core.sampler = sampler;
  pthread_mutex_unlock(&core.lock);
  xpf_log_write(core.log, XPF_LOG_INFO, "init", 0, "logbypass: log thread created.");
  return 0;
}

/* Under life_lock. What libuv opens for our loop stays open as long as that. */
static int run_on_core(int (*fn)(void)) {
  struct xpf_standard_fds fds;
  xpf_standard_fds_hold(&fds);
  int err = ensure_running();
  if (!err)
    err = on_core_thread(fn);
  xpf_standard_fds_release(&fds);
  return err;
}

static int start_part(int (*part)(void)) {
  pthread_mutex_lock(&life_lock);
  int err = run_on_core(part);
  pthread_mutex_unlock(&life_lock);
  return err;
}

int xpf_core_open_log(void) {
  pthread_mutex_lock(&core.lock);
  bool open = core.log != NULL;
  pthread_mutex_unlock(&core.lock);
  return open ? 0 : start_part(open_log);
}

int xpf_core_start_log(void) {
  return start_part(start_log);
}

/* [core] Its poster waits, with life_lock. */
static int start_server(void) {
  bool is_new = core.server == NULL;
  int err = is_new ? xpf_server_new(&core.server, &core.loop) : 0;
  if (err)
    return err;
  const char *path = xpf_server_path(core.server);
  snprintf(core.socket_path, sizeof core.socket_path, "%s", path);
  if (is_new) {
    xpf_core_log(XPF_LOG_INFO, "init", 0, "commands listener: listener thread created.");
    xpf_core_log(XPF_LOG_DEBUG, "ipc", 0, "unix domain socket file name: %s.", path);
  }
  return 0;
}

static void say_server_error(struct xpf_core_socket *out, int err) {
  snprintf(out->error, sizeof out->error, "the command socket could not be made: %s%s",
           uv_strerror(err),
           err == UV_EADDRINUSE ? " (by a process that has the same pid in another pid namespace "
                                  "and shares our /tmp)"
                                : "");
  xpf_core_log(XPF_LOG_ERROR, "ipc", 0, "%s.", out->error);
}

int xpf_core_start_server(struct xpf_core_socket *out) {
  memset(out, 0, sizeof *out);
  pthread_mutex_lock(&life_lock);
  int err = run_on_core(start_server);
  if (err)
    say_server_error(out, err);
  else
    snprintf(out->path, sizeof out->path, "%s", core.socket_path);
  pthread_mutex_unlock(&life_lock);
  return err;
}

/* ---- stop ------------------------------------------------------------------------------------ */

static void close_rest(void *arg) {
  (void)arg;
  core.sampler = NULL;
  uv_close((uv_handle_t *)&core.second, NULL);
  uv_close((uv_handle_t *)&core.async, NULL);
}

/* [core] */
static void stop(struct xpf_call *call) {
  (void)call;
  xpf_jobs_close();
  xpf_registry_close();
  xpf_sigterm_close();
  xpf_stall_close();
  xpf_threads_refresh_close();
  if (core.server)
    xpf_server_close(core.server);
  core.server = NULL;
  if (core.sampler)
    xpf_sampler_close(core.sampler, close_rest, NULL);
  else
    close_rest(NULL);
}

void xpf_core_stop(void) {
  static struct xpf_call stop_call;
  pthread_mutex_lock(&life_lock);
  if (core.running && xpf_threads_count() == 0) { /* a new one may have come meanwhile */
    xpf_jobs_wait(XPF_JOBS_WAIT_S);
    stop_call.run = stop;
    xpf_core_post(&stop_call);
    pthread_mutex_lock(&core.lock);
    uv_thread_t thread = core.thread;
    pthread_mutex_unlock(&core.lock);
    uv_thread_join(&thread);
    pthread_mutex_lock(&core.lock);
    core.running = false;
    struct xpf_log *log = core.log;
    core.log = NULL;
    pthread_mutex_unlock(&core.lock);
    run_calls(); /* what came while the loop was closing */
    if (log) {
      xpf_log_drain(log);
      xpf_log_free(log);
    }
    uv_loop_close(&core.loop);
  }
  pthread_mutex_unlock(&life_lock);
}

/* ---- log and metrics ------------------------------------------------------------------------- */

void xpf_core_log(enum xpf_log_level level, const char *component, uint32_t thread_id,
                  const char *format, ...) {
  char text[4096];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  xpf_core_log_text(level, component, thread_id, text);
}

void xpf_core_log_text(enum xpf_log_level level, const char *component, uint32_t thread_id,
                       const char *text) {
  pthread_mutex_lock(&core.lock);
  if (core.log && xpf_log_wants(core.log, level)) {
    xpf_log_post(core.log, level, component, thread_id, text);
    if (core.running)
      uv_async_send(&core.async);
  }
  pthread_mutex_unlock(&core.lock);
}

/* Two owners: whoever comes second frees. */
struct flush {
  struct xpf_call call;
  unsigned owners;
  uv_sem_t done;
};

static void flush_unref(struct flush *flush) {
  if (__atomic_sub_fetch(&flush->owners, 1, __ATOMIC_ACQ_REL) > 0)
    return;
  uv_sem_destroy(&flush->done);
  free(flush);
}

static void run_flush(struct xpf_call *call) {
  struct flush *flush = (struct flush *)call;
  pthread_mutex_lock(&core.lock);
  struct xpf_log *log = core.log;
  pthread_mutex_unlock(&core.lock);
  if (log && xpf_core_is_here())
    xpf_log_drain(log);
  uv_sem_post(&flush->done);
  flush_unref(flush);
}

void xpf_core_flush(unsigned limit_ms) {
  struct flush *flush = calloc(1, sizeof *flush);
  if (!flush || uv_sem_init(&flush->done, 0) != 0) {
    free(flush);
    return;
  }
  flush->owners = 2;
  flush->call.run = run_flush;
  xpf_core_post(&flush->call);
  for (unsigned waited = 0; waited < limit_ms && uv_sem_trywait(&flush->done) != 0; waited++)
    uv_sleep(1);
  flush_unref(flush);
}

int xpf_core_metrics(struct xpf_metrics *out) {
  /* The sampler must not go while it works; the core thread itself is who would close it. */
  bool is_core = xpf_core_is_here();
  if (!is_core)
    pthread_mutex_lock(&life_lock);
  int err = core.sampler ? xpf_sampler_metrics(core.sampler, out) : -ESRCH;
  if (!is_core)
    pthread_mutex_unlock(&life_lock);
  return err;
}

char *xpf_core_prometheus(const struct xpf_metrics *metrics) {
  struct xpf_memory_sink text;
  xpf_memory_sink_init(&text, 16 << 20);
  int err = xpf_metric_prometheus(&text.sink, metrics);
  char *copy = err ? NULL : strdup(text.data ? text.data : "");
  xpf_memory_sink_free(&text);
  return copy;
}

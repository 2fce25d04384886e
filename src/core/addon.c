/* The Node-API entry: what lib/ calls, and the life of a JS thread from attach to cleanup hook. */
#include <errno.h>
#include <limits.h>
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "core/addon_config.h"
#include "core/addon_http.h"
#include "core/addon_request.h"
#include "core/addon_trace.h"
#include "core/addon_value.h"
#include "core/command.h"
#include "core/config.h"
#include "core/copy.h"
#include "core/core.h"
#include "core/fatal.h"
#include "core/heap_limit.h"
#include "core/job.h"
#include "core/metric_format.h"
#include "core/registry.h"
#include "core/thread.h"
#include "host/os.h"
#include "xpf_version.h"

#define FLUSH_MS 2000
#define SAVE_S   5

static napi_value undefined(napi_env env) {
  napi_value value = NULL;
  napi_get_undefined(env, &value);
  return value;
}

static size_t arguments(napi_env env, napi_callback_info info, napi_value *out, size_t max) {
  size_t count = max;
  napi_get_cb_info(env, info, &count, out, NULL, NULL);
  return count;
}

static struct xpf_thread *current(napi_env env) {
  struct xpf_thread *thread = xpf_thread_current();
  if (!thread)
    napi_throw_error(env, NULL, "xprofiler: this thread is not attached");
  return thread;
}

/* ---- the end of a thread
 * -------------------------------------------------------------------------------- */

static void after_end(bool was_main) {
  if (was_main)
    xpf_jobs_wait_thread(0, XPF_JOBS_WAIT_S);
  if (xpf_threads_count() == 0)
    xpf_core_stop();
}

static void handles_closed(void *arg) {
  napi_remove_async_cleanup_hook(arg);
}

static void on_cleanup(napi_async_cleanup_hook_handle handle, void *arg) {
  struct xpf_thread *thread = arg;
  bool was_main = xpf_thread_is_main(thread);
  xpf_http_forget(thread);
  xpf_trace_forget(thread);
  xpf_request_forget(thread);
  xpf_thread_end(thread, was_main ? "process exit" : "thread exit", handles_closed, handle);
  xpf_thread_unref(thread);
  after_end(was_main);
}

/* Node takes process.kill() of the own process for its end, which not every signal is. */
static bool is_own_signal(struct xpf_thread *thread) {
  struct xpf_js_frame frame;
  enum xpf_vm_state state;
  return xpf_bridge_stack_read(xpf_thread_bridge(thread), &frame, 1, &state) == 1 &&
         strcmp(frame.function, "kill") == 0 &&
         strcmp(frame.script, "node:internal/process/per_thread") == 0;
}

static void on_main_exit(void *arg);

static void watch_exit_again(struct xpf_task *task, struct xpf_thread *thread) {
  xpf_bridge_at_exit(xpf_thread_bridge(thread), on_main_exit, thread);
  free(task);
}

static void forget_exit(struct xpf_task *task, const char *reason) {
  (void)reason;
  free(task);
}

/* It dies now or goes on: nothing is lost, nothing is closed. Node forgets its hooks when all have
 * run, so ours must come back later. */
static void on_own_signal(struct xpf_thread *thread) {
  struct xpf_task *again = calloc(1, sizeof *again);
  xpf_thread_items_save(thread, "signal");
  xpf_jobs_wait_saved(xpf_thread_id(thread), SAVE_S);
  xpf_core_flush(FLUSH_MS);
  if (!again)
    return;
  again->run = watch_exit_again;
  again->cancel = forget_exit;
  if (xpf_thread_post(thread, again) != 0)
    free(again);
}

/* process.exit and uncaught exceptions run no cleanup hook of the main thread. */
static void on_main_exit(void *arg) {
  struct xpf_thread *thread = arg;
  struct xpf_thread *now = xpf_thread_current();
  if (now != thread) /* the cleanup hook came first: a natural end */
    return;
  if (is_own_signal(thread)) {
    on_own_signal(thread);
    return;
  }
  xpf_http_forget(thread);
  xpf_trace_forget(thread);
  xpf_request_forget(thread);
  xpf_thread_end(thread, "process exit", NULL, NULL);
  after_end(true);
}

static bool watch_end(napi_env env, struct xpf_thread *thread) {
  if (napi_add_async_cleanup_hook(env, on_cleanup, xpf_thread_ref(thread), NULL) != napi_ok) {
    xpf_thread_unref(thread);
    return false;
  }
  return !xpf_thread_is_main(thread) ||
         xpf_bridge_at_exit(xpf_thread_bridge(thread), on_main_exit, thread) == 0;
}

/* ---- attach
 * --------------------------------------------------------------------------------------------- */

static void note_process(napi_env env, napi_value options) {
  const napi_node_version *node;
  if (napi_get_node_version(env, &node) == napi_ok)
    snprintf(xpf_process_facts.node_version, sizeof xpf_process_facts.node_version, "v%u.%u.%u",
             node->major, node->minor, node->patch);
  xpf_value_string(env, xpf_value_get(env, options, "script"), xpf_process_facts.script,
                   sizeof xpf_process_facts.script);
}

static napi_value attach(napi_env env, napi_callback_info info) {
  napi_value options;
  struct xpf_thread_options thread_options = {0};
  struct xpf_thread *thread;
  bool is_new;
  if (arguments(env, info, &options, 1) < 1 ||
      !xpf_value_uint32(env, xpf_value_get(env, options, "threadId"), &thread_options.thread_id) ||
      !xpf_value_bool(env, xpf_value_get(env, options, "isMain"), &thread_options.is_main)) {
    napi_throw_type_error(env, NULL, "attach needs { threadId: number, isMain: boolean }");
    return NULL;
  }
  napi_get_uv_event_loop(env, &thread_options.loop);
  int err = xpf_thread_attach(&thread_options, &thread, &is_new);
  if (err || (is_new && !watch_end(env, thread))) {
    napi_throw_error(env, NULL, "xprofiler could not attach to this thread: out of memory");
    return NULL;
  }
  if (thread_options.is_main || xpf_process_facts.node_version[0] == '\0')
    note_process(env, options);
  return undefined(env);
}

static napi_value claim(napi_env env, napi_callback_info info) {
  napi_value args[1], value = NULL;
  char name[64];
  struct xpf_thread *thread = current(env);
  bool first = thread && arguments(env, info, args, 1) == 1 &&
               xpf_value_string(env, args[0], name, sizeof name) && xpf_thread_claim(thread, name);
  napi_get_boolean(env, first, &value);
  return value;
}

/* ---- the parts of start()
 * --------------------------------------------------------------------------------- */

static napi_value started(napi_env env, const char *socket, const char *error) {
  napi_value object = xpf_value_object(env);
  xpf_value_set(env, object, "socket", xpf_value_text(env, socket));
  xpf_value_set(env, object, "error", xpf_value_text(env, error));
  return object;
}

static napi_value start_log(napi_env env, napi_callback_info info) {
  (void)info;
  int err = xpf_core_start_log();
  if (err)
    return started(env, "", uv_strerror(err));
  struct xpf_thread *thread = xpf_thread_current();
  if (thread) {
    xpf_thread_mark_started(thread);
    xpf_thread_figures_now(thread);
  }
  return started(env, "", "");
}

static napi_value start_server(napi_env env, napi_callback_info info) {
  (void)info;
  struct xpf_core_socket socket;
  xpf_core_start_server(&socket);
  return started(env, socket.path, socket.error);
}

static napi_value start_hooks(napi_env env, napi_callback_info info) {
  (void)info;
  struct xpf_config config;
  struct xpf_thread *thread = current(env);
  if (!thread)
    return NULL;
  xpf_core_config(&config);
  if (config.enable_fatal_error_hook && xpf_thread_claim(thread, "fatal") &&
      xpf_fatal_watch(thread) != 0)
    xpf_core_log(XPF_LOG_ERROR, "init", xpf_thread_id(thread),
                 "the fatal error hook is not possible with this Node.js build.");
  if (xpf_thread_is_main(thread))
    xpf_heap_limit_apply();
  if (strcmp(config.cpu_profiler, "ready") == 0)
    xpf_bridge_cpu_prepare(xpf_thread_bridge(thread));
  xpf_core_log(XPF_LOG_INFO, "init", xpf_thread_id(thread), "logbypass: gc hooks setted.");
  return undefined(env);
}

static napi_value start_malloc(napi_env env, napi_callback_info info) {
  (void)info;
#if defined(__GLIBC__)
  struct xpf_config config;
  xpf_core_config(&config);
  if (config.enable_avoid_rss_leak)
    mallopt(M_MMAP_THRESHOLD, (int)(config.m_mmap_threshold * 1024));
#endif
  return undefined(env);
}

static napi_value start(napi_env env, napi_callback_info info) {
  if (!start_log(env, info) || !start_hooks(env, info))
    return NULL;
  start_malloc(env, info);
  return start_server(env, info);
}

/* ---- log and metrics
 * --------------------------------------------------------------------------------------- */

static napi_value write_log(napi_env env, napi_callback_info info) {
  napi_value args[3];
  uint32_t level;
  char component[128];
  static const size_t text_max = 64 * 1024;
  if (arguments(env, info, args, 3) < 3 || !xpf_value_uint32(env, args[0], &level) ||
      !xpf_value_string(env, args[1], component, sizeof component))
    return undefined(env);
  xpf_core_open_log(); /* an app may log with setConfig() alone */
  char *text = malloc(text_max);
  struct xpf_thread *thread = xpf_thread_current();
  if (text && xpf_value_string(env, args[2], text, text_max))
    xpf_core_log_text(level > XPF_LOG_DEBUG ? XPF_LOG_INFO : (enum xpf_log_level)level, component,
                      thread ? xpf_thread_id(thread) : 0, text);
  free(text);
  return undefined(env);
}

static bool take_metrics(napi_env env, struct xpf_metrics *metrics) {
  struct xpf_thread *thread = current(env);
  if (!thread)
    return false;
  xpf_thread_figures_now(thread);
  int err = xpf_core_metrics(metrics);
  if (err)
    napi_throw_error(env, NULL,
                     err == -ESRCH ? "xprofiler: call start() before metrics() or prometheus()"
                                   : "xprofiler: out of memory");
  return err == 0;
}

static napi_value metrics(napi_env env, napi_callback_info info) {
  (void)info;
  struct xpf_metrics numbers;
  if (!take_metrics(env, &numbers))
    return NULL;
  cJSON *json = xpf_metric_cjson(&numbers);
  xpf_metrics_free(&numbers);
  napi_value value = xpf_value_from_json(env, json);
  cJSON_Delete(json);
  return value;
}

static napi_value prometheus(napi_env env, napi_callback_info info) {
  (void)info;
  struct xpf_metrics numbers;
  if (!take_metrics(env, &numbers))
    return NULL;
  char *text = xpf_core_prometheus(&numbers);
  xpf_metrics_free(&numbers);
  napi_value value = xpf_value_text(env, text ? text : "");
  free(text);
  return value;
}

/* ---- the registry of old agents
 * ----------------------------------------------------------------------------------------------
 */

/* A line of text that grows by fields; what would end a field or the line becomes a space. */
struct line {
  char text[6 * PATH_MAX];
  size_t size;
};

static void add_field(struct line *line, const char *text, size_t size) {
  if (line->size < sizeof line->text)
    line->text[line->size++] = '\0';
  for (size_t i = 0; i < size && line->size < sizeof line->text; i++)
    line->text[line->size++] = text[i] == '\0' || text[i] == '\n' ? ' ' : text[i];
}

static void add_cwd(struct line *line) {
  char cwd[PATH_MAX];
  if (!getcwd(cwd, sizeof cwd))
    cwd[0] = '\0'; /* deleted */
  add_field(line, cwd, strlen(cwd));
}

/* Of count texts one more field each. */
static bool add_fields(napi_env env, struct line *line, const napi_value *texts, int count) {
  char field[PATH_MAX];
  size_t size;
  for (int i = 0; i < count; i++) {
    if (napi_get_value_string_utf8(env, texts[i], field, sizeof field, &size) != napi_ok)
      return false;
    add_field(line, field, size);
  }
  return true;
}

/* register(file, delayMs, logDir, execPath, script, root) */
static napi_value register_process(napi_env env, napi_callback_info info) {
  static const char *const names[] = {
      [XPF_REGISTRY_WRITTEN] = "written",
      [XPF_REGISTRY_APPENDED] = "appended",
      [XPF_REGISTRY_FAILED] = "failed",
  };
  napi_value args[6];
  char file[PATH_MAX];
  double delay_ms;
  struct line line;
  line.size = (size_t)snprintf(line.text, sizeof line.text, "%d", (int)getpid());
  bool is_good = arguments(env, info, args, 6) == 6 &&
                 xpf_value_string(env, args[0], file, sizeof file) &&
                 napi_get_value_double(env, args[1], &delay_ms) == napi_ok &&
                 add_fields(env, &line, args + 2, 1);
  add_cwd(&line);
  if (!is_good || !add_fields(env, &line, args + 3, 3)) {
    napi_throw_type_error(env, NULL, "register needs a file, a delay in ms and four texts");
    return NULL;
  }
  return xpf_value_text(
      env, names[xpf_registry_register(file, line.text, line.size, (uint64_t)delay_ms)]);
}

static napi_value clean_sockets(napi_env env, napi_callback_info info) {
  napi_value args[1];
  char dir[PATH_MAX];
  if (arguments(env, info, args, 1) == 1 && xpf_value_string(env, args[0], dir, sizeof dir))
    xpf_registry_clean_sockets(dir);
  return undefined(env);
}

/* ---- module
 * --------------------------------------------------------------------------------------------------
 */

static void export_function(napi_env env, napi_value exports, const char *name, napi_callback fn) {
  napi_value value = NULL;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, fn, NULL, &value);
  xpf_value_set(env, exports, name, value);
}

static napi_value init(napi_env env, napi_value exports) {
  static const struct {
    const char *name;
    napi_callback fn;
  } functions[] = {{"attach", attach},
                   {"claim", claim},
                   {"configure", xpf_config_configure},
                   {"config", xpf_config_current},
                   {"start", start},
                   {"startLog", start_log},
                   {"startServer", start_server},
                   {"startHooks", start_hooks},
                   {"register", register_process},
                   {"cleanSockets", clean_sockets},
                   {"startMalloc", start_malloc},
                   {"log", write_log},
                   {"metrics", metrics},
                   {"prometheus", prometheus},
                   {"http", xpf_http_export},
                   {"httpDetail", xpf_http_detail},
                   {"setMemoryReader", xpf_http_memory_reader},
                   {"openClient", xpf_request_open},
                   {"sendRequest", xpf_request_send},
                   {"holdLoop", xpf_request_hold},
                   {"watchFiles", xpf_request_watch_files},
                   {"watchStalls", xpf_request_watch_stalls},
                   {"setTracer", xpf_trace_set},
                   {"traceData", xpf_trace_data},
                   {"traceDrop", xpf_trace_drop},
                   {"traceWake", xpf_trace_wake}};
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
    export_function(env, exports, functions[i].name, functions[i].fn);
  xpf_value_set(env, exports, "version", xpf_value_text(env, XPF_VERSION));
  xpf_value_set(env, exports, "activePath", xpf_value_text(env, xpf_copy_active_path()));
  napi_value first = NULL;
  napi_get_boolean(env, xpf_os_tid() == getpid(), &first);
  xpf_value_set(env, exports, "onFirstThread", first);
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)

#include "core/addon_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addon_value.h"
#include "core/tracer.h"
#include "xpf_protocol.h"

/* Of the main thread; there is one. */
static struct {
  napi_env env; /* NULL: lib/ gave no function, or the thread has ended */
  napi_ref function;
  struct xpf_thread *thread;
  struct xpf_task pump;
  bool pump_posted, stopping;
  struct xpf_tracer_options options; /* stream is NULL while nothing runs */
} tracer;

/* ---- calls into JavaScript ------------------------------------------------------------------- */

/* fn(what, argument) in the handle scope of the caller. NULL when it threw. */
static napi_value call(const char *what, const char *argument) {
  napi_env env = tracer.env;
  napi_value function, receiver, result = NULL, ignored;
  napi_value args[2] = {xpf_value_text(env, what)};
  bool failed = false;
  if (argument)
    args[1] = xpf_value_text(env, argument);
  else
    napi_get_undefined(env, &args[1]);
  napi_get_undefined(env, &receiver);
  if (napi_get_reference_value(env, tracer.function, &function) != napi_ok ||
      napi_call_function(env, receiver, function, 2, args, &result) != napi_ok)
    result = NULL;
  napi_is_exception_pending(env, &failed);
  if (failed)
    napi_get_and_clear_last_exception(env, &ignored);
  return result;
}

static bool call_bool(const char *what) {
  napi_handle_scope scope;
  bool answer = false;
  if (napi_open_handle_scope(tracer.env, &scope) != napi_ok)
    return false;
  napi_value result = call(what, NULL);
  if (!result || !xpf_value_bool(tracer.env, result, &answer))
    answer = false;
  napi_close_handle_scope(tracer.env, scope);
  return answer;
}

/* A refusal is { reason, field, message }. */
static void read_refusal(napi_value refusal, struct xpf_fault *fault) {
  static const struct {
    const char *reason;
    enum xpf_rpc_code code;
  } codes[] = {{"params", XPF_RPC_PARAMS}, {"unsupported", XPF_RPC_UNSUPPORTED}};
  char reason[32] = "", field[32] = "", message[400] = "tracing could not be started";
  if (refusal) {
    xpf_value_string(tracer.env, xpf_value_get(tracer.env, refusal, "reason"), reason,
                     sizeof reason);
    xpf_value_string(tracer.env, xpf_value_get(tracer.env, refusal, "field"), field, sizeof field);
    xpf_value_string(tracer.env, xpf_value_get(tracer.env, refusal, "message"), message,
                     sizeof message);
  }
  enum xpf_rpc_code code = XPF_RPC_REFUSED;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    if (strcmp(reason, codes[i].reason) == 0)
      code = codes[i].code;
  xpf_fault_set(fault, code, field, "%s", message);
}

static int check_function(struct xpf_fault *fault) {
  if (tracer.env)
    return 0;
  xpf_fault_set(fault, XPF_RPC_REFUSED, "", "start() was not called in the main thread");
  return -ENOENT;
}

/* ---- what the core asks ---------------------------------------------------------------------- */

int xpf_tracer_start(const struct xpf_tracer_options *options, struct xpf_fault *fault) {
  napi_handle_scope scope;
  napi_valuetype type = napi_undefined;
  int err = check_function(fault);
  if (err)
    return err;
  if (napi_open_handle_scope(tracer.env, &scope) != napi_ok)
    return -EINVAL;
  tracer.options = *options; /* before: the first events come during the start */
  tracer.options.stream = xpf_trace_stream_ref(options->stream);
  tracer.stopping = false;
  napi_value refusal = call("start", options->categories);
  if (refusal)
    napi_typeof(tracer.env, refusal, &type);
  if (type != napi_null) {
    read_refusal(type == napi_object ? refusal : NULL, fault);
    xpf_tracer_abandon();
    err = -EINVAL;
  }
  napi_close_handle_scope(tracer.env, scope);
  return err;
}

static void finish(void) {
  struct xpf_trace_stream *stream = tracer.options.stream;
  tracer.options.stream = NULL;
  tracer.stopping = false;
  if (stream)
    xpf_trace_stream_unref(stream);
}

int xpf_tracer_stop(void) {
  if (!tracer.env || !tracer.options.stream)
    return 0;
  if (call_bool("stop")) {
    tracer.stopping = true;
    return 1;
  }
  finish();
  return 0;
}

void xpf_tracer_abandon(void) {
  finish();
}

cJSON *xpf_tracer_categories(struct xpf_fault *fault) {
  napi_handle_scope scope;
  cJSON *list = NULL;
  if (check_function(fault) != 0 || napi_open_handle_scope(tracer.env, &scope) != napi_ok)
    return NULL;
  napi_value result = call("categories", NULL);
  napi_valuetype type = napi_undefined;
  if (result)
    napi_typeof(tracer.env, result, &type);
  size_t size = 0;
  if (type == napi_string) {
    napi_get_value_string_utf8(tracer.env, result, NULL, 0, &size);
    char *text = malloc(size + 1);
    if (text && xpf_value_string(tracer.env, result, text, size + 1))
      list = cJSON_Parse(text);
    free(text);
  }
  if (!list)
    read_refusal(type == napi_object ? result : NULL, fault);
  napi_close_handle_scope(tracer.env, scope);
  return list;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void pump_run(struct xpf_task *task, struct xpf_thread *thread) {
  tracer.pump_posted = false;
  if (!tracer.env || !tracer.options.stream)
    return;
  uint64_t since = uv_hrtime();
  bool more = call_bool("pump");
  if (!tracer.options.stream)
    return;
  tracer.options.worked(tracer.options.arg, uv_hrtime() - since);
  if (more) {
    tracer.pump_posted = xpf_thread_post(thread, task) == 0;
  } else if (tracer.stopping) {
    struct xpf_tracer_options options = tracer.options;
    finish();
    options.drained(options.arg);
  }
}

static void pump_cancel(struct xpf_task *task, const char *reason) {
  (void)task;
  (void)reason;
  tracer.pump_posted = false;
}

napi_value xpf_trace_wake(napi_env env, napi_callback_info info) {
  napi_value undefined = NULL;
  (void)info;
  napi_get_undefined(env, &undefined);
  if (tracer.env != env || tracer.pump_posted)
    return undefined;
  tracer.pump.run = pump_run;
  tracer.pump.cancel = pump_cancel;
  tracer.pump.needs_loop = true;
  tracer.pump_posted = xpf_thread_post(tracer.thread, &tracer.pump) == 0;
  return undefined;
}

/* "[{…},…]" without the brackets. NULL when it is no such text, or out of memory. */
static struct xpf_trace_chunk *chunk_new(napi_env env, napi_value text, uint32_t events) {
  size_t size = 0;
  if (napi_get_value_string_utf8(env, text, NULL, 0, &size) != napi_ok || size < 2)
    return NULL;
  struct xpf_trace_chunk *chunk = malloc(sizeof *chunk + size + 1);
  if (!chunk)
    return NULL;
  napi_get_value_string_utf8(env, text, chunk->text, size + 1, &size);
  memmove(chunk->text, chunk->text + 1, size - 2);
  chunk->size = size - 2;
  chunk->events = events;
  return chunk;
}

napi_value xpf_trace_data(napi_env env, napi_callback_info info) {
  napi_value args[2], answer = NULL;
  size_t count = 2;
  uint32_t events = 0;
  bool taken = false;
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  if (tracer.env == env && tracer.options.stream && count == 2 &&
      xpf_value_uint32(env, args[1], &events)) {
    struct xpf_trace_chunk *chunk = chunk_new(env, args[0], events);
    taken = chunk && xpf_trace_stream_put(tracer.options.stream, chunk);
    if (!chunk)
      xpf_trace_stream_drop(tracer.options.stream, events);
  }
  napi_get_boolean(env, taken, &answer);
  return answer;
}

napi_value xpf_trace_drop(napi_env env, napi_callback_info info) {
  napi_value args[1], undefined = NULL;
  size_t count = 1;
  uint32_t events = 0;
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  napi_get_undefined(env, &undefined);
  if (tracer.env == env && tracer.options.stream && count == 1 &&
      xpf_value_uint32(env, args[0], &events))
    xpf_trace_stream_drop(tracer.options.stream, events);
  return undefined;
}

/* ---- life ------------------------------------------------------------------------------------ */

napi_value xpf_trace_set(napi_env env, napi_callback_info info) {
  napi_value function, undefined = NULL;
  size_t count = 1;
  struct xpf_thread *thread = xpf_thread_current();
  napi_get_undefined(env, &undefined);
  napi_get_cb_info(env, info, &count, &function, NULL, NULL);
  if (!thread || !xpf_thread_is_main(thread) || count != 1 || tracer.env ||
      napi_create_reference(env, function, 1, &tracer.function) != napi_ok)
    return undefined;
  tracer.thread = thread; /* lives until xpf_trace_forget */
  tracer.env = env;
  return undefined;
}

void xpf_trace_forget(struct xpf_thread *thread) {
  if (tracer.thread != thread)
    return;
  tracer.env = NULL;
  tracer.thread = NULL;
}

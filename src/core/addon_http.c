#include "core/addon_http.h"

#include <stddef.h>
#include <stdlib.h>

#include "core/addon_value.h"
#include "core/core.h"
#include "core/http_details.h"
#include "core/standard_fds.h"

/* ---- counters -------------------------------------------------------------------------------- */

#define SLOT(member) ((double)(offsetof(struct xpf_http_counters, member) / sizeof(uint32_t)))

static void set_slot(napi_env env, napi_value object, const char *name, double slot) {
  xpf_value_set(env, object, name, xpf_value_number(env, slot));
}

static napi_value block_offsets(napi_env env, double base) {
#define BLOCK(member) (base + (double)(offsetof(struct xpf_http_block, member) / sizeof(uint32_t)))
  napi_value object = xpf_value_object(env);
  set_slot(env, object, "started", BLOCK(started));
  set_slot(env, object, "sent", BLOCK(sent));
  set_slot(env, object, "closed", BLOCK(closed));
  set_slot(env, object, "timeouts", BLOCK(timeouts));
  set_slot(env, object, "errors", BLOCK(errors));
  set_slot(env, object, "inFlight", BLOCK(in_flight));
  set_slot(env, object, "durationLow", BLOCK(duration_us_low));
  set_slot(env, object, "durationHigh", BLOCK(duration_us_high));
  set_slot(env, object, "status", BLOCK(status));
  set_slot(env, object, "histogram", BLOCK(duration));
#undef BLOCK
  return object;
}

static napi_value offsets(napi_env env) {
  napi_value object = xpf_value_object(env);
  set_slot(env, object, "profiling", SLOT(profiling));
  set_slot(env, object, "timeoutMs", SLOT(timeout_ms));
  xpf_value_set(env, object, "server", block_offsets(env, SLOT(server)));
  xpf_value_set(env, object, "client", block_offsets(env, SLOT(client)));
  return object;
}

static void set_timeout(struct xpf_http_counters *counters) {
  struct xpf_config config;
  xpf_core_config(&config);
  __atomic_store_n(&counters->timeout_ms, (uint32_t)(config.patch_http_timeout * 1000),
                   __ATOMIC_RELAXED);
}

void xpf_http_apply_timeout(void) {
  struct xpf_thread *thread = xpf_thread_current();
  struct xpf_http_counters *counters = thread ? xpf_thread_http(thread) : NULL;
  if (counters)
    set_timeout(counters);
}

/* A second module instance of the isolate gets counters nobody reads: it counts nothing, because it
 * cannot claim "http". */
napi_value xpf_http_export(napi_env env, napi_callback_info info) {
  (void)info;
  struct xpf_thread *thread = xpf_thread_current();
  size_t size = sizeof(struct xpf_http_counters);
  napi_value buffer = NULL, array = NULL, object = xpf_value_object(env);
  napi_ref kept;
  void *data = NULL;
  if (napi_create_arraybuffer(env, size, &data, &buffer) != napi_ok)
    return NULL;
  napi_create_typedarray(env, napi_uint32_array, size / sizeof(uint32_t), buffer, 0, &array);
  if (thread && !xpf_thread_http(thread) &&
      napi_create_reference(env, buffer, 1, &kept) == napi_ok) {
    set_timeout(data);
    xpf_thread_http_set(thread, data);
  }
  xpf_value_set(env, object, "counters", array);
  xpf_value_set(env, object, "offsets", offsets(env));
  xpf_value_set(env, object, "steps", xpf_value_number(env, XPF_HISTOGRAM_STEPS));
  xpf_value_set(env, object, "buckets", xpf_value_number(env, XPF_HISTOGRAM_BUCKETS));
  return object;
}

napi_value xpf_http_detail(napi_env env, napi_callback_info info) {
  napi_value args[5], undefined = NULL;
  size_t count = 5;
  char url[XPF_HTTP_URL_MAX * 3 + 4], method[32];
  uint32_t status = 0, duration_ms = 0;
  bool sent = false;
  struct xpf_thread *thread = xpf_thread_current();
  struct xpf_http_details *details = thread ? xpf_thread_http_details(thread) : NULL;
  napi_get_undefined(env, &undefined);
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  if (details && count == 5 && xpf_value_string(env, args[0], url, sizeof url) &&
      xpf_value_string(env, args[1], method, sizeof method) &&
      xpf_value_bool(env, args[2], &sent) && xpf_value_uint32(env, args[3], &status) &&
      xpf_value_uint32(env, args[4], &duration_ms))
    xpf_http_details_add(details, url, method, sent, status, duration_ms);
  return undefined;
}

/* ---- array buffers --------------------------------------------------------------------------- */

struct memory_reader {
  napi_env env;
  napi_ref function;
  uint64_t last_bytes;
};

/* process.memoryUsage() reads a file, and Node 18 and 20 abort when that gets the descriptor of a
 * standard stream that the application has closed. */
static napi_status call_reader(napi_env env, napi_value function, napi_value *result) {
  struct xpf_standard_fds fds;
  napi_value receiver;
  napi_get_undefined(env, &receiver);
  xpf_standard_fds_hold(&fds);
  napi_status status = napi_call_function(env, receiver, function, 0, NULL, result);
  xpf_standard_fds_release(&fds);
  return status;
}

static uint64_t read_memory(void *arg) {
  struct memory_reader *reader = arg;
  napi_env env = reader->env;
  napi_handle_scope scope;
  napi_value function, result;
  double bytes;
  bool failed = false;
  if (napi_open_handle_scope(env, &scope) != napi_ok)
    return reader->last_bytes;
  if (napi_get_reference_value(env, reader->function, &function) == napi_ok &&
      call_reader(env, function, &result) == napi_ok &&
      napi_get_value_double(env, result, &bytes) == napi_ok && bytes >= 0)
    reader->last_bytes = (uint64_t)bytes;
  napi_is_exception_pending(env, &failed);
  if (failed)
    napi_get_and_clear_last_exception(env, &result);
  napi_close_handle_scope(env, scope);
  return reader->last_bytes;
}

static void free_reader(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

napi_value xpf_http_memory_reader(napi_env env, napi_callback_info info) {
  napi_value function, undefined = NULL;
  size_t count = 1;
  struct xpf_thread *thread = xpf_thread_current();
  napi_get_undefined(env, &undefined);
  napi_get_cb_info(env, info, &count, &function, NULL, NULL);
  if (!thread || count != 1 || !xpf_thread_claim(thread, "memory reader"))
    return undefined;
  struct memory_reader *reader = calloc(1, sizeof *reader);
  if (!reader)
    return undefined;
  reader->env = env;
  if (napi_create_reference(env, function, 1, &reader->function) != napi_ok) {
    free(reader);
    return undefined;
  }
  /* Freed with the environment; the thread forgets it before. */
  napi_add_finalizer(env, function, reader, free_reader, NULL, NULL);
  xpf_thread_memory_reader_set(thread, read_memory, reader);
  return undefined;
}

void xpf_http_forget(struct xpf_thread *thread) {
  xpf_thread_http_set(thread, NULL);
  xpf_thread_memory_reader_set(thread, NULL, NULL);
}

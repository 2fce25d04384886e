#include "core/addon_request.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/addon_value.h"
#include "core/local_client.h"
#include "core/stall.h"

/* One for each instance of lib/ that asked; ends with its thread. */
struct asker {
  struct asker *next;
  struct xpf_thread *thread;
  struct xpf_local_client *client;
  napi_env env;
  napi_ref function;
};

static pthread_mutex_t askers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct asker *askers;

static void free_data(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

/* The bytes as a Buffer without a copy where the runtime allows it. */
static napi_value data_value(napi_env env, struct xpf_local_message *message) {
  napi_value value = NULL;
  if (!message->data) {
    napi_get_undefined(env, &value);
  } else if (napi_create_external_buffer(env, message->size, message->data, free_data, NULL,
                                         &value) == napi_ok) {
    message->data = NULL;
  } else if (napi_create_buffer_copy(env, message->size, message->data, NULL, &value) != napi_ok) {
    napi_get_undefined(env, &value);
  }
  return value;
}

static void hand_over(struct asker *asker, struct xpf_local_message *message) {
  napi_env env = asker->env;
  napi_handle_scope scope;
  napi_value args[2], receiver, function, result;
  bool failed = false;
  if (napi_open_handle_scope(env, &scope) != napi_ok)
    return;
  napi_get_global(env, &receiver);
  args[0] = xpf_value_text(env, message->line);
  args[1] = data_value(env, message);
  if (args[0] && napi_get_reference_value(env, asker->function, &function) == napi_ok)
    napi_make_callback(env, NULL, receiver, function, 2, args, &result);
  napi_is_exception_pending(env, &failed);
  if (failed && napi_get_and_clear_last_exception(env, &result) == napi_ok)
    napi_fatal_exception(env, result); /* an exception of the application: as in any callback */
  napi_close_handle_scope(env, scope);
}

/* A callback may end the thread (process.exit): then the asker is gone. */
static bool is_there(const struct asker *wanted) {
  pthread_mutex_lock(&askers_lock);
  struct asker *asker = askers;
  while (asker && asker != wanted)
    asker = asker->next;
  pthread_mutex_unlock(&askers_lock);
  return asker != NULL;
}

static void on_message(void *arg) {
  struct asker *asker = arg;
  struct xpf_local_message *message;
  while (is_there(asker) && (message = xpf_local_client_take(asker->client)) != NULL) {
    hand_over(asker, message);
    free(message->line);
    free(message->data);
    free(message);
  }
}

static struct asker *asker_new(napi_env env, struct xpf_thread *thread, napi_value function) {
  struct asker *asker = calloc(1, sizeof *asker);
  if (!asker)
    return NULL;
  asker->env = env;
  asker->thread = thread;
  asker->client = xpf_local_client_new(thread, on_message, asker);
  if (!asker->client || napi_create_reference(env, function, 1, &asker->function) != napi_ok) {
    if (asker->client)
      xpf_local_client_free(asker->client);
    free(asker);
    return NULL;
  }
  pthread_mutex_lock(&askers_lock);
  asker->next = askers;
  askers = asker;
  pthread_mutex_unlock(&askers_lock);
  return asker;
}

napi_value xpf_request_open(napi_env env, napi_callback_info info) {
  napi_value function, value = NULL;
  size_t count = 1;
  struct xpf_thread *thread = xpf_thread_current();
  napi_get_cb_info(env, info, &count, &function, NULL, NULL);
  struct asker *asker = thread && count == 1 ? asker_new(env, thread, function) : NULL;
  if (!asker) {
    napi_throw_error(env, NULL, "xprofiler: out of memory");
    return NULL;
  }
  napi_create_external(env, asker, NULL, NULL, &value);
  return value;
}

/* The asker in the first argument, as long as its thread lives. */
static struct asker *asker_of(napi_env env, napi_value value) {
  void *asker = NULL;
  if (napi_get_value_external(env, value, &asker) != napi_ok || !asker || !is_there(asker))
    return NULL;
  return asker;
}

napi_value xpf_request_send(napi_env env, napi_callback_info info) {
  napi_value args[2], value = NULL;
  size_t count = 2, size = 0;
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  struct asker *asker = count == 2 ? asker_of(env, args[0]) : NULL;
  int err = -ESRCH;
  if (asker && napi_get_value_string_utf8(env, args[1], NULL, 0, &size) == napi_ok) {
    char *line = malloc(size + 1);
    err = line ? 0 : -ENOMEM;
    if (line && napi_get_value_string_utf8(env, args[1], line, size + 1, &size) == napi_ok)
      err = xpf_local_client_send(asker->client, line, size);
    free(line);
  }
  napi_get_boolean(env, err == 0, &value);
  return value;
}

napi_value xpf_request_hold(napi_env env, napi_callback_info info) {
  napi_value arg, undefined = NULL;
  size_t count = 1;
  bool hold = false;
  struct xpf_thread *thread = xpf_thread_current();
  napi_get_cb_info(env, info, &count, &arg, NULL, NULL);
  napi_get_undefined(env, &undefined);
  if (thread && count == 1 && xpf_value_bool(env, arg, &hold))
    xpf_thread_hold_loop(thread, hold);
  return undefined;
}

napi_value xpf_request_watch_files(napi_env env, napi_callback_info info) {
  napi_value args[2], undefined = NULL;
  size_t count = 2;
  bool wants = false;
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  napi_get_undefined(env, &undefined);
  struct asker *asker = count == 2 ? asker_of(env, args[0]) : NULL;
  if (asker && xpf_value_bool(env, args[1], &wants))
    xpf_local_client_watch_files(asker->client, wants);
  return undefined;
}

napi_value xpf_request_watch_stalls(napi_env env, napi_callback_info info) {
  napi_value args[2], undefined = NULL;
  size_t count = 2;
  uint32_t threshold_ms = 0;
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  napi_get_undefined(env, &undefined);
  struct asker *asker = count == 2 ? asker_of(env, args[0]) : NULL;
  if (asker && xpf_value_uint32(env, args[1], &threshold_ms) &&
      xpf_stall_watch(asker->thread, threshold_ms, xpf_local_client_id(asker->client)) != 0)
    napi_throw_error(env, NULL, "xprofiler: out of memory");
  return undefined;
}

void xpf_request_forget(struct xpf_thread *thread) {
  pthread_mutex_lock(&askers_lock);
  struct asker **link = &askers, *gone = NULL;
  while (*link) {
    struct asker *asker = *link;
    if (asker->thread != thread) {
      link = &asker->next;
      continue;
    }
    *link = asker->next;
    asker->next = gone;
    gone = asker;
  }
  pthread_mutex_unlock(&askers_lock);
  while (gone) {
    struct asker *asker = gone;
    gone = asker->next;
    xpf_local_client_free(asker->client);
    free(asker);
  }
}

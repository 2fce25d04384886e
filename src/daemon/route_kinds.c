/* The kinds of things, and their fields. */
#include <errno.h>
#include <stdlib.h>

#include "daemon/daemon.h"
#include "daemon/entity_json.h"
#include "daemon/history_ask.h"
#include "daemon/route_list.h"

#define ANSWER_MAX (64u * 1024 * 1024)

/* past: those that are known no more. */
static void reply(struct xpf_exchange *exchange, const struct xpf_store_past_kind *past,
                  size_t count) {
  const struct xpf_world *world = xpf_exchange_daemon(exchange)->world;
  struct xpf_memory_sink sink;
  struct xpf_json json;
  xpf_memory_sink_init(&sink, ANSWER_MAX);
  xpf_json_init(&json, &sink.sink, false);
  xpf_json_object_begin(&json);
  xpf_json_key(&json, "kinds");
  xpf_json_array_begin(&json);
  const struct xpf_kind *kind;
  for (unsigned i = 0; (kind = xpf_world_kind(world, i)) != NULL; i++)
    xpf_kind_json(&json, kind);
  for (size_t i = 0; i < count; i++)
    if (!xpf_world_kind_named(world, past[i].name))
      xpf_kind_json_gone(&json, &past[i]);
  xpf_json_array_end(&json);
  xpf_json_object_end(&json);
  xpf_history_ask_reply(exchange, &sink);
}

static void past_answered(void *arg, int error, const struct xpf_store_past_kind *kinds,
                          size_t count) {
  struct xpf_history_ask *ask = arg;
  if (ask->exchange && error)
    xpf_history_ask_fail(ask->exchange, error);
  else if (ask->exchange)
    reply(ask->exchange, kinds, count);
  free(ask);
}

static void list_past(struct xpf_exchange *exchange) {
  const struct xpf_daemon *daemon = xpf_exchange_daemon(exchange);
  struct xpf_history_ask *ask = calloc(1, sizeof *ask);
  int64_t from_ms, to_ms;
  if (!ask) {
    xpf_history_ask_fail(exchange, -ENOMEM);
    return;
  }
  if (!xpf_history_ask_begin(ask, exchange) ||
      !xpf_history_ask_range(exchange, 0, &from_ms, &to_ms)) {
    free(ask);
    return;
  }
  int error = daemon->store_engine->kinds(daemon->store, from_ms, to_ms, past_answered, ask);
  if (error) {
    free(ask);
    xpf_history_ask_fail(exchange, error);
    return;
  }
  xpf_history_ask_wait(ask);
}

void xpf_route_kinds(struct xpf_exchange *exchange) {
  const char *from = xpf_exchange_param(exchange, "from");
  if (from && from[0])
    list_past(exchange);
  else
    reply(exchange, NULL, 0);
}

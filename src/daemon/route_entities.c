/* What there is: kinds and their entities. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/entity_filter.h"
#include "daemon/entity_json.h"
#include "daemon/route_list.h"

#define ANSWER_MAX (64u * 1024 * 1024)

static void reply(struct xpf_exchange *exchange, struct xpf_memory_sink *sink) {
  if (sink->sink.error) {
    xpf_memory_sink_free(sink);
    xpf_exchange_reply_error(exchange, 503, NULL,
                             "the answer is too large; ask for fewer kinds or keys");
    return;
  }
  xpf_exchange_reply_take(exchange, 200, "application/json; charset=utf-8", sink->data, sink->size);
}

void xpf_route_kinds(struct xpf_exchange *exchange) {
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
  xpf_json_array_end(&json);
  xpf_json_object_end(&json);
  reply(exchange, &sink);
}

static void list(struct xpf_json *json, const struct xpf_world *world,
                 const struct xpf_entity_filter *filter) {
  int64_t now_ms = xpf_world_now_ms();
  xpf_json_object_begin(json);
  xpf_json_key(json, "at_ms");
  xpf_json_int(json, now_ms);
  xpf_json_key(json, "entities");
  xpf_json_array_begin(json);
  const struct xpf_kind *kind;
  for (unsigned i = 0; (kind = xpf_world_kind(world, i)) != NULL; i++)
    for (const struct xpf_entity *entity = xpf_world_first(world, kind); entity;
         entity = entity->next)
      if (xpf_entity_filter_has(filter, entity))
        xpf_entity_json(json, entity, &filter->fields, now_ms);
  xpf_json_array_end(json);
  xpf_json_object_end(json);
}

void xpf_route_entities(struct xpf_exchange *exchange) {
  const struct xpf_world *world = xpf_exchange_daemon(exchange)->world;
  struct xpf_entity_filter filter;
  if (xpf_entity_filter_read(&filter, exchange) != 0)
    return;
  struct xpf_memory_sink sink;
  struct xpf_json json;
  xpf_memory_sink_init(&sink, ANSWER_MAX);
  xpf_json_init(&json, &sink.sink, false);
  list(&json, world, &filter);
  reply(exchange, &sink);
}

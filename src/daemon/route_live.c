/* /api/live: each client listens to the world with its own filter. A client that reads too slowly
 * loses frames, and is told that it did. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/entity_filter.h"
#include "daemon/entity_json.h"
#include "daemon/live.h"
#include "daemon/route_list.h"

#define EVENT_MAX   (64u * 1024 * 1024)
#define WAITING_MAX 16 /* events that a client has not taken yet */

struct xpf_live_client {
  struct xpf_daemon *daemon;
  struct xpf_exchange *exchange;
  struct xpf_entity_filter filter;
  bool may_act;
  struct xpf_world_listener listener;
  int64_t last_frame_ms;
  uint64_t lost_counted, lost_told;
  struct xpf_live_client *next;
};

/* One event is written: object is open. */
struct letter {
  struct xpf_memory_sink sink;
  struct xpf_json json;
};

static struct xpf_json *letter_begin(struct letter *letter) {
  xpf_memory_sink_init(&letter->sink, EVENT_MAX);
  xpf_json_init(&letter->json, &letter->sink.sink, false);
  return &letter->json;
}

static void letter_send(struct letter *letter, struct xpf_live_client *client, const char *event) {
  if (letter->sink.sink.error == 0)
    xpf_exchange_stream_send(client->exchange, event, letter->sink.data);
  xpf_memory_sink_free(&letter->sink);
}

static void pair(struct xpf_json *json, const char *key, const char *value) {
  xpf_json_key(json, key);
  xpf_json_string(json, value);
}

static void gone(void *arg, const struct xpf_entity *entity) {
  struct xpf_live_client *client = arg;
  if (!xpf_entity_filter_has(&client->filter, entity))
    return;
  struct letter letter;
  struct xpf_json *json = letter_begin(&letter);
  xpf_json_object_begin(json);
  pair(json, "kind", entity->kind->name);
  pair(json, "key", entity->key);
  xpf_json_object_end(json);
  letter_send(&letter, client, "gone");
}

static void happened(void *arg, const struct xpf_event *event) {
  struct xpf_live_client *client = arg;
  if (event->entity && !xpf_entity_filter_has(&client->filter, event->entity))
    return;
  struct letter letter;
  struct xpf_json *json = letter_begin(&letter);
  xpf_json_object_begin(json);
  xpf_json_key(json, "at_ms");
  xpf_json_int(json, event->at_ms);
  pair(json, "name", event->name);
  pair(json, "kind", event->entity ? event->entity->kind->name : "");
  pair(json, "key", event->entity ? event->entity->key : "");
  pair(json, "text", event->text);
  xpf_json_object_end(json);
  letter_send(&letter, client, "event");
}

static void tell_came(struct xpf_live_client *client, const struct xpf_entity *entity,
                      int64_t now_ms) {
  struct letter letter;
  xpf_entity_json(letter_begin(&letter), entity, &client->filter.fields, now_ms);
  letter_send(&letter, client, "came");
}

/* Into the daemon's figures at once: a client that never reads again is never told. */
static void count_lost(struct xpf_live_client *client) {
  uint64_t lost = xpf_exchange_stream_lost(client->exchange);
  client->daemon->figures.live_lost += lost - client->lost_counted;
  client->lost_counted = lost;
}

static void tell_lost(struct xpf_live_client *client) {
  uint64_t lost = xpf_exchange_stream_lost(client->exchange);
  if (lost == client->lost_told)
    return;
  char text[64];
  snprintf(text, sizeof text, "{\"count\":%llu}", (unsigned long long)(lost - client->lost_told));
  xpf_exchange_stream_send(client->exchange, "lost", text);
  if (xpf_exchange_stream_lost(client->exchange) == lost) /* else this one was lost too */
    client->lost_told = lost;
}

/* What came since the last frame has its values by now. */
static void walk(struct xpf_live_client *client, int64_t now_ms, struct xpf_json *frame) {
  const struct xpf_world *world = client->daemon->world;
  const struct xpf_kind *kind;
  for (unsigned i = 0; (kind = xpf_world_kind(world, i)) != NULL; i++) {
    if (!xpf_name_list_has(&client->filter.kinds, kind->name))
      continue;
    for (const struct xpf_entity *entity = xpf_world_first(world, kind); entity;
         entity = entity->next) {
      if (!xpf_entity_filter_has(&client->filter, entity))
        continue;
      if (!frame && entity->since_ms >= client->last_frame_ms)
        tell_came(client, entity, now_ms);
      else if (frame && entity->updated_ms >= client->last_frame_ms)
        xpf_entity_json_values(frame, entity, &client->filter.fields, now_ms);
    }
  }
}

static void frame(void *arg, int64_t now_ms) {
  struct xpf_live_client *client = arg;
  /* One that has not even taken the frame before gets none: making it would be in vain. */
  if (xpf_exchange_stream_waiting(client->exchange) > WAITING_MAX) {
    xpf_exchange_stream_lose(client->exchange);
    count_lost(client);
    client->last_frame_ms = now_ms;
    return;
  }
  tell_lost(client);
  walk(client, now_ms, NULL);
  struct letter letter;
  struct xpf_json *json = letter_begin(&letter);
  xpf_json_object_begin(json);
  xpf_json_key(json, "at_ms");
  xpf_json_int(json, now_ms);
  xpf_json_key(json, "entities");
  xpf_json_array_begin(json);
  walk(client, now_ms, json);
  xpf_json_array_end(json);
  xpf_json_object_end(json);
  letter_send(&letter, client, "frame");
  count_lost(client);
  client->last_frame_ms = now_ms;
}

static void left(void *arg) {
  struct xpf_live_client *client = arg, **at = &client->daemon->live;
  while (*at != client)
    at = &(*at)->next;
  *at = client->next;
  client->daemon->figures.live_clients--;
  xpf_world_unlisten(client->daemon->world, &client->listener);
  free(client);
}

void xpf_route_live(struct xpf_exchange *exchange) {
  struct xpf_daemon *daemon = xpf_exchange_daemon(exchange);
  bool is_full = daemon->figures.live_clients >= XPF_LIVE_CLIENTS_MAX;
  struct xpf_live_client *client = is_full ? NULL : calloc(1, sizeof *client);
  if (!client) {
    xpf_exchange_add_header(exchange, "retry-after", "10");
    xpf_exchange_reply_error(exchange, 503, NULL, "more than %d clients watch already",
                             XPF_LIVE_CLIENTS_MAX);
    return;
  }
  if (xpf_entity_filter_read(&client->filter, exchange, false) != 0) {
    free(client);
    return;
  }
  if (xpf_exchange_is_head(exchange)) {
    free(client);
    xpf_exchange_reply(exchange, 200, "text/event-stream; charset=utf-8", "", 0);
    return;
  }
  client->daemon = daemon;
  client->exchange = exchange;
  client->may_act = xpf_exchange_may(exchange, XPF_ACCESS_ACT);
  client->last_frame_ms = xpf_world_now_ms();
  client->listener =
      (struct xpf_world_listener){.gone = gone, .event = happened, .frame = frame, .arg = client};
  client->next = daemon->live;
  daemon->live = client;
  daemon->figures.live_clients++;
  xpf_exchange_on_left(exchange, left, client);
  xpf_exchange_stream_begin(exchange);
  xpf_world_listen(daemon->world, &client->listener);
}

void xpf_live_tell(struct xpf_daemon *daemon, enum xpf_access access, const char *event,
                   const char *json) {
  for (struct xpf_live_client *client = daemon->live; client; client = client->next)
    if (access != XPF_ACCESS_ACT || client->may_act)
      xpf_exchange_stream_send(client->exchange, event, json);
}

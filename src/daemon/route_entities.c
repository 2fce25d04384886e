/* What there is: entities of all kinds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/entity_filter.h"
#include "daemon/entity_json.h"
#include "daemon/history_ask.h"
#include "daemon/route_list.h"

#define ANSWER_MAX (64u * 1024 * 1024)

/* Opens the list with what is there and came before that moment; the caller closes it. */
static void begin_list(struct xpf_json *json, const struct xpf_world *world,
                       const struct xpf_entity_filter *filter, int64_t to_ms) {
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
      if (entity->since_ms < to_ms && xpf_entity_filter_has(filter, entity))
        xpf_entity_json(json, entity, &filter->fields, now_ms);
}

static void end_list(struct xpf_json *json) {
  xpf_json_array_end(json);
  xpf_json_object_end(json);
}

/* What there was in a range of time: the history has to be asked. */
struct past {
  struct xpf_history_ask ask; /* first */
  struct xpf_entity_filter filter;
  int64_t from_ms, to_ms;
};

static bool is_wanted(const struct past *past, const struct xpf_store_entity *entity) {
  const struct xpf_name_list *keys = &past->filter.keys;
  return xpf_name_list_has(&past->filter.kinds, entity->kind) &&
         (xpf_name_list_has(keys, entity->key) ||
          (entity->parent && xpf_name_list_has(keys, entity->parent)));
}

static void write_texts(struct xpf_json *json, const char *key, const char *object_json) {
  cJSON *object = cJSON_Parse(object_json);
  const cJSON *member;
  xpf_json_key(json, key);
  xpf_json_object_begin(json);
  cJSON_ArrayForEach(member, object) {
    xpf_json_key(json, member->string);
    xpf_json_string(json, cJSON_GetStringValue(member));
  }
  xpf_json_object_end(json);
  cJSON_Delete(object);
}

static void write_gone(struct xpf_json *json, const struct xpf_store_entity *entity) {
  xpf_json_object_begin(json);
  xpf_json_key(json, "kind");
  xpf_json_string(json, entity->kind);
  xpf_json_key(json, "key");
  xpf_json_string(json, entity->key);
  xpf_json_key(json, "parent");
  xpf_json_string(json, entity->parent);
  write_texts(json, "labels", entity->labels_json);
  write_texts(json, "info", entity->info_json);
  xpf_json_key(json, "since_ms");
  xpf_json_int(json, entity->since_ms);
  xpf_json_key(json, "updated_ms");
  /* 0: it went a moment ago, and its end is not yet written. */
  xpf_json_int(json, entity->until_ms ? entity->until_ms : xpf_world_now_ms());
  xpf_json_key(json, "gone");
  xpf_json_bool(json, true);
  write_texts(json, "values", "{}");
  write_texts(json, "quality", "{}");
  xpf_json_object_end(json);
}

/* Of what is gone the world knows nothing. What is there stands in the list already, but for what
 * came before that moment, and again after it: the world begins with each start of xprofd. */
static void write_past(struct xpf_json *json, const struct past *past,
                       const struct xpf_store_entity *entity) {
  const struct xpf_world *world = past->ask.daemon->world;
  const struct xpf_kind *kind = xpf_world_kind_named(world, entity->kind);
  const struct xpf_entity *living = kind ? xpf_world_find(world, kind, entity->key) : NULL;
  if (!living)
    write_gone(json, entity);
  else if (living->since_ms >= past->to_ms)
    xpf_entity_json(json, living, &past->filter.fields, xpf_world_now_ms());
}

static void past_answered(void *arg, int error, const struct xpf_store_entity *entities,
                          size_t count) {
  struct past *past = arg;
  struct xpf_exchange *exchange = past->ask.exchange;
  const struct xpf_world *world = past->ask.daemon->world;
  struct xpf_memory_sink sink;
  struct xpf_json json;
  if (exchange && error) {
    xpf_history_ask_fail(exchange, error);
  } else if (exchange) {
    xpf_memory_sink_init(&sink, ANSWER_MAX);
    xpf_json_init(&json, &sink.sink, false);
    begin_list(&json, world, &past->filter, past->to_ms);
    for (size_t i = 0; i < count; i++)
      if (is_wanted(past, &entities[i]))
        write_past(&json, past, &entities[i]);
    end_list(&json);
    xpf_history_ask_reply(exchange, &sink);
  }
  free(past);
}

static int ask_past(struct past *past) {
  const struct xpf_daemon *daemon = past->ask.daemon;
  const struct xpf_name_list *kinds = &past->filter.kinds;
  return daemon->store_engine->entities(daemon->store, kinds->count == 1 ? kinds->names[0] : NULL,
                                        past->from_ms, past->to_ms, XPF_STORE_LIMIT_MAX,
                                        past_answered, past);
}

/* The first of the wanted kinds that is not known now, and not among these. */
static const char *unknown_kind(const struct past *past, const struct xpf_store_past_kind *kinds,
                                size_t count) {
  for (unsigned i = 0; i < past->filter.kinds.count; i++) {
    const char *name = past->filter.kinds.names[i];
    size_t at = 0;
    while (at < count && strcmp(kinds[at].name, name) != 0)
      at++;
    if (at == count && !xpf_world_kind_named(past->ask.daemon->world, name))
      return name;
  }
  return NULL;
}

static bool had_field(const struct xpf_store_past_kind *kind, const char *field) {
  size_t size = strlen(field);
  for (const char *line = kind->fields; *line; line += strcspn(line, "\n"), line += *line == '\n')
    if (strncmp(line, field, size) == 0 && line[size] == ' ')
      return true;
  return false;
}

/* The same of the wanted fields. */
static const char *unknown_field(const struct past *past, const struct xpf_store_past_kind *kinds,
                                 size_t count) {
  const struct xpf_entity_filter *filter = &past->filter;
  for (unsigned i = 0; i < filter->fields.count; i++) {
    const char *name = filter->fields.names[i];
    size_t at = 0;
    while (at < count &&
           !(xpf_name_list_has(&filter->kinds, kinds[at].name) && had_field(&kinds[at], name)))
      at++;
    if (at == count &&
        !xpf_entity_filter_knows_field(past->ask.daemon->world, &filter->kinds, name))
      return name;
  }
  return NULL;
}

static void past_kinds_answered(void *arg, int error, const struct xpf_store_past_kind *kinds,
                                size_t count) {
  struct past *past = arg;
  struct xpf_exchange *exchange = past->ask.exchange;
  const char *kind = error ? NULL : unknown_kind(past, kinds, count);
  const char *field = error ? NULL : unknown_field(past, kinds, count);
  if (exchange && !error && !kind && !field && (error = ask_past(past)) == 0)
    return;
  if (exchange && kind)
    xpf_entity_filter_no_kind(exchange, kind);
  else if (exchange && field)
    xpf_entity_filter_no_field(exchange, &past->filter.kinds, field);
  else if (exchange)
    xpf_history_ask_fail(exchange, error);
  free(past);
}

static void list_past(struct xpf_exchange *exchange) {
  const struct xpf_daemon *daemon = xpf_exchange_daemon(exchange);
  struct past *past = calloc(1, sizeof *past);
  if (!past) {
    xpf_history_ask_fail(exchange, -ENOMEM);
    return;
  }
  if (!xpf_history_ask_begin(&past->ask, exchange) ||
      xpf_entity_filter_read(&past->filter, exchange, true) != 0 ||
      !xpf_history_ask_range(exchange, 0, &past->from_ms, &past->to_ms)) {
    free(past);
    return;
  }
  /* What is not known now may have been; the history is asked about it first. */
  bool is_known = !unknown_kind(past, NULL, 0) && !unknown_field(past, NULL, 0);
  int error = is_known ? ask_past(past)
                       : daemon->store_engine->kinds(daemon->store, 0, INT64_MAX,
                                                     past_kinds_answered, past);
  if (error) {
    free(past);
    xpf_history_ask_fail(exchange, error);
    return;
  }
  xpf_history_ask_wait(&past->ask);
}

void xpf_route_entities(struct xpf_exchange *exchange) {
  const struct xpf_world *world = xpf_exchange_daemon(exchange)->world;
  const char *from = xpf_exchange_param(exchange, "from");
  struct xpf_entity_filter filter;
  if (from && from[0]) {
    list_past(exchange);
    return;
  }
  if (xpf_entity_filter_read(&filter, exchange, false) != 0)
    return;
  struct xpf_memory_sink sink;
  struct xpf_json json;
  xpf_memory_sink_init(&sink, ANSWER_MAX);
  xpf_json_init(&json, &sink.sink, false);
  begin_list(&json, world, &filter, INT64_MAX);
  end_list(&json);
  if (!sink.sink.error) {
    xpf_exchange_reply_take(exchange, 200, "application/json; charset=utf-8", sink.data, sink.size);
    return;
  }
  xpf_memory_sink_free(&sink);
  xpf_exchange_reply_error(exchange, 503, NULL,
                           "the answer is too large; ask for fewer kinds or keys");
}

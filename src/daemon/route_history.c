/* The history: series of fields, and events. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/entity_filter.h"
#include "daemon/history_ask.h"
#include "daemon/route_list.h"
#include "format/json.h"

#define POINTS       600
#define RANGE_MS     900000 /* when nothing is said */
#define EVENTS_RANGE 86400000
#define EVENTS_LIMIT 200
#define ANSWER_MAX   (64u * 1024 * 1024)
#define STEP_MAX_MS  (366ll * 86400 * 1000)

struct series {
  struct xpf_history_ask ask; /* first */
  struct xpf_name_list keys, fields;
  unsigned field_ids[XPF_FILTER_NAMES_MAX];
  struct xpf_memory_sink sink;
  bool is_prepared;
};

static void write_numbers(struct xpf_json *json, const char *key, const double *values,
                          size_t count) {
  xpf_json_key(json, key);
  xpf_json_array_begin(json);
  for (size_t i = 0; i < count; i++)
    if (isfinite(values[i]))
      xpf_json_double(json, values[i]);
    else
      xpf_json_string(json, NULL);
  xpf_json_array_end(json);
}

/* On the engine's thread: thousands of numbers take their time. */
static void prepare(void *arg, const struct xpf_store_answer *answer) {
  struct series *series = arg;
  struct xpf_json json;
  xpf_memory_sink_init(&series->sink, ANSWER_MAX);
  series->is_prepared = true;
  xpf_json_init(&json, &series->sink.sink, false);
  xpf_json_object_begin(&json);
  xpf_json_key(&json, "from_ms");
  xpf_json_int(&json, answer->from_ms);
  xpf_json_key(&json, "step_ms");
  xpf_json_int(&json, answer->step_ms);
  xpf_json_key(&json, "steps");
  xpf_json_uint(&json, answer->steps);
  xpf_json_key(&json, "series");
  xpf_json_array_begin(&json);
  for (size_t i = 0; i < answer->columns_count; i++) {
    const struct xpf_store_column *column = &answer->columns[i];
    xpf_json_object_begin(&json);
    xpf_json_key(&json, "key");
    xpf_json_string(&json, column->key);
    xpf_json_key(&json, "field");
    xpf_json_string(&json, series->fields.names[i % series->fields.count]);
    write_numbers(&json, "values", column->values, answer->steps);
    if (column->maxima)
      write_numbers(&json, "max", column->maxima, answer->steps);
    xpf_json_object_end(&json);
  }
  xpf_json_array_end(&json);
  xpf_json_object_end(&json);
}

static void free_series(struct series *series) {
  if (series->is_prepared)
    xpf_memory_sink_free(&series->sink);
  free(series);
}

static void answered(void *arg, const struct xpf_store_answer *answer) {
  struct series *series = arg;
  struct xpf_exchange *exchange = series->ask.exchange;
  if (!exchange) {
    free_series(series);
    return;
  }
  if (answer->error || !series->is_prepared) {
    xpf_history_ask_fail(exchange, answer->error ? answer->error : -EIO);
  } else if (series->sink.sink.error) {
    xpf_history_ask_fail(exchange, -E2BIG);
  } else {
    xpf_exchange_reply_take(exchange, 200, "application/json; charset=utf-8", series->sink.data,
                            series->sink.size);
    series->is_prepared = false; /* its text is the exchange's */
  }
  free_series(series);
}

static bool read_list(struct xpf_exchange *exchange, const char *name, struct xpf_name_list *list) {
  if (xpf_name_list_parse(list, xpf_exchange_param(exchange, name)) == 0)
    return true;
  xpf_exchange_reply_error(exchange, 400, name, "%s: at most %d at a time, %d characters", name,
                           XPF_FILTER_NAMES_MAX, XPF_FILTER_TEXT_MAX - 1);
  return false;
}

/* What has no labels is there once, and its key is "". kind NULL: one of the past. */
static bool read_keys(struct xpf_exchange *exchange, const struct xpf_kind *kind,
                      struct xpf_name_list *keys) {
  if (!read_list(exchange, "key", keys))
    return false;
  if (keys->count > 0)
    return true;
  if (kind && kind->labels[0]) {
    xpf_exchange_reply_error(exchange, 400, "key",
                             "key: is missing; /api/entities?kind=%.60s lists the keys",
                             kind->name);
    return false;
  }
  keys->text[0] = '\0';
  keys->names[0] = keys->text;
  keys->count = 1;
  return true;
}

static bool find_fields(struct xpf_exchange *exchange, const struct xpf_kind *kind,
                        struct series *series) {
  if (series->fields.count == 0) {
    xpf_exchange_reply_error(exchange, 400, "fields", "fields: are missing; give e.g. fields=%.80s",
                             kind && kind->fields_count ? kind->fields[0].key : "value");
    return false;
  }
  if (!kind) /* the history knows them */
    return true;
  for (unsigned i = 0; i < series->fields.count; i++) {
    unsigned field = 0;
    while (field < kind->fields_count &&
           strcmp(kind->fields[field].key, series->fields.names[i]) != 0)
      field++;
    if (field == kind->fields_count) {
      const struct xpf_name_list one = {.names = {kind->name}, .count = 1};
      xpf_entity_filter_no_field(exchange, &one, series->fields.names[i]);
      return false;
    }
    series->field_ids[i] = field;
  }
  return true;
}

/* Whole seconds. */
static bool read_step(struct xpf_exchange *exchange, struct xpf_store_query *query) {
  int64_t points, step_ms;
  if (!xpf_history_ask_number(exchange, "points", POINTS, 1, XPF_STORE_STEPS_MAX, &points) ||
      !xpf_history_ask_number(exchange, "step", 0, 0, STEP_MAX_MS, &step_ms))
    return false;
  if (step_ms == 0)
    step_ms = (query->to_ms - query->from_ms + points - 1) / points;
  query->step_ms = (step_ms + 999) / 1000 * 1000;
  return true;
}

static bool read_query(struct xpf_exchange *exchange, struct series *series,
                       struct xpf_store_query *query) {
  const struct xpf_daemon *daemon = xpf_exchange_daemon(exchange);
  const char *name = xpf_exchange_param(exchange, "kind");
  int64_t is_raw;
  const struct xpf_kind *kind = name ? xpf_world_kind_named(daemon->world, name) : NULL;
  if (!name || !name[0]) {
    xpf_exchange_reply_error(exchange, 400, "kind", "kind: is missing; /api/kinds lists them");
    return false;
  }
  if (!read_keys(exchange, kind, &series->keys) ||
      !read_list(exchange, "fields", &series->fields) || !find_fields(exchange, kind, series) ||
      !xpf_history_ask_range(exchange, RANGE_MS, &query->from_ms, &query->to_ms) ||
      !read_step(exchange, query) || !xpf_history_ask_number(exchange, "raw", 0, 0, 1, &is_raw))
    return false;
  query->kind = kind;
  query->past_kind = name;
  query->past_fields = series->fields.names;
  query->keys = series->keys.names;
  query->keys_count = series->keys.count;
  query->fields = series->field_ids;
  query->fields_count = series->fields.count;
  query->as_rates = !is_raw;
  query->prepare = prepare;
  return true;
}

void xpf_route_series(struct xpf_exchange *exchange) {
  const struct xpf_daemon *daemon = xpf_exchange_daemon(exchange);
  struct series *series = calloc(1, sizeof *series);
  struct xpf_store_query query = {0};
  if (!series) {
    xpf_history_ask_fail(exchange, -ENOMEM);
    return;
  }
  if (!xpf_history_ask_begin(&series->ask, exchange) || !read_query(exchange, series, &query)) {
    free(series);
    return;
  }
  int error = daemon->store_engine->query(daemon->store, &query, answered, series);
  if (error) {
    free(series);
    xpf_history_ask_fail(exchange, error);
    return;
  }
  xpf_history_ask_wait(&series->ask);
}

struct events {
  struct xpf_history_ask ask;     /* first */
  char kind[XPF_FILTER_TEXT_MAX]; /* "": of any */
};

static void reply_events(struct xpf_exchange *exchange, const struct xpf_store_event *events,
                         size_t count) {
  struct xpf_memory_sink sink;
  struct xpf_json json;
  xpf_memory_sink_init(&sink, ANSWER_MAX);
  xpf_json_init(&json, &sink.sink, false);
  xpf_json_object_begin(&json);
  xpf_json_key(&json, "events");
  xpf_json_array_begin(&json);
  for (size_t i = 0; i < count; i++) {
    xpf_json_object_begin(&json);
    xpf_json_key(&json, "at_ms");
    xpf_json_int(&json, events[i].at_ms);
    const char *const texts[] = {"name", events[i].name, "kind", events[i].kind,
                                 "key",  events[i].key,  "text", events[i].text};
    for (unsigned j = 0; j < 8; j += 2) {
      xpf_json_key(&json, texts[j]);
      xpf_json_string(&json, texts[j + 1]);
    }
    xpf_json_object_end(&json);
  }
  xpf_json_array_end(&json);
  xpf_json_object_end(&json);
  xpf_history_ask_reply(exchange, &sink);
}

/* Nothing happened to that kind, and it is not known now. */
static void past_kinds_answered(void *arg, int error, const struct xpf_store_past_kind *kinds,
                                size_t count) {
  struct events *events = arg;
  struct xpf_exchange *exchange = events->ask.exchange;
  size_t at = 0;
  while (at < count && strcmp(kinds[at].name, events->kind) != 0)
    at++;
  if (exchange && error)
    xpf_history_ask_fail(exchange, error);
  else if (exchange && at == count)
    xpf_entity_filter_no_kind(exchange, events->kind);
  else if (exchange)
    reply_events(exchange, NULL, 0);
  free(events);
}

static void events_answered(void *arg, int error, const struct xpf_store_event *found,
                            size_t count) {
  struct events *events = arg;
  const struct xpf_daemon *daemon = events->ask.daemon;
  struct xpf_exchange *exchange = events->ask.exchange;
  bool is_known =
      count > 0 || !events->kind[0] || xpf_world_kind_named(daemon->world, events->kind);
  if (exchange && !error && !is_known &&
      (error = daemon->store_engine->kinds(daemon->store, 0, INT64_MAX, past_kinds_answered,
                                           events)) == 0)
    return;
  if (exchange && error)
    xpf_history_ask_fail(exchange, error);
  else if (exchange)
    reply_events(exchange, found, count);
  free(events);
}

static bool read_kind(struct xpf_exchange *exchange, struct events *events) {
  const char *kind = xpf_exchange_param(exchange, "kind");
  if (!kind || strlen(kind) < sizeof events->kind) {
    snprintf(events->kind, sizeof events->kind, "%s", kind ? kind : "");
    return true;
  }
  xpf_entity_filter_no_kind(exchange, kind);
  return false;
}

void xpf_route_events(struct xpf_exchange *exchange) {
  const struct xpf_daemon *daemon = xpf_exchange_daemon(exchange);
  const char *key = xpf_exchange_param(exchange, "key");
  struct events *events = calloc(1, sizeof *events);
  int64_t from_ms, to_ms, limit;
  if (!events) {
    xpf_history_ask_fail(exchange, -ENOMEM);
    return;
  }
  if (!xpf_history_ask_begin(&events->ask, exchange) || !read_kind(exchange, events) ||
      !xpf_history_ask_range(exchange, EVENTS_RANGE, &from_ms, &to_ms) ||
      !xpf_history_ask_number(exchange, "limit", EVENTS_LIMIT, 1, XPF_STORE_LIMIT_MAX, &limit)) {
    free(events);
    return;
  }
  int error = daemon->store_engine->events(
      daemon->store, from_ms, to_ms, events->kind[0] ? events->kind : NULL,
      key && key[0] ? key : NULL, (size_t)limit, events_answered, events);
  if (error) {
    free(events);
    xpf_history_ask_fail(exchange, error);
    return;
  }
  xpf_history_ask_wait(&events->ask);
}

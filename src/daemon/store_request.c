#include "daemon/store_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOLD_DEFAULT_MS 600000 /* of kinds whose values never get stale */

struct xpf_store_request *xpf_store_request_new(enum xpf_request_type type, const char *kind,
                                                const char *key) {
  struct xpf_store_request *request = calloc(1, sizeof *request);
  if (!request)
    return NULL;
  request->type = type;
  request->kind = kind ? strdup(kind) : NULL;
  request->key = key ? strdup(key) : NULL;
  if ((!kind || request->kind) && (!key || request->key))
    return request;
  xpf_store_request_free(request);
  return NULL;
}

static int copy_query(struct xpf_store_request *request, const struct xpf_store_query *query) {
  request->keys = calloc(query->keys_count + 1, sizeof(char *));
  request->fields = calloc(query->fields_count + 1, sizeof(char *));
  request->field_ids = calloc(query->fields_count, sizeof *request->field_ids);
  request->is_counter = calloc(query->fields_count, sizeof *request->is_counter);
  if (!request->keys || !request->fields || !request->field_ids || !request->is_counter)
    return -ENOMEM;
  for (size_t i = 0; i < query->keys_count; i++)
    if (!(request->keys[i] = strdup(query->keys[i])))
      return -ENOMEM;
  for (size_t i = 0; i < query->fields_count; i++) {
    const struct xpf_field *field = query->kind ? &query->kind->fields[query->fields[i]] : NULL;
    request->field_ids[i] = field ? query->fields[i] : (unsigned)i;
    request->is_counter[i] = field && field->type == XPF_FIELD_COUNTER;
    if (!(request->fields[i] = strdup(field ? field->key : query->past_fields[i])))
      return -ENOMEM;
  }
  return 0;
}

int xpf_store_request_series(struct xpf_store_request **out, const struct xpf_store_query *query) {
  const struct xpf_kind *kind = query->kind;
  int64_t step_ms = query->step_ms, length_ms = query->to_ms - query->from_ms;
  if (query->keys_count == 0 || query->fields_count == 0 || length_ms <= 0 || step_ms < 0 ||
      step_ms % 1000 != 0 || query->from_ms < 0)
    return -EINVAL;
  /* Without a step there will be at most so many. */
  int64_t steps = step_ms ? length_ms / step_ms + 2 : 2002;
  if (steps > XPF_STORE_STEPS_MAX + 2 ||
      query->keys_count > XPF_STORE_VALUES_MAX / (size_t)steps / query->fields_count)
    return -E2BIG;
  struct xpf_store_request *request =
      xpf_store_request_new(XPF_REQUEST_SERIES, kind ? kind->name : query->past_kind, NULL);
  if (!request)
    return -ENOMEM;
  request->from_ms = query->from_ms;
  request->to_ms = query->to_ms;
  request->step_ms = step_ms;
  request->as_rates = query->as_rates;
  request->prepare = query->prepare;
  request->hold_ms = kind && kind->stale_after_ms ? kind->stale_after_ms : HOLD_DEFAULT_MS;
  request->is_past = !kind;
  int error = copy_query(request, query);
  if (error)
    xpf_store_request_free(request);
  else
    *out = request;
  return error;
}

static void free_list(char **list) {
  for (size_t i = 0; list && list[i]; i++)
    free(list[i]);
  free(list);
}

static void free_text(const char *text) {
  free((char *)(uintptr_t)text);
}

void xpf_store_request_free(struct xpf_store_request *request) {
  for (size_t i = 0; request->events && i < request->count; i++) {
    free_text(request->events[i].name);
    free_text(request->events[i].kind);
    free_text(request->events[i].key);
    free_text(request->events[i].text);
  }
  for (size_t i = 0; request->entities && i < request->count; i++) {
    const struct xpf_store_entity *entity = &request->entities[i];
    free_text(entity->kind);
    free_text(entity->key);
    free_text(entity->parent);
    free_text(entity->labels_json);
    free_text(entity->info_json);
  }
  for (size_t i = 0; request->kinds && i < request->count; i++) {
    free_text(request->kinds[i].name);
    free_text(request->kinds[i].fields);
  }
  free(request->kinds);
  free(request->events);
  free(request->entities);
  free_list(request->keys);
  free_list(request->fields);
  free(request->field_ids);
  free(request->is_counter);
  free(request->answer.columns);
  free(request->numbers);
  free(request->kind);
  free(request->key);
  free(request);
}

void xpf_store_request_deliver(const struct xpf_store_request *request) {
  if (request->type == XPF_REQUEST_SERIES)
    request->answered(request->arg, &request->answer);
  else if (request->type == XPF_REQUEST_EVENTS)
    request->events_answered(request->arg, request->error, request->events, request->count);
  else if (request->type == XPF_REQUEST_ENTITIES)
    request->entities_answered(request->arg, request->error, request->entities, request->count);
  else
    request->kinds_answered(request->arg, request->error, request->kinds, request->count);
}

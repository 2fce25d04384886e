/* /api/profiles and /api/files: taking profiles, and giving them out. docs/xprofd-api.md. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/profiles.h"
#include "daemon/route_list.h"

#define DEFAULT_SECONDS 10

static struct xpf_profiles *profiles_of(struct xpf_exchange *exchange) {
  struct xpf_profiles *profiles = xpf_daemon_profiles(xpf_exchange_daemon(exchange));
  if (!profiles)
    xpf_exchange_reply_error(exchange, 503, NULL, "xprofd is about to end");
  return profiles;
}

static struct xpf_take *asked_for(struct xpf_exchange *exchange) {
  struct xpf_profiles *profiles = profiles_of(exchange);
  if (!profiles)
    return NULL;
  const char *id = xpf_exchange_part(exchange);
  struct xpf_take *take = xpf_profiles_find(profiles, id);
  if (!take)
    xpf_exchange_reply_error(exchange, 404, "id",
                             "id: there is no profile `%.100s`; GET /api/profiles lists them", id);
  return take;
}

void xpf_route_profiles_list(struct xpf_exchange *exchange) {
  struct xpf_profiles *profiles = profiles_of(exchange);
  if (!profiles)
    return;
  int64_t now_ms = xpf_world_now_ms();
  cJSON *reply = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(reply, "profiles");
  for (struct xpf_take *take = xpf_profiles_first(profiles); take; take = take->next) {
    cJSON *item = xpf_take_to_json(take, now_ms);
    cJSON_DeleteItemFromObject(item, "summary"); /* of one only: they are long */
    cJSON_AddItemToArray(list, item);
  }
  xpf_exchange_reply_json(exchange, 200, reply);
}

void xpf_route_profiles_get(struct xpf_exchange *exchange) {
  const struct xpf_take *take = asked_for(exchange);
  if (take)
    xpf_exchange_reply_json(exchange, 200, xpf_take_to_json(take, xpf_world_now_ms()));
}

void xpf_route_profiles_delete(struct xpf_exchange *exchange) {
  struct xpf_take *take = asked_for(exchange);
  if (!take)
    return;
  cJSON *reply = cJSON_CreateObject();
  cJSON_AddStringToObject(reply, "id", take->id);
  cJSON_AddStringToObject(reply, "done", take->child ? "stopping" : "removed");
  int status = take->child ? 202 : 200;
  xpf_profiles_remove(xpf_daemon_profiles(xpf_exchange_daemon(exchange)), take);
  xpf_exchange_reply_json(exchange, status, reply);
}

/* The process that runs the core under this pid, or NULL after an answer that says why not. */
static const struct xpf_entity *find_node(struct xpf_exchange *exchange, double pid) {
  const struct xpf_world *world = xpf_exchange_daemon(exchange)->world;
  const char *without = NULL;
  static const char *const KINDS[] = {"node", "process"};
  char text[24];
  snprintf(text, sizeof text, "%.0f", pid);
  for (int i = 0; i < 2; i++) {
    const struct xpf_kind *kind = xpf_world_kind_named(world, KINDS[i]);
    const struct xpf_entity *entity = kind ? xpf_world_first(world, kind) : NULL;
    for (; entity; entity = entity->next)
      if (strcmp(entity->labels[0], text) == 0) {
        if (i == 0)
          return entity;
        without = entity->key;
      }
  }
  if (without)
    xpf_exchange_reply_error(exchange, 409, "pid",
                             "pid: process %s does not run xprofiler; `xprofctl attach -p %s` "
                             "loads it",
                             text, text);
  else
    xpf_exchange_reply_error(exchange, 404, "pid", "pid: there is no Node.js process %s", text);
  return NULL;
}

static bool read_whole(struct xpf_exchange *exchange, const cJSON *body, const char *name,
                       double min, double max, double *out) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, name);
  if (item == NULL && !isnan(*out))
    return true;
  if (cJSON_IsNumber(item) && item->valuedouble >= min && item->valuedouble <= max &&
      item->valuedouble == floor(item->valuedouble)) {
    *out = item->valuedouble;
    return true;
  }
  xpf_exchange_reply_error(exchange, 400, name, "%s: give a whole number from %.0f to %.0f", name,
                           min, max);
  return false;
}

static bool read_seconds(struct xpf_exchange *exchange, const cJSON *body, double *out) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, "seconds");
  *out = item ? item->valuedouble : DEFAULT_SECONDS;
  if (!item || (cJSON_IsNumber(item) && *out >= 0.1 && *out <= XPF_TAKE_SECONDS_MAX))
    return true;
  xpf_exchange_reply_error(exchange, 400, "seconds", "seconds: give a number from 0.1 to %d",
                           XPF_TAKE_SECONDS_MAX);
  return false;
}

static const struct xpf_take_kind *read_kind(struct xpf_exchange *exchange, const cJSON *body) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, "kind");
  const struct xpf_take_kind *kind =
      cJSON_IsString(item) ? xpf_take_kind_find(item->valuestring) : NULL;
  if (!kind)
    xpf_exchange_reply_error(exchange, 400, "kind",
                             "kind: give one of cpu, heap, alloc, gc, snapshot, report");
  return kind;
}

/* The name to be shown of a node: a label of its kind. */
static const char *name_of(const struct xpf_entity *entity) {
  for (unsigned i = 0; entity->kind->labels[i]; i++)
    if (strcmp(entity->kind->labels[i], "name") == 0)
      return entity->labels[i];
  return "";
}

static void take_it(struct xpf_exchange *exchange, const cJSON *body) {
  struct xpf_take_request request = {0};
  double pid = NAN, thread_id = 0;
  if (!read_whole(exchange, body, "pid", 1, 4194304, &pid) ||
      !(request.kind = read_kind(exchange, body)) ||
      !read_whole(exchange, body, "thread_id", 0, 2147483647, &thread_id) ||
      !read_seconds(exchange, body, &request.seconds))
    return;
  struct xpf_profiles *profiles = profiles_of(exchange);
  const struct xpf_entity *node = profiles ? find_node(exchange, pid) : NULL;
  if (!node)
    return;
  request.pid = (pid_t)pid;
  request.thread_id = (long)thread_id;
  request.key = node->key;
  request.name = name_of(node);
  struct xpf_take *take;
  int error = xpf_profiles_take(profiles, &request, &take);
  if (error == -EBUSY)
    xpf_exchange_reply_error(exchange, 429, NULL,
                             "%d profiles are being taken; wait for one, or stop it",
                             XPF_TAKES_RUNNING_MAX);
  else if (error)
    xpf_exchange_reply_error(exchange, 500, NULL, "xprofctl cannot be started: %s",
                             strerror(-error));
  else
    xpf_exchange_reply_json(exchange, 202, xpf_take_to_json(take, take->started_ms));
}

void xpf_route_profiles_post(struct xpf_exchange *exchange) {
  size_t size;
  const char *text = xpf_exchange_body(exchange, &size);
  cJSON *body = cJSON_ParseWithLength(text, size);
  if (cJSON_IsObject(body))
    take_it(exchange, body);
  else
    xpf_exchange_reply_error(exchange, 400, "body",
                             "body: give a JSON object: {\"pid\": 4711, \"kind\": \"cpu\"}");
  cJSON_Delete(body);
}

struct waiting {
  struct xpf_exchange *exchange; /* NULL once the client has left */
  const struct xpf_take_format *format;
  const char *content_type;
  char name[128]; /* "" when a browser is to show it */
};

static void client_left(void *arg) {
  ((struct waiting *)arg)->exchange = NULL;
}

static void file_ready(void *arg, const char *path, const char *error) {
  struct waiting *waiting = arg;
  if (waiting->exchange && path)
    xpf_exchange_reply_file(waiting->exchange, path, waiting->content_type,
                            waiting->name[0] ? waiting->name : NULL);
  else if (waiting->exchange)
    xpf_exchange_reply_error(waiting->exchange, 422, "format", "%s", error);
  free(waiting);
}

void xpf_route_files_get(struct xpf_exchange *exchange) {
  struct xpf_take *take = asked_for(exchange);
  if (!take)
    return;
  enum xpf_take_state state = xpf_take_state(take, xpf_world_now_ms());
  if (state != XPF_TAKE_COMPLETE) {
    xpf_exchange_reply_error(exchange, 409, "id", "id: this profile %s%s",
                             state == XPF_TAKE_FAILED ? "has no file: " : "is not complete yet",
                             take->error);
    return;
  }
  const char *name = xpf_exchange_param(exchange, "format");
  const struct xpf_take_format *format =
      xpf_take_format_find(take->kind, name ? name : take->kind->extension);
  if (!format) {
    xpf_exchange_reply_error(exchange, 400, "format", "format: give one of: %s",
                             take->kind->formats);
    return;
  }
  struct waiting *waiting = calloc(1, sizeof *waiting);
  if (!waiting) {
    xpf_exchange_reply_error(exchange, 500, NULL, "out of memory");
    return;
  }
  waiting->exchange = exchange;
  waiting->content_type = format->content_type;
  if (!format->is_page || xpf_exchange_param(exchange, "download"))
    snprintf(waiting->name, sizeof waiting->name, "%s.%s", take->id, format->extension);
  if (format->is_page && strcmp(format->name, "html") == 0)
    /* One self-contained page: its own script and style, and nothing from anywhere. */
    xpf_exchange_add_header(exchange, "Content-Security-Policy",
                            "default-src 'none'; script-src 'unsafe-inline'; style-src "
                            "'unsafe-inline'; img-src data: blob:; worker-src blob:; sandbox "
                            "allow-scripts allow-downloads allow-popups");
  xpf_exchange_on_left(exchange, client_left, waiting);
  xpf_take_file(take, format, file_ready, waiting);
}

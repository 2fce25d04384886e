/* Whether the daemon is well, and what it is and costs. */
#include <string.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/entity_json.h"
#include "daemon/route_list.h"
#include "daemon/self.h"
#include "xpf_version.h"

#define LATE_IN_MINUTE_MAX 15

static void add_problem(cJSON *problems, const char *text) {
  cJSON_AddItemToArray(problems, cJSON_CreateString(text));
}

static cJSON *problems_of(const struct xpf_daemon *daemon) {
  cJSON *problems = cJSON_CreateArray();
  struct xpf_store_figures store = {0};
  if (daemon->store)
    daemon->store_engine->figures(daemon->store, &store);
  if (store.problem[0])
    add_problem(problems, store.problem);
  if (daemon->figures.late_in_minute > LATE_IN_MINUTE_MAX)
    add_problem(problems, "ticks are late: this host has no time for xprofd, or too much is asked");
  return problems;
}

static cJSON *state_of(const struct xpf_daemon *daemon, bool *is_well) {
  cJSON *root = cJSON_CreateObject(), *problems = problems_of(daemon);
  *is_well = cJSON_GetArraySize(problems) == 0;
  cJSON_AddStringToObject(root, "status", *is_well ? "ok" : "degraded");
  cJSON_AddStringToObject(root, "version", XPF_VERSION);
  cJSON_AddNumberToObject(root, "uptime_s",
                          (double)((uv_hrtime() - daemon->started_ns) / 1000000) / 1000);
  cJSON_AddItemToObject(root, "problems", problems);
  return root;
}

void xpf_route_health(struct xpf_exchange *exchange) {
  bool is_well;
  cJSON *state = state_of(xpf_exchange_daemon(exchange), &is_well);
  xpf_exchange_reply_json(exchange, is_well ? 200 : 503, state);
}

static cJSON *settings_of(const struct xpf_settings *settings) {
  static const char *const ORIGINS[] = {"default", "file", "environment", "argument"};
  cJSON *list = cJSON_CreateObject();
  for (int id = 0; id < XPF_SETTING_COUNT; id++) { /* none of them is a secret: files hold those */
    cJSON *one = cJSON_AddObjectToObject(list, xpf_setting_table[id].name);
    if (xpf_setting_table[id].kind == XPF_SETTING_NUMBER)
      cJSON_AddNumberToObject(one, "value", settings->number[id]);
    else
      cJSON_AddStringToObject(one, "value", settings->text[id]);
    cJSON_AddStringToObject(one, "from", ORIGINS[settings->origin[id]]);
  }
  return list;
}

static cJSON *cost_of(const struct xpf_entity *entity) {
  cJSON *cost = cJSON_CreateObject();
  for (unsigned i = 0; entity && i < entity->kind->fields_count; i++)
    if (entity->qualities[i] == XPF_QUALITY_OK)
      cJSON_AddNumberToObject(cost, entity->kind->fields[i].key, entity->values[i]);
    else
      cJSON_AddNullToObject(cost, entity->kind->fields[i].key);
  return cost;
}

void xpf_route_self(struct xpf_exchange *exchange) {
  const struct xpf_daemon *daemon = xpf_exchange_daemon(exchange);
  bool is_well;
  cJSON *root = state_of(daemon, &is_well);
  cJSON_AddNumberToObject(root, "pid", getpid());
  cJSON_AddNumberToObject(root, "uid", geteuid());
  cJSON_AddNumberToObject(root, "started_ms", (double)daemon->started_ms);
  cJSON_AddBoolToObject(root, "may_act", xpf_exchange_may(exchange, XPF_ACCESS_ACT));
  cJSON_AddStringToObject(root, "data_dir", daemon->data_dir);
  cJSON_AddStringToObject(root, "store",
                          daemon->store_engine ? daemon->store_engine->name : "none");
  cJSON_AddItemToObject(root, "values", cost_of(xpf_self_entity(daemon->world)));
  cJSON_AddItemToObject(root, "settings", settings_of(daemon->settings));
  xpf_exchange_reply_json(exchange, 200, root);
}

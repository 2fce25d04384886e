#include <errno.h>

#include "core/command_list.h"
#include "core/core.h"
#include "core/heap_limit.h"
#include "xpf_protocol.h"

int xpf_command_get_config(struct xpf_command_call *call, const struct xpf_command *command) {
  (void)command;
  struct xpf_config config;
  xpf_core_config(&config);
  call->result = xpf_config_json(&config);
  return 0;
}

static int refuse_nothing(struct xpf_command_call *call) {
  cJSON *asked = cJSON_Duplicate(call->params, true);
  cJSON_DeleteItemFromObjectCaseSensitive(asked, "thread_id"); /* says whom, not what */
  char *text = asked ? cJSON_PrintUnformatted(asked) : NULL;
  xpf_fault_set(&call->fault, XPF_RPC_PARAMS, "", "not support setting config %s",
                text ? text : "null");
  cJSON_free(text);
  cJSON_Delete(asked);
  return -EINVAL;
}

/* All or nothing: a wrong value leaves every key as it was. */
int xpf_command_set_config(struct xpf_command_call *call, const struct xpf_command *command) {
  (void)command;
  struct xpf_config config;
  const cJSON *item;
  int err = 0;
  xpf_core_config(&config);
  cJSON *changed = cJSON_CreateObject();
  cJSON_ArrayForEach(item, call->params) {
    const struct xpf_config_key *key = xpf_config_key_find(item->string);
    if (!key || !key->runtime)
      continue;
    err = xpf_config_set(&config, key->key, item, &call->fault);
    if (err)
      break;
    cJSON_AddItemToObject(changed, key->key, xpf_config_value(&config, key));
  }
  if (!err && cJSON_GetArraySize(changed) == 0)
    err = refuse_nothing(call);
  if (err) {
    cJSON_Delete(changed);
    return err;
  }
  xpf_core_configure(&config);
  xpf_heap_limit_apply();
  call->result = changed;
  return 0;
}

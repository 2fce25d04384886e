#include "daemon/rpc_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/entity_json.h"
#include "xpf_protocol.h"

#define NAME_MAX_BYTES 1024

static const struct xpf_name_list ALL_FIELDS; /* no name: every one */

void xpf_rpc_list_kinds(struct xpf_rpc_call *call) {
  const struct xpf_world *world = call->daemon->world;
  const struct xpf_kind *kind;
  xpf_json_object_begin(&call->json);
  xpf_json_key(&call->json, "kinds");
  xpf_json_array_begin(&call->json);
  for (unsigned i = 0; (kind = xpf_world_kind(world, i)) != NULL; i++)
    xpf_kind_json(&call->json, kind);
  xpf_json_array_end(&call->json);
  xpf_json_object_end(&call->json);
}

static void begin(struct xpf_rpc_call *call) {
  xpf_json_object_begin(&call->json);
  xpf_json_key(&call->json, "at_ms");
  xpf_json_int(&call->json, call->at_ms);
  xpf_json_key(&call->json, "entities");
  xpf_json_array_begin(&call->json);
}

static void end(struct xpf_rpc_call *call) {
  xpf_json_array_end(&call->json);
  xpf_json_object_end(&call->json);
}

/* Of pid 0: all of them. How many there were. */
static size_t write_kind(struct xpf_rpc_call *call, const char *name, long long pid) {
  const struct xpf_world *world = call->daemon->world;
  const struct xpf_kind *kind = xpf_world_kind_named(world, name);
  size_t count = 0;
  const struct xpf_entity *entity = kind ? xpf_world_first(world, kind) : NULL;
  for (; entity; entity = entity->next) {
    char *behind = NULL;
    if (pid != 0 && (strtoll(entity->key, &behind, 10) != pid || *behind != '.'))
      continue; /* keys are PID.STARTTICKS and more */
    xpf_entity_json(&call->json, entity, &ALL_FIELDS, call->at_ms);
    count++;
  }
  return count;
}

void xpf_rpc_list_processes(struct xpf_rpc_call *call) {
  begin(call);
  write_kind(call, "process", 0);
  write_kind(call, "node", 0);
  end(call);
}

void xpf_rpc_get_process(struct xpf_rpc_call *call) {
  long long pid = 0;
  if (xpf_param_int(call->params, "pid", 1, 0x7fffffff, &pid, &call->fault) != 0)
    return;
  if (pid == 0) {
    xpf_fault_set(&call->fault, XPF_RPC_PARAMS, "pid", "pid is missing: give that of a process.");
    return;
  }
  begin(call);
  size_t count = write_kind(call, "process", pid) + write_kind(call, "node", pid);
  write_kind(call, "thread", pid);
  end(call);
  if (count == 0)
    xpf_fault_set(&call->fault, XPF_RPC_PARAMS, "pid",
                  "pid: xprofd knows no Node.js process %lld; ListProcesses lists them.", pid);
}

void xpf_rpc_list_entities(struct xpf_rpc_call *call) {
  const struct xpf_world *world = call->daemon->world;
  const char *name = NULL, *key = NULL;
  if (xpf_param_string(call->params, "kind", NAME_MAX_BYTES, &name, &call->fault) != 0 ||
      xpf_param_string(call->params, "key", NAME_MAX_BYTES, &key, &call->fault) != 0)
    return;
  const struct xpf_kind *kind = name ? xpf_world_kind_named(world, name) : NULL;
  if (!kind) {
    xpf_fault_set(&call->fault, XPF_RPC_PARAMS, "kind",
                  name ? "kind: there is no kind \"%.80s\"; ListKinds lists them."
                       : "kind is missing; ListKinds lists them.%.0s",
                  name ? name : "");
    return;
  }
  begin(call);
  const struct xpf_entity *entity = xpf_world_first(world, kind);
  for (; entity; entity = entity->next)
    if (!key || strcmp(entity->key, key) == 0)
      xpf_entity_json(&call->json, entity, &ALL_FIELDS, call->at_ms);
  end(call);
}

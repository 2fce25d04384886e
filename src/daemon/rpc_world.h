/* Methods that answer what xprofd knows, in the JSON of docs/xprofd-api.md. [loop] */
#ifndef XPF_DAEMON_RPC_WORLD_H
#define XPF_DAEMON_RPC_WORLD_H
#include "daemon/rpc_method.h"

void xpf_rpc_list_kinds(struct xpf_rpc_call *call);
void xpf_rpc_list_entities(struct xpf_rpc_call *call);
void xpf_rpc_list_processes(struct xpf_rpc_call *call);
void xpf_rpc_get_process(struct xpf_rpc_call *call);
#endif

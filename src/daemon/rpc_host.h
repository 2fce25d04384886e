/* LEP's methods about the host that need one look: GetCmdFree, GetCmdDmesg. [pool] */
#ifndef XPF_DAEMON_RPC_HOST_H
#define XPF_DAEMON_RPC_HOST_H
#include "daemon/rpc_method.h"

void xpf_rpc_free_memory(struct xpf_rpc_call *call);
void xpf_rpc_dmesg(struct xpf_rpc_call *call);
#endif

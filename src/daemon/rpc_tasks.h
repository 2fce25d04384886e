/* LEP's methods about all processes of the host: GetCmdTop, GetCmdIotop, GetCmdProcrank. [pool] */
#ifndef XPF_DAEMON_RPC_TASKS_H
#define XPF_DAEMON_RPC_TASKS_H
#include "daemon/rpc_method.h"

void xpf_rpc_top(struct xpf_rpc_call *call);
void xpf_rpc_iotop(struct xpf_rpc_call *call);
void xpf_rpc_procrank(struct xpf_rpc_call *call);
void xpf_rpc_tasks_free(struct xpf_rpc_call *call); /* of GetCmdTop and GetCmdIotop */
#endif

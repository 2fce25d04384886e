/* LEP's GetCmdCgtop: control groups by what they use between two looks, v1 and v2. [pool] */
#ifndef XPF_DAEMON_RPC_CGROUPS_H
#define XPF_DAEMON_RPC_CGROUPS_H
#include "daemon/rpc_method.h"

void xpf_rpc_cgtop(struct xpf_rpc_call *call);
void xpf_rpc_cgtop_free(struct xpf_rpc_call *call);
#endif

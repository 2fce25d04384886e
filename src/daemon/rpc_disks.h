/* LEP's GetCmdIostat: the rates of the disks between two looks. [pool] */
#ifndef XPF_DAEMON_RPC_DISKS_H
#define XPF_DAEMON_RPC_DISKS_H
#include "daemon/rpc_method.h"

void xpf_rpc_iostat(struct xpf_rpc_call *call);
#endif

/* LEP's methods about processors and interrupts that measure: GetCmdMpstat, GetCmdMpstat-I,
 * GetCmdIrqInfo; and GetCpuInfo. [pool] */
#ifndef XPF_DAEMON_RPC_CPU_H
#define XPF_DAEMON_RPC_CPU_H
#include "daemon/rpc_method.h"

void xpf_rpc_mpstat(struct xpf_rpc_call *call);
void xpf_rpc_mpstat_interrupts(struct xpf_rpc_call *call);
void xpf_rpc_irq_info(struct xpf_rpc_call *call);
void xpf_rpc_cpu_info(struct xpf_rpc_call *call);
#endif

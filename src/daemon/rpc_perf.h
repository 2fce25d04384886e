/* LEP's methods that run perf: a second of samples of all CPUs, as report or as script. perf is
 * started without a shell, with a folder of its own that is removed, and bounded in time and
 * output. [loop] */
#ifndef XPF_DAEMON_RPC_PERF_H
#define XPF_DAEMON_RPC_PERF_H
#include "daemon/rpc_method.h"

void xpf_rpc_perf_faults(struct xpf_rpc_call *call);
void xpf_rpc_perf_cpu_clock(struct xpf_rpc_call *call);
void xpf_rpc_perf_flame(struct xpf_rpc_call *call);
void xpf_rpc_perf_cancel(struct xpf_rpc_call *call);
#endif

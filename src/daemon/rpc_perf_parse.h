/* What perf prints, as data. The text is changed. Pure but for what call->json writes to. */
#ifndef XPF_DAEMON_RPC_PERF_PARSE_H
#define XPF_DAEMON_RPC_PERF_PARSE_H
#include "daemon/rpc_method.h"

/* perf report --stdio: "overhead" 0 … 1, "command", "object", "symbol" */
void xpf_rpc_parse_perf_report(struct xpf_rpc_call *call, char *text);
/* perf script: "samples", each with its frames from the innermost on */
void xpf_rpc_parse_perf_script(struct xpf_rpc_call *call, char *text);
#endif

/* LEP's GetCmdDf: room on the file systems, as their collector read it last (it asks those whose
 * server may be gone without waiting for them). [loop] */
#ifndef XPF_DAEMON_RPC_DF_H
#define XPF_DAEMON_RPC_DF_H
#include "daemon/rpc_method.h"

void xpf_rpc_df(struct xpf_rpc_call *call);
#endif

/* LEP's GetCmdDf: room on the file systems. Those whose server is elsewhere (nfs, cifs, fuse) are
 * listed but not asked, as they may never answer. [pool] */
#ifndef XPF_DAEMON_RPC_DF_H
#define XPF_DAEMON_RPC_DF_H
#include "daemon/rpc_method.h"

void xpf_rpc_df(struct xpf_rpc_call *call);
#endif

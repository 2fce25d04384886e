/* The methods that answer one file of /proc: raw as it stands, else its fields by name in base
 * units. Parsers get the whole text, may change it, and write members of the answer; lines they do
 * not understand are left out. */
#ifndef XPF_DAEMON_RPC_FILES_H
#define XPF_DAEMON_RPC_FILES_H
#include "daemon/rpc_method.h"

void xpf_rpc_file(struct xpf_rpc_call *call);

/* X(name) */
#define XPF_RPC_PARSERS(X)                                                                         \
  X(meminfo)                                                                                       \
  X(loadavg)                                                                                       \
  X(vmstat)                                                                                        \
  X(zoneinfo)                                                                                      \
  X(buddyinfo)                                                                                     \
  X(cpuinfo)                                                                                       \
  X(slabinfo)                                                                                      \
  X(swaps)                                                                                         \
  X(interrupts)                                                                                    \
  X(softirqs)                                                                                      \
  X(diskstats)                                                                                     \
  X(version)                                                                                       \
  X(stat)                                                                                          \
  X(modules)                                                                                       \
  X(vmallocinfo)
#define XPF_RPC_PARSER_DECLARATION(name)                                                           \
  void xpf_rpc_parse_##name(struct xpf_rpc_call *call, char *text);
XPF_RPC_PARSERS(XPF_RPC_PARSER_DECLARATION)
#undef XPF_RPC_PARSER_DECLARATION
#endif

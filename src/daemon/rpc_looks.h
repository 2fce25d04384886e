/* For methods that measure rates: the same files at both looks, line by line as grids. [pool] */
#ifndef XPF_DAEMON_RPC_LOOKS_H
#define XPF_DAEMON_RPC_LOOKS_H
#include "daemon/rpc_method.h"
#include "host/proc_grid.h"

#define XPF_RPC_LOOK_FILES_MAX 3

struct xpf_rpc_look_file {
  const char *path; /* below /proc */
  bool is_by_cpu;   /* its columns are the CPUs of its first line */
  struct xpf_proc_grid_form form;
};

/* Reads the files of this look. False when there is nothing to answer yet, or it failed. */
bool xpf_rpc_look(struct xpf_rpc_call *call, const struct xpf_rpc_look_file *files, unsigned count);
/* When both looks are there: the file of that number, at the second look. */
const struct xpf_proc_grid *xpf_rpc_looks_now(const struct xpf_rpc_call *call, unsigned file);
/* How much a number grew between the looks, and that per second; NaN: not known. */
double xpf_rpc_looks_growth(const struct xpf_rpc_call *call, unsigned file, size_t row,
                            unsigned column);
double xpf_rpc_looks_rate(const struct xpf_rpc_call *call, unsigned file, size_t row,
                          unsigned column);
double xpf_rpc_seconds(const struct xpf_rpc_call *call); /* between the looks, as measured */
void xpf_rpc_looks_free(struct xpf_rpc_call *call);      /* as a method's free_state */

/* Of LEP's text: "Linux 6.1.0 (host) \t11/25/2026 \t_x86_64_\t(2 CPU)\n\n", and "14:05:09". */
void xpf_rpc_print_banner(struct xpf_rpc_call *call);
void xpf_rpc_clock(const struct xpf_rpc_call *call, unsigned look, char text[16]);
#endif

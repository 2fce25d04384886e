/* Loading the package over a session: into the main thread, then into the workers there are. */
#ifndef XPF_CTL_ATTACH_LOAD_H
#define XPF_CTL_ATTACH_LOAD_H
#include "attach.h"
#include "attach_inspector.h"

/* package: as the target sees it. 0, or an exit status and *verdict. */
int xpf_attach_load_main(struct xpf_attach_inspector *inspector, const char *package,
                         const char *log_dir, struct xpf_attach_result *result,
                         struct xpf_verdict *verdict);
/* Counts them in *result; a worker that does not answer in time stays without. */
void xpf_attach_load_workers(struct xpf_attach_inspector *inspector, const char *package,
                             struct xpf_attach_result *result);
#endif

/* What stays behind when an inspector that was asked for could not be closed: a child process,
 * without terminal and output, that goes on for some minutes and ends with the target. */
#ifndef XPF_CTL_ATTACH_CLOSER_H
#define XPF_CTL_ATTACH_CLOSER_H
#include "attach_inspector.h"

#define XPF_ATTACH_CLOSER_MINUTES 10

/* With a session: its request to close was sent, and the connection is kept until Node has obeyed.
 * Without one: waits for the inspector to open, and closes it. The caller goes on as before. */
void xpf_attach_closer_leave(struct xpf_attach_inspector *inspector);

/* In attach_inspector.c. */
bool xpf_attach_inspector_appeared(struct xpf_attach_inspector *inspector);
bool xpf_attach_inspector_close(struct xpf_attach_inspector *inspector, uint64_t deadline_ns);
#endif

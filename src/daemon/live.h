/* The clients of /api/live: what changes in the world, as server-sent events. [loop] */
#ifndef XPF_DAEMON_LIVE_H
#define XPF_DAEMON_LIVE_H

#include "daemon/route.h"

#define XPF_LIVE_CLIENTS_MAX 32
/* Tells every client that has this access something that does not come from the world: `event` with
 * one line of JSON. */
void xpf_live_tell(struct xpf_daemon *daemon, enum xpf_access access, const char *event,
                   const char *json);
#endif

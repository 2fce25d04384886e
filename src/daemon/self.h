/* The daemon as an entity of its own world. [loop] */
#ifndef XPF_DAEMON_SELF_H
#define XPF_DAEMON_SELF_H
#include "daemon/world.h"

/* NULL before the part `self` has started. */
const struct xpf_entity *xpf_self_entity(const struct xpf_world *world);
#endif

/* Notices at once when a core binds or removes its socket, so that processes need not wait for the
 * next look around. Best effort: without inotify they do. Belongs to the loop's thread. */
#ifndef XPF_DAEMON_SOCKET_WATCH_H
#define XPF_DAEMON_SOCKET_WATCH_H
#include <uv.h>
#include "daemon/socket_set.h"

struct xpf_socket_watch;
/* changed is called some time after each change, once for many. NULL: no memory. */
struct xpf_socket_watch *xpf_socket_watch_new(uv_loop_t *loop, void (*changed)(void *arg),
                                              void *arg);
/* Watches the directories of the listing, and no others. */
void xpf_socket_watch_set(struct xpf_socket_watch *watch, const struct xpf_socket_set *sockets);
/* No call comes any more; what is left of it goes with the loop's next turns. NULL: nothing. */
void xpf_socket_watch_free(struct xpf_socket_watch *watch);
#endif

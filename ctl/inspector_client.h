/* A session with the inspector of a Node process: HTTP to find it, then the DevTools protocol over
 * WebSocket, on loopback. Blocking, every call with a deadline (xpf_os_now_ns). One thread.
 *
 * The session never sends a WebSocket close frame: when one arrives while Node is taking its
 * inspector down, Node 18 to 26 write to freed memory and the process dies. Closing the connection
 * itself is harmless. */
#ifndef XPF_CTL_INSPECTOR_CLIENT_H
#define XPF_CTL_INSPECTOR_CLIENT_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <cjson/cJSON.h>
#include "host/tcp_listener.h"

struct xpf_inspector;

/* Notifications that arrive while a call waits; params are borrowed. */
typedef void xpf_inspector_event(void *arg, const char *method, const cJSON *params);

/* Whether a listener of process pid is Node's inspector: 1, 0, or negative errno. */
int xpf_inspector_probe(pid_t pid, const struct xpf_tcp_listener *listener, uint64_t deadline_ns);

/* 0 and *out (free with _free). -ENOENT: it does not tell its id (--inspect-publish-uid); -EPROTO:
 * what is there is no inspector; -EPERM: another network; -ETIMEDOUT, -ECONNREFUSED, -ENOMEM. */
int xpf_inspector_open(struct xpf_inspector **out, pid_t pid,
                       const struct xpf_tcp_listener *listener, uint64_t deadline_ns);
void xpf_inspector_on_event(struct xpf_inspector *inspector, xpf_inspector_event *fn, void *arg);

/* Calls a method and waits for its result (caller deletes). Owns params. -ETIMEDOUT, -ECONNRESET,
 * -EPROTO (also an error reply). */
int xpf_inspector_call(struct xpf_inspector *inspector, const char *method, cJSON *params,
                       uint64_t deadline_ns, cJSON **result);
/* The same without waiting; the reply is thrown away. */
int xpf_inspector_send(struct xpf_inspector *inspector, const char *method, cJSON *params,
                       uint64_t deadline_ns);
/* Takes events until *done, or until the deadline (-ETIMEDOUT), or until the target has closed the
 * connection (-ECONNRESET). done may be NULL. */
int xpf_inspector_wait(struct xpf_inspector *inspector, const bool *done, uint64_t deadline_ns);
void xpf_inspector_free(struct xpf_inspector *inspector);
#endif

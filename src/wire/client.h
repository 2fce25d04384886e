/* A blocking client of the socket, for xprofctl and xprofd: connect, ask, wait with a deadline.
 * Plain POSIX; no libuv. Every wait is bounded by the caller's deadline: timeout_ms counts from
 * now, 0 = no limit, a negative one has passed already. Never raises SIGPIPE; EINTR does not end a
 * wait. One thread at a time. */
#ifndef XPF_WIRE_CLIENT_H
#define XPF_WIRE_CLIENT_H
#include <stdbool.h>
#include <sys/types.h>
#include <cjson/cJSON.h>
#include "wire/request.h"

struct xpf_client;

/* Connects to a socket path. -ENOENT, -ECONNREFUSED, -EACCES, -ENAMETOOLONG, -ETIMEDOUT, … */
int xpf_client_connect(struct xpf_client **out, const char *path, int timeout_ms);
/* Wraps a connected descriptor (owned from now on, also when it fails). */
int xpf_client_adopt(struct xpf_client **out, int fd);
void xpf_client_close(struct xpf_client *client);
/* The peer's credentials. */
int xpf_client_peer(struct xpf_client *client, pid_t *pid, uid_t *uid);
int xpf_client_fd(const struct xpf_client *client);

typedef void (*xpf_client_progress)(void *arg, const cJSON *params);

/* Sends one request and waits for its reply. An error reply without an id (too many clients) counts
 * as the reply; late replies of earlier calls are skipped. progress must not _call on this client.
 * 0: *result is the result (caller deletes). XPF_CLIENT_FAULT: the target answered with an error,
 * *fault has it. Other negatives: -ETIMEDOUT, -ECONNRESET (target died or closed), -EPROTO (not our
 * protocol). After a send that failed, -ECONNRESET, -EPROTO and -ENOMEM the connection is of no
 * use: later calls give the same error. take_params, result and fault may be NULL. */
#define XPF_CLIENT_FAULT (-20000)
int xpf_client_call(struct xpf_client *client, const char *method, cJSON *take_params,
                    int timeout_ms, xpf_client_progress progress, void *arg, cJSON **result,
                    struct xpf_fault *fault);
/* The two halves of a call, for one thread that watches many targets with poll(). _send returns
 * when the request is with the kernel. _take looks at what has arrived and never waits: -EAGAIN
 * while the reply to the last _send is not complete, else as _call. */
int xpf_client_send(struct xpf_client *client, const char *method, cJSON *take_params,
                    int timeout_ms);
int xpf_client_take(struct xpf_client *client, cJSON **result, struct xpf_fault *fault);
/* The same for a caller that reads replies itself: the next line as it came, NUL-terminated, valid
 * until the next call. 0, -EAGAIN, or as _take. */
int xpf_client_take_line(struct xpf_client *client, char **line, size_t *size);
/* The id that the last _call used, for `cancel` from a signal-driven caller. */
long long xpf_client_last_id(const struct xpf_client *client);
#endif

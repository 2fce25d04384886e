/* The private socket: accepts, checks the peer, cuts bytes into lines, hands requests to the
 * command table and sends lines back. A silent, slow or hostile client delays nobody. All [core].
 */
#ifndef XPF_CORE_SERVER_H
#define XPF_CORE_SERVER_H
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct xpf_server;

/* Makes the private directory and the socket and listens. Negative errno. */
int xpf_server_new(struct xpf_server **out, uv_loop_t *loop);
const char *xpf_server_path(const struct xpf_server *server); /* until the next check */
/* Once a second: when the socket's name is gone or leads elsewhere (somebody cleans /tmp), it is
 * made anew, perhaps in the next root. Connections stay. */
void xpf_server_check(struct xpf_server *server);
/* Stops listening, removes the socket, sends what is still queued if the peer takes it at once,
 * closes all; memory goes in the close callbacks. */
void xpf_server_close(struct xpf_server *server);

/* To a client of the socket, or of core/local_client.h. One line (with '\n', from malloc; taken,
 * also when the client is gone or the server closed; NULL: there was no memory for it, then the
 * client is disconnected, so that it does not wait for ever). False when the client is not
 * connected any more. */
bool xpf_server_send(uint64_t client_id, char *take_line);
/* Requests of this client that wait for a job; counts against XPF_REQUESTS_MAX and keeps an
 * otherwise idle connection open. */
void xpf_server_work_begin(uint64_t client_id);
void xpf_server_work_end(uint64_t client_id);
unsigned xpf_server_work_count(uint64_t client_id);
#endif

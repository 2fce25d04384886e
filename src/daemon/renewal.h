/* Token, certificate and key of a server that runs: their files are looked at every few seconds and
 * read anew when they were changed (as certbot does), or at once when somebody asks (SIGHUP). What
 * cannot be used is told once, and what was before stays in use. Files are read on the pool. [loop]
 */
#ifndef XPF_DAEMON_RENEWAL_H
#define XPF_DAEMON_RENEWAL_H
#include <stdint.h>

struct xpf_http;
struct xpf_renewal;

/* http outlives it. NULL: no memory. Looks at the files: at the start only. */
struct xpf_renewal *xpf_renewal_new(struct xpf_http *http);
/* Once a second. */
void xpf_renewal_tick(struct xpf_renewal *renewal, int64_t now_ms);
void xpf_renewal_ask(struct xpf_renewal *renewal);
/* closed is called, now or later, when nothing of it is left. */
void xpf_renewal_close(struct xpf_renewal *renewal, void (*closed)(void *arg), void *arg);
#endif

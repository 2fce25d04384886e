/* Tells a JS thread of turns of its event loop that took long, with the JavaScript stack in their
 * middle. Costs nothing while nobody wants to know; else one comparison a turn, and the core thread
 * looks a few times a second whether the loop turns. */
#ifndef XPF_CORE_STALL_H
#define XPF_CORE_STALL_H
#include <stdint.h>
#include "core/thread.h"

/* [js] From now on a notification `stall` for each turn of this thread's loop that took at least
 * threshold_ms goes to the local client; 0: no more. One client a thread; the last one wins. 0 or
 * -ENOMEM. */
int xpf_stall_watch(struct xpf_thread *thread, uint32_t threshold_ms, uint64_t client_id);
/* [core] Before the core loop closes. */
void xpf_stall_close(void);
#endif

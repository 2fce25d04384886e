/* Makes switching Node's tracing off safe.
 *
 * Node (18 to 26 at least) writes full buffers of trace events on a thread of its own, and what is
 * left on the main thread when tracing stops; the two share a stream without a lock. At a high rate
 * of events both happen at once, and Node throws or aborts. So before the main thread collects, it
 * waits here until that thread sleeps: by then no new events are made. [js, main thread] */
#ifndef XPF_CORE_TRACE_GUARD_H
#define XPF_CORE_TRACE_GUARD_H
#include <stdbool.h>

/* Before tracing starts. 0; -ENOTSUP when this Node cannot be watched; -ENOMEM. */
int xpf_trace_guard_before_start(void);
/* After it: finds Node's thread. -ESRCH when it cannot be told from the others: stop at once. */
int xpf_trace_guard_after_start(void);
#endif

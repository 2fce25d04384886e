/* Heap limit growth (enable_auto_incr_heap_limit): when the main thread nears its limit, the limit
 * is raised by auto_incr_heap_limit_size, up to a cap, and V8 is told to restore it when use falls.
 * Workers keep the limit of their resourceLimits. */
#ifndef XPF_CORE_HEAP_LIMIT_H
#define XPF_CORE_HEAP_LIMIT_H

/* [any] Switches it on or off on the main thread as the configuration says. */
void xpf_heap_limit_apply(void);
#endif

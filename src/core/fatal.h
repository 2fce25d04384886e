/* V8 gives up (fatal error, out of memory): the last words. Writes the report and the core file
 * that the configuration asks for, and unfinished CPU and GC profiles, on the dying JS thread
 * itself; then Node's own handler goes on as if we were not there. */
#ifndef XPF_CORE_FATAL_H
#define XPF_CORE_FATAL_H
#include "core/thread.h"

/* [js] 0, or -ENOTSUP when Node's handler cannot be chained (then nothing is changed). */
int xpf_fatal_watch(struct xpf_thread *thread);
#endif

/* Whether the system gives this process one more thread (ulimit -u, pids.max of its cgroup). V8 and
 * Node start threads of their own without a look at the result: V8 then records nothing, Node
 * aborts the process. [any] */
#ifndef XPF_CORE_THREAD_ROOM_H
#define XPF_CORE_THREAD_ROOM_H
#include "wire/request.h"

/* Tries it. 0; or negative with the fault filled: `what` cannot be had without. */
int xpf_thread_room_check(const char *what, struct xpf_fault *fault);
#endif

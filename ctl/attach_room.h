/* Whether the process that is attached to may make more threads: Node.js aborts when it asks for
 * one for its inspector and gets none. */
#ifndef XPF_CTL_ATTACH_ROOM_H
#define XPF_CTL_ATTACH_ROOM_H
#include <stdint.h>
#include <sys/types.h>

#define XPF_ATTACH_THREADS 2 /* that of the inspector and that of the core */

/* How many more the system gives it: what its cgroups (pids.max of each up the tree) and the limit
 * of its user (ulimit -u) leave. UINT64_MAX: no limit that can be seen from here. */
uint64_t xpf_attach_room(pid_t pid);
#endif

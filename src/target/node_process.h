/* Finding the processes of Node.js among all. */
#ifndef XPF_TARGET_NODE_PROCESS_H
#define XPF_TARGET_NODE_PROCESS_H
#include <stdbool.h>
#include <sys/types.h>
#include "target/node_binary.h"

/* Whether process pid runs Node.js, by its executable; small programs that are not called node are
 * not looked into. What was found out about an executable is kept, so that a hundred processes cost
 * little more than one. [any] */
bool xpf_node_process_is(pid_t pid);
/* The same with what is known about its Node. 0 (out->is_node says whether it is one); -EACCES when
 * the executable is not ours to see, -ENOENT for a kernel thread, -ESRCH. */
int xpf_node_process_look(pid_t pid, struct xpf_node_binary *out);
#endif

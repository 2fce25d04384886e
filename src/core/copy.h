/* Two copies of the package in one process: the one loaded first serves all. Without it two cores
 * would fight over one socket, one log and V8's single hooks. */
#ifndef XPF_CORE_COPY_H
#define XPF_CORE_COPY_H
#include <stddef.h>

/* [any] The file of the copy that serves; "" when it is this one. */
const char *xpf_copy_active_path(void);
#endif

/* What to call a process of Node.js by its command line alone. Pure. [any] */
#ifndef XPF_TARGET_COMMAND_NAME_H
#define XPF_TARGET_COMMAND_NAME_H
#include <stddef.h>

/* arguments: as in /proc/PID/cmdline, each ended by a NUL. The script without its folders (with the
 * last one when it is called index, main, app or server), or the title that the process has given
 * itself. "" when there are no arguments. Control characters become '?'. Returns out. */
const char *xpf_command_name(char *out, size_t out_size, const char *arguments, size_t size);
#endif

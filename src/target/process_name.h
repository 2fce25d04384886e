/* What to call a process in a table. Pure. */
#ifndef XPF_TARGET_PROCESS_NAME_H
#define XPF_TARGET_PROCESS_NAME_H
#include <stddef.h>
#include <cjson/cJSON.h>

/* The title or the script of a `process_info`, whichever says more; `fallback` (which may be out)
 * when it has neither. Returns out. */
const char *xpf_process_name(char *out, size_t size, const cJSON *info, const char *fallback);
#endif

/* The directory of logs and profiles when none was named, or the named one cannot be used. */
#ifndef XPF_CORE_LOG_DIR_H
#define XPF_CORE_LOG_DIR_H
#include <stdbool.h>
#include <stddef.h>

/* [any] True for a directory to read and write. */
bool xpf_log_dir_is_usable(const char *dir);

/* [any] `<tmp>/xprofiler-<uid>`, 0700 and ours alone, or the next place where that is possible.
 * With nowhere to write it is the name of the first choice; the log then reports lost lines once.
 * tmp: absolute, else /tmp is meant. */
void xpf_log_dir_default(const char *tmp, char *out, size_t size);
#endif

/* Directories of /proc: that of a process, and those that list numbers (processes, threads, fds).
 * No allocation. [any] */
#ifndef XPF_HOST_PROC_DIR_H
#define XPF_HOST_PROC_DIR_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A descriptor of /proc/PID (0 = self). It stays with this process: when the pid is used again,
 * reading through it fails. -ESRCH; -EACCES when the process exists but is hidden (hidepid). */
int xpf_proc_dir_open(pid_t pid);

/* Calls fn for each entry of path (relative to dir) whose name is a number, until fn returns false;
 * list is a descriptor of that directory. Returns how many times fn was called, or -errno. */
int64_t xpf_proc_dir_each(int dir, const char *path, bool (*fn)(void *arg, int list, pid_t number),
                          void *arg);
/* How many such entries there are; counting stops at max. */
int64_t xpf_proc_dir_count(int dir, const char *path, uint64_t max);
/* Is entry `number` of the directory `list` (a descriptor of /proc/PID/fd) a socket? Then its
 * inode.
 */
bool xpf_proc_dir_socket(int list, pid_t number, uint64_t *inode);
#endif

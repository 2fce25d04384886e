/* Files that a process says it wrote, named by its own paths: it may live in another mount
 * namespace (a container), belong to somebody else, and have ended meanwhile. What it says is not
 * trusted: a path leads nowhere but into its own root directory, and to a regular file of its own
 * user. [any]; one thread at a time for one struct. */
#ifndef XPF_HOST_PROCESS_FILES_H
#define XPF_HOST_PROCESS_FILES_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct xpf_process_files {
  pid_t pid;
  int root;  /* its root directory; -1 before _open */
  bool ours; /* its paths are our paths */
  uid_t uid, euid;
};

/* While the process lives. 0; -ESRCH, or the errno with which its root directory is closed to us.
 */
int xpf_process_files_open(struct xpf_process_files *files, pid_t pid);
void xpf_process_files_close(struct xpf_process_files *files);
/* Opens a file for reading. A CLOEXEC descriptor; -EINVAL for a path that is not absolute, -ENOENT,
 * -EACCES, -EPERM (no regular file of the process's user), … */
int xpf_process_files_read(const struct xpf_process_files *files, const char *path);
/* Opens a directory of the process, whoever owns it: a log_dir, say. A CLOEXEC descriptor or as
 * above. */
int xpf_process_files_dir(const struct xpf_process_files *files, const char *path);
/* Removes the file that fd, from _read, reads. 0; -ESTALE when another one has that name by now. */
int xpf_process_files_remove(const struct xpf_process_files *files, const char *path, int fd);
/* Where the path is found from here. Returns buffer; what does not fit is cut. */
const char *xpf_process_files_path(const struct xpf_process_files *files, const char *path,
                                   char *buffer, size_t size);
#endif

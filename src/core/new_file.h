/* A new file of ours in the process of somebody else: of mode 0600 whatever the umask, and not on a
 * descriptor of the standard streams. [any] */
#ifndef XPF_CORE_NEW_FILE_H
#define XPF_CORE_NEW_FILE_H

/* Opens it for writing; `flags` are more of open's. A CLOEXEC descriptor or -errno: -EEXIST when
 * the name is taken. */
int xpf_new_file_open(int dir_fd, const char *name, int flags);
#endif

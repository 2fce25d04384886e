/* Showing a file on the desktop. */
#ifndef XPF_CTL_OPEN_FILE_H
#define XPF_CTL_OPEN_FILE_H

/* Starts the desktop's program for the file and does not wait for it. 0; -ENOTSUP without a
 * desktop, or another -errno. */
int xpf_open_file(const char *path);
#endif

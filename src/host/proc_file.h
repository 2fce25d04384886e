/* A text file of the kernel (/proc, /sys/fs/cgroup): made anew by each reading, its size unknown
 * before. No allocation. [any] */
#ifndef XPF_HOST_PROC_FILE_H
#define XPF_HOST_PROC_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads path, relative to the descriptor dir (or AT_FDCWD), until it ends or size - 1 bytes are
 * there; always terminates text. Returns the bytes read, or -errno and an empty text. */
ssize_t xpf_proc_file_read(int dir, const char *path, char *text, size_t size);

/* The same, line by line, for files that may be longer than any buffer. Lives on the stack. */
struct xpf_proc_lines {
  int fd;
  int error; /* 0, or -errno of the read that ended the file early */
  size_t begin, end;
  bool ended, skipping;
  char text[8192];
};
int xpf_proc_lines_open(struct xpf_proc_lines *lines, int dir, const char *path);
/* The next line without its newline, valid until the next call; NULL at the end. A line that does
 * not fit into the buffer is cut and its rest skipped. */
char *xpf_proc_lines_next(struct xpf_proc_lines *lines);
void xpf_proc_lines_close(struct xpf_proc_lines *lines);

/* The decimal number that text begins with, after blanks; false when there is none. Saturates. */
bool xpf_proc_number(const char *text, uint64_t *out);
/* What follows key in line, or NULL when line does not begin with key. */
const char *xpf_proc_after(const char *line, const char *key);
#endif

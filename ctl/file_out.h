/* A file that xprofctl makes where the user said: complete under its name, or not there. An
 * existing regular file is replaced at the end (links are followed); a device or a pipe is written
 * to as it is; "-" is standard output. Mode 0600: profiles show what a program does. What is not
 * complete has no name where the file system can do that (Linux's local ones), so that nothing is
 * left however xprofctl ends; elsewhere a hidden one that a signal leaves behind. */
#ifndef XPF_CTL_FILE_OUT_H
#define XPF_CTL_FILE_OUT_H
#include <stdbool.h>
#include "format/sink.h"

#define XPF_FILE_OUT_PATH   4096
#define XPF_FILE_OUT_BUFFER (64 * 1024)

struct xpf_file_out {
  struct xpf_sink sink; /* writes go here */
  int fd;
  char path[XPF_FILE_OUT_PATH]; /* the final one */
  char temp[XPF_FILE_OUT_PATH]; /* its name until then, "" when written directly */
  bool is_nameless;             /* it gets that name only when it is complete */
  size_t used;
  char buffer[XPF_FILE_OUT_BUFFER];
};

/* Whether the path could be written, before work is begun for it. 0 or -errno; nothing is made. */
int xpf_file_out_check(const char *path);
/* 0 or -errno. After 0 call _finish or _abandon. */
int xpf_file_out_open(struct xpf_file_out *out, const char *path);
/* Everything is written and has its name: 0; else -errno (also of an earlier write), and nothing is
 * left behind. */
int xpf_file_out_finish(struct xpf_file_out *out);
void xpf_file_out_abandon(struct xpf_file_out *out);
#endif

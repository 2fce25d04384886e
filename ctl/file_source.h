/* The bytes of a file, or of standard input, for a reader of formats. Large (a buffer): on the
 * heap. */
#ifndef XPF_CTL_FILE_SOURCE_H
#define XPF_CTL_FILE_SOURCE_H
#include "format/source.h"

struct xpf_file_source {
  struct xpf_source source; /* give &file->source to a reader */
  int fd;
};

/* "-" is standard input. A directory is -EISDIR. 0 or -errno: then nothing is open. */
int xpf_file_source_open(struct xpf_file_source *file, const char *path);
/* Reads a descriptor that stays the caller's, from where it stands; needs no _close. */
void xpf_file_source_init(struct xpf_file_source *file, int fd);
void xpf_file_source_close(struct xpf_file_source *file);
#endif

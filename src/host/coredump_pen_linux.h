/* Writes one stretch of a file in order, through a buffer of the caller. Internal to coredump. */
#ifndef XPF_HOST_COREDUMP_PEN_LINUX_H
#define XPF_HOST_COREDUMP_PEN_LINUX_H
#include <stddef.h>
#include <stdint.h>

struct xpf_coredump_pen {
  int fd; /* -1: only counts */
  unsigned char *buffer;
  size_t size, used;
  uint64_t offset; /* after what was put */
  int error;       /* the first one, -errno; then nothing is written any more */
};

void xpf_coredump_pen_put(struct xpf_coredump_pen *pen, const void *data, size_t bytes);
/* Zeros up to a multiple of `to` (at most 16). */
void xpf_coredump_pen_align(struct xpf_coredump_pen *pen, unsigned to);
int xpf_coredump_pen_flush(struct xpf_coredump_pen *pen);
#endif

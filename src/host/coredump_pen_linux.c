#include "host/coredump_pen_linux.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

int xpf_coredump_pen_flush(struct xpf_coredump_pen *pen) {
  size_t done = 0;
  uint64_t at = pen->offset - pen->used;
  while (pen->fd >= 0 && pen->error == 0 && done < pen->used) {
    ssize_t put = pwrite(pen->fd, pen->buffer + done, pen->used - done, (off_t)(at + done));
    if (put > 0)
      done += (size_t)put;
    else if (put == 0 || errno != EINTR)
      pen->error = put == 0 ? -EIO : -errno;
  }
  pen->used = 0;
  return pen->error;
}

void xpf_coredump_pen_put(struct xpf_coredump_pen *pen, const void *data, size_t bytes) {
  const unsigned char *from = data;
  if (pen->fd < 0) {
    pen->offset += bytes;
    return;
  }
  while (bytes > 0 && pen->error == 0) {
    size_t part = pen->size - pen->used < bytes ? pen->size - pen->used : bytes;
    memcpy(pen->buffer + pen->used, from, part);
    pen->used += part;
    pen->offset += part;
    from += part;
    bytes -= part;
    if (pen->used == pen->size)
      xpf_coredump_pen_flush(pen);
  }
}

void xpf_coredump_pen_align(struct xpf_coredump_pen *pen, unsigned to) {
  static const unsigned char zeros[16];
  xpf_coredump_pen_put(pen, zeros, (size_t)((to - pen->offset % to) % to));
}

/* Where bytes go. A profile writer knows only this, never a file or a socket.
 * The first failed write is kept in `error`; later writes do nothing and return it. */
#ifndef XPF_FORMAT_SINK_H
#define XPF_FORMAT_SINK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xpf_sink {
  /* 0 or negative. All bytes or an error; never a short count. */
  int (*write)(struct xpf_sink *sink, const void *data, size_t size);
  int error;      /* first error, 0 until then */
  uint64_t bytes; /* written so far */
};

/* Calls sink->write once error-free and keeps count. */
int xpf_sink_write(struct xpf_sink *sink, const void *data, size_t size);
int xpf_sink_text(struct xpf_sink *sink, const char *text);

/* A sink into growing memory, for tests and replies. `data` is NUL-terminated (NULL only when the
 * very first allocation failed, then sink.error says so); -ENOMEM, or -EFBIG beyond `max` bytes. */
struct xpf_memory_sink {
  struct xpf_sink sink;
  char *data;
  size_t size, capacity, max;
};
void xpf_memory_sink_init(struct xpf_memory_sink *m, size_t max);
void xpf_memory_sink_free(struct xpf_memory_sink *m);

#ifdef __cplusplus
}
#endif
#endif

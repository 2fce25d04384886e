/* Where bytes come from: the counterpart of a sink. A reader of a format knows only this, never a
 * file. Buffered; every byte has an offset, which errors name. [any], one thread at a time. */
#ifndef XPF_FORMAT_SOURCE_H
#define XPF_FORMAT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define XPF_SOURCE_BUFFER_BYTES (64 * 1024)

struct xpf_source {
  /* Bytes read into data (at least 1), 0 at the end, negative on error. */
  ssize_t (*read)(struct xpf_source *source, void *data, size_t size);
  int error;      /* first error of read, 0 until then */
  bool is_over;   /* read has said 0, or failed */
  size_t at, end; /* the unread part of buffer */
  uint64_t base;  /* offset of buffer[0] */
  unsigned char buffer[XPF_SOURCE_BUFFER_BYTES];
};

void xpf_source_init(struct xpf_source *source,
                     ssize_t (*read)(struct xpf_source *source, void *data, size_t size));
/* Makes at least `size` (≤ the buffer) bytes unread when so many are left. The bytes unread. */
size_t xpf_source_need(struct xpf_source *source, size_t size);
/* True when a byte is unread at buffer[at]; reads more when there is none. */
static inline bool xpf_source_has(struct xpf_source *source) {
  return source->at < source->end || xpf_source_need(source, 1) > 0;
}
/* Offset of the next byte. */
uint64_t xpf_source_offset(const struct xpf_source *source);

/* A source of bytes in memory, which the caller keeps. */
struct xpf_memory_source {
  struct xpf_source source;
  const unsigned char *data;
  size_t size;
};
void xpf_memory_source_init(struct xpf_memory_source *memory, const void *data, size_t size);
#endif

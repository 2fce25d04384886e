/* gzip (zlib's) over a source or a sink. The output is the same for the same bytes: no name, no
 * time. Both are large: on the heap, by _new. [any], one thread at a time. */
#ifndef XPF_FORMAT_GZIP_H
#define XPF_FORMAT_GZIP_H

#include <stdbool.h>
#include "format/sink.h"
#include "format/source.h"

/* 1f 8b. */
bool xpf_gzip_detect(const unsigned char *head, size_t size);

/* Unpacks `from`, which the caller keeps: also several members one after the other. A damaged
 * stream is the error -EBADMSG of the source, a cut one -ENODATA. NULL when out of memory. */
struct xpf_source *xpf_gzip_source_new(struct xpf_source *from);
void xpf_gzip_source_free(struct xpf_source *source);

/* Unpacks bytes in memory into a sink. 0, -ENOMEM, -EBADMSG, -ENODATA or the sink's error. */
int xpf_gzip_unpack(const void *packed, size_t size, struct xpf_sink *to);

/* Packs into `to`, which the caller keeps. NULL when out of memory. */
struct xpf_sink *xpf_gzip_sink_new(struct xpf_sink *to);
/* Writes the end. 0 or the first error. */
int xpf_gzip_sink_finish(struct xpf_sink *sink);
void xpf_gzip_sink_free(struct xpf_sink *sink);
#endif

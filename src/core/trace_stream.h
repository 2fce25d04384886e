/* Trace events on their way from the JS thread to the writer: a bounded queue of texts, so that a
 * slow disk costs events and never memory or time of the JS thread. */
#ifndef XPF_CORE_TRACE_STREAM_H
#define XPF_CORE_TRACE_STREAM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xpf_trace_stream;

/* Some events as JSON objects with commas between them. The taker frees it with free(). */
struct xpf_trace_chunk {
  struct xpf_trace_chunk *next;
  uint32_t events;
  size_t size;
  char text[];
};

/* max_bytes may wait. NULL when out of memory. One reference, of the caller. */
struct xpf_trace_stream *xpf_trace_stream_new(size_t max_bytes);
struct xpf_trace_stream *xpf_trace_stream_ref(struct xpf_trace_stream *stream); /* [any] */
void xpf_trace_stream_unref(struct xpf_trace_stream *stream);                   /* [any] */
/* [any] Takes the chunk. False: the events are dropped and counted, because the stream is closed or
 * too much waits. */
bool xpf_trace_stream_put(struct xpf_trace_stream *stream, struct xpf_trace_chunk *take_chunk);
/* [any] Counts events that were lost before they got here. */
void xpf_trace_stream_drop(struct xpf_trace_stream *stream, uint64_t events);
/* [any] No more is put; what waits can still be taken. Idempotent. */
void xpf_trace_stream_close(struct xpf_trace_stream *stream);
/* [writer] The next chunk; waits for it. NULL when the stream is closed and empty. */
struct xpf_trace_chunk *xpf_trace_stream_take(struct xpf_trace_stream *stream);
/* [any] */
uint64_t xpf_trace_stream_dropped(struct xpf_trace_stream *stream);
#endif

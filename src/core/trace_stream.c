#include "core/trace_stream.h"

#include <pthread.h>
#include <stdlib.h>

struct xpf_trace_stream {
  unsigned refs;
  pthread_mutex_t lock; /* of all below */
  pthread_cond_t changed;
  struct xpf_trace_chunk *first, **tail;
  size_t waiting_bytes, max_bytes;
  uint64_t dropped;
  bool closed;
};

struct xpf_trace_stream *xpf_trace_stream_new(size_t max_bytes) {
  struct xpf_trace_stream *stream = calloc(1, sizeof *stream);
  if (!stream)
    return NULL;
  stream->refs = 1;
  stream->max_bytes = max_bytes;
  stream->tail = &stream->first;
  pthread_mutex_init(&stream->lock, NULL);
  pthread_cond_init(&stream->changed, NULL);
  return stream;
}

struct xpf_trace_stream *xpf_trace_stream_ref(struct xpf_trace_stream *stream) {
  __atomic_add_fetch(&stream->refs, 1, __ATOMIC_RELAXED);
  return stream;
}

void xpf_trace_stream_unref(struct xpf_trace_stream *stream) {
  if (__atomic_sub_fetch(&stream->refs, 1, __ATOMIC_ACQ_REL) > 0)
    return;
  while (stream->first) {
    struct xpf_trace_chunk *chunk = stream->first;
    stream->first = chunk->next;
    free(chunk);
  }
  pthread_cond_destroy(&stream->changed);
  pthread_mutex_destroy(&stream->lock);
  free(stream);
}

bool xpf_trace_stream_put(struct xpf_trace_stream *stream, struct xpf_trace_chunk *take_chunk) {
  struct xpf_trace_chunk *chunk = take_chunk;
  pthread_mutex_lock(&stream->lock);
  /* One that is larger than the limit alone may wait alone. */
  bool full = stream->first && stream->waiting_bytes + chunk->size > stream->max_bytes;
  bool taken = !stream->closed && !full;
  if (taken) {
    chunk->next = NULL;
    *stream->tail = chunk;
    stream->tail = &chunk->next;
    stream->waiting_bytes += chunk->size;
    pthread_cond_signal(&stream->changed);
  } else {
    stream->dropped += chunk->events;
  }
  pthread_mutex_unlock(&stream->lock);
  if (!taken)
    free(chunk);
  return taken;
}

void xpf_trace_stream_drop(struct xpf_trace_stream *stream, uint64_t events) {
  pthread_mutex_lock(&stream->lock);
  stream->dropped += events;
  pthread_mutex_unlock(&stream->lock);
}

void xpf_trace_stream_close(struct xpf_trace_stream *stream) {
  pthread_mutex_lock(&stream->lock);
  stream->closed = true;
  pthread_cond_signal(&stream->changed);
  pthread_mutex_unlock(&stream->lock);
}

struct xpf_trace_chunk *xpf_trace_stream_take(struct xpf_trace_stream *stream) {
  pthread_mutex_lock(&stream->lock);
  while (!stream->first && !stream->closed)
    pthread_cond_wait(&stream->changed, &stream->lock);
  struct xpf_trace_chunk *chunk = stream->first;
  if (chunk) {
    stream->first = chunk->next;
    if (!stream->first)
      stream->tail = &stream->first;
    stream->waiting_bytes -= chunk->size;
  }
  pthread_mutex_unlock(&stream->lock);
  return chunk;
}

uint64_t xpf_trace_stream_dropped(struct xpf_trace_stream *stream) {
  pthread_mutex_lock(&stream->lock);
  uint64_t dropped = stream->dropped;
  pthread_mutex_unlock(&stream->lock);
  return dropped;
}

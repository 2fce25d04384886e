#include "format/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256

int xpf_sink_write(struct xpf_sink *sink, const void *data, size_t size) {
  if (sink->error != 0)
    return sink->error;
  if (size == 0)
    return 0;
  int rc = sink->write(sink, data, size);
  if (rc < 0) {
    sink->error = rc;
    return rc;
  }
  sink->bytes += size;
  return 0;
}

int xpf_sink_text(struct xpf_sink *sink, const char *text) {
  return xpf_sink_write(sink, text, strlen(text));
}

/* Makes room for `needed` bytes, the final NUL included. */
static int memory_reserve(struct xpf_memory_sink *m, size_t needed) {
  if (needed <= m->capacity)
    return 0;
  size_t capacity = m->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : m->capacity;
  while (capacity < needed)
    capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
  char *data = realloc(m->data, capacity);
  if (data == NULL)
    return -ENOMEM;
  m->data = data;
  m->capacity = capacity;
  return 0;
}

static int memory_write(struct xpf_sink *sink, const void *data, size_t size) {
  struct xpf_memory_sink *m = (struct xpf_memory_sink *)sink;
  if (m->size > m->max || size > m->max - m->size || size > SIZE_MAX - m->size - 1)
    return -EFBIG;
  int rc = memory_reserve(m, m->size + size + 1);
  if (rc < 0)
    return rc;
  memcpy(m->data + m->size, data, size);
  m->size += size;
  m->data[m->size] = '\0';
  return 0;
}

void xpf_memory_sink_init(struct xpf_memory_sink *m, size_t max) {
  memset(m, 0, sizeof(*m));
  m->sink.write = memory_write;
  m->max = max;
  /* Allocated now, so that `data` is a string even when nothing is ever written. */
  m->sink.error = memory_reserve(m, 1);
  if (m->sink.error == 0)
    m->data[0] = '\0';
}

void xpf_memory_sink_free(struct xpf_memory_sink *m) {
  free(m->data);
  m->data = NULL;
  m->size = 0;
  m->capacity = 0;
}

#include "format/source.h"

#include <string.h>

void xpf_source_init(struct xpf_source *source,
                     ssize_t (*read)(struct xpf_source *source, void *data, size_t size)) {
  source->read = read;
  source->error = 0;
  source->is_over = false;
  source->at = source->end = 0;
  source->base = 0;
}

size_t xpf_source_need(struct xpf_source *source, size_t size) {
  if (source->end - source->at >= size || source->is_over)
    return source->end - source->at;
  source->base += source->at;
  memmove(source->buffer, source->buffer + source->at, source->end - source->at);
  source->end -= source->at;
  source->at = 0;
  while (source->end < size && !source->is_over) {
    ssize_t got =
        source->read(source, source->buffer + source->end, sizeof(source->buffer) - source->end);
    if (got < 0)
      source->error = (int)got;
    if (got <= 0)
      source->is_over = true;
    else
      source->end += (size_t)got;
  }
  return source->end;
}

uint64_t xpf_source_offset(const struct xpf_source *source) {
  return source->base + source->at;
}

static ssize_t memory_read(struct xpf_source *source, void *data, size_t size) {
  struct xpf_memory_source *memory = (struct xpf_memory_source *)source;
  if (size > memory->size)
    size = memory->size;
  if (size > 0)
    memcpy(data, memory->data, size);
  memory->data += size;
  memory->size -= size;
  return (ssize_t)size;
}

void xpf_memory_source_init(struct xpf_memory_source *memory, const void *data, size_t size) {
  xpf_source_init(&memory->source, memory_read);
  memory->data = data;
  memory->size = size;
}

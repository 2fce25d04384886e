#include "daemon/history_frame.h"

#include <errno.h>

int xpf_history_frame_add(struct xpf_bytes *frame, const struct xpf_history_entry *entry) {
  size_t before = frame->size;
  if (xpf_bytes_append_number(frame, entry->entity) == 0 &&
      xpf_bytes_append_number(frame, entry->layout) == 0 &&
      xpf_bytes_append_number(frame, entry->size) == 0 &&
      xpf_bytes_append(frame, entry->record, entry->size) == 0)
    return 0;
  frame->size = before;
  return -ENOMEM;
}

int xpf_history_frame_next(const uint8_t **at, const uint8_t *end,
                           struct xpf_history_entry *entry) {
  uint64_t size;
  if (*at == end)
    return 0;
  if (xpf_bytes_number(at, end, &entry->entity) != 0 ||
      xpf_bytes_number(at, end, &entry->layout) != 0 || xpf_bytes_number(at, end, &size) != 0 ||
      size > (uint64_t)(end - *at) || entry->entity >= (uint64_t)1 << 28 ||
      entry->layout > 1u << 31)
    return -EBADMSG;
  entry->record = *at;
  entry->size = (size_t)size;
  *at += size;
  return 1;
}

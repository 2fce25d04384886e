/* A frame: the records that all entities have in one second, one after the other: entity, layout,
 * size, record (history_stream.h). Pure; read from the disk, so fuzzed. [any] */
#ifndef XPF_DAEMON_HISTORY_FRAME_H
#define XPF_DAEMON_HISTORY_FRAME_H
#include <stddef.h>
#include <stdint.h>
#include "daemon/history_stream.h"

struct xpf_history_entry {
  uint64_t entity, layout;
  const uint8_t *record;
  size_t size;
};
/* 0 or -ENOMEM. */
int xpf_history_frame_add(struct xpf_bytes *frame, const struct xpf_history_entry *entry);
/* Reads the next and moves *at on. 1: there it is; 0: the end; -EBADMSG. */
int xpf_history_frame_next(const uint8_t **at, const uint8_t *end, struct xpf_history_entry *entry);
#endif

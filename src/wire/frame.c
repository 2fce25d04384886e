#include "wire/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a frame keeps when it is empty; a bigger buffer served one long line and is given back. */
#define IDLE_CAPACITY (16 * 1024)

void xpf_frame_init(struct xpf_frame *frame, size_t max_line_bytes) {
  *frame = (struct xpf_frame){.max = max_line_bytes};
}

void xpf_frame_free(struct xpf_frame *frame) {
  free(frame->data);
  xpf_frame_init(frame, frame->max);
}

/* Moves what is left to the front, but only when at least as much was taken: each byte moves at
 * most once per byte taken, so any pattern of feed and next stays linear. */
static void drop_consumed(struct xpf_frame *frame) {
  if (frame->consumed == 0 || frame->consumed < frame->size - frame->consumed)
    return;
  memmove(frame->data, frame->data + frame->consumed, frame->size - frame->consumed);
  frame->size -= frame->consumed;
  frame->scanned -= frame->consumed;
  frame->consumed = 0;
}

static int append(struct xpf_frame *frame, const char *data, size_t size) {
  if (size == 0)
    return 0;
  if (size > frame->capacity - frame->size) {
    size_t capacity = frame->capacity ? frame->capacity : 256;
    while (capacity - frame->size < size) {
      if (capacity > (size_t)-1 / 2)
        return -ENOMEM;
      capacity *= 2;
    }
    char *grown = realloc(frame->data, capacity);
    if (grown == NULL)
      return -ENOMEM;
    frame->data = grown;
    frame->capacity = capacity;
  }
  memcpy(frame->data + frame->size, data, size);
  frame->size += size;
  return 0;
}

/* Adds bytes of one line (no newline among them). A line is known to be too long once it is two
 * bytes over the limit, since the first of them may be the '\r' that does not count; it is then
 * closed with a newline of ours, so that _next sees an overlong line, and the rest is dropped. */
static int append_part(struct xpf_frame *frame, const char *data, size_t size) {
  size_t room = frame->max + 2 - (frame->size - frame->scanned);
  if (size < room)
    return append(frame, data, size);
  int rc = append(frame, data, room);
  if (rc == 0)
    rc = append(frame, "\n", 1);
  if (rc == 0) {
    frame->scanned = frame->size;
    frame->skipping = true;
  }
  return rc;
}

/* Adds the bytes up to and with the first newline, or all; *taken says how many. 0 or -ENOMEM. */
static int feed_line(struct xpf_frame *frame, const char *data, size_t size, size_t *taken) {
  const char *newline = memchr(data, '\n', size);
  size_t part = newline ? (size_t)(newline - data) : size;
  *taken = newline ? part + 1 : part;
  int rc = 0;
  if (!frame->skipping)
    rc = append_part(frame, data, part);
  if (rc != 0 || newline == NULL)
    return rc;
  if (frame->skipping) {
    frame->skipping = false;
    return 0;
  }
  rc = append(frame, "\n", 1);
  if (rc == 0)
    frame->scanned = frame->size;
  return rc;
}

int xpf_frame_feed(struct xpf_frame *frame, const void *data, size_t size) {
  drop_consumed(frame);
  struct xpf_frame before = *frame;
  const char *at = data;
  while (size > 0) {
    size_t taken;
    int rc = feed_line(frame, at, size, &taken);
    if (rc != 0) {
      frame->size = before.size;
      frame->scanned = before.scanned;
      frame->skipping = before.skipping;
      return rc;
    }
    at += taken;
    size -= taken;
  }
  return 0;
}

static void release_when_empty(struct xpf_frame *frame) {
  if (frame->consumed != frame->size)
    return;
  frame->size = frame->scanned = frame->consumed = 0;
  if (frame->capacity > IDLE_CAPACITY) {
    free(frame->data);
    frame->data = NULL;
    frame->capacity = 0;
  }
}

enum xpf_frame_result xpf_frame_next(struct xpf_frame *frame, char **line, size_t *size) {
  while (frame->consumed < frame->scanned) {
    char *start = frame->data + frame->consumed;
    char *newline = memchr(start, '\n', frame->scanned - frame->consumed);
    size_t length = (size_t)(newline - start);
    frame->consumed += length + 1;
    if (length > 0 && start[length - 1] == '\r')
      length--;
    if (length > frame->max)
      return XPF_FRAME_TOO_LONG;
    if (length == 0)
      continue;
    start[length] = '\0';
    *line = start;
    *size = length;
    return XPF_FRAME_LINE;
  }
  release_when_empty(frame);
  return XPF_FRAME_NONE;
}

#include "wire/value_frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a frame keeps when it is empty; a bigger buffer served one long text and is given back. */
#define IDLE_CAPACITY (16 * 1024)

void xpf_value_frame_init(struct xpf_value_frame *frame, size_t max_bytes) {
  *frame = (struct xpf_value_frame){.max = max_bytes};
}

void xpf_value_frame_free(struct xpf_value_frame *frame) {
  free(frame->data);
  xpf_value_frame_init(frame, frame->max);
}

static void drop_done(struct xpf_value_frame *frame) {
  if (frame->begin == 0)
    return;
  memmove(frame->data, frame->data + frame->begin, frame->size - frame->begin);
  frame->size -= frame->begin;
  frame->scanned -= frame->begin;
  frame->begin = 0;
  if (frame->size == 0 && frame->capacity > IDLE_CAPACITY) {
    free(frame->data);
    frame->data = NULL;
    frame->capacity = 0;
  }
}

int xpf_value_frame_feed(struct xpf_value_frame *frame, const void *data, size_t size) {
  if (frame->is_garbage || size == 0)
    return 0;
  drop_done(frame);
  if (size > frame->capacity - frame->size) {
    size_t capacity = frame->capacity ? frame->capacity : 512;
    while (capacity - frame->size < size) {
      if (capacity > (size_t)-1 / 2)
        return -ENOMEM;
      capacity *= 2;
    }
    char *grown = realloc(frame->data, capacity);
    if (!grown)
      return -ENOMEM;
    frame->data = grown;
    frame->capacity = capacity;
  }
  memcpy(frame->data + frame->size, data, size);
  frame->size += size;
  return 0;
}

static void scan_in_string(struct xpf_value_frame *frame, char c) {
  if (frame->after_escape)
    frame->after_escape = false;
  else if (c == '\\')
    frame->after_escape = true;
  else if (c == '"')
    frame->in_string = false;
}

/* True when this byte closes the outermost bracket. */
static bool scan(struct xpf_value_frame *frame, char c) {
  if (frame->in_string)
    scan_in_string(frame, c);
  else if (c == '"')
    frame->in_string = true;
  else if (c == '{' || c == '[')
    frame->depth++;
  else if (c == '}' || c == ']')
    return --frame->depth == 0;
  return false;
}

/* Goes past the blanks between two texts. False when what follows begins none. */
static bool find_begin(struct xpf_value_frame *frame) {
  while (frame->begin < frame->size && strchr(" \t\r\n", frame->data[frame->begin]) &&
         frame->data[frame->begin] != '\0')
    frame->begin++;
  frame->scanned = frame->begin;
  if (frame->begin == frame->size)
    return true;
  char first = frame->data[frame->begin];
  return first == '{' || first == '[';
}

/* Up to the end of the text that arrives, or of the bytes; true at the end of the text. */
static bool scan_on(struct xpf_value_frame *frame, bool *is_too_long) {
  bool ended = false;
  while (!ended && frame->scanned < frame->size) {
    ended = scan(frame, frame->data[frame->scanned++]);
    if (!frame->skipping && frame->scanned - frame->begin > frame->max) {
      /* Only where it ends is still of interest, not its bytes. */
      *is_too_long = frame->skipping = true;
    }
  }
  return ended;
}

enum xpf_value_frame_result xpf_value_frame_next(struct xpf_value_frame *frame, const char **text,
                                                 size_t *size) {
  for (;;) {
    if (frame->is_garbage || (frame->depth == 0 && !find_begin(frame))) {
      frame->is_garbage = true;
      return XPF_VALUE_FRAME_GARBAGE;
    }
    bool is_too_long = false, ended = scan_on(frame, &is_too_long);
    bool was_skipped = frame->skipping;
    *text = frame->data ? frame->data + frame->begin : NULL;
    *size = frame->scanned - frame->begin;
    if (ended || was_skipped)
      frame->begin = frame->scanned;
    if (ended)
      frame->skipping = false;
    if (is_too_long)
      return XPF_VALUE_FRAME_TOO_LONG;
    if (!ended)
      return XPF_VALUE_FRAME_NONE;
    if (!was_skipped)
      return XPF_VALUE_FRAME_TEXT;
  }
}

/* Bytes to lines. Feed what arrived, take whole lines out; any split gives the same lines.
 * Memory is bounded by the longest line and the lines not yet taken; a longer line is reported once
 * and skipped up to its newline, and no more than its limit is ever kept, whether or not lines are
 * taken in between.
 * Pure; one thread at a time. */
#ifndef XPF_WIRE_FRAME_H
#define XPF_WIRE_FRAME_H
#include <stdbool.h>
#include <stddef.h>

struct xpf_frame {
  char *data;
  size_t size, capacity, max;
  size_t scanned;  /* where the unfinished line begins; before it are whole lines */
  size_t consumed; /* bytes of already taken lines at the front of data */
  bool skipping;   /* the line that arrives is too long: dropped up to its newline */
};

enum xpf_frame_result { XPF_FRAME_NONE, XPF_FRAME_LINE, XPF_FRAME_TOO_LONG };

void xpf_frame_init(struct xpf_frame *frame, size_t max_line_bytes);
void xpf_frame_free(struct xpf_frame *frame);
/* 0 or -ENOMEM (then nothing of data was kept). */
int xpf_frame_feed(struct xpf_frame *frame, const void *data, size_t size);
/* The next line: *line is NUL-terminated, without '\n' (and without a '\r' before it), valid until
 * the next call on this frame. Empty lines are skipped. */
enum xpf_frame_result xpf_frame_next(struct xpf_frame *frame, char **line, size_t *size);
#endif

/* Bytes to whole JSON texts, with or without newlines between them: an object or array ends where
 * its brackets close. Only brackets and strings are looked at; whether the text is right JSON is
 * for wire/document.h to say. Any split of the bytes gives the same texts. Memory is bounded by the
 * longest text and what is fed at once; a longer text is reported once and skipped to its end.
 * Pure; one thread at a time. */
#ifndef XPF_WIRE_VALUE_FRAME_H
#define XPF_WIRE_VALUE_FRAME_H
#include <stdbool.h>
#include <stddef.h>

struct xpf_value_frame {
  char *data;
  size_t size, capacity, max;
  size_t begin;   /* of the text that arrives; bytes before it are done with */
  size_t scanned; /* bytes looked at */
  size_t depth;   /* of open brackets; 0: between two texts */
  bool in_string, after_escape;
  bool skipping; /* the text that arrives is too long and was reported */
  bool is_garbage;
};

enum xpf_value_frame_result {
  XPF_VALUE_FRAME_NONE, /* more bytes are needed */
  XPF_VALUE_FRAME_TEXT,
  XPF_VALUE_FRAME_TOO_LONG,
  /* Something that begins no object or array: where the next text begins cannot be told. Nothing
   * but this is given from now on. */
  XPF_VALUE_FRAME_GARBAGE,
};

void xpf_value_frame_init(struct xpf_value_frame *frame, size_t max_bytes);
void xpf_value_frame_free(struct xpf_value_frame *frame);
/* 0 or -ENOMEM (then nothing of data was kept). Take the texts out before the next feed. */
int xpf_value_frame_feed(struct xpf_value_frame *frame, const void *data, size_t size);
/* The next text, not terminated, valid until the next feed. */
enum xpf_value_frame_result xpf_value_frame_next(struct xpf_value_frame *frame, const char **text,
                                                 size_t *size);
#endif

// links: src/wire/frame.c
/* Any split of any bytes gives the same lines, within bounded memory.
 * Input: limit, chunk sizes' seed, then the bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/frame.h"

struct lines {
  uint64_t hash;
  size_t count;
};

static void add_byte(struct lines *lines, unsigned char byte) {
  lines->hash = (lines->hash ^ byte) * 0x100000001b3u;
}

static void take_lines(struct xpf_frame *frame, struct lines *lines, size_t most) {
  char *line;
  size_t size;
  for (; most > 0; most--) {
    switch (xpf_frame_next(frame, &line, &size)) {
    case XPF_FRAME_NONE:
      return;
    case XPF_FRAME_TOO_LONG:
      add_byte(lines, '!');
      break;
    case XPF_FRAME_LINE:
      if (size == 0 || size > frame->max || line[size] != '\0' || memchr(line, '\n', size))
        __builtin_trap();
      for (size_t i = 0; i < size; i++)
        add_byte(lines, (unsigned char)line[i]);
      add_byte(lines, '\n');
    }
    lines->count++;
  }
}

static void feed(struct xpf_frame *frame, const uint8_t *data, size_t size) {
  /* A block of its own, so that the sanitizer sees a read behind it. */
  uint8_t *copy = malloc(size ? size : 1);
  if (size > 0)
    memcpy(copy, data, size);
  if (xpf_frame_feed(frame, copy, size) != 0)
    __builtin_trap();
  free(copy);
}

static struct lines split(const uint8_t *data, size_t size, size_t max, uint32_t seed,
                          bool take_between) {
  struct lines lines = {0xcbf29ce484222325u, 0};
  struct xpf_frame frame;
  xpf_frame_init(&frame, max);
  while (size > 0) {
    seed = seed * 1103515245 + 12345;
    size_t step = 1 + (seed >> 16) % 13;
    if (step > size)
      step = size;
    feed(&frame, data, step);
    data += step;
    size -= step;
    if (take_between)
      take_lines(&frame, &lines, (seed >> 8) % 4);
    if (frame.size - frame.scanned > max + 2)
      __builtin_trap();
  }
  take_lines(&frame, &lines, (size_t)-1);
  xpf_frame_free(&frame);
  return lines;
}

static struct lines whole(const uint8_t *data, size_t size, size_t max) {
  struct lines lines = {0xcbf29ce484222325u, 0};
  struct xpf_frame frame;
  xpf_frame_init(&frame, max);
  feed(&frame, data, size);
  take_lines(&frame, &lines, (size_t)-1);
  xpf_frame_free(&frame);
  return lines;
}

/* The same without a frame: the bytes cut at each newline. */
static struct lines plain(const uint8_t *data, size_t size, size_t max) {
  struct lines lines = {0xcbf29ce484222325u, 0};
  while (size > 0) {
    const uint8_t *newline = memchr(data, '\n', size);
    size_t length = newline ? (size_t)(newline - data) : size;
    size_t text = newline && length > 0 && data[length - 1] == '\r' ? length - 1 : length;
    bool too_long = newline ? text > max : length > max + 1;
    if (too_long || (newline && text > 0)) {
      for (size_t i = 0; !too_long && i < text; i++)
        add_byte(&lines, data[i]);
      add_byte(&lines, too_long ? '!' : '\n');
      lines.count++;
    }
    if (newline == NULL)
      break;
    data += length + 1;
    size -= length + 1;
  }
  return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  size_t max = data[0] % 64;
  uint32_t seed = data[1];
  data += 2;
  size -= 2;
  struct lines expected = plain(data, size, max);
  struct lines results[] = {whole(data, size, max), split(data, size, max, seed, true),
                            split(data, size, max, seed, false)};
  for (size_t i = 0; i < sizeof results / sizeof *results; i++)
    if (results[i].hash != expected.hash || results[i].count != expected.count)
      __builtin_trap();
  return 0;
}

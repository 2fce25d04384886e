// links: src/wire/value_frame.c src/wire/request.c src/wire/document.c src/wire/utf8.c -lcjson
/* What xprofd's TCP server reads: any split of any bytes gives the same texts, within bounded
 * memory, and each text is a request or a fault. Input: limit, chunk sizes' seed, then the bytes.
 */
#include "fuzz.h"
#include "wire/request.h"
#include "wire/value_frame.h"

struct texts {
  uint64_t hash;
  size_t count;
  bool is_garbage;
};

static void add(struct texts *texts, const char *text, size_t size) {
  for (size_t i = 0; i < size; i++)
    texts->hash = (texts->hash ^ (unsigned char)text[i]) * 0x100000001b3u;
  texts->hash = (texts->hash ^ '\n') * 0x100000001b3u;
  texts->count++;
}

static void take(struct xpf_value_frame *frame, struct texts *texts) {
  const char *text;
  size_t size;
  for (;;) {
    switch (xpf_value_frame_next(frame, &text, &size)) {
    case XPF_VALUE_FRAME_NONE:
      return;
    case XPF_VALUE_FRAME_GARBAGE:
      texts->is_garbage = true;
      return;
    case XPF_VALUE_FRAME_TOO_LONG:
      add(texts, "!", 1);
      break;
    case XPF_VALUE_FRAME_TEXT:
      require(size >= 2 && size <= frame->max && (text[0] == '{' || text[0] == '['));
      add(texts, text, size);
    }
  }
}

static struct texts split(const uint8_t *data, size_t size, size_t max, uint32_t seed) {
  struct texts texts = {0xcbf29ce484222325u, 0, false};
  struct xpf_value_frame frame;
  xpf_value_frame_init(&frame, max);
  while (size > 0) {
    seed = seed * 1103515245 + 12345;
    size_t step = seed == 0 ? size : 1 + (seed >> 16) % 13;
    if (step > size)
      step = size;
    char *copy = fuzz_text(data, step);
    require(xpf_value_frame_feed(&frame, copy, step) == 0);
    free(copy);
    take(&frame, &texts);
    require(frame.size - frame.begin <= max + 13 || texts.is_garbage);
    data += step;
    size -= step;
  }
  xpf_value_frame_free(&frame);
  return texts;
}

static void parse(const uint8_t *data, size_t size) {
  struct xpf_request request;
  struct xpf_fault fault = {0};
  char *text = fuzz_text(data, size);
  if (xpf_request_parse(&request, text, size, &fault) != 0)
    require(fault.code != 0 && fault.message[0] != '\0');
  xpf_request_free(&request);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  size_t max = 2 + data[0] % 62;
  uint32_t seed = data[1] + 1u;
  data += 2;
  size -= 2;
  struct texts one = split(data, size, max, seed), other = split(data, size, max, seed * 7919u + 1);
  require(one.hash == other.hash && one.count == other.count);
  require(one.is_garbage == other.is_garbage);
  parse(data, size);
  return 0;
}

// links: ctl/websocket.c
/* Any bytes of a hostile inspector, in any split, give the same messages, within bounded memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../ctl/websocket.h"

#define MAX 300

struct outcome {
  uint64_t hash;
  int error;
};

static void add(struct outcome *outcome, const char *data, size_t size) {
  for (size_t i = 0; i < size; i++)
    outcome->hash = (outcome->hash ^ (unsigned char)data[i]) * 0x100000001b3u;
}

static void take_messages(struct xpf_websocket *websocket, struct outcome *outcome) {
  char *data;
  size_t size;
  int opcode;

  while ((opcode = xpf_websocket_next(websocket, &data, &size)) > 0) {
    char kind = (char)opcode;
    if (size > MAX || data[size] != '\0' || (opcode > 2 && size > 125))
      __builtin_trap();
    add(outcome, &kind, 1);
    add(outcome, data, size);
  }
  if (websocket->message_size > MAX)
    __builtin_trap();
  outcome->error = opcode;
}

static struct outcome split(const uint8_t *bytes, size_t size, uint32_t seed) {
  struct outcome outcome = {.hash = 0xcbf29ce484222325u};
  struct xpf_websocket websocket;

  xpf_websocket_init(&websocket, MAX);
  while (size > 0 && outcome.error == 0) {
    seed = seed * 1103515245 + 12345;
    size_t step = 1 + (seed >> 16) % 37;
    if (step > size)
      step = size;
    if (xpf_websocket_feed(&websocket, bytes, step) != 0)
      __builtin_trap();
    take_messages(&websocket, &outcome);
    /* Frames that are too long are refused by their heads: no more than one is ever kept. */
    if (outcome.error == 0 && websocket.size - websocket.taken > MAX + XPF_WEBSOCKET_HEAD_BYTES)
      __builtin_trap();
    bytes += step;
    size -= step;
  }
  xpf_websocket_free(&websocket);
  return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return 0;
  struct outcome one = split(data + 1, size - 1, data[0]);
  struct outcome other = split(data + 1, size - 1, data[0] * 7u + 1);
  if (one.hash != other.hash || one.error != other.error)
    __builtin_trap();
  return 0;
}

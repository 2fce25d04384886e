#include "websocket.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIN         0x80
#define RESERVED    0x70
#define MASKED      0x80
#define CONTROL     0x08
#define CONTROL_MAX 125

struct frame {
  bool is_last;
  int opcode;
  char *payload;
  size_t size;
};

void xpf_websocket_init(struct xpf_websocket *websocket, size_t max_message_bytes) {
  *websocket = (struct xpf_websocket){.max = max_message_bytes};
}

void xpf_websocket_free(struct xpf_websocket *websocket) {
  free(websocket->data);
  free(websocket->message);
  *websocket = (struct xpf_websocket){0};
}

/* Room for `size` bytes and a NUL. */
static int reserve(char **data, size_t *capacity, size_t size) {
  if (size < *capacity)
    return 0;
  size_t wanted = size + size / 2 + 256;
  char *grown = realloc(*data, wanted);
  if (grown == NULL)
    return -ENOMEM;
  *data = grown;
  *capacity = wanted;
  return 0;
}

int xpf_websocket_feed(struct xpf_websocket *websocket, const void *bytes, size_t size) {
  if (size == 0)
    return 0;
  size_t left = websocket->size - websocket->taken;
  if (websocket->taken > 0 && left > 0)
    memmove(websocket->data, websocket->data + websocket->taken, left);
  websocket->size = left;
  websocket->taken = 0;
  int error = reserve(&websocket->data, &websocket->capacity, left + size);
  if (error != 0)
    return error;
  memcpy(websocket->data + left, bytes, size);
  websocket->size = left + size;
  return 0;
}

/* The length that bytes 1 … of the head say, and where the payload begins; 0: more is needed. */
static int read_length(const unsigned char *head, size_t there, uint64_t *length, size_t *begin) {
  size_t extra = (head[1] & 0x7f) == 126 ? 2 : (head[1] & 0x7f) == 127 ? 8 : 0;

  *begin = 2 + extra;
  if (there < *begin)
    return 0;
  *length = extra == 0 ? head[1] & 0x7fu : 0;
  for (size_t i = 0; i < extra; i++)
    *length = *length << 8 | head[2 + i];
  bool is_shortest = extra == 0 || (extra == 2 ? *length > 125 : *length > 0xffff);
  return is_shortest && *length >> 63 == 0 ? 1 : -EPROTO;
}

static int check_head(const struct xpf_websocket *websocket, const unsigned char *head) {
  int opcode = head[0] & 0x0f;
  bool is_control = (opcode & CONTROL) != 0;

  if ((head[0] & RESERVED) != 0 || (head[1] & MASKED) != 0)
    return -EPROTO; /* no extension was agreed upon; a server never masks */
  if (opcode > XPF_WEBSOCKET_PONG || (opcode > XPF_WEBSOCKET_BINARY && !is_control))
    return -EPROTO;
  if (is_control)
    return (head[0] & FIN) != 0 && (head[1] & 0x7f) <= CONTROL_MAX ? 0 : -EPROTO;
  return (opcode == XPF_WEBSOCKET_CONTINUATION) == websocket->in_message ? 0 : -EPROTO;
}

/* 1 and the frame, 0 when it is not whole, or negative. */
static int take_frame(struct xpf_websocket *websocket, struct frame *frame) {
  char *at = websocket->data + websocket->taken;
  const unsigned char *head = (const unsigned char *)at;
  size_t there = websocket->size - websocket->taken, begin;
  uint64_t length;

  if (there < 2)
    return 0;
  int status = check_head(websocket, head);
  if (status == 0)
    status = read_length(head, there, &length, &begin);
  if (status <= 0)
    return status;
  size_t held = (head[0] & CONTROL) != 0 ? 0 : websocket->message_size;
  if (length > websocket->max - held)
    return -EMSGSIZE;
  if (there - begin < length)
    return 0;
  *frame = (struct frame){.is_last = (head[0] & FIN) != 0,
                          .opcode = head[0] & 0x0f,
                          .payload = at + begin,
                          .size = (size_t)length};
  websocket->taken += begin + (size_t)length;
  return 1;
}

static int add_part(struct xpf_websocket *websocket, const struct frame *frame) {
  int error = reserve(&websocket->message, &websocket->message_capacity,
                      websocket->message_size + frame->size);
  if (error != 0)
    return error;
  memcpy(websocket->message + websocket->message_size, frame->payload, frame->size);
  websocket->message_size += frame->size;
  websocket->message[websocket->message_size] = '\0';
  return 0;
}

int xpf_websocket_next(struct xpf_websocket *websocket, char **data, size_t *size) {
  struct frame frame;
  int status;

  if (!websocket->in_message)
    websocket->message_size = 0;
  while ((status = take_frame(websocket, &frame)) > 0) {
    if ((frame.opcode & CONTROL) != 0) {
      /* Moved over the last byte of its head, which is done with, so that a NUL fits behind it. */
      *data = memmove(frame.payload - 1, frame.payload, frame.size);
      (*data)[frame.size] = '\0';
      *size = frame.size;
      return frame.opcode;
    }
    if (frame.opcode != XPF_WEBSOCKET_CONTINUATION)
      websocket->opcode = frame.opcode;
    status = add_part(websocket, &frame);
    if (status != 0)
      return status;
    websocket->in_message = !frame.is_last;
    if (frame.is_last) {
      *data = websocket->message;
      *size = websocket->message_size;
      return websocket->opcode;
    }
  }
  return status;
}

size_t xpf_websocket_head(unsigned char head[XPF_WEBSOCKET_HEAD_BYTES],
                          enum xpf_websocket_opcode opcode, size_t size,
                          const unsigned char mask[4]) {
  size_t extra = size <= CONTROL_MAX ? 0 : size <= 0xffff ? 2 : 8;

  head[0] = (unsigned char)(FIN | opcode);
  head[1] = (unsigned char)(MASKED | (extra == 0 ? size : extra == 2 ? 126 : 127));
  for (size_t i = 0; i < extra; i++)
    head[2 + i] = (unsigned char)((uint64_t)size >> (8 * (extra - 1 - i)));
  memcpy(head + 2 + extra, mask, 4);
  return 2 + extra + 4;
}

void xpf_websocket_mask(char *payload, size_t size, const unsigned char mask[4]) {
  for (size_t i = 0; i < size; i++)
    payload[i] = (char)(payload[i] ^ mask[i % 4]);
}

/* WebSocket frames (RFC 6455) as a client needs them: bytes that arrived to whole messages, and the
 * head of a frame to be sent. Pure; memory is bounded by the longest message. No extensions, so no
 * compression.
 *
 * Our own because the kept library for it, libwebsockets, cannot be linked statically on Debian 12
 * without OpenSSL, libuv, libev, libevent and libcap (its archive is built with all of them): some
 * 5 MB for one connection over loopback, in a program that is 200 KB and has no shared-library
 * needs. libcurl's WebSocket part is switched off there. */
#ifndef XPF_CTL_WEBSOCKET_H
#define XPF_CTL_WEBSOCKET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XPF_WEBSOCKET_HEAD_BYTES 14

enum xpf_websocket_opcode {
  XPF_WEBSOCKET_CONTINUATION = 0,
  XPF_WEBSOCKET_TEXT = 1,
  XPF_WEBSOCKET_BINARY = 2,
  XPF_WEBSOCKET_CLOSE = 8,
  XPF_WEBSOCKET_PING = 9,
  XPF_WEBSOCKET_PONG = 10,
};

struct xpf_websocket {
  char *data; /* bytes of frames that are not whole yet */
  size_t size, capacity, taken;
  char *message; /* the message that is being put together */
  size_t message_size, message_capacity;
  size_t max;
  bool in_message;
  int opcode; /* of that message */
};

void xpf_websocket_init(struct xpf_websocket *websocket, size_t max_message_bytes);
void xpf_websocket_free(struct xpf_websocket *websocket);
/* Adds bytes that arrived. 0 or -ENOMEM. */
int xpf_websocket_feed(struct xpf_websocket *websocket, const void *bytes, size_t size);
/* The next message: its opcode (TEXT, BINARY, PING, PONG or CLOSE) and *data, NUL-terminated and
 * valid until the next call; 0 when more bytes are needed; -EPROTO when the peer breaks the rules,
 * -EMSGSIZE for a message over the limit, -ENOMEM: then the connection is of no more use. */
int xpf_websocket_next(struct xpf_websocket *websocket, char **data, size_t *size);
/* Writes the head of a whole, masked frame with `size` bytes; returns its length. The payload that
 * follows is to be passed through _mask. */
size_t xpf_websocket_head(unsigned char head[XPF_WEBSOCKET_HEAD_BYTES],
                          enum xpf_websocket_opcode opcode, size_t size,
                          const unsigned char mask[4]);
void xpf_websocket_mask(char *payload, size_t size, const unsigned char mask[4]);
#endif

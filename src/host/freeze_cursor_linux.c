#include "host/freeze_cursor_linux.h"

/* Pointer encodings of .eh_frame. */
#define ENCODE_ABSOLUTE 0x00
#define ENCODE_ULEB     0x01
#define ENCODE_U16      0x02
#define ENCODE_U32      0x03
#define ENCODE_U64      0x04
#define ENCODE_SLEB     0x09
#define ENCODE_S16      0x0a
#define ENCODE_S64      0x0c

uint64_t xpf_cursor_take(struct xpf_cursor *c, size_t size) {
  uint64_t value = 0;
  if ((size_t)(c->end - c->at) < size) {
    c->bad = true;
    return 0;
  }
  for (size_t i = 0; i < size; i++)
    value |= (uint64_t)c->at[i] << (8 * i);
  c->at += size;
  return value;
}

int64_t xpf_cursor_signed(struct xpf_cursor *c, size_t size) {
  unsigned shift = 64 - 8 * (unsigned)size;
  return (int64_t)(xpf_cursor_take(c, size) << shift) >> shift;
}

uint64_t xpf_cursor_uleb(struct xpf_cursor *c) {
  uint64_t value = 0;
  for (unsigned shift = 0; !c->bad; shift += 7) {
    uint64_t byte = xpf_cursor_take(c, 1);
    if (shift < 64)
      value |= (byte & 0x7f) << shift;
    if (!(byte & 0x80))
      break;
  }
  return value;
}

int64_t xpf_cursor_sleb(struct xpf_cursor *c) {
  uint64_t value = 0, byte = 0;
  unsigned shift = 0;
  do {
    byte = xpf_cursor_take(c, 1);
    if (shift < 64)
      value |= (byte & 0x7f) << shift;
    shift += 7;
  } while ((byte & 0x80) && !c->bad);
  if (shift < 64 && (byte & 0x40))
    value |= ~(uint64_t)0 << shift;
  return (int64_t)value;
}

uint64_t xpf_cursor_encoded(struct xpf_cursor *c, uint8_t encoding, uint64_t data_base) {
  uint64_t here = (uint64_t)c->at, value = 0;
  switch (encoding & 0x0f) {
  case ENCODE_ABSOLUTE:
  case ENCODE_U64:
  case ENCODE_S64:
    value = xpf_cursor_take(c, 8);
    break;
  case ENCODE_ULEB:
    value = xpf_cursor_uleb(c);
    break;
  case ENCODE_SLEB:
    value = (uint64_t)xpf_cursor_sleb(c);
    break;
  case ENCODE_U16:
    value = xpf_cursor_take(c, 2);
    break;
  case ENCODE_S16:
    value = (uint64_t)xpf_cursor_signed(c, 2);
    break;
  case ENCODE_U32:
    value = xpf_cursor_take(c, 4);
    break;
  case XPF_ENCODE_S32:
    value = (uint64_t)xpf_cursor_signed(c, 4);
    break;
  default:
    c->bad = true;
  }
  if ((encoding & 0x70) == XPF_ENCODE_PCREL)
    value += here;
  else if ((encoding & 0x70) == XPF_ENCODE_DATAREL)
    value += data_base;
  return value;
}

void xpf_cursor_skip(struct xpf_cursor *c, uint64_t bytes) {
  if (bytes > (uint64_t)(c->end - c->at)) {
    c->bad = true;
    c->at = c->end;
  } else {
    c->at += bytes;
  }
}

/* Streams packed by zlib: one byte that says how, the size before, the data. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "daemon/history_stream.h"

enum { KIND_PLAIN = 1, KIND_DEFLATE = 2 };

#define LEVEL       1 /* the data is small numbers already: more work gains little */
#define WINDOW_BITS (-15)

struct xpf_packer {
  z_stream deflate, inflate;
};

struct xpf_packer *xpf_packer_new(void) {
  struct xpf_packer *packer = calloc(1, sizeof *packer);
  if (!packer)
    return NULL;
  if (deflateInit2(&packer->deflate, LEVEL, Z_DEFLATED, WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) !=
          Z_OK ||
      inflateInit2(&packer->inflate, WINDOW_BITS) != Z_OK) {
    xpf_packer_free(packer);
    return NULL;
  }
  return packer;
}

void xpf_packer_free(struct xpf_packer *packer) {
  if (!packer)
    return;
  deflateEnd(&packer->deflate);
  inflateEnd(&packer->inflate);
  free(packer);
}

int xpf_pack(struct xpf_packer *packer, const uint8_t *data, size_t size, struct xpf_bytes *out) {
  static const uint8_t plain = KIND_PLAIN, deflated = KIND_DEFLATE;
  z_stream *z = &packer->deflate;
  out->size = 0;
  deflateReset(z);
  if (xpf_bytes_append(out, &deflated, 1) != 0 || xpf_bytes_append_number(out, size) != 0 ||
      xpf_bytes_reserve(out, size) != 0)
    return -ENOMEM;
  z->next_in = (Bytef *)(uintptr_t)data;
  z->avail_in = (uInt)size;
  z->next_out = out->data + out->size;
  z->avail_out = (uInt)size;
  if (deflate(z, Z_FINISH) == Z_STREAM_END) {
    out->size += size - z->avail_out;
    return 0;
  }
  out->size = 0; /* it would not become smaller */
  return xpf_bytes_append(out, &plain, 1) != 0 ? -ENOMEM : xpf_bytes_append(out, data, size);
}

int xpf_unpack(struct xpf_packer *packer, const uint8_t *data, size_t size, size_t max,
               struct xpf_bytes *out) {
  const uint8_t *at = data + 1, *end = data + size;
  uint64_t full = 0;
  if (size == 0)
    return -EBADMSG;
  if (data[0] == KIND_PLAIN)
    return size - 1 > max ? -EBADMSG : xpf_bytes_append(out, at, size - 1);
  if (data[0] != KIND_DEFLATE || xpf_bytes_number(&at, end, &full) != 0 || full > max)
    return -EBADMSG;
  if (xpf_bytes_reserve(out, full + 1) != 0)
    return -ENOMEM;
  z_stream *z = &packer->inflate;
  inflateReset(z);
  z->next_in = (Bytef *)(uintptr_t)at;
  z->avail_in = (uInt)(end - at);
  z->next_out = out->data + out->size;
  z->avail_out = (uInt)full;
  if (inflate(z, Z_FINISH) != Z_STREAM_END || z->avail_out != 0)
    return -EBADMSG;
  out->size += full;
  return 0;
}

#include "format/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define WINDOW_GZIP  (15 + 16) /* zlib: the largest window, with a gzip header */
#define LEVEL        6
#define MEMORY_LEVEL 8
#define PIECE_BYTES  (32 * 1024)

bool xpf_gzip_detect(const unsigned char *head, size_t size) {
  return size >= 2 && head[0] == 0x1f && head[1] == 0x8b;
}

struct gzip_source {
  struct xpf_source source;
  struct xpf_source *from;
  z_stream stream;
  bool is_member_over;
};

/* Between two members. 1: another begins; 0: the end; negative: something else follows. */
static int next_member(struct gzip_source *gzip) {
  struct xpf_source *from = gzip->from;
  size_t there = xpf_source_need(from, 2);
  if (from->error != 0)
    return from->error;
  if (there == 0)
    return 0;
  if (!xpf_gzip_detect(from->buffer + from->at, there))
    return -EBADMSG;
  gzip->is_member_over = false;
  return inflateReset(&gzip->stream) == Z_OK ? 1 : -EBADMSG;
}

static ssize_t gzip_read(struct xpf_source *source, void *data, size_t size) {
  struct gzip_source *gzip = (struct gzip_source *)source;
  z_stream *stream = &gzip->stream;
  stream->next_out = data;
  stream->avail_out = size > UINT_MAX ? UINT_MAX : (uInt)size;
  uInt asked = stream->avail_out;
  while (stream->avail_out == asked) {
    if (gzip->is_member_over) {
      int rc = next_member(gzip);
      if (rc <= 0)
        return rc;
    }
    if (!xpf_source_has(gzip->from))
      return gzip->from->error != 0 ? gzip->from->error : -ENODATA;
    stream->next_in = gzip->from->buffer + gzip->from->at;
    stream->avail_in = (uInt)(gzip->from->end - gzip->from->at);
    int rc = inflate(stream, Z_NO_FLUSH);
    gzip->from->at = gzip->from->end - stream->avail_in;
    if (rc == Z_STREAM_END)
      gzip->is_member_over = true;
    else if (rc == Z_MEM_ERROR)
      return -ENOMEM;
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
      return -EBADMSG;
  }
  return (ssize_t)(asked - stream->avail_out);
}

struct xpf_source *xpf_gzip_source_new(struct xpf_source *from) {
  struct gzip_source *gzip = calloc(1, sizeof(*gzip));
  if (gzip == NULL)
    return NULL;
  xpf_source_init(&gzip->source, gzip_read);
  gzip->from = from;
  if (inflateInit2(&gzip->stream, WINDOW_GZIP) == Z_OK)
    return &gzip->source;
  free(gzip);
  return NULL;
}

void xpf_gzip_source_free(struct xpf_source *source) {
  struct gzip_source *gzip = (struct gzip_source *)source;
  if (gzip == NULL)
    return;
  inflateEnd(&gzip->stream);
  free(gzip);
}

struct gzip_sink {
  struct xpf_sink sink;
  struct xpf_sink *to;
  z_stream stream;
  unsigned char piece[PIECE_BYTES];
};

/* What zlib has to say, until it wants more input (Z_NO_FLUSH) or is done (Z_FINISH). */
static int pieces_write(struct gzip_sink *gzip, int flush) {
  int rc;
  do {
    gzip->stream.next_out = gzip->piece;
    gzip->stream.avail_out = sizeof(gzip->piece);
    rc = deflate(&gzip->stream, flush);
    if (rc == Z_STREAM_ERROR)
      return -EINVAL;
    size_t size = sizeof(gzip->piece) - gzip->stream.avail_out;
    int error = xpf_sink_write(gzip->to, gzip->piece, size);
    if (error < 0)
      return error;
  } while (gzip->stream.avail_out == 0);
  return flush == Z_FINISH && rc != Z_STREAM_END ? -EINVAL : 0;
}

static int gzip_write(struct xpf_sink *sink, const void *data, size_t size) {
  struct gzip_sink *gzip = (struct gzip_sink *)sink;
  const unsigned char *at = data;
  while (size > 0) {
    uInt part = size > PIECE_BYTES ? PIECE_BYTES : (uInt)size;
    gzip->stream.next_in = (unsigned char *)at;
    gzip->stream.avail_in = part;
    int rc = pieces_write(gzip, Z_NO_FLUSH);
    if (rc < 0)
      return rc;
    at += part;
    size -= part;
  }
  return 0;
}

struct xpf_sink *xpf_gzip_sink_new(struct xpf_sink *to) {
  struct gzip_sink *gzip = calloc(1, sizeof(*gzip));
  if (gzip == NULL)
    return NULL;
  gzip->sink.write = gzip_write;
  gzip->to = to;
  if (deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, WINDOW_GZIP, MEMORY_LEVEL,
                   Z_DEFAULT_STRATEGY) == Z_OK)
    return &gzip->sink;
  free(gzip);
  return NULL;
}

int xpf_gzip_sink_finish(struct xpf_sink *sink) {
  struct gzip_sink *gzip = (struct gzip_sink *)sink;
  if (sink->error == 0) {
    gzip->stream.avail_in = 0;
    sink->error = pieces_write(gzip, Z_FINISH);
  }
  return sink->error;
}

void xpf_gzip_sink_free(struct xpf_sink *sink) {
  struct gzip_sink *gzip = (struct gzip_sink *)sink;
  if (gzip == NULL)
    return;
  deflateEnd(&gzip->stream);
  free(gzip);
}

int xpf_gzip_unpack(const void *packed, size_t size, struct xpf_sink *to) {
  struct xpf_memory_source *from = malloc(sizeof(*from));
  struct xpf_source *unpacked = NULL;
  int rc = -ENOMEM;

  if (from == NULL)
    return rc;
  xpf_memory_source_init(from, packed, size);
  unpacked = xpf_gzip_source_new(&from->source);
  if (unpacked != NULL) {
    rc = 0;
    while (rc == 0 && xpf_source_has(unpacked)) {
      rc = xpf_sink_write(to, unpacked->buffer + unpacked->at, unpacked->end - unpacked->at);
      unpacked->at = unpacked->end;
    }
    if (rc == 0)
      rc = unpacked->error;
    xpf_gzip_source_free(unpacked);
  }
  free(from);
  return rc;
}

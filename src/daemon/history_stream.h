/* How the history writes values: a stream of records, one for each moment (step) at which an entity
 * had values. A record has only what changed since the one before, in whole numbers of 1, 1e-3,
 * 1e-6 or 1e-9 where that is exact. A column that is not `exact` and has more digits is rounded to
 * six significant ones; everything else comes back bit by bit. Streams of equal columns may be
 * joined end to end, when each begins with a new (or restarted) writer. Pure. [any] */
#ifndef XPF_DAEMON_HISTORY_STREAM_H
#define XPF_DAEMON_HISTORY_STREAM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XPF_STREAM_COLUMNS_MAX 2048
#define XPF_STREAM_STEPS_MAX   128

struct xpf_bytes {
  uint8_t *data;
  size_t size, capacity;
};
int xpf_bytes_reserve(struct xpf_bytes *bytes, size_t more); /* 0 or -ENOMEM */
int xpf_bytes_append(struct xpf_bytes *bytes, const void *data, size_t size);
int xpf_bytes_append_number(struct xpf_bytes *bytes, uint64_t number); /* 7 bits a byte */
void xpf_bytes_free(struct xpf_bytes *bytes);
/* Reads such a number at *at and moves it on; -EBADMSG when there is none before end. */
int xpf_bytes_number(const uint8_t **at, const uint8_t *end, uint64_t *number);

struct xpf_stream_writer {
  unsigned columns;
  const bool *exact; /* one a column; outlives the writer */
  double *given;     /* the last value of each, as it was given */
  int64_t *whole;    /* and as it was written */
  uint8_t *forms;
};
/* 0, -ENOMEM, -E2BIG. */
int xpf_stream_writer_init(struct xpf_stream_writer *writer, unsigned columns, const bool *exact);
void xpf_stream_writer_free(struct xpf_stream_writer *writer);
/* The next record says everything. */
void xpf_stream_writer_restart(struct xpf_stream_writer *writer);
/* Appends one record. step < XPF_STREAM_STEPS_MAX; NaN: there is no value. 0 or -ENOMEM (then
 * nothing was appended, and the writer is restarted). */
int xpf_stream_write(struct xpf_stream_writer *writer, unsigned step, const double *values,
                     struct xpf_bytes *out);

/* Fills rows[step * columns + column] and present[step] (both set to begin with by the caller:
 * steps that are not in the stream stay as they are; of two records of a step the later counts).
 * 0 or -EBADMSG; what was read up to there then stays. */
int xpf_stream_read(const uint8_t *data, size_t size, unsigned columns, unsigned steps,
                    double *rows, bool *present);

/* A stream as it is kept: packed by zlib when that makes it smaller. packer is reused. */
struct xpf_packer;
struct xpf_packer *xpf_packer_new(void); /* NULL: no memory */
void xpf_packer_free(struct xpf_packer *packer);
/* Replaces what is in out. 0 or -ENOMEM. */
int xpf_pack(struct xpf_packer *packer, const uint8_t *data, size_t size, struct xpf_bytes *out);
/* Appends to out; no more than max bytes come of it. 0, -EBADMSG, -ENOMEM. */
int xpf_unpack(struct xpf_packer *packer, const uint8_t *data, size_t size, size_t max,
               struct xpf_bytes *out);
#endif

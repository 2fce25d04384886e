#include "daemon/history_stream.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A record is a number, step * 2 + (1 when something changed), then in the second case a bit for
 * each column and a token for each bit that is set. A token is a number. Even: half of it is the
 * zigzag difference to the value before, in the same form. Odd: bits 1 to 3 are the new form; of
 * a whole form the bits from the fourth on are its zigzag value, of FORM_DOUBLE 8 bytes follow. */
enum { FORM_WHOLE, FORM_MILLI, FORM_MICRO, FORM_NANO, FORM_DOUBLE, FORM_NONE, FORM_UNKNOWN };

static const double SCALES[] = {1, 1e3, 1e6, 1e9};

#define WHOLE_MAX      9007199254740992.0 /* 2^53: up to there a double holds every whole number */
#define ROUNDED_MIN    5e5                /* a rounded value has at least these many units */
#define TOKEN_SIZE_MAX 18                 /* a number of 64 bits and 8 bytes */

int xpf_bytes_reserve(struct xpf_bytes *bytes, size_t more) {
  if (bytes->capacity - bytes->size >= more)
    return 0;
  size_t capacity = bytes->capacity ? bytes->capacity : 64;
  while (capacity - bytes->size < more)
    capacity += capacity / 2;
  uint8_t *data = realloc(bytes->data, capacity);
  if (!data)
    return -ENOMEM;
  bytes->data = data;
  bytes->capacity = capacity;
  return 0;
}

int xpf_bytes_append(struct xpf_bytes *bytes, const void *data, size_t size) {
  int error = xpf_bytes_reserve(bytes, size);
  if (!error && size > 0) {
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
  }
  return error;
}

static uint8_t *put_number(uint8_t *at, uint64_t number) {
  while (number >= 0x80) {
    *at++ = (uint8_t)(number | 0x80);
    number >>= 7;
  }
  *at++ = (uint8_t)number;
  return at;
}

int xpf_bytes_append_number(struct xpf_bytes *bytes, uint64_t number) {
  int error = xpf_bytes_reserve(bytes, 10);
  if (!error)
    bytes->size = (size_t)(put_number(bytes->data + bytes->size, number) - bytes->data);
  return error;
}

void xpf_bytes_free(struct xpf_bytes *bytes) {
  free(bytes->data);
  *bytes = (struct xpf_bytes){0};
}

int xpf_bytes_number(const uint8_t **at, const uint8_t *end, uint64_t *number) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
    uint8_t byte = *(*at)++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) {
      *number = value;
      return 0;
    }
  }
  return -EBADMSG;
}

static uint64_t zigzag(int64_t value) {
  return value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1;
}

static int64_t unzigzag(uint64_t value) {
  return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

int xpf_stream_writer_init(struct xpf_stream_writer *writer, unsigned columns, const bool *exact) {
  *writer = (struct xpf_stream_writer){.columns = columns, .exact = exact};
  if (columns > XPF_STREAM_COLUMNS_MAX)
    return -E2BIG;
  writer->given = calloc(columns + 1, sizeof *writer->given);
  writer->whole = calloc(columns + 1, sizeof *writer->whole);
  writer->forms = calloc(columns + 1, sizeof *writer->forms);
  if (!writer->given || !writer->whole || !writer->forms) {
    xpf_stream_writer_free(writer);
    return -ENOMEM;
  }
  xpf_stream_writer_restart(writer);
  return 0;
}

void xpf_stream_writer_free(struct xpf_stream_writer *writer) {
  free(writer->given);
  free(writer->whole);
  free(writer->forms);
  *writer = (struct xpf_stream_writer){0};
}

void xpf_stream_writer_restart(struct xpf_stream_writer *writer) {
  memset(writer->forms, FORM_UNKNOWN, writer->columns);
}

static bool is_whole(double value, unsigned form, int64_t *whole) {
  double scaled = value * SCALES[form];
  if (!(fabs(scaled) < WHOLE_MAX))
    return false;
  int64_t rounded = (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
  *whole = rounded;
  return (double)rounded / SCALES[form] == value;
}

/* The form in which the value is exact, else the one that rounds it least coarsely. */
static unsigned choose_form(double value, bool exact, unsigned before, int64_t *whole) {
  if (isnan(value))
    return FORM_NONE;
  if (is_whole(value, FORM_WHOLE, whole))
    return before <= FORM_NANO && before != FORM_WHOLE && is_whole(value, before, whole)
               ? before
               : FORM_WHOLE;
  if (before <= FORM_NANO && is_whole(value, before, whole))
    return before;
  for (unsigned form = FORM_MILLI; form <= FORM_NANO; form++)
    if (is_whole(value, form, whole))
      return form;
  for (unsigned form = FORM_WHOLE; !exact && form <= FORM_NANO; form++)
    if (fabs(value) * SCALES[form] >= ROUNDED_MIN) {
      is_whole(value, form, whole); /* false, but rounded */
      return fabs(value) * SCALES[form] < WHOLE_MAX ? form : FORM_DOUBLE;
    }
  return FORM_DOUBLE;
}

/* The token of a value that is new; NULL when it is written the same as the one before. */
static uint8_t *put_token(struct xpf_stream_writer *writer, unsigned i, double value, uint8_t *at) {
  int64_t whole = 0;
  unsigned before = writer->forms[i], form = choose_form(value, writer->exact[i], before, &whole);
  if (form <= FORM_NANO && form == before) {
    int64_t difference = whole - writer->whole[i];
    if (difference == 0)
      return NULL;
    at = put_number(at, zigzag(difference) << 1);
  } else if (form <= FORM_NANO) {
    at = put_number(at, zigzag(whole) << 4 | form << 1 | 1);
  } else if (form == FORM_DOUBLE) {
    at = put_number(at, FORM_DOUBLE << 1 | 1);
    memcpy(at, &value, sizeof value);
    at += sizeof value;
  } else {
    if (before == FORM_NONE)
      return NULL;
    at = put_number(at, FORM_NONE << 1 | 1);
  }
  writer->whole[i] = whole;
  writer->forms[i] = (uint8_t)form;
  return at;
}

int xpf_stream_write(struct xpf_stream_writer *writer, unsigned step, const double *values,
                     struct xpf_bytes *out) {
  size_t map_size = (writer->columns + 7) / 8;
  if (xpf_bytes_reserve(out, 2 + map_size + (size_t)writer->columns * TOKEN_SIZE_MAX) != 0) {
    xpf_stream_writer_restart(writer);
    return -ENOMEM;
  }
  uint8_t *head = out->data + out->size, *map = put_number(head, (uint64_t)step << 1 | 1);
  uint8_t *at = map + map_size;
  bool has_changed = false;
  memset(map, 0, map_size);
  for (unsigned i = 0; i < writer->columns; i++) {
    if (writer->forms[i] != FORM_UNKNOWN &&
        memcmp(&values[i], &writer->given[i], sizeof values[i]) == 0)
      continue;
    writer->given[i] = values[i];
    uint8_t *after = put_token(writer, i, values[i], at);
    if (!after)
      continue;
    map[i / 8] |= (uint8_t)(1u << i % 8);
    at = after;
    has_changed = true;
  }
  if (!has_changed)
    at = put_number(head, (uint64_t)step << 1);
  out->size = (size_t)(at - out->data);
  return 0;
}

struct reader {
  const uint8_t *at, *end;
  unsigned columns;
  double values[XPF_STREAM_COLUMNS_MAX];
  int64_t whole[XPF_STREAM_COLUMNS_MAX];
  uint8_t forms[XPF_STREAM_COLUMNS_MAX];
};

static int read_token(struct reader *reader, unsigned i) {
  uint64_t token;
  if (xpf_bytes_number(&reader->at, reader->end, &token) != 0)
    return -EBADMSG;
  if (token & 1) {
    reader->forms[i] = (uint8_t)(token >> 1 & 7);
    reader->whole[i] = unzigzag(token >> 4);
  } else {
    reader->whole[i] = (int64_t)((uint64_t)reader->whole[i] + (uint64_t)unzigzag(token >> 1));
    if (reader->forms[i] > FORM_NANO)
      return -EBADMSG;
  }
  if (reader->forms[i] <= FORM_NANO) {
    reader->values[i] = (double)reader->whole[i] / SCALES[reader->forms[i]];
  } else if (reader->forms[i] == FORM_NONE) {
    reader->values[i] = NAN;
  } else {
    if (reader->forms[i] != FORM_DOUBLE || reader->end - reader->at < (ptrdiff_t)sizeof(double))
      return -EBADMSG;
    memcpy(&reader->values[i], reader->at, sizeof(double));
    reader->at += sizeof(double);
    if (!isfinite(reader->values[i]))
      return -EBADMSG;
  }
  return 0;
}

static int read_changes(struct reader *reader) {
  size_t map_size = (reader->columns + 7) / 8;
  if ((size_t)(reader->end - reader->at) < map_size)
    return -EBADMSG;
  const uint8_t *map = reader->at;
  reader->at += map_size;
  for (size_t byte = 0; byte < map_size; byte++)
    for (unsigned bits = map[byte]; bits != 0; bits &= bits - 1) {
      unsigned i = (unsigned)byte * 8 + (unsigned)__builtin_ctz(bits);
      if (i >= reader->columns || read_token(reader, i) != 0)
        return -EBADMSG;
    }
  return 0;
}

int xpf_stream_read(const uint8_t *data, size_t size, unsigned columns, unsigned steps,
                    double *rows, bool *present) {
  if (columns > XPF_STREAM_COLUMNS_MAX)
    return -EBADMSG;
  if (size == 0)
    return 0;
  struct reader *reader = malloc(sizeof *reader);
  if (!reader)
    return -ENOMEM;
  reader->at = data;
  reader->end = data + size;
  reader->columns = columns;
  for (unsigned i = 0; i < columns; i++) {
    reader->values[i] = NAN;
    reader->whole[i] = 0;
    reader->forms[i] = FORM_NONE;
  }
  int error = 0;
  while (!error && reader->at < reader->end) {
    uint64_t head;
    error = xpf_bytes_number(&reader->at, reader->end, &head);
    if (!error && (head >> 1) >= steps)
      error = -EBADMSG;
    if (!error && (head & 1))
      error = read_changes(reader);
    if (error)
      break;
    memcpy(rows + (size_t)(head >> 1) * columns, reader->values, columns * sizeof *rows);
    present[head >> 1] = true;
  }
  free(reader);
  return error;
}

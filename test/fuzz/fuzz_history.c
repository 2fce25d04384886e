// clang-format off
// links: src/daemon/history_stream.c src/daemon/history_frame.c src/daemon/history_pack.c -lz -lm
// clang-format on
/* Any bytes in place of what the history keeps: a packed frame, its entries, and the streams in
 * them. The first byte says how many columns a stream has, the second whether the rest is packed.
 */
#include <errno.h>
#include <math.h>

#include "daemon/history_frame.h"
#include "daemon/history_stream.h"
#include "fuzz.h"

#define STEPS       60
#define COLUMNS_MAX 255

static double rows[STEPS * COLUMNS_MAX], again[STEPS * COLUMNS_MAX];

/* What was read can be written, and reads the same again. */
static void write_again(unsigned columns, const bool *present) {
  static bool exact[COLUMNS_MAX];
  struct xpf_stream_writer writer;
  struct xpf_bytes bytes = {0};
  bool present_again[STEPS] = {false};
  memset(exact, true, sizeof exact);
  require(xpf_stream_writer_init(&writer, columns, exact) == 0);
  for (unsigned step = 0; step < STEPS; step++)
    if (present[step])
      require(xpf_stream_write(&writer, step, rows + (size_t)step * columns, &bytes) == 0);
  require(xpf_stream_read(bytes.data, bytes.size, columns, STEPS, again, present_again) == 0);
  require(memcmp(present, present_again, sizeof present_again) == 0);
  for (unsigned step = 0; step < STEPS; step++)
    for (unsigned i = 0; present[step] && i < columns; i++) {
      double value = rows[(size_t)step * columns + i];
      double copy = again[(size_t)step * columns + i];
      require(isnan(value) ? isnan(copy) : value == copy);
    }
  xpf_stream_writer_free(&writer);
  xpf_bytes_free(&bytes);
}

static void read_stream(const uint8_t *data, size_t size, unsigned columns) {
  bool present[STEPS] = {false};
  int error = xpf_stream_read(data, size, columns, STEPS, rows, present);
  require(error == 0 || error == -EBADMSG);
  for (unsigned step = 0; step < STEPS; step++)
    for (unsigned i = 0; present[step] && i < columns; i++)
      require(!isinf(rows[(size_t)step * columns + i]));
  write_again(columns, present);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct xpf_packer *packer;
  struct xpf_bytes frame = {0};
  struct xpf_history_entry entry;
  if (size < 2)
    return 0;
  if (!packer)
    packer = xpf_packer_new();
  require(packer != NULL);
  unsigned columns = data[0];
  bool is_packed = data[1] & 1;
  data += 2;
  size -= 2;
  /* A block of its own, so that the sanitizer sees a read behind it. */
  int error = is_packed ? xpf_unpack(packer, data, size, 1 << 20, &frame)
                        : xpf_bytes_append(&frame, data, size);
  require(error == 0 || error == -EBADMSG);
  if (frame.size > 0) {
    const uint8_t *at = frame.data, *end = at + frame.size;
    while (error == 0 && xpf_history_frame_next(&at, end, &entry) == 1) {
      require(entry.record >= frame.data && entry.record + entry.size <= end);
      read_stream(entry.record, entry.size, columns);
    }
    read_stream(frame.data, frame.size, columns);
  }
  xpf_bytes_free(&frame);
  return 0;
}

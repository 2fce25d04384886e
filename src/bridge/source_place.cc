#include "bridge/source_place.h"

#include <algorithm>
#include <cstring>

#include "bridge/object_text.h"

static constexpr int64_t TABLE_MAX_BYTES = 1 << 20;

/* ---- bytecode offset to position ----------------------------------------------------------- */

namespace {
struct table {
  struct xpf_source_scan *scan;
  uint64_t address;
  int64_t left;         /* bytes not yet in the chunk */
  size_t at, available; /* in the chunk */
};
} // namespace

static bool table_byte(struct table *table, unsigned char *out) {
  if (table->at == table->available) {
    auto count = std::min<int64_t>(table->left, sizeof table->scan->chunk);
    if (count == 0 || !xpf_memory_read(table->address, table->scan->chunk, count))
      return false;
    table->address += count;
    table->left -= count;
    table->at = 0;
    table->available = static_cast<size_t>(count);
  }
  *out = table->scan->chunk[table->at++];
  return true;
}

/* Seven bits a byte, low ones first. */
static bool table_number(struct table *table, uint64_t *out) {
  unsigned char byte;
  unsigned shift = 0;
  *out = 0;
  do {
    if (shift > 63 || !table_byte(table, &byte))
      return false;
    *out |= static_cast<uint64_t>(byte & 0x7F) << shift;
    shift += 7;
  } while ((byte & 0x80) != 0);
  return true;
}

static bool table_open(const struct xpf_layout *layout, struct xpf_source_scan *scan,
                       uint64_t bytecode_array, struct table *out) {
  uint64_t bytes, length;
  if (!xpf_object_is(layout, bytecode_array, layout->bytecode_array_type) ||
      !xpf_object_word(bytecode_array, layout->bytecode_positions, &bytes) ||
      !xpf_object_is(layout, bytes, layout->position_table_type) ||
      !xpf_object_word(bytes, layout->array_length, &length) || !xpf_object_is_smi(length) ||
      xpf_object_smi(length) <= 0 || xpf_object_smi(length) > TABLE_MAX_BYTES)
    return false;
  *out = {scan, bytes - 1 + static_cast<uint64_t>(layout->array_data), xpf_object_smi(length), 0,
          0};
  return true;
}

/* Entries hold the steps of the offset and of the position. Under the offset's step is a bit for
 * "statement", since Node 26 another for "breakable"; the first entry is that of the function, a
 * statement never, at offset -1: written as 1 without the second bit, as 0 or 2 with it. The step
 * of the position has its sign in its lowest bit; the position's own lowest bit says that it is not
 * in this script, and it counts from 1. */
bool xpf_source_position(const struct xpf_layout *layout, struct xpf_source_scan *scan,
                         uint64_t bytecode_array, int64_t bytecode_offset, int64_t *position) {
  struct table table;
  int64_t wanted = bytecode_offset - layout->bytecode_data + 1;
  int64_t offset = -1, raw = 0;
  uint64_t offset_step, raw_step;
  unsigned flag_bits = 0;
  if (wanted < 0 || !table_open(layout, scan, bytecode_array, &table))
    return false;
  while (table_number(&table, &offset_step) && table_number(&table, &raw_step)) {
    if (flag_bits == 0)
      flag_bits = offset_step == 1 ? 1 : 2;
    if (offset_step > INT32_MAX || raw_step > UINT32_MAX)
      return false;
    offset += static_cast<int64_t>(offset_step >> flag_bits);
    if (offset > wanted)
      break;
    raw += static_cast<int64_t>(raw_step >> 1) ^ -static_cast<int64_t>(raw_step & 1);
  }
  *position = ((raw >> 1) & 0x3FFFFFFF) - 1;
  return raw > 0 && (raw & 1) == 0 && *position >= 0;
}

/* ---- position to line and column ----------------------------------------------------------- */

namespace {
struct lines {
  int line;
  int64_t next, start; /* characters seen; where the line starts */
  bool after_cr;
};
} // namespace

static void lines_add(struct lines *lines, uint32_t c) {
  lines->next++;
  bool ends = c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
  if (ends) {
    if (c != '\n' || !lines->after_cr)
      lines->line++;
    lines->start = lines->next;
  }
  lines->after_cr = c == '\r';
}

bool xpf_source_place(const struct xpf_layout *layout, struct xpf_source_scan *scan,
                      uint64_t source, int64_t position, struct xpf_source_place *out) {
  struct xpf_object_chars chars;
  struct lines lines = {1, 0, 0, false};
  if (!xpf_object_chars(layout, source, &chars) || position < 0 || position > chars.length)
    return false;
  size_t width = chars.one_byte ? 1 : 2;
  if (static_cast<uint64_t>(position) * width > scan->bytes_left)
    return false;
  scan->bytes_left -= static_cast<uint64_t>(position) * width;
  while (lines.next < position) {
    auto count = std::min<int64_t>(position - lines.next, sizeof scan->chunk / width);
    if (!xpf_memory_read(chars.address + lines.next * width, scan->chunk, count * width))
      return false;
    for (int64_t i = 0; i < count; i++) {
      uint16_t unit = scan->chunk[i];
      if (width == 2)
        std::memcpy(&unit, scan->chunk + 2 * i, sizeof unit);
      lines_add(&lines, unit);
    }
  }
  out->line = lines.line;
  out->column = static_cast<int>(position - lines.start) + 1;
  return true;
}

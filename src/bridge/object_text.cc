#include "bridge/object_text.h"

#include <algorithm>

static constexpr int HOPS_MAX = 8; /* thin, sliced and flat cons strings on the way to the text */
static constexpr int PIECES_MAX = 32; /* unfinished right halves of nested cons strings */
static constexpr int STEPS_MAX = 512; /* halves looked at; a torn heap could make a ring of them */
static constexpr uint32_t LENGTH_MAX = (1U << 29) - 1; /* V8's own limit */
static constexpr uint32_t CHUNK_CHARS = 128;
static constexpr int UNCACHED_EXTERNAL_BIT = 0x10; /* its data is only reached by a virtual call */

namespace {
struct text {
  char *out;
  size_t size, used; /* size without the terminator */
  uint32_t high;     /* a first surrogate waits for its second */
  bool full;
};
} // namespace

bool xpf_object_is_string(const struct xpf_layout *layout, uint64_t object) {
  int type = xpf_object_type(layout, object);
  return type >= 0 && (type & layout->not_string_mask) == 0;
}

static bool length_read(const struct xpf_layout *layout, uint64_t string, uint32_t *out) {
  uint64_t address = string - 1 + static_cast<uint64_t>(layout->string_length);
  return xpf_memory_read(address, out, sizeof *out) && *out <= LENGTH_MAX;
}

/* The offset into the parent is of the outermost string; V8 never slices a slice. */
static bool sliced_enter(const struct xpf_layout *layout, uint64_t *string, uint32_t *offset) {
  uint64_t smi;
  if (!xpf_object_word(*string, layout->sliced_offset, &smi) || !xpf_object_is_smi(smi) ||
      xpf_object_smi(smi) < 0 || xpf_object_smi(smi) > LENGTH_MAX)
    return false;
  *offset += static_cast<uint32_t>(xpf_object_smi(smi));
  return xpf_object_word(*string, layout->sliced_parent, string);
}

static bool cons_enter(const struct xpf_layout *layout, uint64_t *string) {
  uint64_t second;
  uint32_t length;
  return xpf_object_word(*string, layout->cons_second, &second) &&
         xpf_object_is_string(layout, second) && length_read(layout, second, &length) &&
         length == 0 && xpf_object_word(*string, layout->cons_first, string);
}

static bool base_chars(const struct xpf_layout *layout, uint64_t string, int type,
                       struct xpf_object_chars *out) {
  out->one_byte = (type & layout->encoding_mask) == layout->one_byte_tag;
  if ((type & layout->representation_mask) == layout->seq_tag) {
    out->address = string - 1 + static_cast<uint64_t>(layout->string_chars);
    return true;
  }
  /* The word after the resource keeps the address of its data. */
  return (type & UNCACHED_EXTERNAL_BIT) == 0 &&
         xpf_object_word(string, layout->external_resource + 8, &out->address) && out->address != 0;
}

bool xpf_object_chars(const struct xpf_layout *layout, uint64_t string,
                      struct xpf_object_chars *out) {
  uint32_t offset = 0, base_length = 0;
  for (int hop = 0; hop < HOPS_MAX; hop++) {
    int type = xpf_object_type(layout, string);
    if (type < 0 || (type & layout->not_string_mask) != 0 ||
        !length_read(layout, string, hop == 0 ? &out->length : &base_length))
      return false;
    int kind = type & layout->representation_mask;
    bool entered = false;
    if (kind == layout->thin_tag)
      entered = xpf_object_word(string, layout->thin_actual, &string);
    else if (kind == layout->sliced_tag)
      entered = sliced_enter(layout, &string, &offset);
    else if (kind == layout->cons_tag)
      entered = cons_enter(layout, &string);
    else if (kind == layout->seq_tag || kind == layout->external_tag) {
      if (hop == 0)
        base_length = out->length;
      if (offset > base_length || out->length > base_length - offset ||
          !base_chars(layout, string, type, out))
        return false;
      out->address += out->one_byte ? offset : UINT64_C(2) * offset;
      return true;
    }
    if (!entered)
      return false;
  }
  return false;
}

static void put(struct text *text, uint32_t c) {
  unsigned char bytes[4];
  size_t count;
  if (c < 0x80) {
    bytes[0] = static_cast<unsigned char>(c);
    count = 1;
  } else if (c < 0x800) {
    bytes[0] = static_cast<unsigned char>(0xC0 | (c >> 6));
    count = 2;
  } else if (c < 0x10000) {
    bytes[0] = static_cast<unsigned char>(0xE0 | (c >> 12));
    count = 3;
  } else {
    bytes[0] = static_cast<unsigned char>(0xF0 | (c >> 18));
    count = 4;
  }
  for (size_t i = 1; i < count; i++)
    bytes[i] = static_cast<unsigned char>(0x80 | ((c >> (6 * (count - 1 - i))) & 0x3F));
  if (text->size - text->used < count) {
    text->full = true;
    return;
  }
  for (size_t i = 0; i < count; i++)
    text->out[text->used++] = static_cast<char>(bytes[i]);
}

static void put_unit(struct text *text, uint32_t unit) {
  if (text->high != 0) {
    uint32_t high = text->high;
    text->high = 0;
    if (unit >= 0xDC00 && unit <= 0xDFFF) {
      put(text, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
      return;
    }
    put(text, 0xFFFD);
  }
  if (unit >= 0xD800 && unit <= 0xDBFF)
    text->high = unit;
  else
    put(text, unit >= 0xDC00 && unit <= 0xDFFF ? 0xFFFD : unit);
}

static bool put_chars(struct text *text, const struct xpf_object_chars *chars) {
  uint16_t units[CHUNK_CHARS];
  size_t width = chars->one_byte ? 1 : 2;
  auto *bytes = reinterpret_cast<const unsigned char *>(units);
  for (uint32_t done = 0; done < chars->length && !text->full;) {
    uint32_t count = std::min(chars->length - done, CHUNK_CHARS);
    if (!xpf_memory_read(chars->address + done * width, units, count * width))
      return false;
    for (uint32_t i = 0; i < count && !text->full; i++)
      put_unit(text, chars->one_byte ? bytes[i] : units[i]);
    done += count;
  }
  return true;
}

/* Left to right; as far as the room for unfinished halves goes. */
static bool put_string(const struct xpf_layout *layout, struct text *text, uint64_t string) {
  uint64_t pieces[PIECES_MAX] = {string};
  int count = 1;
  for (int step = 0; count > 0 && !text->full; step++) {
    if (step == STEPS_MAX)
      return false;
    uint64_t piece = pieces[--count];
    struct xpf_object_chars chars;
    if (xpf_object_chars(layout, piece, &chars)) {
      if (!put_chars(text, &chars))
        return false;
      continue;
    }
    int type = xpf_object_type(layout, piece);
    if (type < 0 || (type & layout->not_string_mask) != 0 ||
        (type & layout->representation_mask) != layout->cons_tag || count + 2 > PIECES_MAX ||
        !xpf_object_word(piece, layout->cons_second, &pieces[count]) ||
        !xpf_object_word(piece, layout->cons_first, &pieces[count + 1]))
      return false;
    count += 2;
  }
  if (text->high != 0 && !text->full)
    put(text, 0xFFFD);
  return true;
}

bool xpf_object_text(const struct xpf_layout *layout, uint64_t string, char *out, size_t size) {
  struct text text = {out, size - 1, 0, 0, false};
  out[0] = '\0';
  if (!xpf_object_is_string(layout, string))
    return false;
  if (!put_string(layout, &text, string)) {
    out[0] = '?';
    text.used = 1;
  }
  out[text.used] = '\0';
  return true;
}

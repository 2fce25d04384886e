#include "bridge/bridge.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "bridge/js_function.h"

static constexpr uint64_t ISOLATE_BYTES_MAX = 64 * 1024; /* where the exit slot is looked for */
static constexpr uint64_t STACK_BYTES_MAX = 64 << 20;
static constexpr int HOPS_MAX = 1024;           /* physical frames, stubs included */
static constexpr int ENTRY_WORDS = 16;          /* saved by the code that enters JS */
static constexpr uint64_t SCAN_BYTES = 8 << 20; /* of sources, for the lines of one stack */

static struct xpf_layout layout; /* of this Node: the same for every bridge */
static std::atomic<bool> layout_is_usable;

namespace {
/* A frame: its words around the frame pointer. */
struct frame {
  uint64_t pc, fp;
  uint64_t type; /* the slot that has either a marker or a context */
  uint64_t function, bytecode_array, bytecode_offset;
  uint64_t caller_fp, caller_pc;
};
} // namespace

static bool frame_read(uint64_t pc, uint64_t fp, struct frame *out) {
  uint64_t words[7]; /* from fp - 40 to the return address */
  if (fp % 8 != 0 || fp < 40 || !xpf_memory_read(fp - 40, words, sizeof words))
    return false;
  auto slot = [&](int offset) {
    int index = 5 + offset / 8;
    return index >= 0 && index < 7 ? words[index] : 0;
  };
  *out = {pc,
          fp,
          slot(layout.fp_type),
          slot(layout.fp_function),
          slot(layout.fp_bytecode_array),
          slot(layout.fp_bytecode_offset),
          words[5],
          words[6]};
  return true;
}

template <int N> static bool marker_is(const uint64_t (&markers)[N], uint64_t type) {
  return type != XPF_LAYOUT_NO_MARKER &&
         std::find(std::begin(markers), std::end(markers), type) != std::end(markers);
}

/* Is there a frame at this place of the stack by which JS left for C++? */
static bool exit_is(uint64_t fp, uint64_t above) {
  struct frame frame;
  return fp > above && frame_read(0, fp, &frame) && frame.caller_fp > fp &&
         marker_is(layout.exit_markers, frame.type);
}

/* V8's way into JS pushes the previous exit frame, somewhere below the saved registers. */
static uint64_t entry_previous_exit(uint64_t entry_fp) {
  uint64_t words[ENTRY_WORDS];
  if (!xpf_memory_read(entry_fp - sizeof words, words, sizeof words))
    return 0;
  for (int i = ENTRY_WORDS - 1; i >= 0; i--)
    if (exit_is(words[i], entry_fp))
      return words[i];
  return 0;
}

/* To the frame that called this one, across C++ between two parts of JS. */
static bool frame_next(struct frame *frame) {
  if (marker_is(layout.entry_markers, frame->type)) {
    uint64_t fp = entry_previous_exit(frame->fp);
    return fp != 0 && frame_read(0, fp, frame);
  }
  return frame->caller_fp > frame->fp && frame_read(frame->caller_pc, frame->caller_fp, frame);
}

/* V8's sampler gives interpreted frames the address of their bytecode, others their program
 * counter. */
static bool frame_is_at(const struct frame *frame, const void *sampled) {
  auto pc = reinterpret_cast<uint64_t>(sampled);
  return pc == frame->pc ||
         (xpf_object_is_heap(frame->bytecode_array) && xpf_object_is_smi(frame->bytecode_offset) &&
          pc == frame->bytecode_array +
                    static_cast<uint64_t>(xpf_object_smi(frame->bytecode_offset)));
}

static bool frame_describe(struct xpf_postmortem *self, const struct frame *frame,
                           struct xpf_js_frame *out) {
  int64_t position = -1;
  std::memset(out, 0, sizeof *out);
  out->pc = frame->pc;
  if (xpf_object_is_smi(frame->bytecode_offset) &&
      !xpf_source_position(&layout, &self->scan, frame->bytecode_array,
                           xpf_object_smi(frame->bytecode_offset), &position))
    position = -1;
  return xpf_js_function_describe(&layout, &self->scan, frame->function, position, out);
}

/* Frames that V8's sampler saw as well, from here outwards. */
static uint32_t walk(struct xpf_postmortem *self, uint32_t pcs_count, struct frame frame,
                     struct xpf_js_frame *out) {
  uint32_t count = 0, next = 0;
  bool described = false;
  for (int hop = 0; hop < HOPS_MAX && next < pcs_count; hop++) {
    if (!xpf_object_is_heap(frame.type)) {
      if (described && marker_is(layout.construct_markers, frame.type))
        out[count - 1].is_constructor = true;
      described = false;
    } else {
      void **found = std::find_if(self->pcs + next, self->pcs + pcs_count,
                                  [&](void *pc) { return frame_is_at(&frame, pc); });
      described = found != self->pcs + pcs_count && frame_describe(self, &frame, &out[count]);
      if (found != self->pcs + pcs_count)
        next = static_cast<uint32_t>(found - self->pcs) + 1;
      count += described ? 1 : 0;
    }
    if (!frame_next(&frame))
      break;
  }
  return count;
}

/* Does the innermost frame that V8 saw come soon when one starts here? */
static bool start_is(struct xpf_postmortem *self, struct frame frame) {
  for (int hop = 0; hop < 16; hop++) {
    if (xpf_object_is_heap(frame.type) && frame_is_at(&frame, self->pcs[0]))
      return true;
    if (!frame_next(&frame))
      break;
  }
  return false;
}

static bool start_read(struct xpf_postmortem *self, uint64_t pc, uint64_t fp, struct frame *out) {
  return fp != 0 && frame_read(pc, fp, out) && start_is(self, *out);
}

/* V8 keeps the frame by which JS left for C++ in one word of the isolate. The place is no part of
 * its API and differs from version to version: the word that leads to the innermost frame is it. */
static bool exit_find(struct xpf_bridge *b, uint64_t sp, struct frame *out) {
  auto isolate = reinterpret_cast<uint64_t>(b->isolate);
  uint64_t words[64];
  for (uint64_t at = 0; at < ISOLATE_BYTES_MAX; at += sizeof words) {
    if (!xpf_memory_read(isolate + at, words, sizeof words))
      return false;
    for (uint64_t word : words)
      if (word > sp && word - sp < STACK_BYTES_MAX && exit_is(word, sp) &&
          start_read(&b->postmortem, 0, word, out))
        return true;
  }
  return false;
}

/* Where JS called C++: by a fast call without a frame, by an exit frame, or not at all. */
static bool start_find(struct xpf_bridge *b, uint64_t pc, uint64_t sp, uint64_t fp,
                       struct frame *out) {
  using v8::internal::Internals;
  auto isolate = reinterpret_cast<uint64_t>(b->isolate);
  uint64_t fast_pc = 0, fast_fp = 0;
  xpf_memory_read(isolate + Internals::kIsolateFastCCallCallerPcOffset, &fast_pc, 8);
  xpf_memory_read(isolate + Internals::kIsolateFastCCallCallerFpOffset, &fast_fp, 8);
  return start_read(&b->postmortem, fast_pc, fast_fp, out) || exit_find(b, sp, out) ||
         start_read(&b->postmortem, pc, fp, out);
}

extern "C" void xpf_bridge_stack_prepare(void) {
#if defined(__linux__) && defined(__x86_64__)
  if (layout_is_usable)
    return;
  xpf_layout_read(&layout);
  layout_is_usable = layout.usable;
#endif
}

extern "C" uint32_t xpf_bridge_stack_names(struct xpf_bridge *b, void *pc, void *sp, void *fp,
                                           struct xpf_js_frame *out, uint32_t max) {
  struct xpf_postmortem *self = &b->postmortem;
  int saved = errno;
  uint32_t count = 0;
  struct frame start;
  if (!layout_is_usable)
    return 0;
  max = std::min(max, XPF_POSTMORTEM_FRAMES_MAX);
  uint32_t pcs_count = xpf_bridge_stack_sample(b, pc, sp, fp, self->pcs, max, nullptr);
  self->scan.bytes_left = SCAN_BYTES;
  if (pcs_count > 0 && start_find(b, reinterpret_cast<uint64_t>(pc), reinterpret_cast<uint64_t>(sp),
                                  reinterpret_cast<uint64_t>(fp), &start))
    count = walk(self, pcs_count, start, out);
  errno = saved;
  return count;
}

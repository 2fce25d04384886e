#include "bridge/bridge.h"

#include <algorithm>

#include "bridge/versions.h"

static constexpr uint32_t RAW_FRAMES_MAX = 512;

extern "C" const char *xpf_vm_state_name(enum xpf_vm_state state) {
  switch (state) {
  case XPF_VM_JS:
    return "JS";
  case XPF_VM_GC:
    return "GC";
  case XPF_VM_PARSER:
    return "PARSER";
  case XPF_VM_BYTECODE_COMPILER:
    return "BYTECODE_COMPILER";
  case XPF_VM_COMPILER:
    return "COMPILER";
  case XPF_VM_OTHER:
    return "OTHER";
  case XPF_VM_EXTERNAL:
    return "EXTERNAL";
  case XPF_VM_ATOMICS_WAIT:
    return "ATOMICS_WAIT";
  case XPF_VM_IDLE:
    return "IDLE";
  case XPF_VM_LOGGING:
    return "LOGGING";
  case XPF_VM_UNKNOWN:
    break;
  }
  return "UNKNOWN";
}

extern "C" uint32_t xpf_bridge_stack_sample(struct xpf_bridge *b, void *pc, void *sp, void *fp,
                                            void **out, uint32_t max, enum xpf_vm_state *state) {
  v8::RegisterState registers;
  registers.pc = pc;
  registers.sp = sp;
  registers.fp = fp;
  v8::SampleInfo info = {};
  b->isolate->GetStackSample(registers, out, max, &info);
  if (state != nullptr)
    *state = xpf_v8_vm_state(info.vm_state);
  return std::min(static_cast<uint32_t>(info.frames_count), max);
}

static void text_copy(v8::Isolate *isolate, v8::Local<v8::String> text, char *out, size_t size) {
  out[0] = '\0';
  if (!text.IsEmpty())
    xpf_v8_utf8_write(isolate, text, out, size);
}

static void frame_copy(v8::Isolate *isolate, v8::Local<v8::StackFrame> from,
                       struct xpf_js_frame *to) {
  text_copy(isolate, from->GetFunctionName(), to->function, sizeof to->function);
  text_copy(isolate, from->GetScriptNameOrSourceURL(), to->script, sizeof to->script);
  to->pc = 0;
  to->line = std::max(from->GetLineNumber(), 0);
  to->column = std::max(from->GetColumn(), 0);
  to->is_eval = from->IsEval();
  to->is_constructor = from->IsConstructor();
  to->is_wasm = from->IsWasm();
  to->is_user_javascript = from->IsUserJavaScript();
  to->is_function_start = false;
}

/* V8 finds the JS frames from the frame by which they left for C++; our own registers only tell it
 * that C++ runs. */
__attribute__((noinline)) static uint32_t raw_frames(struct xpf_bridge *b, void **out, uint32_t max,
                                                     enum xpf_vm_state *state) {
  void *fp = __builtin_frame_address(0);
  return xpf_bridge_stack_sample(b, __builtin_return_address(0), fp, fp, out, max, state);
}

/* The raw walk sees frames of V8's own code on top (the stub that called the interrupt); the named
 * walk sees inlined functions, which have no program counter of their own. Without inlining two
 * whole walks have the same outer end. */
static void pcs_match(struct xpf_js_frame *frames, uint32_t count, void *const *raw,
                      uint32_t raw_count) {
  if (raw_count < count || raw_count == RAW_FRAMES_MAX)
    return;
  for (uint32_t i = 0; i < count; i++)
    frames[i].pc = reinterpret_cast<uint64_t>(raw[raw_count - count + i]);
}

extern "C" uint32_t xpf_bridge_stack_read(struct xpf_bridge *b, struct xpf_js_frame *out,
                                          uint32_t max, enum xpf_vm_state *state) {
  void *raw[RAW_FRAMES_MAX];
  uint32_t raw_count = raw_frames(b, raw, RAW_FRAMES_MAX, state);
  if (max == 0)
    return 0;
  v8::HandleScope scope(b->isolate);
  v8::Local<v8::StackTrace> trace = v8::StackTrace::CurrentStackTrace(
      b->isolate, static_cast<int>(std::min<uint32_t>(max, INT32_MAX)), v8::StackTrace::kDetailed);
  uint32_t count = std::min(static_cast<uint32_t>(trace->GetFrameCount()), max);
  for (uint32_t i = 0; i < count; i++) {
    v8::HandleScope frame_scope(b->isolate);
    frame_copy(b->isolate, trace->GetFrame(b->isolate, i), &out[i]);
  }
  if (count < max)
    pcs_match(out, count, raw, raw_count);
  return count;
}

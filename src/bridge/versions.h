/* Everything in V8's and Node's API that differs between Node 18 (V8 10), 20 (11), 22 (12), 24 (13)
 * and 26 (14). No other file of the bridge asks for a version. */
#ifndef XPF_BRIDGE_VERSIONS_H
#define XPF_BRIDGE_VERSIONS_H

#include <cerrno>
#include <cstddef>
#include <v8.h>
#include <v8-profiler.h>

#include "xpf_bridge.h"

/* ---- strings ------------------------------------------------------------------------------- */

/* [js] Bytes of the string in UTF-8, without a terminator. */
inline size_t xpf_v8_utf8_length(v8::Isolate *isolate, v8::Local<v8::String> string) {
#if V8_MAJOR_VERSION >= 13
  return string->Utf8LengthV2(isolate);
#else
  return static_cast<size_t>(string->Utf8Length(isolate));
#endif
}

/* [js] Writes at most size - 1 bytes of valid UTF-8, whole characters only, and a terminator. */
inline size_t xpf_v8_utf8_write(v8::Isolate *isolate, v8::Local<v8::String> string, char *out,
                                size_t size) {
#if V8_MAJOR_VERSION >= 13
  size_t written =
      string->WriteUtf8V2(isolate, out, size - 1, v8::String::WriteFlags::kReplaceInvalidUtf8);
#else
  size_t written = static_cast<size_t>(
      string->WriteUtf8(isolate, out, static_cast<int>(size - 1), nullptr,
                        v8::String::NO_NULL_TERMINATION | v8::String::REPLACE_INVALID_UTF8));
#endif
  out[written] = '\0';
  return written;
}

/* ---- garbage collections ------------------------------------------------------------------- */

#if V8_MAJOR_VERSION >= 12
constexpr v8::GCType XPF_V8_GC_MINOR_MARKSWEEP = v8::kGCTypeMinorMarkSweep;
#else
constexpr v8::GCType XPF_V8_GC_MINOR_MARKSWEEP = v8::kGCTypeMinorMarkCompact;
#endif

/* ---- heap sampling ------------------------------------------------------------------------- */

/* 0 and the flags, or -ENOTSUP: V8 10 forgets a sample as soon as its object is collected. */
inline int xpf_v8_sampling_flags(const struct xpf_heap_sampling_options *options,
                                 v8::HeapProfiler::SamplingFlags *out) {
  int flags = v8::HeapProfiler::kSamplingNoFlags;
#if V8_MAJOR_VERSION >= 11
  if (options->include_major_gc)
    flags |= v8::HeapProfiler::kSamplingIncludeObjectsCollectedByMajorGC;
  if (options->include_minor_gc)
    flags |= v8::HeapProfiler::kSamplingIncludeObjectsCollectedByMinorGC;
#else
  if (options->include_major_gc || options->include_minor_gc)
    return -ENOTSUP;
#endif
  *out = static_cast<v8::HeapProfiler::SamplingFlags>(flags);
  return 0;
}

/* ---- heap snapshot ------------------------------------------------------------------------- */

inline bool xpf_v8_snapshot_has_internals() {
  return V8_MAJOR_VERSION >= 11;
}

/* The overload with four arguments still exists after V8 10, with another meaning of the third. */
inline const v8::HeapSnapshot *xpf_v8_snapshot_take(v8::HeapProfiler *profiler,
                                                    v8::ActivityControl *control,
                                                    bool expose_internals, bool numeric_values) {
#if V8_MAJOR_VERSION >= 11
  v8::HeapProfiler::HeapSnapshotOptions options;
  options.control = control;
  if (expose_internals)
    options.snapshot_mode = v8::HeapProfiler::HeapSnapshotMode::kExposeInternals;
  if (numeric_values)
    options.numerics_mode = v8::HeapProfiler::NumericsMode::kExposeNumericValues;
  return profiler->TakeHeapSnapshot(options);
#else
  (void)expose_internals;
  return profiler->TakeHeapSnapshot(control, nullptr, true, numeric_values);
#endif
}

/* ---- state of the virtual machine ---------------------------------------------------------- */

inline enum xpf_vm_state xpf_v8_vm_state(v8::StateTag tag) {
  switch (tag) {
  case v8::JS:
    return XPF_VM_JS;
  case v8::GC:
    return XPF_VM_GC;
  case v8::PARSER:
    return XPF_VM_PARSER;
  case v8::BYTECODE_COMPILER:
    return XPF_VM_BYTECODE_COMPILER;
  case v8::COMPILER:
    return XPF_VM_COMPILER;
  case v8::OTHER:
    return XPF_VM_OTHER;
  case v8::EXTERNAL:
    return XPF_VM_EXTERNAL;
  case v8::ATOMICS_WAIT:
    return XPF_VM_ATOMICS_WAIT;
  case v8::IDLE:
#if V8_MAJOR_VERSION >= 14
  case v8::IDLE_EXTERNAL:
#endif
    return XPF_VM_IDLE;
#if V8_MAJOR_VERSION >= 13
  case v8::LOGGING:
    return XPF_VM_LOGGING;
#endif
  default:
    return XPF_VM_UNKNOWN;
  }
}

/* ---- out of memory ------------------------------------------------------------------------- */

/* The second parameter of V8's out-of-memory handler, and the name of Node's own handler. */
#if V8_MAJOR_VERSION >= 11
using xpf_v8_oom_details = const v8::OOMDetails &;
constexpr char XPF_NODE_OOM_HANDLER[] = "_ZN4node15OOMErrorHandlerEPKcRKN2v810OOMDetailsE";
inline bool xpf_v8_oom_is_heap(xpf_v8_oom_details details) {
  return details.is_heap_oom;
}
#else
using xpf_v8_oom_details = bool;
constexpr char XPF_NODE_OOM_HANDLER[] = "_ZN4node15OOMErrorHandlerEPKcb";
inline bool xpf_v8_oom_is_heap(xpf_v8_oom_details is_heap_oom) {
  return is_heap_oom;
}
#endif

#endif

/* The border between the C core and V8 / Node's C++ API.
 *
 * Everything V8 is behind these functions; they know no path, no policy, no JSON and no socket.
 * One `struct xpf_bridge` belongs to one isolate (the main thread or one worker).
 * Marks: [js] only on the thread of that isolate; [any] on any thread, under the condition named.
 * Functions returning int give 0 or a negative code (-errno). Nothing here throws or aborts.
 */
#ifndef XPF_BRIDGE_H
#define XPF_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xpf_bridge;  /* one isolate */
struct xpf_profile; /* src/format/profile.h: a profile as plain C */
struct xpf_sink;    /* src/format/sink.h: where bytes go */

/* [js] Opens the bridge of the current isolate. -ENOMEM; -EINVAL without a current isolate. */
int xpf_bridge_open(struct xpf_bridge **out);
/* [js] Removes every callback and frees. Profiles must have been stopped and freed before. */
void xpf_bridge_close(struct xpf_bridge *b);
/* [js] An address that is the same for every module instance in this isolate. */
const void *xpf_bridge_isolate_key(void);
/* [any] While the isolate lives (the caller holds the lock that its end takes): runs fn(arg) on the
 * JS thread at V8's next interrupt check, once. Not delivered while JS does not run, nor after
 * xpf_bridge_close. 0 or -ENOMEM. */
int xpf_bridge_interrupt(struct xpf_bridge *b, void (*fn)(void *), void *arg);
/* [js] fn(arg) runs on the JS thread when the environment ends by process.exit or an uncaught
 * exception (node::AtExit), once. Not after xpf_bridge_close: at a natural end and in a terminated
 * worker Node runs the cleanup hooks first, and they may have closed the bridge. -EALREADY, -EINVAL
 * without a Node environment, -ENOMEM. */
int xpf_bridge_at_exit(struct xpf_bridge *b, void (*fn)(void *), void *arg);
/* [any] "11.3.244.8-node.25" */
const char *xpf_bridge_v8_version(void);

/* ---- heap figures -------------------------------------------------------------------------- */

#define XPF_HEAP_SPACES_MAX 24

struct xpf_heap_space {
  char name[48]; /* V8's name, e.g. "old_space"; the longest has 33 characters */
  uint64_t size_bytes, used_bytes, available_bytes, physical_bytes;
};

struct xpf_heap {
  uint64_t total_bytes, executable_bytes, physical_bytes, available_bytes, used_bytes, limit_bytes;
  uint64_t malloced_bytes, peak_malloced_bytes, external_bytes;
  uint64_t native_contexts, detached_contexts, global_handles_bytes, used_global_handles_bytes;
  uint32_t spaces_count;
  struct xpf_heap_space spaces[XPF_HEAP_SPACES_MAX];
};

/* [js] Also allowed inside a GC callback and a V8 interrupt. */
void xpf_bridge_heap_read(struct xpf_bridge *b, struct xpf_heap *out);
/* [js] Only the spaces; the same rule. Returns how many were filled. */
uint32_t xpf_bridge_spaces_read(struct xpf_bridge *b, struct xpf_heap_space *out, uint32_t max);

/* ---- trace events -------------------------------------------------------------------------- */

/* [js, main thread] fn runs whenever tracing is about to be switched off: no new events are made
 * any more, and those buffered have not been collected yet. For the rest of the process, once. */
bool xpf_bridge_trace_watch(void (*fn)(void));

/* ---- garbage collections ------------------------------------------------------------------- */

enum xpf_gc_kind {
  XPF_GC_SCAVENGE,
  XPF_GC_MINOR_MARKSWEEP,
  XPF_GC_MARKSWEEP,
  XPF_GC_INCREMENTAL,
  XPF_GC_WEAK_CALLBACKS,
  XPF_GC_KINDS
};

struct xpf_gc_mark {
  enum xpf_gc_kind kind;
  bool end;          /* false: prologue, true: epilogue */
  uint32_t v8_type;  /* V8's GCType bit */
  uint32_t v8_flags; /* V8's GCCallbackFlags */
  uint64_t now_ns;   /* CLOCK_MONOTONIC, as uv_hrtime() */
};

/* [js] fn runs inside the collector: it must not allocate on the JS heap, call V8 other than
 * xpf_bridge_spaces_read / _heap_read, lock for long or throw. One watcher: -EALREADY. */
int xpf_bridge_gc_watch(struct xpf_bridge *b, void (*fn)(void *arg, const struct xpf_gc_mark *mark),
                        void *arg);
void xpf_bridge_gc_unwatch(struct xpf_bridge *b);

/* ---- CPU profile --------------------------------------------------------------------------- */

struct xpf_cpu; /* one running or stopped CPU profile, with a v8::CpuProfiler of its own */

struct xpf_cpu_options {
  uint32_t interval_us; /* asked sampling interval; 0 = V8's default (1000) */
  uint32_t max_samples; /* samples kept; 0 = no limit */
};

/* [js] Starts a profile. -EALREADY / -EBUSY when V8 refuses. *out is owned by the caller. V8 may
 * give the time of a function that was inlined before the start to its caller (so does the
 * inspector; mostly from V8 13, Node 24, on). */
int xpf_bridge_cpu_start(struct xpf_bridge *b, const struct xpf_cpu_options *options,
                         struct xpf_cpu **out);
/* [js] Ends sampling. After it the profile may be read and freed on any one thread. Idempotent. */
int xpf_bridge_cpu_stop(struct xpf_cpu *cpu);
/* [any, after stop] Copies everything into a plain profile (caller frees with xpf_profile_free).
 * -ENOMEM, or -EINVAL when not stopped. From V8 13 (Node 24) on, V8 adds samples of its own that no
 * node counts as a hit: samples may be more than the sum of hit_count. */
int xpf_bridge_cpu_read(struct xpf_cpu *cpu, struct xpf_profile **out);
/* [any, after stop; before the isolate ends] Gives V8's memory back. Stops first when still running
 * (then [js] only). A profile of "ready" mode freed on another thread keeps its memory until the
 * next start, prepare or close, because V8 can delete it on the JS thread only. */
void xpf_bridge_cpu_free(struct xpf_cpu *cpu);
/* [js] Prepares an eager profiler so that the next starts take no heap walk ("ready" mode). Costs
 * the walk now, and a little for all code compiled from now on. It serves one running profile at a
 * time; a second one at the same time gets a profiler of its own, with a walk. 0 when prepared or
 * already so. */
int xpf_bridge_cpu_prepare(struct xpf_bridge *b);

/* ---- heap sampling ------------------------------------------------------------------------- */

struct xpf_heap_sampling_options {
  uint64_t interval_bytes; /* mean distance of samples; 0 = 512 KiB */
  uint32_t stack_depth;    /* frames kept; 0 = 64 */
  bool include_major_gc;   /* also objects already collected by a major GC */
  bool include_minor_gc;   /* also objects already collected by a minor GC */
};

/* [js] -EALREADY when somebody (an inspector) samples this isolate already; -ENOTSUP when this V8
 * cannot include collected objects. */
int xpf_bridge_heap_sampling_start(struct xpf_bridge *b,
                                   const struct xpf_heap_sampling_options *options);
/* [js] Copies the samples so far; sampling goes on. -ENODATA when not running. */
int xpf_bridge_heap_sampling_read(struct xpf_bridge *b, struct xpf_profile **out);
/* [js] Idempotent. */
void xpf_bridge_heap_sampling_stop(struct xpf_bridge *b);

/* ---- heap snapshot ------------------------------------------------------------------------- */

struct xpf_snapshot;

struct xpf_snapshot_options {
  bool numeric_values;   /* V8's "capture numeric value" */
  bool expose_internals; /* V8's "expose internals" */
  /* Called by V8 while it takes the snapshot, on the JS thread. false ends it: -ECANCELED. */
  bool (*progress)(void *arg, uint32_t done, uint32_t total);
  void *arg;
};

/* [js] Blocks the thread until V8 has walked the heap. -ECANCELED, -ENOMEM; -EBUSY inside progress;
 * -ENOTSUP for expose_internals on V8 10 (Node 18). */
int xpf_bridge_snapshot_take(struct xpf_bridge *b, const struct xpf_snapshot_options *options,
                             struct xpf_snapshot **out);
/* [any, while the isolate lives] Writes V8's JSON in pieces of at most 64 KiB. Returns the sink's
 * first error, or 0. */
int xpf_bridge_snapshot_write(struct xpf_snapshot *snapshot, struct xpf_sink *sink);
uint64_t xpf_bridge_snapshot_nodes(const struct xpf_snapshot *snapshot);
/* [js] */
void xpf_bridge_snapshot_free(struct xpf_snapshot *snapshot);

/* ---- stacks -------------------------------------------------------------------------------- */

enum xpf_vm_state {
  XPF_VM_JS,
  XPF_VM_GC,
  XPF_VM_PARSER,
  XPF_VM_BYTECODE_COMPILER,
  XPF_VM_COMPILER,
  XPF_VM_OTHER,
  XPF_VM_EXTERNAL,
  XPF_VM_ATOMICS_WAIT,
  XPF_VM_IDLE,
  XPF_VM_LOGGING,
  XPF_VM_UNKNOWN
};

/* "JS", "GC", … */
const char *xpf_vm_state_name(enum xpf_vm_state state);

struct xpf_js_frame {
  uint64_t pc;        /* 0 = not known, e.g. when functions of the stack are inlined */
  char function[128]; /* "" = anonymous; cut at a whole UTF-8 character */
  char script[512];
  int line, column; /* 1-based, 0 = unknown */
  bool is_eval, is_constructor, is_wasm, is_user_javascript;
  bool is_function_start; /* line and column are not those of the call but of the function */
};

/* [js] The JS stack of this thread, innermost first; from an interrupt or a call (*state is then
 * mostly XPF_VM_EXTERNAL: V8 runs foreign code, us). state may be NULL. Returns frames. */
uint32_t xpf_bridge_stack_read(struct xpf_bridge *b, struct xpf_js_frame *out, uint32_t max,
                               enum xpf_vm_state *state);
/* [js thread, also inside a signal handler that interrupted it] Raw program counters of the JS
 * frames, from the interrupted registers. Async-signal-safe. Returns how many. */
uint32_t xpf_bridge_stack_sample(struct xpf_bridge *b, void *pc, void *sp, void *fp, void **out,
                                 uint32_t max, enum xpf_vm_state *state);
/* [js thread, inside a signal handler that interrupted it, one at a time for a bridge] The same
 * stack with names, innermost first, while the thread is blocked in C++ and V8 cannot be asked.
 * Frames are walked by their frame pointers from where JS left for C++, only those that V8's
 * sampler reports too are taken, and function, script and place are read from the heap by the
 * constants that Node exports for post-mortem debuggers (v8dbg_*). Async-signal-safe; every read is
 * bounded and made by the kernel, which answers a wrong pointer with an error. What does not look
 * right is left out. At most 64 frames. 0: no JS on the stack, a garbage collection, or a Node that
 * does not tell enough (only 64-bit Linux on x86 without pointer compression; a seccomp filter that
 * forbids process_vm_readv). Missing: functions inlined into an optimised one, WebAssembly. Line
 * and column are of the call when V8 has collected source positions of an interpreted function,
 * which it does for the first stack trace through it; otherwise of the function's start
 * (is_function_start); 0 when the source text is too far to be counted. Characters that cannot be
 * reached are "?". is_user_javascript: it has a script. */
uint32_t xpf_bridge_stack_names(struct xpf_bridge *b, void *pc, void *sp, void *fp,
                                struct xpf_js_frame *out, uint32_t max);
/* [any, one at a time, while no thread is in xpf_bridge_stack_names] Before the first of those:
 * reads what Node tells of its V8, some sixty symbols, which an application need not pay for when
 * it starts. Without it they return 0. */
void xpf_bridge_stack_prepare(void);

/* ---- fatal errors and the heap limit ------------------------------------------------------- */

/* [js] fn runs on the JS thread when V8 gives up (fatal error or out of memory), before Node's own
 * handler, which is always called afterwards, so its message and --report-on-fatalerror stay.
 * -ENOTSUP when Node's handler cannot be found (then nothing is replaced), -EALREADY. Not told: a
 * helper thread of V8 out of memory (it has no isolate), and a worker over its resourceLimits,
 * which Node ends without a fatal error. */
int xpf_bridge_fatal_watch(struct xpf_bridge *b,
                           void (*fn)(void *arg, const char *location, const char *message),
                           void *arg);
/* [js] fn gets the present and the initial limit and returns the new limit; a value not above the
 * present one leaves it. Runs inside the collector. V8 restores the initial limit when a collection
 * leaves less than half of it in use. Only for the main thread: a worker's limit belongs to its
 * resourceLimits. -EALREADY. */
int xpf_bridge_heap_limit_watch(struct xpf_bridge *b,
                                uint64_t (*fn)(void *arg, uint64_t current_bytes,
                                               uint64_t initial_bytes),
                                void *arg);
void xpf_bridge_heap_limit_unwatch(struct xpf_bridge *b);

#ifdef __cplusplus
}
#endif
#endif

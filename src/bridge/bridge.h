/* The bridge from inside: the state of one isolate, a part for each file. Every part is closed by
 * its own file; xpf_bridge_close calls them. Only the JS thread touches it, except under a lock
 * named here. */
#ifndef XPF_BRIDGE_BRIDGE_H
#define XPF_BRIDGE_BRIDGE_H

#include <mutex>
#include <v8.h>
#include <v8-profiler.h>

#include "bridge/postmortem.h"
#include "xpf_bridge.h"

/* An interrupt that V8 has not delivered yet. V8 cannot take one back: it is freed when it is
 * delivered, or else when its thread ends. */
struct xpf_interrupt {
  struct xpf_bridge *bridge; /* nullptr: the bridge is closed */
  void (*fn)(void *);
  void *arg;
  struct xpf_interrupt *previous, *next;
};

/* Node cannot take an exit callback back either. */
struct xpf_at_exit {
  struct xpf_bridge *bridge;
  void (*fn)(void *);
  void *arg;
};

struct xpf_gc_watcher {
  void (*fn)(void *arg, const struct xpf_gc_mark *mark);
  void *arg;
};

/* The profiler of "ready" mode. One profile at a time runs on it; freed ones wait to be deleted. */
struct xpf_cpu_ready {
  v8::CpuProfiler *profiler;
  struct xpf_cpu *running;
  std::mutex lock; /* of freed */
  struct xpf_cpu *freed;
};

struct xpf_fatal_watcher {
  void (*fn)(void *arg, const char *location, const char *message);
  void *arg;
  struct xpf_bridge *next;
  bool watching, called;
};

struct xpf_heap_limit_watcher {
  uint64_t (*fn)(void *arg, uint64_t current_bytes, uint64_t initial_bytes);
  void *arg;
};

struct xpf_bridge {
  v8::Isolate *isolate;
  std::mutex interrupts_lock; /* of interrupts, and of the bridge member of each */
  struct xpf_interrupt *interrupts;
  struct xpf_at_exit *at_exit;
  struct xpf_gc_watcher gc;
  struct xpf_cpu_ready cpu_ready;
  uint64_t heap_sampling_interval_bytes; /* 0: not sampling */
  bool snapshot_in_progress;
  struct xpf_fatal_watcher fatal;
  struct xpf_heap_limit_watcher heap_limit;
  struct xpf_postmortem postmortem;
};

/* [js] Deletes the profiler of "ready" mode and the profiles freed on it. */
void xpf_cpu_ready_close(struct xpf_bridge *b);
/* [js] Gives Node its handlers back. */
void xpf_fatal_unwatch(struct xpf_bridge *b);

#endif

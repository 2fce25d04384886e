#include "bridge/bridge.h"

#include <cerrno>
#include <new>

/* node.h of Node 18 and 20 defines it, and must not find the value of the build. */
#undef NAPI_VERSION
#include <node.h>

static void interrupts_close(struct xpf_bridge *b) {
  std::lock_guard<std::mutex> guard(b->interrupts_lock);
  for (struct xpf_interrupt *i = b->interrupts; i != nullptr; i = i->next)
    i->bridge = nullptr;
  b->interrupts = nullptr;
}

static void interrupt_unlink(struct xpf_bridge *b, struct xpf_interrupt *i) {
  std::lock_guard<std::mutex> guard(b->interrupts_lock);
  if (i->previous != nullptr)
    i->previous->next = i->next;
  else
    b->interrupts = i->next;
  if (i->next != nullptr)
    i->next->previous = i->previous;
}

/* Closing runs on this same thread, so `bridge` cannot change while we are here. */
static void interrupt_deliver(v8::Isolate *, void *data) {
  auto *i = static_cast<struct xpf_interrupt *>(data);
  if (i->bridge != nullptr) {
    interrupt_unlink(i->bridge, i);
    i->fn(i->arg);
  }
  delete i;
}

static void at_exit_run(void *data) {
  auto *record = static_cast<struct xpf_at_exit *>(data);
  struct xpf_bridge *b = record->bridge;
  if (b != nullptr) {
    b->at_exit = nullptr;
    record->fn(record->arg);
  }
  delete record;
}

extern "C" int xpf_bridge_open(struct xpf_bridge **out) {
  v8::Isolate *isolate = v8::Isolate::TryGetCurrent();
  if (isolate == nullptr)
    return -EINVAL;
  auto *b = new (std::nothrow) xpf_bridge();
  if (b == nullptr)
    return -ENOMEM;
  b->isolate = isolate;
  xpf_postmortem_open(b);
  *out = b;
  return 0;
}

extern "C" void xpf_bridge_close(struct xpf_bridge *b) {
  if (b == nullptr)
    return;
  xpf_bridge_gc_unwatch(b);
  xpf_bridge_heap_limit_unwatch(b);
  xpf_fatal_unwatch(b);
  xpf_bridge_heap_sampling_stop(b);
  xpf_cpu_ready_close(b);
  interrupts_close(b);
  if (b->at_exit != nullptr)
    b->at_exit->bridge = nullptr;
  delete b;
}

extern "C" const void *xpf_bridge_isolate_key(void) {
  return v8::Isolate::TryGetCurrent();
}

extern "C" void xpf_bridge_interrupt(struct xpf_bridge *b, void (*fn)(void *), void *arg) {
  auto *i = new (std::nothrow) xpf_interrupt();
  if (i == nullptr)
    return;
  i->bridge = b;
  i->fn = fn;
  i->arg = arg;
  {
    std::lock_guard<std::mutex> guard(b->interrupts_lock);
    i->next = b->interrupts;
    if (i->next != nullptr)
      i->next->previous = i;
    b->interrupts = i;
  }
  b->isolate->RequestInterrupt(interrupt_deliver, i);
}

extern "C" int xpf_bridge_at_exit(struct xpf_bridge *b, void (*fn)(void *), void *arg) {
  if (b->at_exit != nullptr)
    return -EALREADY;
  v8::HandleScope scope(b->isolate);
  v8::Local<v8::Context> context = b->isolate->GetCurrentContext();
  node::Environment *env = context.IsEmpty() ? nullptr : node::GetCurrentEnvironment(context);
  if (env == nullptr)
    return -EINVAL;
  auto *record = new (std::nothrow) xpf_at_exit();
  if (record == nullptr)
    return -ENOMEM;
  record->bridge = b;
  record->fn = fn;
  record->arg = arg;
  b->at_exit = record;
  node::AtExit(env, at_exit_run, record);
  return 0;
}

extern "C" const char *xpf_bridge_v8_version(void) {
  return v8::V8::GetVersion();
}

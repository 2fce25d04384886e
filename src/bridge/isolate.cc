#include "bridge/bridge.h"

#include <cerrno>
#include <new>
#include <pthread.h>

/* node.h of Node 18 and 20 defines it, and must not find the value of the build. */
#undef NAPI_VERSION
#include <node.h>

/* ---- interrupts --------------------------------------------------------------------------------
 */

static void interrupt_link(struct xpf_interrupt **first, struct xpf_interrupt *i) {
  i->previous = nullptr;
  i->next = *first;
  if (i->next != nullptr)
    i->next->previous = i;
  *first = i;
}

static void interrupt_unlink(struct xpf_interrupt **first, struct xpf_interrupt *i) {
  if (i->previous != nullptr)
    i->previous->next = i->next;
  else
    *first = i->next;
  if (i->next != nullptr)
    i->next->previous = i->previous;
}

/* Of this thread, those of closed bridges. V8 delivers them or drops them when the isolate is
 * disposed of, which it does not tell; Node does that on the worker's thread, before that ends. */
static void late_free(void *first) {
  for (auto *i = static_cast<struct xpf_interrupt *>(first); i != nullptr;) {
    struct xpf_interrupt *next = i->next;
    delete i;
    i = next;
  }
}

struct late_key {
  pthread_key_t key;
  bool is_good;
  late_key() : is_good(pthread_key_create(&key, late_free) == 0) {}
};

static const struct late_key &late(void) {
  static const struct late_key one;
  return one;
}

static struct xpf_interrupt *late_first(void) {
  return late().is_good ? static_cast<struct xpf_interrupt *>(pthread_getspecific(late().key))
                        : nullptr;
}

static void late_set(struct xpf_interrupt *first) {
  if (late().is_good)
    pthread_setspecific(late().key, first); /* when it fails, some bytes are not given back */
}

static void interrupts_close(struct xpf_bridge *b) {
  std::lock_guard<std::mutex> guard(b->interrupts_lock);
  struct xpf_interrupt *first = late_first();
  while (b->interrupts != nullptr) {
    struct xpf_interrupt *i = b->interrupts;
    interrupt_unlink(&b->interrupts, i);
    i->bridge = nullptr;
    interrupt_link(&first, i);
  }
  late_set(first);
}

/* Closing runs on this same thread, so `bridge` cannot change while we are here. */
static void interrupt_deliver(v8::Isolate *, void *data) {
  auto *i = static_cast<struct xpf_interrupt *>(data);
  struct xpf_bridge *b = i->bridge;
  if (b != nullptr) {
    {
      std::lock_guard<std::mutex> guard(b->interrupts_lock);
      interrupt_unlink(&b->interrupts, i);
    }
    i->fn(i->arg);
  } else {
    struct xpf_interrupt *first = late_first();
    interrupt_unlink(&first, i);
    late_set(first);
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

extern "C" int xpf_bridge_interrupt(struct xpf_bridge *b, void (*fn)(void *), void *arg) {
  auto *i = new (std::nothrow) xpf_interrupt();
  if (i == nullptr)
    return -ENOMEM;
  i->bridge = b;
  i->fn = fn;
  i->arg = arg;
  {
    std::lock_guard<std::mutex> guard(b->interrupts_lock);
    interrupt_link(&b->interrupts, i);
  }
  b->isolate->RequestInterrupt(interrupt_deliver, i);
  return 0;
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

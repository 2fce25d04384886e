#include "bridge/bridge.h"

#include <cerrno>
#include <dlfcn.h>

#include "bridge/versions.h"

/* V8's handlers have no data argument and V8 does not tell which handler it replaces. So the
 * watching bridges stand in a list, found by the current isolate, and Node's handlers are found by
 * their exported names. */
static std::mutex watchers_lock;
static struct xpf_bridge *watchers;

using fatal_handler = void (*)(const char *location, const char *message);
using oom_handler = void (*)(const char *location, xpf_v8_oom_details details);

static fatal_handler node_fatal_handler() {
  static const auto handler =
      reinterpret_cast<fatal_handler>(dlsym(RTLD_DEFAULT, "_ZN4node12OnFatalErrorEPKcS1_"));
  return handler;
}

static oom_handler node_oom_handler() {
  static const auto handler =
      reinterpret_cast<oom_handler>(dlsym(RTLD_DEFAULT, XPF_NODE_OOM_HANDLER));
  return handler;
}

/* A helper thread of V8 may also run out of memory; it has no isolate, and nobody is told. */
static struct xpf_bridge *watcher_find(v8::Isolate *isolate) {
  if (isolate == nullptr)
    return nullptr;
  std::lock_guard<std::mutex> guard(watchers_lock);
  struct xpf_bridge *b = watchers;
  while (b != nullptr && b->isolate != isolate)
    b = b->fatal.next;
  return b;
}

static void watcher_tell(const char *location, const char *message) {
  struct xpf_bridge *b = watcher_find(v8::Isolate::TryGetCurrent());
  if (b == nullptr || b->fatal.called)
    return; /* or a second fatal error, out of fn itself */
  b->fatal.called = true;
  b->fatal.fn(b->fatal.arg, location != nullptr ? location : "", message != nullptr ? message : "");
}

static void on_fatal(const char *location, const char *message) {
  watcher_tell(location, message);
  node_fatal_handler()(location, message);
}

static void on_oom(const char *location, xpf_v8_oom_details details) {
  watcher_tell(location, xpf_v8_oom_is_heap(details)
                             ? "Allocation failed - JavaScript heap out of memory"
                             : "Allocation failed - process out of memory");
  node_oom_handler()(location, details);
}

extern "C" int xpf_bridge_fatal_watch(struct xpf_bridge *b,
                                      void (*fn)(void *arg, const char *location,
                                                 const char *message),
                                      void *arg) {
  if (b->fatal.watching)
    return -EALREADY;
  if (node_fatal_handler() == nullptr || node_oom_handler() == nullptr)
    return -ENOTSUP;
  b->fatal.fn = fn;
  b->fatal.arg = arg;
  b->fatal.watching = true;
  {
    std::lock_guard<std::mutex> guard(watchers_lock);
    b->fatal.next = watchers;
    watchers = b;
  }
  b->isolate->SetFatalErrorHandler(on_fatal);
  b->isolate->SetOOMErrorHandler(on_oom);
  return 0;
}

void xpf_fatal_unwatch(struct xpf_bridge *b) {
  if (!b->fatal.watching)
    return;
  b->isolate->SetFatalErrorHandler(node_fatal_handler());
  b->isolate->SetOOMErrorHandler(node_oom_handler());
  std::lock_guard<std::mutex> guard(watchers_lock);
  struct xpf_bridge **link = &watchers;
  while (*link != b)
    link = &(*link)->fatal.next;
  *link = b->fatal.next;
  b->fatal.watching = false;
}

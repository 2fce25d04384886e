#include <new>

/* As in isolate.cc. */
#undef NAPI_VERSION
#include <node.h>
#include <v8-platform.h>

#include "xpf_bridge.h"

namespace {

/* Never freed: Node may tell it until the very end of the process. */
class Observer : public v8::TracingController::TraceStateObserver {
public:
  void OnTraceEnabled() override {}
  void OnTraceDisabled() override {
    fn();
  }
  void (*fn)() = nullptr;
};

Observer *observer;

} /* namespace */

extern "C" bool xpf_bridge_trace_watch(void (*fn)(void)) {
  v8::TracingController *controller = node::GetTracingController();
  if (controller == nullptr)
    return false;
  if (observer != nullptr)
    return true;
  observer = new (std::nothrow) Observer;
  if (observer == nullptr)
    return false;
  observer->fn = fn;
  controller->AddTraceStateObserver(observer);
  return true;
}

#include "bridge/bridge.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <utility>

#include "bridge/versions.h"
#include "bridge/walk.h"
#include "format/profile.h"

static constexpr uint32_t INTERVAL_US_DEFAULT = 1000;

/* A profile owns its v8::CpuProfiler, so that after the stop no other thread of V8 knows either,
 * and both can be deleted anywhere. A profile on the profiler of "ready" mode shares it with the
 * running isolate, whose code events change the same unlocked reference counts: such a profile may
 * be read anywhere but is deleted on the JS thread only (is_shared). */
struct xpf_cpu {
  struct xpf_bridge *bridge;
  v8::CpuProfiler *profiler;
  v8::ProfilerId id;
  v8::CpuProfile *profile; /* nullptr while running */
  uint32_t interval_us;
  bool is_shared, is_stopped;
  struct xpf_cpu *next; /* in freed */
};

static void shared_delete(struct xpf_cpu *cpu) {
  if (cpu->profile != nullptr)
    cpu->profile->Delete();
  delete cpu;
}

/* [js] Deletes the shared profiles that were freed on other threads. */
static void freed_delete(struct xpf_bridge *b) {
  struct xpf_cpu *freed;
  {
    std::lock_guard<std::mutex> guard(b->cpu_ready.lock);
    freed = std::exchange(b->cpu_ready.freed, nullptr);
  }
  while (freed != nullptr)
    shared_delete(std::exchange(freed, freed->next));
}

extern "C" int xpf_bridge_cpu_prepare(struct xpf_bridge *b) {
  v8::HandleScope scope(b->isolate);
  freed_delete(b);
  if (b->cpu_ready.profiler == nullptr)
    b->cpu_ready.profiler = v8::CpuProfiler::New(b->isolate, v8::kDebugNaming, v8::kEagerLogging);
  return b->cpu_ready.profiler != nullptr ? 0 : -ENOMEM;
}

void xpf_cpu_ready_close(struct xpf_bridge *b) {
  if (b->cpu_ready.profiler == nullptr)
    return;
  v8::HandleScope scope(b->isolate);
  if (b->cpu_ready.running != nullptr)
    xpf_bridge_cpu_stop(b->cpu_ready.running);
  freed_delete(b);
  b->cpu_ready.profiler->Dispose();
  b->cpu_ready.profiler = nullptr;
}

static int profiler_start(struct xpf_cpu *cpu, uint32_t max_samples) {
  /* A profile's interval is rounded down to a multiple of its profiler's, so both get the same one.
   */
  cpu->profiler->SetSamplingInterval(static_cast<int>(cpu->interval_us));
  v8::CpuProfilingOptions options(v8::kLeafNodeLineNumbers,
                                  max_samples != 0 ? max_samples
                                                   : v8::CpuProfilingOptions::kNoSampleLimit,
                                  static_cast<int>(cpu->interval_us));
  v8::CpuProfilingResult result = cpu->profiler->Start(std::move(options));
  cpu->id = result.id;
  switch (result.status) {
  case v8::CpuProfilingStatus::kStarted:
    return 0;
  case v8::CpuProfilingStatus::kAlreadyStarted:
    return -EALREADY;
  default:
    return -EBUSY;
  }
}

static int profiler_choose(struct xpf_bridge *b, struct xpf_cpu *cpu) {
  cpu->is_shared = b->cpu_ready.profiler != nullptr && b->cpu_ready.running == nullptr;
  if (cpu->is_shared)
    cpu->profiler = b->cpu_ready.profiler;
  else
    cpu->profiler = v8::CpuProfiler::New(b->isolate, v8::kDebugNaming, v8::kLazyLogging);
  return cpu->profiler != nullptr ? 0 : -ENOMEM;
}

extern "C" int xpf_bridge_cpu_start(struct xpf_bridge *b, const struct xpf_cpu_options *options,
                                    struct xpf_cpu **out) {
  v8::HandleScope scope(b->isolate);
  freed_delete(b);
  auto *cpu = new (std::nothrow) xpf_cpu();
  if (cpu == nullptr)
    return -ENOMEM;
  cpu->bridge = b;
  cpu->interval_us = std::min<uint32_t>(
      options->interval_us != 0 ? options->interval_us : INTERVAL_US_DEFAULT, INT32_MAX);
  int error = profiler_choose(b, cpu);
  if (error == 0)
    error = profiler_start(cpu, options->max_samples);
  if (error != 0) {
    if (cpu->profiler != nullptr && !cpu->is_shared)
      cpu->profiler->Dispose();
    delete cpu;
    return error;
  }
  if (cpu->is_shared)
    b->cpu_ready.running = cpu;
  *out = cpu;
  return 0;
}

extern "C" int xpf_bridge_cpu_stop(struct xpf_cpu *cpu) {
  if (cpu->is_stopped)
    return 0;
  v8::HandleScope scope(cpu->bridge->isolate);
  cpu->profile = cpu->profiler->Stop(cpu->id);
  cpu->is_stopped = true;
  if (cpu->is_shared)
    cpu->bridge->cpu_ready.running = nullptr;
  return cpu->profile != nullptr ? 0 : -ENODATA;
}

extern "C" void xpf_bridge_cpu_free(struct xpf_cpu *cpu) {
  if (cpu == nullptr)
    return;
  xpf_bridge_cpu_stop(cpu);
  struct xpf_bridge *b = cpu->bridge;
  if (!cpu->is_shared) {
    if (cpu->profile != nullptr)
      cpu->profile->Delete();
    cpu->profiler->Dispose();
    delete cpu;
  } else if (v8::Isolate::TryGetCurrent() == b->isolate) {
    shared_delete(cpu);
  } else {
    std::lock_guard<std::mutex> guard(b->cpu_ready.lock);
    cpu->next = b->cpu_ready.freed;
    b->cpu_ready.freed = cpu;
  }
}

/* ---- copying: only what needs no handle, so that any thread may do it
 * ---------------------------- */

namespace {

struct Ticks {
  v8::CpuProfileNode::LineTick *data = nullptr;
  unsigned capacity = 0;
  ~Ticks() {
    std::free(data);
  }
};

} /* namespace */

static const char *text_or_empty(const char *text) {
  return text != nullptr ? text : "";
}

static int ticks_copy(struct xpf_profile *profile, const v8::CpuProfileNode *node, Ticks *ticks) {
  unsigned count = node->GetHitLineCount();
  if (count == 0)
    return 0;
  if (count > ticks->capacity) {
    auto *grown = static_cast<v8::CpuProfileNode::LineTick *>(
        std::realloc(ticks->data, count * sizeof *ticks->data));
    if (grown == nullptr)
      return -ENOMEM;
    ticks->data = grown;
    ticks->capacity = count;
  }
  if (!node->GetLineTicks(ticks->data, count))
    return 0;
  for (unsigned i = 0; i < count; i++) {
    int error = xpf_profile_tick_add(profile, static_cast<uint32_t>(ticks->data[i].line),
                                     ticks->data[i].hit_count);
    if (error != 0)
      return error;
  }
  return 0;
}

static int node_copy(struct xpf_profile *profile, const v8::CpuProfileNode *node, uint32_t parent,
                     Ticks *ticks) {
  struct xpf_profile_frame frame;
  frame.function_name = text_or_empty(node->GetFunctionNameStr());
  frame.url = text_or_empty(node->GetScriptResourceNameStr());
  frame.bailout_reason = text_or_empty(node->GetBailoutReason());
  frame.script_id = node->GetScriptId();
  frame.line = node->GetLineNumber();
  frame.column = node->GetColumnNumber();
  int64_t index = xpf_profile_node_add(profile, parent, node->GetNodeId(), &frame);
  if (index < 0)
    return static_cast<int>(index);
  profile->nodes[index].self[XPF_CPU_SAMPLES] = node->GetHitCount();
  return ticks_copy(profile, node, ticks);
}

static int tree_copy(struct xpf_profile *profile, const v8::CpuProfileNode *root) {
  xpf_walk<const v8::CpuProfileNode *> walk;
  Ticks ticks;
  int error = walk.push(root, XPF_NO_PARENT);
  while (error == 0 && !walk.is_empty()) {
    auto entry = walk.pop();
    error = node_copy(profile, entry.node, entry.parent, &ticks);
    uint32_t index = profile->nodes_count - 1;
    for (int i = entry.node->GetChildrenCount(); error == 0 && i > 0; i--)
      error = walk.push(entry.node->GetChild(i - 1), index);
  }
  return error;
}

static int samples_copy(struct xpf_profile *profile, const v8::CpuProfile *from) {
  int count = from->GetSamplesCount();
  for (int i = 0; i < count; i++) {
    int error = xpf_profile_sample_add(profile, from->GetSample(i)->GetNodeId(),
                                       from->GetSampleTimestamp(i), 0);
    if (error != 0)
      return error;
  }
  return 0;
}

extern "C" int xpf_bridge_cpu_read(struct xpf_cpu *cpu, struct xpf_profile **out) {
  if (!cpu->is_stopped || cpu->profile == nullptr)
    return -EINVAL;
  struct xpf_profile *profile = xpf_profile_new(XPF_PROFILE_CPU);
  if (profile == nullptr)
    return -ENOMEM;
  profile->start_us = cpu->profile->GetStartTime();
  profile->end_us = cpu->profile->GetEndTime();
  profile->period = static_cast<int64_t>(cpu->interval_us) * 1000;
  int error = tree_copy(profile, cpu->profile->GetTopDownRoot());
  if (error == 0)
    error = samples_copy(profile, cpu->profile);
  if (error == 0)
    error = xpf_profile_sort(profile);
  if (error == 0)
    xpf_profile_wall_fill(profile);
  if (error != 0) {
    xpf_profile_free(profile);
    return error;
  }
  *out = profile;
  return 0;
}

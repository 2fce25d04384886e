#include "bridge/bridge.h"

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "bridge/versions.h"
#include "bridge/walk.h"
#include "format/profile.h"

static constexpr uint64_t INTERVAL_BYTES_DEFAULT = 512 * 1024;
static constexpr int STACK_DEPTH_DEFAULT = 64;

using allocation_node = v8::AllocationProfile::Node;

namespace {

/* Memory that grows to the longest string seen. */
struct Text {
  char *data = nullptr;
  size_t size = 0;
  ~Text() {
    std::free(data);
  }
  /* 0 or -ENOMEM; an empty handle gives "". */
  int set(v8::Isolate *isolate, v8::Local<v8::String> string) {
    size_t need = (string.IsEmpty() ? 0 : xpf_v8_utf8_length(isolate, string)) + 1;
    if (need > size) {
      char *grown = static_cast<char *>(std::realloc(data, need));
      if (grown == nullptr)
        return -ENOMEM;
      data = grown;
      size = need;
    }
    data[0] = '\0';
    if (need > 1)
      xpf_v8_utf8_write(isolate, string, data, need);
    return 0;
  }
};

} /* namespace */

extern "C" int xpf_bridge_heap_sampling_start(struct xpf_bridge *b,
                                              const struct xpf_heap_sampling_options *options) {
  v8::HeapProfiler::SamplingFlags flags;
  int error = xpf_v8_sampling_flags(options, &flags);
  if (error != 0)
    return error;
  uint64_t interval =
      options->interval_bytes != 0 ? options->interval_bytes : INTERVAL_BYTES_DEFAULT;
  int depth =
      options->stack_depth != 0 ? static_cast<int>(options->stack_depth) : STACK_DEPTH_DEFAULT;
  v8::HandleScope scope(b->isolate);
  if (b->heap_sampling_interval_bytes != 0 ||
      !b->isolate->GetHeapProfiler()->StartSamplingHeapProfiler(interval, depth, flags))
    return -EALREADY;
  b->heap_sampling_interval_bytes = interval;
  return 0;
}

static int node_copy(v8::Isolate *isolate, struct xpf_profile *profile, const allocation_node *node,
                     uint32_t parent, Text *name, Text *url) {
  if (name->set(isolate, node->name) != 0 || url->set(isolate, node->script_name) != 0)
    return -ENOMEM;
  struct xpf_profile_frame frame = {name->data,      url->data,         "",
                                    node->script_id, node->line_number, node->column_number};
  int64_t index = xpf_profile_node_add(profile, parent, node->node_id, &frame);
  if (index < 0)
    return static_cast<int>(index);
  struct xpf_profile_node *copy = &profile->nodes[index];
  for (const v8::AllocationProfile::Allocation &allocation : node->allocations) {
    copy->self[XPF_HEAP_SPACE] += static_cast<int64_t>(allocation.size) * allocation.count;
    copy->self[XPF_HEAP_OBJECTS] += allocation.count;
  }
  return 0;
}

static int tree_copy(v8::Isolate *isolate, struct xpf_profile *profile,
                     const allocation_node *root) {
  xpf_walk<const allocation_node *> walk;
  Text name, url;
  int error = walk.push(root, XPF_NO_PARENT);
  while (error == 0 && !walk.is_empty()) {
    auto entry = walk.pop();
    error = node_copy(isolate, profile, entry.node, entry.parent, &name, &url);
    uint32_t index = profile->nodes_count - 1;
    const std::vector<allocation_node *> &children = entry.node->children;
    for (size_t i = children.size(); error == 0 && i > 0; i--)
      error = walk.push(children[i - 1], index);
  }
  return error;
}

static int samples_copy(struct xpf_profile *profile, v8::AllocationProfile *from) {
  for (const v8::AllocationProfile::Sample &sample : from->GetSamples()) {
    int error =
        xpf_profile_sample_add(profile, sample.node_id, static_cast<int64_t>(sample.sample_id),
                               static_cast<uint64_t>(sample.size) * sample.count);
    /* V8 keeps samples whose node it has dropped from the tree. */
    if (error != 0 && error != -ENOENT)
      return error;
  }
  return 0;
}

extern "C" int xpf_bridge_heap_sampling_read(struct xpf_bridge *b, struct xpf_profile **out) {
  if (b->heap_sampling_interval_bytes == 0)
    return -ENODATA;
  v8::HandleScope scope(b->isolate); /* the names in the nodes are handles of this scope */
  std::unique_ptr<v8::AllocationProfile> from(
      b->isolate->GetHeapProfiler()->GetAllocationProfile());
  if (from == nullptr)
    return -ENODATA; /* somebody else ended it */
  struct xpf_profile *profile = xpf_profile_new(XPF_PROFILE_HEAP);
  if (profile == nullptr)
    return -ENOMEM;
  profile->period = static_cast<int64_t>(b->heap_sampling_interval_bytes);
  int error = tree_copy(b->isolate, profile, from->GetRootNode());
  if (error == 0)
    error = samples_copy(profile, from.get());
  if (error != 0) {
    xpf_profile_free(profile);
    return error;
  }
  *out = profile;
  return 0;
}

extern "C" void xpf_bridge_heap_sampling_stop(struct xpf_bridge *b) {
  if (b->heap_sampling_interval_bytes == 0)
    return;
  v8::HandleScope scope(b->isolate);
  b->isolate->GetHeapProfiler()->StopSamplingHeapProfiler();
  b->heap_sampling_interval_bytes = 0;
}

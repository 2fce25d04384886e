#include "bridge/bridge.h"

#include <cerrno>
#include <new>

#include "bridge/versions.h"
#include "format/sink.h"

static constexpr int CHUNK_BYTES = 64 * 1024;

struct xpf_snapshot {
  const v8::HeapSnapshot *v8_snapshot;
  uint64_t nodes;
};

namespace {

class Progress final : public v8::ActivityControl {
public:
  explicit Progress(const struct xpf_snapshot_options *options) : options_(options) {}
  ControlOption ReportProgressValue(uint32_t done, uint32_t total) override {
    if (!canceled_ && options_->progress != nullptr)
      canceled_ = !options_->progress(options_->arg, done, total);
    return canceled_ ? kAbort : kContinue;
  }
  bool canceled() const {
    return canceled_;
  }

private:
  const struct xpf_snapshot_options *options_;
  bool canceled_ = false;
};

class SinkStream final : public v8::OutputStream {
public:
  explicit SinkStream(struct xpf_sink *sink) : sink_(sink) {}
  int GetChunkSize() override {
    return CHUNK_BYTES;
  }
  WriteResult WriteAsciiChunk(char *data, int size) override {
    return xpf_sink_write(sink_, data, static_cast<size_t>(size)) == 0 ? kContinue : kAbort;
  }
  void EndOfStream() override {}

private:
  struct xpf_sink *sink_;
};

} /* namespace */

extern "C" int xpf_bridge_snapshot_take(struct xpf_bridge *b,
                                        const struct xpf_snapshot_options *options,
                                        struct xpf_snapshot **out) {
  if (b->snapshot_in_progress)
    return -EBUSY;
  if (options->expose_internals && !xpf_v8_snapshot_has_internals())
    return -ENOTSUP;
  auto *snapshot = new (std::nothrow) xpf_snapshot();
  if (snapshot == nullptr)
    return -ENOMEM;
  v8::HandleScope scope(b->isolate);
  Progress progress(options);
  b->snapshot_in_progress = true;
  snapshot->v8_snapshot = xpf_v8_snapshot_take(b->isolate->GetHeapProfiler(), &progress,
                                               options->expose_internals, options->numeric_values);
  b->snapshot_in_progress = false;
  if (snapshot->v8_snapshot == nullptr) {
    delete snapshot;
    return progress.canceled() ? -ECANCELED : -ENOMEM;
  }
  snapshot->nodes = static_cast<uint64_t>(snapshot->v8_snapshot->GetNodesCount());
  *out = snapshot;
  return 0;
}

extern "C" int xpf_bridge_snapshot_write(struct xpf_snapshot *snapshot, struct xpf_sink *sink) {
  SinkStream stream(sink);
  snapshot->v8_snapshot->Serialize(&stream, v8::HeapSnapshot::kJSON);
  return sink->error;
}

extern "C" uint64_t xpf_bridge_snapshot_nodes(const struct xpf_snapshot *snapshot) {
  return snapshot->nodes;
}

extern "C" void xpf_bridge_snapshot_free(struct xpf_snapshot *snapshot) {
  if (snapshot == nullptr)
    return;
  const_cast<v8::HeapSnapshot *>(snapshot->v8_snapshot)->Delete();
  delete snapshot;
}

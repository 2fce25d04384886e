/* The nodes of a tree still to be visited. Trees of V8 are as deep as the sampled stacks, so they
 * are never walked by recursion. */
#ifndef XPF_BRIDGE_WALK_H
#define XPF_BRIDGE_WALK_H

#include <cerrno>
#include <cstdint>
#include <cstdlib>

template <typename Node> class xpf_walk {
public:
  struct entry {
    Node node;
    uint32_t parent; /* index in the copy */
  };

  xpf_walk() = default;
  xpf_walk(const xpf_walk &) = delete;
  xpf_walk &operator=(const xpf_walk &) = delete;
  ~xpf_walk() {
    std::free(entries_);
  }

  /* 0 or -ENOMEM. Last in, first out: push children last to first for pre-order. */
  int push(Node node, uint32_t parent) {
    if (count_ == capacity_) {
      size_t capacity = capacity_ == 0 ? 256 : capacity_ * 2;
      auto *grown = static_cast<entry *>(std::realloc(entries_, capacity * sizeof(entry)));
      if (grown == nullptr)
        return -ENOMEM;
      entries_ = grown;
      capacity_ = capacity;
    }
    entries_[count_++] = {node, parent};
    return 0;
  }
  entry pop() {
    return entries_[--count_];
  }
  bool is_empty() const {
    return count_ == 0;
  }

private:
  entry *entries_ = nullptr;
  size_t count_ = 0, capacity_ = 0;
};

#endif

#include "bridge/object.h"

#if defined(__linux__)
#include <sys/uio.h>
#include <unistd.h>

bool xpf_memory_read(uint64_t address, void *out, size_t size) {
  struct iovec to = {out, size};
  struct iovec from = {reinterpret_cast<void *>(address), size};
  return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == static_cast<ssize_t>(size);
}
#else
bool xpf_memory_read(uint64_t, void *, size_t) {
  return false;
}
#endif

bool xpf_object_word(uint64_t object, int offset, uint64_t *out) {
  return xpf_object_is_heap(object) &&
         xpf_memory_read(object - 1 + static_cast<uint64_t>(offset), out, sizeof *out);
}

static int type_of_map(const struct xpf_layout *layout, uint64_t map) {
  uint16_t type;
  uint64_t address = map - 1 + static_cast<uint64_t>(layout->map_instance_type);
  return xpf_memory_read(address, &type, sizeof type) ? type : -1;
}

/* While the collector moves an object its map word is a forwarding address, which is no tagged
 * pointer. */
int xpf_object_type(const struct xpf_layout *layout, uint64_t object) {
  uint64_t map, meta_map;
  if (!xpf_object_word(object, layout->object_map, &map) ||
      !xpf_object_word(map, layout->object_map, &meta_map) || !xpf_object_is_heap(meta_map) ||
      type_of_map(layout, meta_map) != layout->map_type)
    return -1;
  return type_of_map(layout, map);
}

bool xpf_object_is(const struct xpf_layout *layout, uint64_t object, int type) {
  return type >= 0 && xpf_object_type(layout, object) == type;
}

#include "core/memory_room.h"

#include "host/cgroup.h"
#include "host/os.h"

struct room {
  uint64_t total, free;
};

static struct room look(void) {
  struct room room = {0, 0};
  struct xpf_os_host host;
  if (xpf_os_host(&host) == 0) {
    room.total = host.memory_total_bytes;
    room.free = host.memory_available_bytes;
  }
  struct xpf_cgroup *cgroup;
  if (xpf_cgroup_open(&cgroup, 0, "") != 0)
    return room;
  struct xpf_cgroup_figures figures;
  xpf_cgroup_read(cgroup, &figures);
  xpf_cgroup_close(cgroup);
  if (figures.memory != XPF_OK || figures.memory_limit_bytes == UINT64_MAX)
    return room;
  uint64_t limit = figures.memory_limit_bytes, used = figures.memory_working_set_bytes;
  uint64_t left = limit > used ? limit - used : 0;
  if (room.total == 0 || limit < room.total)
    room.total = limit;
  if (room.free == 0 || left < room.free)
    room.free = left;
  return room;
}

uint64_t xpf_memory_room_total(void) {
  return look().total;
}

uint64_t xpf_memory_room_rss_limit(void) {
  struct room room = look();
  return room.total ? xpf_os_rss_bytes() + room.free / 5 * 4 : 0;
}

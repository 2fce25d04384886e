#include "attach_room.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include "host/cgroup_files.h"
#include "host/os.h"
#include "host/proc_file.h"

static uint64_t rest(uint64_t limit, uint64_t used) {
  return limit > used ? limit - used : 0;
}

static uint64_t room_of_cgroups(pid_t pid) {
  struct xpf_cgroup *cgroup;
  uint64_t room = UINT64_MAX, limit, used;
  if (xpf_cgroup_open(&cgroup, pid, "") != 0)
    return room;
  const struct xpf_cgroup_place *place = &cgroup->places[XPF_CGROUP_PIDS];
  size_t length = place->version ? xpf_cgroup_leaf(place) : 0;
  for (; length; length = xpf_cgroup_parent(place, length))
    if (xpf_cgroup_number(place, length, "pids.max", &limit) == XPF_OK && limit != UINT64_MAX &&
        xpf_cgroup_number(place, length, "pids.current", &used) == XPF_OK &&
        rest(limit, used) < room)
      room = rest(limit, used);
  xpf_cgroup_close(cgroup);
  return room;
}

/* ulimit -u; UINT64_MAX: none, or not told. */
static uint64_t limit_of_user(pid_t pid) {
  char path[64];
  struct xpf_proc_lines lines;
  uint64_t limit = UINT64_MAX;
  snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
  if (xpf_proc_lines_open(&lines, AT_FDCWD, path) != 0)
    return limit;
  for (char *line; (line = xpf_proc_lines_next(&lines));) {
    const char *soft = xpf_proc_after(line, "Max processes");
    if (soft && !xpf_proc_number(soft, &limit))
      limit = UINT64_MAX; /* "unlimited" */
  }
  xpf_proc_lines_close(&lines);
  return limit;
}

struct threads {
  uid_t uid;
  uint64_t count;
};

static bool add_threads(void *arg, pid_t pid) {
  struct threads *threads = arg;
  static struct xpf_os_identity identity; /* large; there is one thread */
  int count = xpf_os_identity(pid, &identity) != -ESRCH && identity.uid == threads->uid
                  ? xpf_os_tasks(pid, NULL, 0, false)
                  : 0;
  threads->count += count > 0 ? (uint64_t)count : 0;
  return true;
}

static uint64_t room_of_user(pid_t pid) {
  static struct xpf_os_identity identity;
  uint64_t limit = limit_of_user(pid);
  if (limit == UINT64_MAX || xpf_os_identity(pid, &identity) == -ESRCH || identity.uid == 0)
    return UINT64_MAX; /* root has no such limit */
  struct threads threads = {.uid = identity.uid};
  xpf_os_each_process(add_threads, &threads);
  return rest(limit, threads.count);
}

uint64_t xpf_attach_room(pid_t pid) {
  uint64_t cgroups = room_of_cgroups(pid), user = room_of_user(pid);
  return cgroups < user ? cgroups : user;
}

// links: src/host/cgroup.c src/host/cgroup_files.c src/host/cgroup_details.c
// links: src/host/proc_keys.c src/host/cgroup_place.c src/host/pressure.c src/host/proc_file.c -lm
/* Any bytes in place of the files that say in which cgroup a process is and how it fares there. The
 * input is cut at 0x1e: first the membership, then the mounts, then the files of the cgroup. */
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "host/cgroup.h"
#include "host/cgroup_details.h"

#define SEPARATOR 0x1e

static const char *const files[] = {
    "proc/self/cgroup",
    "proc/self/mountinfo",
    "m/memory.max",
    "m/memory.current",
    "m/memory.stat",
    "m/memory.events",
    "m/cpu.max",
    "m/cpu.stat",
    "m/cpu.pressure",
    "m/memory.pressure",
    "m/io.pressure",
    "m/a/memory.max",
    "m/a/memory.current",
    "m/a/cpu.max",
    "m/a/cpu.stat",
    "m/memory.limit_in_bytes",
    "m/memory.usage_in_bytes",
    "m/memory.oom_control",
    "m/cpu.cfs_quota_us",
    "m/cpu.cfs_period_us",
    "m/cpuacct.usage",
    "m/io.stat",
    "m/blkio.throttle.io_service_bytes",
    "m/blkio.throttle.io_serviced",
    "m/pids.current",
    "m/pids.max",
};

static char root[64];

static void remove_root(void) {
  char command[96];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  if (system(command) != 0)
    perror(root);
}

static void make_root(void) {
  static const char *const folders[] = {"proc", "proc/self", "m", "m/a"};
  snprintf(root, sizeof root, "/dev/shm/xpf-fuzz-cgroup-XXXXXX");
  if (mkdtemp(root) == NULL) {
    snprintf(root, sizeof root, "/tmp/xpf-fuzz-cgroup-XXXXXX");
    require(mkdtemp(root) != NULL);
  }
  int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
    require(mkdirat(dir, folders[i], 0700) == 0);
  close(dir);
  atexit(remove_root);
}

static void write_file(const char *name, const uint8_t *data, size_t size) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", root, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
  close(fd);
}

static void check_pressure(const struct xpf_pressure *pressure) {
  require(pressure->status <= XPF_OK);
  require(pressure->some_avg10 >= 0 && isfinite(pressure->full_avg10));
}

static void check(const struct xpf_cgroup_figures *figures) {
  require(figures->version >= 0 && figures->version <= 2);
  require(figures->memory <= XPF_OK && figures->cpu <= XPF_OK && figures->events <= XPF_OK);
  require(isfinite(figures->cpu_limit) && figures->cpu_limit >= 0);
  require(figures->memory_working_set_bytes <= figures->memory_used_bytes);
  require(figures->version != 0 || figures->memory_limit_bytes == UINT64_MAX);
  check_pressure(&figures->cpu_pressure);
  check_pressure(&figures->memory_pressure);
  check_pressure(&figures->io_pressure);
}

static void check_details(struct xpf_cgroup *cgroup) {
  struct xpf_cgroup_details details;
  char name[64];
  memset(&details, 0xAA, sizeof details);
  xpf_cgroup_read_details(cgroup, &details);
  require(details.cpu <= XPF_OK && details.memory <= XPF_OK && details.io <= XPF_OK);
  require(details.io == XPF_OK || details.read_bytes == UINT64_MAX);
  require(strlen(xpf_cgroup_name(cgroup, name, sizeof name)) < sizeof name);
  bool has_one = false;
  for (unsigned i = 0; i < XPF_CGROUP_CONTROLLERS; i++)
    has_one |= xpf_cgroup_has(cgroup, (enum xpf_cgroup_controller)i);
  require((name[0] != '\0') == has_one && (xpf_cgroup_version_name(cgroup)[0] != '\0') == has_one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_cgroup *cgroup;
  struct xpf_cgroup_figures figures;
  if (root[0] == '\0')
    make_root();
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    const uint8_t *end = size > 0 ? memchr(data, SEPARATOR, size) : NULL;
    size_t length = end ? (size_t)(end - data) : size;
    write_file(files[i], data, length);
    data += end ? length + 1 : length;
    size -= end ? length + 1 : length;
  }
  require(xpf_cgroup_open(&cgroup, 0, root) == 0);
  for (int times = 0; times < 2; times++) {
    xpf_cgroup_read(cgroup, &figures);
    check(&figures);
    check_details(cgroup);
  }
  xpf_cgroup_close(cgroup);
  return 0;
}

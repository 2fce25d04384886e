// clang-format off
// links: src/daemon/collect_cpu.c src/daemon/collect_memory.c src/daemon/collect_vmstat.c
// links: src/daemon/collect_pressure.c src/daemon/collect_interrupts.c src/daemon/collect_softirqs.c
// links: src/daemon/collect_disks.c src/daemon/collect_filesystems.c src/daemon/collect_kernel.c
// links: src/daemon/oom_kills.c src/daemon/reading.c src/daemon/sheet.c src/daemon/world.c
// links: src/wire/utf8.c
// links: src/host/proc_text.c src/host/proc_file.c src/host/proc_stat_linux.c src/host/pressure.c
// links: src/host/mount_table_linux.c src/host/volume_linux.c -lm
// clang-format on
/* Any bytes in place of the files that say how the host fares. The input is cut at 0x1e, a piece
 * for each file; each collector reads twice, the second time files that end in the middle. */
#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "daemon/collector_list.h"
#include "fuzz.h"

#define SEPARATOR 0x1e

static const char *const files[] = {
    "stat",
    "uptime",
    "meminfo",
    "vmstat",
    "pressure/cpu",
    "pressure/memory",
    "pressure/irq",
    "interrupts",
    "softirqs",
    "diskstats",
    "self/mountinfo",
    "sys/kernel/osrelease",
    "sys/kernel/pid_max",
};
#define FILES (sizeof files / sizeof files[0])

static const struct xpf_collector *const collectors[] = {
    &xpf_collector_cpu,      &xpf_collector_memory,      &xpf_collector_vmstat,
    &xpf_collector_pressure, &xpf_collector_interrupts,  &xpf_collector_softirqs,
    &xpf_collector_disks,    &xpf_collector_filesystems, &xpf_collector_kernel,
};
#define COLLECTORS (sizeof collectors / sizeof collectors[0])

static char root[64];

/* Mounts of the input are not those of this machine. */
int statvfs(const char *path, struct statvfs *out) {
  memset(out, 0, sizeof *out);
  out->f_frsize = strlen(path);
  out->f_blocks = (unsigned char)path[1];
  out->f_files = 7;
  return 0;
}

static void remove_root(void) {
  char command[96];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  if (system(command) != 0)
    perror(root);
}

static void make_root(void) {
  static const char *const folders[] = {"", "/pressure", "/self", "/sys", "/sys/kernel"};
  snprintf(root, sizeof root, "/dev/shm/xpf-fuzz-host-XXXXXX");
  if (mkdtemp(root) == NULL) {
    snprintf(root, sizeof root, "/tmp/xpf-fuzz-host-XXXXXX");
    require(mkdtemp(root) != NULL);
  }
  atexit(remove_root);
  for (size_t i = 1; i < sizeof folders / sizeof folders[0]; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s%s", root, folders[i]);
    require(mkdir(path, 0700) == 0);
  }
}

/* All files of the input, each only its first 1/part. */
static void write_files(const uint8_t *data, size_t size, size_t part) {
  for (size_t i = 0; i < FILES; i++) {
    const uint8_t *end = size > 0 ? memchr(data, SEPARATOR, size) : NULL;
    size_t length = end ? (size_t)(end - data) : size;
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, files[i]);
    FILE *file = fopen(path, "w");
    require(file != NULL);
    if (length / part > 0)
      require(fwrite(data, length / part, 1, file) == 1);
    fclose(file);
    data += end ? length + 1 : length;
    size -= end ? length + 1 : length;
  }
}

static void check_entity(const struct xpf_entity *entity) {
  for (unsigned i = 0; i < entity->kind->fields_count; i++) {
    const struct xpf_field *field = &entity->kind->fields[i];
    double value = entity->values[i];
    require((entity->qualities[i] == XPF_QUALITY_OK) == (isfinite(value) != 0));
    require(!(field->type == XPF_FIELD_COUNTER && value < 0));
    bool is_share = strcmp(field->key, "busy") == 0 || strcmp(field->key, "utilization") == 0;
    require(!is_share || isnan(value) || (value >= -1e-9 && value <= 1));
  }
}

static size_t check_kind(const struct xpf_world *world, const struct xpf_kind *kind) {
  size_t count = 0;
  for (const struct xpf_entity *e = xpf_world_first(world, kind); e; e = e->next, count++)
    check_entity(e);
  require(strcmp(kind->name, "host_interrupt") != 0 || count <= 257);
  require(strcmp(kind->name, "host_filesystem") != 0 || count <= 256);
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  void *states[COLLECTORS];
  int error = 0;
  if (root[0] == '\0')
    make_root();
  struct xpf_world *world = xpf_world_new();
  require(world != NULL);
  struct xpf_collector_context context = {world, root, root, NULL};
  for (size_t i = 0; i < COLLECTORS; i++)
    require((states[i] = collectors[i]->new (&context, &error)) != NULL);
  for (size_t part = 1; part <= 2; part++) {
    write_files(data, size, part);
    for (size_t i = 0; i < COLLECTORS; i++) {
      error = collectors[i]->gather(states[i]);
      require(error <= 0 && error != -ENOMEM);
      collectors[i]->publish(states[i], world, 1764087600000 + (int64_t)part * 1000);
    }
    size_t count = 0;
    for (unsigned i = 0; xpf_world_kind(world, i); i++)
      count += check_kind(world, xpf_world_kind(world, i));
    require(count == xpf_world_count(world));
  }
  for (size_t i = 0; i < COLLECTORS; i++)
    collectors[i]->free(states[i]);
  xpf_world_free(world);
  return 0;
}

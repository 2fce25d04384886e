// links: src/host/coredump_map_linux.c -Wl,--wrap=open,--wrap=open64
/* Any bytes in place of /proc/self/maps and smaps: areas that lie within the room there is, with
 * names that end. */
#include <fcntl.h>

#include "fuzz.h"
#include "host/coredump_map_linux.h"

#define CAPACITY 64

static struct fuzz_file file;
static bool is_read; /* the input, not this program's own areas */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
  is_read = strncmp(path, "/proc/self/", 11) == 0;
  return __real_open(is_read ? file.path : path, flags);
}

/* What glibc calls it where files may be large. */
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...) {
  return __wrap_open(path, flags);
}

static void check(const struct xpf_coredump_map *map) {
  require(map->count <= CAPACITY);
  for (uint32_t i = 0; i < map->count; i++) {
    require(map->areas[i].end > map->areas[i].start);
    require(map->areas[i].name < map->names_size);
    require(memchr(map->names + map->areas[i].name, '\0', map->names_size - map->areas[i].name));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct xpf_coredump_map map, earlier;
  if (file.path[0] == '\0')
    fuzz_file_init(&file);
  fuzz_file_set(&file, data, size);
  require(xpf_coredump_map_init(&map, CAPACITY) == 0);
  require(xpf_coredump_map_init(&earlier, CAPACITY) == 0);
  require(xpf_coredump_map_read(&earlier, true) == 0);
  require(is_read);
  check(&earlier);
  require(xpf_coredump_map_read(&map, false) == 0);
  check(&map);
  xpf_coredump_map_adopt(&map, &earlier);
  check(&map);
  xpf_coredump_map_free(&map);
  xpf_coredump_map_free(&earlier);
  return 0;
}

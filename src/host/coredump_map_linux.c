#include "host/coredump_map_linux.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_SIZE       (64 * 1024)
#define NAME_BYTES_AREA 96 /* equal names of neighbours are kept once */

int xpf_coredump_map_init(struct xpf_coredump_map *map, uint32_t capacity) {
  size_t areas_bytes = capacity * sizeof *map->areas;
  memset(map, 0, sizeof *map);
  map->names_size = capacity * NAME_BYTES_AREA;
  map->memory_bytes = areas_bytes + map->names_size + TEXT_SIZE;
  char *memory =
      mmap(NULL, map->memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return -ENOMEM;
  map->areas = (struct xpf_coredump_area *)memory;
  map->names = memory + areas_bytes;
  map->text = map->names + map->names_size;
  map->capacity = capacity;
  return 0;
}

void xpf_coredump_map_free(struct xpf_coredump_map *map) {
  if (map->areas)
    munmap(map->areas, map->memory_bytes);
  memset(map, 0, sizeof *map);
}

static uint64_t parse_number(const char **text, unsigned base) {
  uint64_t value = 0;
  for (;; (*text)++) {
    unsigned c = (unsigned char)**text;
    unsigned digit = c - '0' < 10 ? c - '0' : c - 'a' < 6 ? c - 'a' + 10 : 99;
    if (digit >= base)
      return value;
    value = value * base + digit;
  }
}

/* The place of a name in names; 0 = "". A full pool loses names, never areas. */
static uint32_t keep_name(struct xpf_coredump_map *map, const char *name) {
  size_t size = strlen(name) + 1;
  if (size == 1)
    return 0;
  if (map->count > 0) {
    uint32_t last = map->areas[map->count - 1].name;
    if (last && strcmp(map->names + last, name) == 0)
      return last;
  }
  if (size > map->names_size - map->names_used)
    return 0;
  uint32_t at = map->names_used;
  memcpy(map->names + at, name, size);
  map->names_used += (uint32_t)size;
  return at;
}

/* "start-end rwxp offset dev inode   name" */
static void parse_area(struct xpf_coredump_map *map, const char *line) {
  struct xpf_coredump_area area = {0};
  area.start = parse_number(&line, 16);
  if (*line++ != '-')
    return;
  area.end = parse_number(&line, 16);
  if (strnlen(line, 6) < 6 || area.end <= area.start)
    return;
  area.flags = (line[1] == 'r' ? XPF_AREA_READ : 0) | (line[2] == 'w' ? XPF_AREA_WRITE : 0) |
               (line[3] == 'x' ? XPF_AREA_EXECUTE : 0) | (line[4] == 's' ? XPF_AREA_SHARED : 0);
  line += 6;
  area.file_offset = parse_number(&line, 16);
  line += *line == ' ';
  while (*line && *line != ' ')
    line++;
  line += *line == ' ';
  area.inode = parse_number(&line, 10);
  while (*line == ' ')
    line++;
  if (strncmp(line, "[vvar", 5) == 0 || strcmp(line, "[vsyscall]") == 0)
    area.flags |= XPF_AREA_DEVICE;
  if (strcmp(line, "[vdso]") == 0)
    area.flags |= XPF_AREA_KERNEL;
  if (map->count == map->capacity) {
    map->is_cut = true;
    return;
  }
  area.name = keep_name(map, line);
  map->areas[map->count++] = area;
}

/* "VmFlags: rd wr mr dc …" of the last area. */
static void parse_flags(struct xpf_coredump_map *map, const char *line) {
  if (map->count == 0 || map->is_cut)
    return;
  uint32_t *flags = &map->areas[map->count - 1].flags;
  for (line = strchr(line, ' '); line; line = strchr(line + 1, ' ')) {
    if (strncmp(line, " dc", 3) == 0)
      *flags |= XPF_AREA_DONT_FORK;
    else if (strncmp(line, " dd", 3) == 0)
      *flags |= XPF_AREA_DONT_DUMP;
    else if (strncmp(line, " io", 3) == 0 || strncmp(line, " pf", 3) == 0)
      *flags |= XPF_AREA_DEVICE;
  }
}

static void parse_line(struct xpf_coredump_map *map, const char *line) {
  if (strncmp(line, "VmFlags:", 8) == 0)
    parse_flags(map, line);
  else if ((*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f'))
    parse_area(map, line);
}

int xpf_coredump_map_read(struct xpf_coredump_map *map, bool with_kernel_flags) {
  size_t used = 0;
  int result = 0;
  int fd = open(with_kernel_flags ? "/proc/self/smaps" : "/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  map->count = 0;
  map->names_used = 1;
  map->names[0] = '\0';
  map->is_cut = false;
  for (;;) {
    ssize_t got = read(fd, map->text + used, TEXT_SIZE - 1 - used);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) {
      result = got < 0 ? -errno : 0;
      break;
    }
    used += (size_t)got;
    map->text[used] = '\0';
    char *line = map->text, *end;
    while ((end = memchr(line, '\n', used - (size_t)(line - map->text)))) {
      *end = '\0';
      parse_line(map, line);
      line = end + 1;
    }
    used -= (size_t)(line - map->text);
    memmove(map->text, line, used);
    if (used == TEXT_SIZE - 1)
      used = 0;
  }
  close(fd);
  return result;
}

#define KERNEL_FLAGS (XPF_AREA_DONT_FORK | XPF_AREA_DONT_DUMP | XPF_AREA_DEVICE)

bool xpf_coredump_map_adopt(struct xpf_coredump_map *map, const struct xpf_coredump_map *earlier) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < map->count; i++) {
    struct xpf_coredump_area *area = &map->areas[i];
    uint64_t covered = area->start;
    uint32_t flags = 0;
    bool agrees = true, is_first = true;
    while (at < earlier->count && earlier->areas[at].end <= area->start)
      at++;
    for (uint32_t j = at; j < earlier->count && earlier->areas[j].start < area->end; j++) {
      const struct xpf_coredump_area *old = &earlier->areas[j];
      agrees =
          agrees && old->start <= covered && (is_first || (old->flags & KERNEL_FLAGS) == flags);
      flags = old->flags & KERNEL_FLAGS;
      is_first = false;
      covered = old->end;
    }
    if ((!agrees || covered < area->end) && area->inode == 0 && map->names[area->name] != '[')
      return false;
    area->flags |= flags;
  }
  return true;
}

static bool is_hidden(const struct xpf_coredump_area *area) {
  return (area->flags & KERNEL_FLAGS) == XPF_AREA_DONT_FORK;
}

/* Neighbours in one call: there may be hundreds. */
void xpf_coredump_map_expose(const struct xpf_coredump_map *map, bool expose) {
  for (uint32_t i = 0; i < map->count;) {
    uint64_t start = map->areas[i].start, end = map->areas[i].end;
    bool hidden = is_hidden(&map->areas[i]);
    for (i++; hidden && i < map->count && map->areas[i].start == end && is_hidden(&map->areas[i]);
         i++)
      end = map->areas[i].end;
    if (hidden)
      madvise((void *)start, end - start, expose ? MADV_DOFORK : MADV_DONTFORK);
  }
}

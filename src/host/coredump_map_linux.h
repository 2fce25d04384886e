/* The memory areas of this process, for a core. Reads with system calls into memory that was
 * mapped before, so also while other threads are stopped. Internal to coredump. */
#ifndef XPF_HOST_COREDUMP_MAP_LINUX_H
#define XPF_HOST_COREDUMP_MAP_LINUX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XPF_AREA_READ      (1u << 0)
#define XPF_AREA_WRITE     (1u << 1)
#define XPF_AREA_EXECUTE   (1u << 2)
#define XPF_AREA_SHARED    (1u << 3)
#define XPF_AREA_DONT_FORK (1u << 4) /* smaps "dc" */
#define XPF_AREA_DONT_DUMP (1u << 5) /* smaps "dd" */
#define XPF_AREA_DEVICE    (1u << 6) /* smaps "io" or "pf", vvar */
#define XPF_AREA_KERNEL    (1u << 7) /* the vDSO: its pages belong to no process */

struct xpf_coredump_area {
  uint64_t start, end, file_offset, inode;
  uint64_t dump_bytes; /* from its start, decided by the writer */
  uint32_t flags;
  uint32_t name; /* into names; "" = none */
};

struct xpf_coredump_map {
  struct xpf_coredump_area *areas;
  char *names, *text; /* text: reading buffer */
  uint32_t capacity, count, names_size, names_used;
  size_t memory_bytes;
  bool is_cut; /* more areas than capacity */
};

/* Maps memory for `capacity` areas. -ENOMEM. */
int xpf_coredump_map_init(struct xpf_coredump_map *map, uint32_t capacity);
void xpf_coredump_map_free(struct xpf_coredump_map *map);
/* Reads the areas anew; with kernel flags it takes milliseconds (smaps), without tens of
 * microseconds (maps). -errno. */
int xpf_coredump_map_read(struct xpf_coredump_map *map, bool with_kernel_flags);
/* Takes the kernel flags over from an earlier reading. False when an anonymous area has parts that
 * were not there or differed. */
bool xpf_coredump_map_adopt(struct xpf_coredump_map *map, const struct xpf_coredump_map *earlier);
/* Lets a forked copy have the areas that are hidden from it (true), or hides them again. */
void xpf_coredump_map_expose(const struct xpf_coredump_map *map, bool expose);
#endif

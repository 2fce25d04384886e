/* The contents of memory areas into the file of a core: which pages, and writing them. Pages that
 * were never touched or hold zeros become holes. Unreadable pages too, never a fault. Internal to
 * coredump. */
#ifndef XPF_HOST_COREDUMP_MEMORY_LINUX_H
#define XPF_HOST_COREDUMP_MEMORY_LINUX_H
#include <stddef.h>
#include <stdint.h>
#include "host/coredump_map_linux.h"

struct xpf_coredump_memory {
  int fd, pagemap_fd; /* pagemap_fd of this process; -1 = not allowed */
  int probe[2];       /* a pipe */
  uint64_t max_bytes; /* 0 = no limit */
  uint64_t written_bytes;
  uint64_t *pages; /* working memory */
  size_t pages_max;
};

/* Opens what the fields do not give. The process ends soon: nothing closes it. -errno. */
int xpf_coredump_memory_open(struct xpf_coredump_memory *memory);
/* How much of an area, from its start, belongs into the file: all of private memory that differs
 * from a file; of unchanged code and constants only the first page, when it names the object (build
 * id). */
uint64_t xpf_coredump_memory_size(struct xpf_coredump_memory *memory,
                                  const struct xpf_coredump_area *area, const char *name);
/* Writes area->dump_bytes of it at `offset`. -ENOSPC, -EFBIG (max_bytes), other -errno. */
int xpf_coredump_memory_write(struct xpf_coredump_memory *memory,
                              const struct xpf_coredump_area *area, uint64_t offset);
#endif

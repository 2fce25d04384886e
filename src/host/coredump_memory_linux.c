#include "host/coredump_memory_linux.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE         4096ull
#define WRITE_MAX    (1024 * 1024)
#define PAGE_PRESENT (1ull << 63)
#define PAGE_SWAPPED (1ull << 62)
#define PAGE_OF_FILE (1ull << 61)
#define UNSCANNED_MAX                                                                              \
  (64ull << 30) /* without pagemap every page is touched: not of reservations                      \
                 */
#define READS_ANYTHING __attribute__((no_sanitize("address", "undefined", "thread")))

/* Entries of pagemap for [start, start + n pages); n is at most pages_max. */
static bool read_pages(struct xpf_coredump_memory *memory, uint64_t start, size_t n) {
  size_t done = 0;
  while (done < n * 8) {
    ssize_t got = pread(memory->pagemap_fd, (char *)memory->pages + done, n * 8 - done,
                        (off_t)(start / PAGE * 8 + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    done += (size_t)got;
  }
  return true;
}

static size_t pages_from(const struct xpf_coredump_memory *memory, uint64_t start, uint64_t end) {
  uint64_t n = (end - start) / PAGE;
  return n < memory->pages_max ? (size_t)n : memory->pages_max;
}

/* A private mapping of a file has pages of its own: relocated constants, patched code. */
static bool is_changed(struct xpf_coredump_memory *memory, const struct xpf_coredump_area *area) {
  for (uint64_t at = area->start; at < area->end;) {
    size_t n = pages_from(memory, at, area->end);
    if (memory->pagemap_fd < 0 || !read_pages(memory, at, n))
      return false;
    for (size_t i = 0; i < n; i++)
      if ((memory->pages[i] & (PAGE_PRESENT | PAGE_SWAPPED)) && !(memory->pages[i] & PAGE_OF_FILE))
        return true;
    at += n * PAGE;
  }
  return false;
}

/* Past libc: instrumented builds would look into the memory themselves. */
static ssize_t write_raw(int fd, uint64_t from, size_t bytes) {
  return syscall(SYS_write, fd, from, bytes);
}

/* Its first page begins like an object. Read through a pipe: of a file cut short meanwhile the
 * kernel says EFAULT where a look would be a fault. */
static bool is_object(const struct xpf_coredump_memory *memory,
                      const struct xpf_coredump_area *area) {
  char magic[SELFMAG];
  return area->file_offset == 0 && write_raw(memory->probe[1], area->start, SELFMAG) == SELFMAG &&
         read(memory->probe[0], magic, SELFMAG) == SELFMAG && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

static bool is_shared_memory(const char *name) {
  return strncmp(name, "/dev/zero", 9) == 0 || strncmp(name, "/memfd:", 7) == 0 ||
         strncmp(name, "/SYSV", 5) == 0;
}

int xpf_coredump_memory_open(struct xpf_coredump_memory *memory) {
  return pipe2(memory->probe, O_CLOEXEC) == 0 ? 0 : -errno;
}

uint64_t xpf_coredump_memory_size(struct xpf_coredump_memory *memory,
                                  const struct xpf_coredump_area *area, const char *name) {
  uint64_t size = area->end - area->start;
  if (area->flags & XPF_AREA_DONT_DUMP)
    return 0;
  if (area->flags & XPF_AREA_SHARED)
    return is_shared_memory(name) ? size : 0;
  if (area->inode == 0)
    return memory->pagemap_fd < 0 && size > UNSCANNED_MAX ? 0 : size;
  if ((area->flags & XPF_AREA_WRITE) || is_changed(memory, area))
    return size;
  return is_object(memory, area) ? PAGE : 0;
}

/* ---- writing
 * -------------------------------------------------------------------------------------------- */

/* From memory straight into the file: the kernel answers EFAULT where a read would be a fault. */
static int write_stretch(struct xpf_coredump_memory *memory, uint64_t from, uint64_t bytes,
                         uint64_t offset) {
  while (bytes > 0) {
    ssize_t put =
        syscall(SYS_pwrite64, memory->fd, from, bytes < WRITE_MAX ? bytes : WRITE_MAX, offset);
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0 && errno != EFAULT)
      return -errno;
    if (put == 0)
      return -EIO;
    uint64_t step = put > 0 ? (uint64_t)put : PAGE - from % PAGE;
    if (put > 0)
      memory->written_bytes += step;
    if (memory->max_bytes && memory->written_bytes > memory->max_bytes)
      return -EFBIG;
    step = step < bytes ? step : bytes;
    from += step;
    offset += step;
    bytes -= step;
  }
  return 0;
}

READS_ANYTHING static bool is_zero(uint64_t address) {
  const uint64_t *word = (const uint64_t *)address, *end = word + PAGE / 8;
  for (; word < end; word += 8)
    if (word[0] | word[1] | word[2] | word[3] | word[4] | word[5] | word[6] | word[7])
      return false;
  return true;
}

/* A page that is worth writing. Only pages in memory are looked into: one in swap may be a guard.
 */
static bool is_worth(uint64_t address, uint64_t page) {
  if (page & PAGE_PRESENT)
    return !is_zero(address);
  return page & PAGE_SWAPPED;
}

/* Anonymous memory: pages that exist and are not zero, neighbours in one go. */
static int write_scanned(struct xpf_coredump_memory *memory, const struct xpf_coredump_area *area,
                         uint64_t offset) {
  int result = 0;
  for (uint64_t at = area->start; at < area->end && result == 0;) {
    size_t n = pages_from(memory, at, area->end);
    if (!read_pages(memory, at, n))
      return write_stretch(memory, at, area->end - at, offset + (at - area->start));
    for (size_t i = 0, from = 0; i <= n && result == 0; i++) {
      if (i < n && is_worth(at + i * PAGE, memory->pages[i]))
        continue;
      if (i > from)
        result = write_stretch(memory, at + from * PAGE, (i - from) * PAGE,
                               offset + (at + from * PAGE - area->start));
      from = i + 1;
    }
    at += n * PAGE;
  }
  return result;
}

/* Shared memory: a copy has none of it mapped in yet, so ask which pages exist at all. */
static int write_shared(struct xpf_coredump_memory *memory, const struct xpf_coredump_area *area,
                        uint64_t offset) {
  unsigned char *present = (unsigned char *)memory->pages;
  int result = 0;
  for (uint64_t at = area->start; at < area->end && result == 0;) {
    size_t n = pages_from(memory, at, area->end);
    if (mincore((void *)at, n * PAGE, present) != 0)
      memset(present, 1, n);
    for (size_t i = 0, from = 0; i <= n && result == 0; i++) {
      if (i < n && (present[i] & 1))
        continue;
      if (i > from)
        result = write_stretch(memory, at + from * PAGE, (i - from) * PAGE,
                               offset + (at + from * PAGE - area->start));
      from = i + 1;
    }
    at += n * PAGE;
  }
  return result;
}

int xpf_coredump_memory_write(struct xpf_coredump_memory *memory,
                              const struct xpf_coredump_area *area, uint64_t offset) {
  if (area->dump_bytes == 0)
    return 0;
  if (area->flags & XPF_AREA_SHARED)
    return write_shared(memory, area, offset);
  if (area->inode == 0 && memory->pagemap_fd >= 0 && !(area->flags & XPF_AREA_KERNEL))
    return write_scanned(memory, area, offset);
  return write_stretch(memory, area->start, area->dump_bytes, offset);
}

/* Writes the core of the process it runs in: the forked copy. System calls and the memory given
 * only; no allocation, no lock, no libc state. Internal to coredump. */
#ifndef XPF_HOST_COREDUMP_IMAGE_LINUX_H
#define XPF_HOST_COREDUMP_IMAGE_LINUX_H
#include <stdint.h>
#include <sys/types.h>
#include "host/coredump_map_linux.h"
#include "host/freeze.h"

#define XPF_COREDUMP_AUXV_MAX 4096

/* The registers of the thread that made the copy, as the kernel orders them. */
struct xpf_coredump_caller {
  uint64_t general[27];
  _Alignas(16) unsigned char fp[512];
  const void *context; /* ucontext_t that replaces both; may be NULL */
};

/* What the parent knew before; shared with it where it says so. */
struct xpf_coredump_image {
  int fd, pagemap_fd; /* pagemap_fd < 0: page by page */
  pid_t process, parent, group, session, caller_tid;
  uint32_t uid, gid;
  int signal;
  bool caller_first;
  uint64_t max_bytes;
  char command[16], arguments[80];
  unsigned char auxv[XPF_COREDUMP_AUXV_MAX];
  uint32_t auxv_bytes;
  struct xpf_coredump_caller caller;
  struct xpf_coredump_map *map;
  const struct xpf_freeze_row *rows;
  uint32_t rows_count;

  /* Results */
  uint64_t bytes, data_bytes;
  uint32_t threads, unstopped;

  /* Working memory */
  unsigned char buffer[64 * 1024];
  uint64_t pages[8 * 1024];
};

/* 0, -ENOSPC, -EFBIG, other -errno. */
int xpf_coredump_image_write(struct xpf_coredump_image *image);
#endif

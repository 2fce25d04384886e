#include "host/coredump.h"
#include <errno.h>

int xpf_coredump_write(int out_fd, const struct xpf_coredump_options *options,
                       struct xpf_coredump_result *result) {
  (void)out_fd, (void)options, (void)result;
  return -ENOTSUP;
}

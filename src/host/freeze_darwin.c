#include "host/freeze.h"
#include <errno.h>

int xpf_freeze_each(const struct xpf_freeze_options *options,
                    bool (*fn)(void *arg, const struct xpf_freeze_thread *thread), void *arg) {
  (void)options, (void)fn, (void)arg;
  return -ENOTSUP;
}

int xpf_freeze_all(uint32_t timeout_ms, struct xpf_freeze_all *out) {
  (void)timeout_ms, (void)out;
  return -ENOTSUP;
}

uint64_t xpf_freeze_release(void) {
  return 0;
}

#include "host/symbols.h"
#include <errno.h>

int xpf_symbols_resolve(const uint64_t *addresses, uint32_t count, struct xpf_symbol *out) {
  (void)addresses, (void)count, (void)out;
  return -ENOTSUP;
}

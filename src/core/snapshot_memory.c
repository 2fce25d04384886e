#include "core/snapshot_memory.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <uv.h>

static uint64_t returned_ns; /* atomic; 0 = never */

void xpf_snapshot_memory_return(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
  __atomic_store_n(&returned_ns, uv_hrtime(), __ATOMIC_RELAXED);
}

/* V8 keeps the names of a snapshot (StringsStorage, 1 KB for each name that is formatted: 16 MB of
 * a small program) for as long as it samples the heap of that thread. A CPU profile puts its own
 * small blocks between those of the snapshot. */
void xpf_snapshot_memory_return_rest(uint64_t began_ns) {
  if (began_ns < __atomic_load_n(&returned_ns, __ATOMIC_RELAXED))
    xpf_snapshot_memory_return();
}

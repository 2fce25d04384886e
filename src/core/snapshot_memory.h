/* What malloc keeps after a heap snapshot goes back to the system: tens of MB, which would stay
 * resident. */
#ifndef XPF_CORE_SNAPSHOT_MEMORY_H
#define XPF_CORE_SNAPSHOT_MEMORY_H
#include <stdint.h>

/* [js] A snapshot was freed, or was given up. */
void xpf_snapshot_memory_return(void);
/* [js] A profile that began at began_ns (uv_hrtime) has ended: if a snapshot was freed meanwhile,
 * its rest goes now. */
void xpf_snapshot_memory_return_rest(uint64_t began_ns);
#endif

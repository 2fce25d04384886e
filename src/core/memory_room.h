/* How much memory this process may still take before its host or cgroup kills it. [any] */
#ifndef XPF_CORE_MEMORY_ROOM_H
#define XPF_CORE_MEMORY_ROOM_H
#include <stdint.h>

/* Bytes: the smaller of the cgroup's limit and the host's memory; 0 = unknown. */
uint64_t xpf_memory_room_total(void);
/* The RSS at which extra work must be given up: present RSS + 80 % of what is still free. 0 =
 * unknown. */
uint64_t xpf_memory_room_rss_limit(void);
#endif

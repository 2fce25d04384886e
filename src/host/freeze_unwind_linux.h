/* Walks a native stack from interrupted registers, inside a signal handler.
 *
 * Not libgcc's _Unwind_Backtrace: with libgcc before 12 or glibc before 2.35 it takes the loader's
 * lock, and the interrupted thread may hold what the lock's owner waits for (malloc in a
 * dl_iterate_phdr callback): a deadlock no time limit ends. This one takes no lock, allocates
 * nothing and reads only call-frame tables and the stack. It also crosses generated code, which has
 * no tables, by the frame pointer that V8 keeps there. Linux x86_64. */
#ifndef XPF_HOST_FREEZE_UNWIND_LINUX_H
#define XPF_HOST_FREEZE_UNWIND_LINUX_H
#include <stdbool.h>
#include <stdint.h>

/* [any, not in a handler, none walking] Learns the stacks (writable mappings) and, with glibc
 * before 2.35 or when `own_table` says so, the loaded objects. Call after the threads were listed,
 * before each round. -ENOMEM, or -errno of /proc/self/maps. */
int xpf_unwind_prepare(bool own_table);
/* [any, not in a handler, none walking] Cheap: only when objects were loaded or unloaded since. */
void xpf_unwind_refresh(void);
/* [signal handler] context: ucontext_t. out[0] = the interrupted pc, then return addresses. Returns
 * how many. One at a time: the walker's state is shared to keep it off small stacks. */
uint32_t xpf_unwind(const void *context, uint64_t *out, uint32_t max);
#endif

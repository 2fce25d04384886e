/* What the kernel tells about one process from outside: CPU, memory, faults, switches, waiting for
 * a processor, io, descriptors, sockets. The first fields of the kind `process`. Who keeps the list
 * of processes opens one of these for each and reads them all, once a second, on the pool; what
 * costs more than a few microseconds is read in turns, spread over the processes and the time:
 *   every second                stat, schedstat of the main thread
 *   every second while it is
 *     cheap, else less often    status, schedstat and switches of all threads, io, descriptors
 *   5 s or more                 sockets by state
 *   10 s                        limits, oom_score
 *   30 s or more                PSS and USS (smaps_rollup): at most 1 % of a CPU goes into it */
#ifndef XPF_DAEMON_OUTSIDE_H
#define XPF_DAEMON_OUTSIDE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "daemon/outside_list.h"
#include "daemon/world.h"

/* The fields in order: XPF_OUTSIDE_CPU_USER, … */
enum xpf_outside_field {
#define XPF_OUTSIDE_ENUM(id, ...) XPF_OUTSIDE_##id,
  XPF_OUTSIDE_FIELDS(XPF_OUTSIDE_ENUM)
#undef XPF_OUTSIDE_ENUM
      XPF_OUTSIDE_COUNT
};
/* For the table of the kind: XPF_OUTSIDE_FIELDS(XPF_OUTSIDE_FIELD) */
#define XPF_OUTSIDE_FIELD(id, key, family, labels, type, unit, help, source)                       \
  {key, family, labels, XPF_FIELD_##type, unit, help, source},

/* What the processes share: the budget of the costly readings, sockets of a network by inode. */
struct xpf_outside_budget;
/* proc: "/proc", or a copy for tests; outlives it. NULL: no memory. [any] */
struct xpf_outside_budget *xpf_outside_budget_new(const char *proc);
void xpf_outside_budget_free(struct xpf_outside_budget *budget);
/* Before each round: how many processes will be read in it. [pool] */
void xpf_outside_budget_round(struct xpf_outside_budget *budget, int64_t now_ms, size_t processes);

/* One thread at a time for all that share a budget; _publish: the loop's, while none reads. */
struct xpf_outside;
/* 0; -ESRCH: no such process (any more), or not the one of these start ticks (0: whichever it is);
 * -EACCES, -ENOMEM, … Keeps at most 3 descriptors, less when the table of the daemon is full. */
int xpf_outside_open(struct xpf_outside **out, struct xpf_outside_budget *budget, pid_t pid,
                     uint64_t start_ticks);
void xpf_outside_close(struct xpf_outside *outside);
/* Reads what is due. -ESRCH: it has ended; others cannot be: what is not readable is marked so. */
int xpf_outside_read(struct xpf_outside *outside, int64_t now_ms);
/* All of them into the entity, whose kind has them from the field `first` on. */
void xpf_outside_publish(const struct xpf_outside *outside, struct xpf_entity *entity,
                         unsigned first);
#endif

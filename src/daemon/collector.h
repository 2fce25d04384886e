/* A collector reads something of the host and writes it into the world. One file and one line in
 * collector_table.c. Its reading runs on a thread of the pool, because any file may make its reader
 * wait (a dead network file system, a busy lock); while one reading is out, no second begins, and
 * its values go stale by themselves. */
#ifndef XPF_DAEMON_COLLECTOR_H
#define XPF_DAEMON_COLLECTOR_H
#include <stdint.h>
#include <uv.h>
#include "daemon/world.h"

struct xpf_oom_kills;

struct xpf_collector_context {
  struct xpf_world *world;         /* for _new, _publish and _free only: the loop's thread */
  const char *proc;                /* "/proc", or a copy of it for tests */
  const char *sys;                 /* "/sys" */
  struct xpf_oom_kills *oom_kills; /* for _publish; NULL: every collector tells what it sees */
};

struct xpf_collector {
  const char *name;
  unsigned period_ms;                  /* a multiple of 1000 */
  const struct xpf_kind *const *kinds; /* ended by NULL: made known at the start */
  /* [loop] The state of the collector; NULL and *error -errno when it cannot be. */
  void *(*new)(const struct xpf_collector_context *context, int *error);
  /* [pool] Reads, into its own state. 0 or -errno (told once per cause as an event). */
  int (*gather)(void *state);
  /* [loop] Writes what was read into the world. Runs also after a gather that failed. */
  void (*publish)(void *state, struct xpf_world *world, int64_t now_ms);
  void (*free)(void *state); /* [loop] */
};
/* Ended by NULL. */
extern const struct xpf_collector *const xpf_collectors[];

/* Runs them all, each at its period. */
struct xpf_collecting;
int xpf_collecting_start(struct xpf_collecting **out, uv_loop_t *loop,
                         const struct xpf_collector_context *context);
/* One tick, at the whole second: starts those that are due. */
void xpf_collecting_tick(struct xpf_collecting *collecting, int64_t now_ms);
/* No more readings; closed is called once the last is back and all is freed. */
void xpf_collecting_stop(struct xpf_collecting *collecting, void (*closed)(void *arg), void *arg);
#endif

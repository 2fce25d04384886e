/* xprofd as a whole: what its parts share, and its one tick a second. One loop, one thread (and
 * libuv's pool). */
#ifndef XPF_DAEMON_DAEMON_H
#define XPF_DAEMON_DAEMON_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>
#include "daemon/oom_kills.h"
#include "daemon/plugin_families.h"
#include "daemon/settings.h"
#include "daemon/store.h"
#include "daemon/world.h"

#define XPF_DAEMON_PARTS_MAX 16

struct xpf_live_client;

/* What the daemon counts about itself; shown by self.c. */
struct xpf_figures {
  unsigned late_in_minute; /* seconds of the last minute that were late */
  uint64_t ticks_late;     /* ticks that came more than half a second late, or never */
  uint64_t http_requests, http_refused;
  unsigned http_connections, live_clients;
  uint64_t live_lost; /* events that slow clients of the live stream lost */
  uint64_t scrapes, scrape_bytes;
  double scrape_seconds;
};

struct xpf_daemon {
  uv_loop_t *loop;
  const struct xpf_settings *settings;
  char data_dir[3072]; /* exists, 0700 */
  struct xpf_world *world;
  const struct xpf_store_engine *store_engine; /* NULL: no history is kept */
  struct xpf_store *store;
  int64_t started_ms;
  uint64_t started_ns; /* uv_hrtime(): the clock may be put back */
  struct xpf_figures figures;
  struct xpf_oom_kills oom_kills;
  struct xpf_live_client *live; /* of route_live.c */

  struct xpf_plugin_families *plugin_families; /* NULL: there are no plugins */
  struct xpf_collecting *collecting;           /* the rest: of daemon.c */
  void *parts[XPF_DAEMON_PARTS_MAX];
  uv_timer_t timer;
  uint64_t due_ns; /* of the next tick, in uv_hrtime */
  unsigned stopping;
  bool is_stopping;
};

struct xpf_part;

/* Starts everything. settings outlives the daemon. 0, or negative and a sentence for a person in
 * why; the loop then runs empty by itself. */
int xpf_daemon_start(struct xpf_daemon *daemon, uv_loop_t *loop,
                     const struct xpf_settings *settings, char *why, size_t why_size);
/* The files that settings name (token, certificate, key) are read anew. */
void xpf_daemon_reload(struct xpf_daemon *daemon);
/* Begins the end; the loop runs empty when it is done. Then call _free. */
void xpf_daemon_stop(struct xpf_daemon *daemon);
void xpf_daemon_free(struct xpf_daemon *daemon);
/* The state of one of its parts (part_list.h); NULL when it is not running. */
void *xpf_daemon_part(const struct xpf_daemon *daemon, const struct xpf_part *part);
#endif

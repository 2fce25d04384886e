/* One plugin: runs its program, reads what it prints, starts it again. Prints of a program with a
 * period are taken as a whole at the end of each run; others as they come, up to each "# EOF".
 * All on the loop's thread. */
#ifndef XPF_DAEMON_PLUGIN_H
#define XPF_DAEMON_PLUGIN_H
#include <uv.h>
#include "daemon/plugin_families.h"
#include "daemon/plugin_file.h"

#define XPF_PLUGIN_LINE_MAX       (64 * 1024)
#define XPF_PLUGIN_BYTES_A_S      (256 * 1024)      /* on the average … */
#define XPF_PLUGIN_BYTES_BURST    (2 * 1024 * 1024) /* … and at once, or in a run of a period */
#define XPF_PLUGIN_RUN_MAX_MS     30000             /* of a run with a longer period */
#define XPF_PLUGIN_BACKOFF_MIN_MS 1000
#define XPF_PLUGIN_BACKOFF_MAX_MS 300000
#define XPF_PLUGIN_WELL_MS        60000  /* who ran so long begins with a short back-off again */
#define XPF_PLUGIN_FORGET_MS      300000 /* series that were not printed for so long go */

extern const struct xpf_kind xpf_plugin_kind; /* `plugin` */

struct xpf_plugin;

struct xpf_plugin_context {
  uv_loop_t *loop;
  struct xpf_world *world;
  struct xpf_plugin_families *families;
  const char *dir;
};

/* NULL: no memory. */
struct xpf_plugin *xpf_plugin_new(const struct xpf_plugin_context *context,
                                  const struct xpf_plugin_file *file);
const struct xpf_plugin_file *xpf_plugin_file_of(const struct xpf_plugin *plugin);
/* Once a second: starts, ends what is too late, tells its state. */
void xpf_plugin_tick(struct xpf_plugin *plugin, int64_t now_ms);
/* Ends its program; then it is freed, its series and entity are gone, and closed is called. */
void xpf_plugin_close(struct xpf_plugin *plugin, void (*closed)(void *arg), void *arg);
#endif

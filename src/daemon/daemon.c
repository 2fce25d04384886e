#include "daemon/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/collector.h"
#include "daemon/late.h"
#include "daemon/part.h"

/* Every folder of the path, the last one for us alone. */
static int make_dirs(const char *path) {
  char copy[4096];
  snprintf(copy, sizeof copy, "%s", path);
  for (char *at = copy + 1; *at; at++)
    if (*at == '/') {
      *at = '\0';
      if (mkdir(copy, 0755) != 0 && errno != EEXIST)
        return -errno;
      *at = '/';
    }
  return mkdir(copy, 0700) != 0 && errno != EEXIST ? -errno : 0;
}

/* As sshd and PostgreSQL have it: who could write there could put other files in place of ours, or
 * let ours be written elsewhere. */
static int check_owner(const char *dir, const struct stat *stat_of, char *why, size_t why_size) {
  if (stat_of->st_uid != 0 && stat_of->st_uid != geteuid())
    snprintf(why, why_size,
             "data_dir: %.400s belongs to uid %u, and xprofd runs as uid %u; chown it, or give a "
             "folder of the user that runs xprofd",
             dir, (unsigned)stat_of->st_uid, (unsigned)geteuid());
  else if (stat_of->st_mode & S_IWOTH)
    snprintf(why, why_size,
             "data_dir: everybody can write in %.400s (mode %04o); chmod it to 0700, or give a "
             "folder below it",
             dir, (unsigned)stat_of->st_mode & 07777);
  else
    return 0;
  return -EPERM;
}

static int open_data_dir(struct xpf_daemon *daemon, char *why, size_t why_size) {
  const char *told = xpf_settings_text(daemon->settings, XPF_SETTING_DATA_DIR);
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  char *dir = daemon->data_dir;
  size_t size = sizeof daemon->data_dir;
  if (told[0])
    snprintf(dir, size, "%s", told);
  else if (geteuid() == 0)
    snprintf(dir, size, "/var/lib/xprofd");
  else if (state && state[0] == '/')
    snprintf(dir, size, "%s/xprofd", state);
  else if (home && home[0] == '/')
    snprintf(dir, size, "%s/.local/state/xprofd", home);
  else { /* never a folder that somebody else could have made before us */
    snprintf(why, why_size, "data_dir: HOME is not set; give data_dir a folder of your own");
    return -EINVAL;
  }
  int error = make_dirs(dir);
  struct stat stat_of;
  if (!error && stat(dir, &stat_of) != 0)
    error = -errno;
  else if (!error && !S_ISDIR(stat_of.st_mode))
    error = -ENOTDIR;
  if (!error && access(dir, W_OK | X_OK) != 0)
    error = -errno;
  if (!error)
    return check_owner(dir, &stat_of, why, why_size);
  snprintf(why, why_size, "data_dir: %.400s cannot be used: %s", dir, strerror(-error));
  return error;
}

static int open_store(struct xpf_daemon *daemon, char *why, size_t why_size) {
  const char *name = xpf_settings_text(daemon->settings, XPF_SETTING_STORE);
  if (strcmp(name, "none") == 0)
    return 0;
  const struct xpf_store_engine *const *engine = xpf_store_engines;
  while (*engine && strcmp((*engine)->name, name) != 0)
    engine++;
  if (!*engine) {
    snprintf(why, why_size, "store: there is no engine `%.80s`; give sqlite or none", name);
    return -EINVAL;
  }
  const double *number = daemon->settings->number;
  struct xpf_store_options options = {
      .dir = daemon->data_dir,
      .max_bytes = (uint64_t)(number[XPF_SETTING_KEEP_MEGABYTES] * 1024 * 1024),
      .max_age_s = (uint64_t)(number[XPF_SETTING_KEEP_DAYS] * 24 * 3600),
  };
  int error = (*engine)->open(&daemon->store, &options, daemon->loop, daemon->world, why, why_size);
  if (!error)
    daemon->store_engine = *engine;
  return error;
}

static void arm(struct xpf_daemon *daemon);

static void tick(uv_timer_t *timer) {
  struct xpf_daemon *daemon = timer->data;
  int64_t now_ms = xpf_world_now_ms();
  daemon->figures.ticks_late += xpf_late_seconds(daemon->due_ns, uv_hrtime());
  xpf_world_frame(daemon->world, now_ms);
  xpf_collecting_tick(daemon->collecting, now_ms);
  for (unsigned i = 0; xpf_parts[i]; i++)
    if (daemon->parts[i] && xpf_parts[i]->tick)
      xpf_parts[i]->tick(daemon->parts[i], now_ms);
  arm(daemon);
}

/* At the next whole second of the wall clock, so that the series of all hosts have equal times. */
static void arm(struct xpf_daemon *daemon) {
  if (daemon->is_stopping)
    return;
  uv_update_time(daemon->loop);
  uint64_t wait_ms = 1000 - (uint64_t)(xpf_world_now_ms() % 1000);
  if (wait_ms < 10)
    wait_ms += 1000;
  daemon->due_ns = uv_hrtime() + wait_ms * 1000000;
  uv_timer_start(&daemon->timer, tick, wait_ms, 0);
}

static int start_parts(struct xpf_daemon *daemon, char *why, size_t why_size) {
  for (unsigned i = 0; xpf_parts[i]; i++) {
    if (i == XPF_DAEMON_PARTS_MAX)
      return -E2BIG;
    for (const struct xpf_kind *const *kind = xpf_parts[i]->kinds; kind && *kind; kind++)
      xpf_world_add_kind(daemon->world, *kind);
    int error = xpf_parts[i]->start(&daemon->parts[i], daemon, why, why_size);
    if (error)
      return error;
  }
  return 0;
}

int xpf_daemon_start(struct xpf_daemon *daemon, uv_loop_t *loop,
                     const struct xpf_settings *settings, char *why, size_t why_size) {
  memset(daemon, 0, sizeof *daemon);
  daemon->loop = loop;
  daemon->settings = settings;
  daemon->started_ms = xpf_world_now_ms();
  daemon->started_ns = uv_hrtime();
  uv_timer_init(loop, &daemon->timer);
  daemon->timer.data = daemon;
  snprintf(why, why_size, "out of memory");
  daemon->world = xpf_world_new();
  int error = daemon->world ? open_data_dir(daemon, why, why_size) : -ENOMEM;
  if (!error)
    error = open_store(daemon, why, why_size);
  if (!error) {
    struct xpf_collector_context context = {
        .world = daemon->world,
        .proc = xpf_settings_text(settings, XPF_SETTING_PROC_DIR),
        .sys = xpf_settings_text(settings, XPF_SETTING_SYS_DIR),
        .oom_kills = &daemon->oom_kills,
    };
    error = xpf_collecting_start(&daemon->collecting, loop, &context);
  }
  if (!error)
    error = start_parts(daemon, why, why_size);
  if (error) {
    xpf_daemon_stop(daemon);
    return error;
  }
  xpf_collecting_tick(daemon->collecting, xpf_world_now_ms());
  arm(daemon);
  return 0;
}

void xpf_daemon_reload(struct xpf_daemon *daemon) {
  for (unsigned i = 0; !daemon->is_stopping && xpf_parts[i]; i++)
    if (daemon->parts[i] && xpf_parts[i]->reload)
      xpf_parts[i]->reload(daemon->parts[i]);
}

/* One stage after the other: parts, then collectors, then the store that listens to both. */
static void stop_next(void *arg) {
  struct xpf_daemon *daemon = arg;
  while (daemon->stopping > 0) {
    unsigned i = --daemon->stopping;
    void *part = daemon->parts[i];
    daemon->parts[i] = NULL;
    if (part) {
      xpf_parts[i]->stop(part, stop_next, daemon);
      return;
    }
  }
  if (daemon->collecting) {
    struct xpf_collecting *collecting = daemon->collecting;
    daemon->collecting = NULL;
    xpf_collecting_stop(collecting, stop_next, daemon);
    return;
  }
  if (daemon->store) {
    struct xpf_store *store = daemon->store;
    daemon->store = NULL;
    daemon->store_engine->close(store, stop_next, daemon);
  }
}

void xpf_daemon_stop(struct xpf_daemon *daemon) {
  if (daemon->is_stopping)
    return;
  daemon->is_stopping = true;
  uv_close((uv_handle_t *)&daemon->timer, NULL);
  daemon->stopping = 0;
  while (xpf_parts[daemon->stopping] && daemon->stopping < XPF_DAEMON_PARTS_MAX)
    daemon->stopping++;
  stop_next(daemon);
}

void xpf_daemon_free(struct xpf_daemon *daemon) {
  xpf_world_free(daemon->world);
  xpf_plugin_families_free(daemon->plugin_families); /* kinds of things that were in the world */
  daemon->world = NULL;
}

void *xpf_daemon_part(const struct xpf_daemon *daemon, const struct xpf_part *part) {
  for (unsigned i = 0; i < XPF_DAEMON_PARTS_MAX && xpf_parts[i]; i++)
    if (xpf_parts[i] == part)
      return daemon->parts[i];
  return NULL;
}

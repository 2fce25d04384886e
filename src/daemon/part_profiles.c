/* The part of the daemon that takes and keeps profiles. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/live.h"
#include "daemon/part_list.h"
#include "daemon/profiles.h"

#define SWEEP_MS 60000

struct part {
  struct xpf_daemon *daemon;
  struct xpf_profiles *profiles;
  int64_t swept_ms;
  void (*closed)(void *arg);
  void *closed_arg;
};

/* The xprofctl beside us, else the one of PATH. */
static void find_xprofctl(char *path, size_t size) {
  char self[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length > 0) {
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash) {
      *slash = '\0';
      snprintf(path, size, "%.*s/xprofctl", (int)(size - sizeof "/xprofctl"), self);
      if (access(path, X_OK) == 0)
        return;
    }
  }
  snprintf(path, size, "xprofctl");
}

/* What a person should hear of: it stands on the axis of time too. */
static void changed(void *arg, const struct xpf_take *take) {
  struct part *part = arg;
  struct xpf_world *world = part->daemon->world;
  const struct xpf_kind *kind = xpf_world_kind_named(world, "node");
  const struct xpf_entity *entity = kind ? xpf_world_find(world, kind, take->key) : NULL;
  char text[800];
  cJSON *json = xpf_take_to_json(take, xpf_world_now_ms());
  char *line = json ? cJSON_PrintUnformatted(json) : NULL;
  if (line)
    xpf_live_tell(part->daemon, XPF_ACCESS_ACT, "profile", line);
  free(line);
  cJSON_Delete(json);
  switch (xpf_take_state(take, xpf_world_now_ms())) {
  case XPF_TAKE_COMPLETE:
    snprintf(text, sizeof text, "%s profile of thread %ld: %s", take->kind->name, take->thread_id,
             take->id);
    xpf_world_event(world, "profile_complete", entity, text);
    break;
  case XPF_TAKE_FAILED:
    snprintf(text, sizeof text, "%s profile of thread %ld: %s", take->kind->name, take->thread_id,
             take->error);
    xpf_world_event(world, "profile_failed", entity, text);
    break;
  default:
    snprintf(text, sizeof text, "%s profile of thread %ld began", take->kind->name,
             take->thread_id);
    xpf_world_event(world, "profile_began", entity, text);
  }
}

static int start(void **out, struct xpf_daemon *daemon, char *why, size_t why_size) {
  struct part *part = calloc(1, sizeof *part);
  if (!part)
    return -ENOMEM;
  char dir[PATH_MAX], xprofctl[PATH_MAX];
  snprintf(dir, sizeof dir, "%.3072s/profiles", daemon->data_dir);
  find_xprofctl(xprofctl, sizeof xprofctl);
  part->daemon = daemon;
  const double *number = daemon->settings->number;
  struct xpf_profiles_options options = {
      .dir = dir,
      .xprofctl = xprofctl,
      .max_bytes = number[XPF_SETTING_KEEP_MEGABYTES] * 1024 * 1024,
      .max_age_ms = (int64_t)(number[XPF_SETTING_KEEP_DAYS] * 24 * 3600 * 1000),
      .changed = changed,
      .arg = part,
  };
  int error = xpf_profiles_open(&part->profiles, daemon->loop, &options);
  if (error) {
    snprintf(why, why_size, "data_dir: %.400s cannot be used: %s", dir, strerror(-error));
    free(part);
    return error;
  }
  *out = part;
  return 0;
}

static void tick(void *arg, int64_t now_ms) {
  struct part *part = arg;
  if (now_ms - part->swept_ms < SWEEP_MS && now_ms >= part->swept_ms)
    return;
  part->swept_ms = now_ms;
  xpf_profiles_sweep(part->profiles, now_ms);
}

static void profiles_closed(void *arg) {
  struct part *part = arg;
  void (*closed)(void *) = part->closed;
  void *closed_arg = part->closed_arg;
  free(part);
  closed(closed_arg);
}

static void stop(void *arg, void (*closed)(void *arg), void *closed_arg) {
  struct part *part = arg;
  part->closed = closed;
  part->closed_arg = closed_arg;
  xpf_profiles_close(part->profiles, profiles_closed, part);
}

const struct xpf_part xpf_part_profiles = {
    .name = "profiles", .start = start, .tick = tick, .stop = stop};

struct xpf_profiles *xpf_daemon_profiles(const struct xpf_daemon *daemon) {
  const struct part *part = xpf_daemon_part(daemon, &xpf_part_profiles);
  return part ? part->profiles : NULL;
}

#include "daemon/profiles.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/child.h"
#include "daemon/profile_index.h"
#include "daemon/world.h"

#define OUTPUT_MAX      (4u * 1024 * 1024) /* of xprofctl --json: a summary */
#define FILE_LIMIT_MS   600000u            /* for the file to be complete */
#define CONVERT_MS      120000u
#define STOP_LIMIT_MS   10000u
#define PATH_SIZE       4096
#define ID_OF_TIME_SIZE 32

struct xpf_profiles {
  struct xpf_profiles_options options;
  char dir[PATH_SIZE - 512];
  char *xprofctl;
  uv_loop_t *loop;
  struct xpf_take *first;
  unsigned running, converting, serial;
  uv_timer_t stop_timer;
  bool is_closing;
  void (*closed)(void *arg);
  void *closed_arg;
};

struct conversion {
  struct xpf_profiles *of;
  char id[96];
  char path[PATH_SIZE];
  const struct xpf_take_format *format;
  xpf_take_file_ready ready;
  void *arg;
};

static void path_of(const struct xpf_take *take, const char *extension, char *path) {
  snprintf(path, PATH_SIZE, "%s/%s.%s", take->of->dir, take->id, extension);
}

static void changed(const struct xpf_take *take) {
  const struct xpf_profiles_options *options = &take->of->options;
  if (options->changed)
    options->changed(options->arg, take);
}

static void free_take(struct xpf_take *take) {
  cJSON_Delete(take->summary);
  free(take);
}

static void stop_timer_closed(uv_handle_t *handle) {
  struct xpf_profiles *profiles = handle->data;
  void (*closed)(void *) = profiles->closed;
  void *arg = profiles->closed_arg;
  for (struct xpf_take *take = profiles->first, *next; take; take = next) {
    next = take->next;
    free_take(take);
  }
  free(profiles->xprofctl);
  free(profiles);
  if (closed)
    closed(arg);
}

static void close_when_idle(struct xpf_profiles *profiles) {
  if (profiles->is_closing && profiles->running == 0 && profiles->converting == 0 &&
      !uv_is_closing((uv_handle_t *)&profiles->stop_timer))
    uv_close((uv_handle_t *)&profiles->stop_timer, stop_timer_closed);
}

enum xpf_take_state xpf_take_state(const struct xpf_take *take, int64_t now_ms) {
  if (take->is_failed)
    return XPF_TAKE_FAILED;
  if (!take->child)
    return XPF_TAKE_COMPLETE;
  return now_ms < take->ends_ms || !take->kind->is_timed ? XPF_TAKE_RUNNING : XPF_TAKE_WRITING;
}

struct xpf_take *xpf_profiles_first(const struct xpf_profiles *profiles) {
  return profiles->first;
}

struct xpf_take *xpf_profiles_find(const struct xpf_profiles *profiles, const char *id) {
  struct xpf_take *take = profiles->first;
  while (take && strcmp(take->id, id) != 0)
    take = take->next;
  return take;
}

static void unlink_take(struct xpf_take *take) {
  struct xpf_take **at = &take->of->first;
  while (*at != take)
    at = &(*at)->next;
  *at = take->next;
}

static void forget(struct xpf_take *take) {
  unlink_take(take);
  xpf_profile_index_remove(take->of->loop, take->of->dir, take->id);
  free_take(take);
}

void xpf_profiles_sweep(struct xpf_profiles *profiles, int64_t now_ms) {
  double bytes = 0;
  unsigned count = 0;
  struct xpf_take *next;
  for (struct xpf_take *take = profiles->first; take; take = next) {
    next = take->next;
    if (take->child)
      continue;
    bytes += (isnan(take->size) ? 0 : take->size) + take->other_size;
    bool is_old = now_ms - take->started_ms > profiles->options.max_age_ms;
    /* The newest stays, however large: somebody has just asked for it. */
    if (is_old || ++count > XPF_TAKES_MAX || (bytes > profiles->options.max_bytes && count > 1))
      forget(take);
  }
}

/* What xprofctl said, as our own words. */
static void take_result(struct xpf_take *take, const struct xpf_child_end *end) {
  cJSON *said = cJSON_ParseWithLength(end->output, end->output_size);
  cJSON *data = cJSON_GetObjectItem(said, "data");
  const cJSON *message = cJSON_GetObjectItem(said, "message");
  if (cJSON_IsTrue(cJSON_GetObjectItem(said, "ok")) && data) {
    const cJSON *paused = cJSON_GetObjectItem(data, "paused_ms");
    const cJSON *bytes = cJSON_GetObjectItem(data, "bytes");
    take->paused_ms = cJSON_IsNumber(paused) ? paused->valuedouble : NAN;
    take->size = cJSON_IsNumber(bytes) ? bytes->valuedouble : NAN;
    take->summary = cJSON_DetachItemFromObject(data, "summary");
  } else {
    take->is_failed = true;
    if (cJSON_IsString(message))
      snprintf(take->error, sizeof take->error, "%s", message->valuestring);
    else if (end->is_late)
      snprintf(take->error, sizeof take->error, "the file was not complete in time");
    else
      snprintf(take->error, sizeof take->error, "xprofctl ended with %s %d: %.300s",
               end->signal ? "signal" : "status", end->signal ? end->signal : end->status,
               end->errors);
  }
  cJSON_Delete(said);
}

static void taken(void *arg, const struct xpf_child_end *end) {
  struct xpf_take *take = arg;
  struct xpf_profiles *profiles = take->of;
  take->child = NULL;
  take->ends_ms = xpf_world_now_ms();
  take_result(take, end);
  profiles->running--;
  cJSON *json = xpf_take_to_json(take, take->ends_ms);
  if (json)
    xpf_profile_index_write(profiles->loop, profiles->dir, take->id, json);
  cJSON_Delete(json);
  changed(take);
  xpf_profiles_sweep(profiles, take->ends_ms);
  close_when_idle(profiles);
}

static void make_id(struct xpf_profiles *profiles, struct xpf_take *take) {
  time_t seconds = (time_t)(take->started_ms / 1000);
  struct tm utc;
  char at[ID_OF_TIME_SIZE];
  gmtime_r(&seconds, &utc);
  strftime(at, sizeof at, "%Y%m%d-%H%M%S", &utc);
  do
    snprintf(take->id, sizeof take->id, "%s-%d-%s-%u", at, (int)take->pid, take->kind->name,
             ++profiles->serial);
  while (xpf_profiles_find(profiles, take->id));
}

static int start_child(struct xpf_take *take, double seconds) {
  char pid[16], thread[24], time_text[32], path[PATH_SIZE];
  snprintf(pid, sizeof pid, "%d", (int)take->pid);
  snprintf(thread, sizeof thread, "%ld", take->thread_id);
  snprintf(time_text, sizeof time_text, "%.0fms", seconds * 1000);
  path_of(take, take->kind->extension, path);
  const char *argv[] = {take->of->xprofctl,
                        take->kind->name,
                        "--json",
                        "-p",
                        pid,
                        "-w",
                        thread,
                        "-o",
                        path,
                        NULL,
                        NULL,
                        NULL};
  if (take->kind->is_timed) {
    argv[9] = "-t";
    argv[10] = time_text;
  }
  struct xpf_child_options options = {
      .argv = argv,
      .output_max = OUTPUT_MAX,
      .deadline_ms = FILE_LIMIT_MS + (uint64_t)(seconds * 1000),
      .ended = taken,
      .arg = take,
  };
  return xpf_child_start(&take->child, take->of->loop, &options);
}

int xpf_profiles_take(struct xpf_profiles *profiles, const struct xpf_take_request *request,
                      struct xpf_take **out) {
  if (profiles->is_closing)
    return -ECANCELED;
  if (profiles->running >= XPF_TAKES_RUNNING_MAX)
    return -EBUSY;
  struct xpf_take *take = calloc(1, sizeof *take);
  if (!take)
    return -ENOMEM;
  double seconds = request->kind->is_timed ? request->seconds : 0;
  take->of = profiles;
  take->kind = request->kind;
  take->pid = request->pid;
  take->thread_id = request->thread_id;
  take->started_ms = xpf_world_now_ms();
  take->ends_ms = take->started_ms + (int64_t)(seconds * 1000);
  take->paused_ms = take->size = NAN;
  snprintf(take->key, sizeof take->key, "%s", request->key);
  snprintf(take->name, sizeof take->name, "%s", request->name);
  make_id(profiles, take);
  int error = start_child(take, seconds);
  if (error) {
    free_take(take);
    return error;
  }
  take->next = profiles->first;
  profiles->first = take;
  profiles->running++;
  changed(take);
  *out = take;
  return 0;
}

void xpf_profiles_remove(struct xpf_profiles *profiles, struct xpf_take *take) {
  (void)profiles;
  if (take->child)
    xpf_child_signal(take->child, SIGINT); /* as Ctrl-C: the file is still made */
  else
    forget(take);
}

/* What xprofctl convert said: the size of the file, or why there is none. */
static double conversion_size(const struct xpf_child_end *end, char *why, size_t why_size) {
  cJSON *said = cJSON_ParseWithLength(end->output, end->output_size);
  const cJSON *message = cJSON_GetObjectItem(said, "message");
  const cJSON *size = cJSON_GetObjectItem(cJSON_GetObjectItem(said, "data"), "size");
  double bytes = cJSON_IsNumber(size) ? size->valuedouble : 0;
  if (cJSON_IsString(message))
    snprintf(why, why_size, "%s", message->valuestring);
  else if (end->status != 0)
    snprintf(why, why_size, "the conversion %s", end->is_late ? "took too long" : "failed");
  cJSON_Delete(said);
  return bytes;
}

static void converted(void *arg, const struct xpf_child_end *end) {
  struct conversion *conversion = arg;
  struct xpf_profiles *profiles = conversion->of;
  char why[512] = "";
  double size = conversion_size(end, why, sizeof why);
  struct xpf_take *take = xpf_profiles_find(profiles, conversion->id);
  if (!take) {
    snprintf(why, sizeof why, "the profile was removed meanwhile");
    xpf_profile_index_remove(profiles->loop, profiles->dir, conversion->id);
  } else if (!why[0] && !(take->made & xpf_take_format_bit(conversion->format))) {
    take->made |= xpf_take_format_bit(conversion->format);
    take->other_size += size;
  }
  conversion->ready(conversion->arg, why[0] ? NULL : conversion->path, why);
  free(conversion);
  profiles->converting--;
  close_when_idle(profiles);
}

static int start_conversion(struct conversion *conversion, const char *from) {
  const char *argv[] = {conversion->of->xprofctl, "convert", "--json", from,
                        conversion->path,         NULL};
  struct xpf_child_options options = {.argv = argv,
                                      .output_max = OUTPUT_MAX,
                                      .deadline_ms = CONVERT_MS,
                                      .ended = converted,
                                      .arg = conversion};
  struct xpf_child *child;
  return xpf_child_start(&child, conversion->of->loop, &options);
}

void xpf_take_file(struct xpf_take *take, const struct xpf_take_format *format,
                   xpf_take_file_ready ready, void *arg) {
  struct xpf_profiles *profiles = take->of;
  char from[PATH_SIZE], path[PATH_SIZE];
  path_of(take, take->kind->extension, from);
  if (!format || strcmp(format->extension, take->kind->extension) == 0) {
    ready(arg, from, "");
    return;
  }
  path_of(take, format->extension, path);
  if (take->made & xpf_take_format_bit(format)) {
    ready(arg, path, "");
    return;
  }
  struct conversion *conversion =
      profiles->converting < XPF_TAKES_RUNNING_MAX ? calloc(1, sizeof *conversion) : NULL;
  if (!conversion) {
    ready(arg, NULL, "too many conversions at a time; try again");
    return;
  }
  conversion->of = profiles;
  conversion->format = format;
  conversion->ready = ready;
  conversion->arg = arg;
  snprintf(conversion->id, sizeof conversion->id, "%s", take->id);
  snprintf(conversion->path, sizeof conversion->path, "%s", path);
  if (start_conversion(conversion, from) != 0) {
    free(conversion);
    ready(arg, NULL, "xprofctl could not be started");
    return;
  }
  profiles->converting++;
}

static void add_read(void *arg, struct xpf_take *take) {
  struct xpf_profiles *profiles = arg;
  take->of = profiles;
  struct xpf_take **at = &profiles->first;
  while (*at && (*at)->started_ms > take->started_ms)
    at = &(*at)->next;
  take->next = *at;
  *at = take;
}

int xpf_profiles_open(struct xpf_profiles **out, uv_loop_t *loop,
                      const struct xpf_profiles_options *options) {
  struct xpf_profiles *profiles = calloc(1, sizeof *profiles);
  if (!profiles || !(profiles->xprofctl = strdup(options->xprofctl))) {
    free(profiles);
    return -ENOMEM;
  }
  profiles->options = *options;
  profiles->loop = loop;
  snprintf(profiles->dir, sizeof profiles->dir, "%s", options->dir);
  int error = mkdir(profiles->dir, 0700) != 0 && errno != EEXIST ? -errno : 0;
  if (!error)
    error = xpf_profile_index_read(profiles->dir, add_read, profiles);
  if (error) {
    free(profiles->xprofctl);
    free(profiles);
    return error;
  }
  uv_timer_init(loop, &profiles->stop_timer);
  profiles->stop_timer.data = profiles;
  xpf_profiles_sweep(profiles, xpf_world_now_ms());
  *out = profiles;
  return 0;
}

static void give_up(uv_timer_t *timer) {
  struct xpf_profiles *profiles = timer->data;
  for (struct xpf_take *take = profiles->first; take; take = take->next)
    if (take->child)
      xpf_child_signal(take->child, SIGKILL);
}

void xpf_profiles_close(struct xpf_profiles *profiles, void (*closed)(void *arg), void *arg) {
  profiles->is_closing = true;
  profiles->closed = closed;
  profiles->closed_arg = arg;
  for (struct xpf_take *take = profiles->first; take; take = take->next)
    if (take->child)
      xpf_child_signal(take->child, SIGINT);
  uv_timer_start(&profiles->stop_timer, give_up, STOP_LIMIT_MS, 0);
  close_when_idle(profiles);
}

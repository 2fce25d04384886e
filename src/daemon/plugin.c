#include "daemon/plugin.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/child.h"
#include "daemon/plugin_series.h"

enum { UP, RUNS, FAILURES, SERIES, BYTES, REFUSED, LAST_RUN, NEXT_START };
enum { INFO_FILE, INFO_MODE, INFO_STATE, INFO_ERROR };

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"up", "xprofd_plugin_up", NULL, XPF_FIELD_GAUGE, "", "whether the plugin runs, or its last run went well", "plugin"},
    {"runs", "xprofd_plugin_runs_total", NULL, XPF_FIELD_COUNTER, "", "times it was started", "plugin"},
    {"failures", "xprofd_plugin_failures_total", NULL, XPF_FIELD_COUNTER, "", "runs that ended badly", "plugin"},
    {"series", "xprofd_plugin_series", NULL, XPF_FIELD_GAUGE, "", "series that it has now", "plugin"},
    {"bytes", "xprofd_plugin_output_bytes_total", NULL, XPF_FIELD_COUNTER, "bytes", "what it has printed", "plugin"},
    {"refused", "xprofd_plugin_lines_refused_total", NULL, XPF_FIELD_COUNTER, "", "lines that could not be taken", "plugin"},
    {"last_run", "xprofd_plugin_run_seconds", NULL, XPF_FIELD_GAUGE, "seconds", "how long the last whole run took", "plugin"},
    {"next_start", "xprofd_plugin_next_start_seconds", NULL, XPF_FIELD_GAUGE, "seconds", "time until it is started", "plugin"},
};
/* clang-format on */
static const char *const INFO[] = {"file", "mode", "state", "error", NULL};

const struct xpf_kind xpf_plugin_kind = {
    .name = "plugin",
    .help = "a program whose metrics xprofd shows",
    .labels = {"plugin"},
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .info = INFO,
    .stale_after_ms = 3500,
};

struct xpf_plugin {
  struct xpf_plugin_context context;
  struct xpf_plugin_file file;
  struct xpf_entity *entity;
  struct xpf_plugin_series *series;
  struct xpf_child *child; /* NULL: it does not run */
  char path[4400], name_env[128], period_env[64];
  char line[XPF_PLUGIN_LINE_MAX + 1];
  size_t line_size;
  bool is_line_too_long;
  int64_t started_ms, next_start_ms, backoff_ms;
  double tokens; /* bytes it may still print now */
  int64_t tokens_ms;
  uint64_t runs, failures, bytes, refused_before;
  double last_run_s;
  bool is_up, is_flooding, is_closing;
  char error[600];
  void (*closed)(void *arg);
  void *closed_arg;
};

const struct xpf_plugin_file *xpf_plugin_file_of(const struct xpf_plugin *plugin) {
  return &plugin->file;
}

static bool is_periodic(const struct xpf_plugin *plugin) {
  return plugin->file.period_s > 0;
}

static int64_t period_ms(const struct xpf_plugin *plugin) {
  return (int64_t)plugin->file.period_s * 1000;
}

static int64_t run_max_ms(const struct xpf_plugin *plugin) {
  return period_ms(plugin) < XPF_PLUGIN_RUN_MAX_MS ? period_ms(plugin) : XPF_PLUGIN_RUN_MAX_MS;
}

/* Two and a half periods and a run; who has none tells by itself how often it prints. */
static unsigned stale_after_ms(const struct xpf_plugin_file *file) {
  if (file->period_s == 0)
    return 60000;
  return file->period_s * 2500 + XPF_PLUGIN_RUN_MAX_MS;
}

/* ---- its entity ---- */

static const char *state_of(const struct xpf_plugin *plugin) {
  if (plugin->file.refused[0])
    return "refused";
  if (plugin->child)
    return "running";
  return plugin->is_up || plugin->runs == 0 ? "waiting" : "failed";
}

static void tell(struct xpf_plugin *plugin, int64_t now_ms) {
  struct xpf_entity *entity = plugin->entity;
  char mode[32] = "runs on";
  if (is_periodic(plugin))
    snprintf(mode, sizeof mode, "every %u s", plugin->file.period_s);
  const char *wrong = plugin->series ? xpf_plugin_series_wrong(plugin->series) : "";
  const char *error = plugin->file.refused[0] ? plugin->file.refused
                      : plugin->error[0]      ? plugin->error
                                              : wrong;
  xpf_entity_set_info(entity, INFO_FILE, plugin->file.file);
  xpf_entity_set_info(entity, INFO_MODE, mode);
  xpf_entity_set_info(entity, INFO_STATE, state_of(plugin));
  xpf_entity_set_info(entity, INFO_ERROR, *error ? error : NULL);
  xpf_entity_set(entity, UP, plugin->is_up);
  xpf_entity_set(entity, RUNS, (double)plugin->runs);
  xpf_entity_set(entity, FAILURES, (double)plugin->failures);
  xpf_entity_set(entity, SERIES, (double)xpf_plugin_series_count(plugin->series));
  xpf_entity_set(entity, BYTES, (double)plugin->bytes);
  xpf_entity_set(entity, REFUSED, (double)xpf_plugin_series_refused(plugin->series));
  xpf_entity_set(entity, LAST_RUN, plugin->last_run_s);
  bool waits = !plugin->child && !plugin->file.refused[0];
  double wait_s = (double)(plugin->next_start_ms - now_ms) / 1000;
  xpf_entity_set(entity, NEXT_START, waits ? fmax(0, wait_s) : NAN);
  xpf_entity_updated(entity, now_ms);
}

static void tell_event(struct xpf_plugin *plugin, const char *name, const char *text) {
  char sentence[800];
  snprintf(sentence, sizeof sentence, "plugin %s: %s", plugin->file.name, text);
  xpf_world_event(plugin->context.world, name, plugin->entity, sentence);
}

/* ---- what it prints ---- */

static void end_set(struct xpf_plugin *plugin) {
  xpf_plugin_series_end(plugin->series);
  xpf_plugin_series_begin(plugin->series);
}

static void take_line(struct xpf_plugin *plugin, int64_t now_ms) {
  plugin->line[plugin->line_size] = '\0';
  if (plugin->is_line_too_long) {
    static char LONG[] = "{"; /* is no JSON: it is counted, with this reason below */
    xpf_plugin_series_line(plugin->series, LONG, 1, now_ms);
    snprintf(plugin->error, sizeof plugin->error, "a line is longer than %d bytes",
             XPF_PLUGIN_LINE_MAX);
  } else if (xpf_plugin_series_line(plugin->series, plugin->line, plugin->line_size, now_ms) == 1 &&
             !is_periodic(plugin)) {
    end_set(plugin);
  }
  plugin->line_size = 0;
  plugin->is_line_too_long = false;
}

static void take_piece(struct xpf_plugin *plugin, const char *data, size_t size) {
  size_t room = XPF_PLUGIN_LINE_MAX - plugin->line_size;
  if (size > room) {
    plugin->is_line_too_long = true;
    return;
  }
  memcpy(plugin->line + plugin->line_size, data, size);
  plugin->line_size += size;
}

/* False when it prints more than it may. */
static bool spend(struct xpf_plugin *plugin, size_t size, int64_t now_ms) {
  double earned = (double)(now_ms - plugin->tokens_ms) / 1000 * XPF_PLUGIN_BYTES_A_S;
  plugin->tokens = fmin(XPF_PLUGIN_BYTES_BURST, plugin->tokens + fmax(0, earned)) - (double)size;
  plugin->tokens_ms = now_ms;
  return plugin->tokens >= 0;
}

static void on_output(void *arg, const char *data, size_t size) {
  struct xpf_plugin *plugin = arg;
  int64_t now_ms = xpf_world_now_ms();
  plugin->bytes += size;
  if (plugin->is_flooding || plugin->is_closing)
    return;
  if (!spend(plugin, size, now_ms)) {
    plugin->is_flooding = true;
    xpf_child_stop(plugin->child);
    return;
  }
  while (size > 0) {
    const char *newline = memchr(data, '\n', size);
    size_t piece = newline ? (size_t)(newline - data) : size;
    take_piece(plugin, data, piece);
    if (newline)
      take_line(plugin, now_ms);
    data += newline ? piece + 1 : piece;
    size -= newline ? piece + 1 : piece;
  }
}

/* ---- its end ---- */

/* The last line it wrote to stderr, printable. */
static void last_words(const struct xpf_child_end *end, char *out, size_t size) {
  const char *from = end->errors, *stop = end->errors + end->errors_size;
  while (stop > from && (stop[-1] == '\n' || stop[-1] == '\r' || stop[-1] == ' '))
    stop--;
  const char *begin = stop;
  while (begin > from && begin[-1] != '\n')
    begin--;
  size_t length = (size_t)(stop - begin) < size - 1 ? (size_t)(stop - begin) : size - 1;
  for (size_t i = 0; i < length; i++)
    out[i] = (unsigned char)begin[i] < 0x20 || begin[i] == 0x7f ? '?' : begin[i];
  out[length] = '\0';
}

/* "" when it went well. */
static void explain(const struct xpf_plugin *plugin, const struct xpf_child_end *end, char *out,
                    size_t size) {
  char words[300], how[160] = "";
  last_words(end, words, sizeof words);
  if (plugin->is_flooding)
    snprintf(how, sizeof how, "it printed more than %d KiB a second and was ended",
             XPF_PLUGIN_BYTES_A_S >> 10);
  else if (end->is_late)
    snprintf(how, sizeof how, "it did not end within %.0f s and was ended",
             (double)run_max_ms(plugin) / 1000);
  else if (end->signal)
    snprintf(how, sizeof how, "signal %d ended it", end->signal);
  else if (end->status != 0)
    snprintf(how, sizeof how, "it ended with status %d", end->status);
  else if (!is_periodic(plugin))
    snprintf(how, sizeof how, "it ended; a program without a period in its name has to run on");
  out[0] = '\0';
  if (how[0])
    snprintf(out, size, "%s%s%s", how, words[0] ? ": " : "", words);
}

static int64_t wait_ms(struct xpf_plugin *plugin, bool went_well, int64_t ran_ms) {
  if (went_well || (!is_periodic(plugin) && ran_ms >= XPF_PLUGIN_WELL_MS))
    plugin->backoff_ms = 0;
  if (went_well) {
    int64_t left_ms = period_ms(plugin) - ran_ms;
    return left_ms > 0 ? left_ms : 0;
  }
  int64_t doubled = plugin->backoff_ms * 2;
  plugin->backoff_ms = doubled < XPF_PLUGIN_BACKOFF_MIN_MS   ? XPF_PLUGIN_BACKOFF_MIN_MS
                       : doubled > XPF_PLUGIN_BACKOFF_MAX_MS ? XPF_PLUGIN_BACKOFF_MAX_MS
                                                             : doubled;
  int64_t wait = plugin->backoff_ms;
  return is_periodic(plugin) && wait < period_ms(plugin) ? period_ms(plugin) : wait;
}

static void free_plugin(struct xpf_plugin *plugin) {
  void (*closed)(void *) = plugin->closed;
  void *arg = plugin->closed_arg;
  xpf_plugin_series_free(plugin->series);
  if (plugin->entity)
    xpf_world_remove(plugin->context.world, plugin->entity);
  free(plugin);
  if (closed)
    closed(arg);
}

static void failed(struct xpf_plugin *plugin, const char *text, int64_t now_ms, int64_t ran_ms) {
  plugin->is_up = false;
  plugin->failures++;
  snprintf(plugin->error, sizeof plugin->error, "%s", text);
  plugin->next_start_ms = now_ms + wait_ms(plugin, false, ran_ms);
  tell_event(plugin, "plugin_failed", text);
}

static void on_ended(void *arg, const struct xpf_child_end *end) {
  struct xpf_plugin *plugin = arg;
  int64_t now_ms = xpf_world_now_ms(), ran_ms = now_ms - plugin->started_ms;
  plugin->child = NULL;
  if (plugin->is_closing) {
    free_plugin(plugin);
    return;
  }
  if (plugin->line_size > 0 || plugin->is_line_too_long)
    take_line(plugin, now_ms); /* a last line without its newline */
  char text[600];
  explain(plugin, end, text, sizeof text);
  if (text[0]) {
    failed(plugin, text, now_ms, ran_ms);
    tell(plugin, now_ms);
    return;
  }
  plugin->is_up = true;
  plugin->last_run_s = (double)ran_ms / 1000;
  plugin->next_start_ms = now_ms + wait_ms(plugin, true, ran_ms);
  xpf_plugin_series_end(plugin->series);
  tell(plugin, now_ms);
}

/* ---- its life ---- */

static void start(struct xpf_plugin *plugin, int64_t now_ms) {
  const char *const argv[] = {plugin->path, NULL};
  const char *const env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                             "LC_ALL=C",
                             "HOME=/",
                             plugin->name_env,
                             plugin->period_env,
                             NULL};
  struct xpf_child_options options = {
      .argv = argv,
      .env = env,
      .cwd = plugin->context.dir,
      .deadline_ms = is_periodic(plugin) ? (uint64_t)run_max_ms(plugin) : 0,
      .is_group = true,
      .arrived = on_output,
      .ended = on_ended,
      .arg = plugin,
  };
  plugin->runs++;
  plugin->started_ms = plugin->tokens_ms = now_ms;
  plugin->tokens = XPF_PLUGIN_BYTES_BURST;
  plugin->line_size = 0;
  plugin->is_line_too_long = plugin->is_flooding = false;
  plugin->refused_before = xpf_plugin_series_refused(plugin->series);
  plugin->error[0] = '\0';
  xpf_plugin_series_begin(plugin->series);
  int error = xpf_child_start(&plugin->child, plugin->context.loop, &options);
  if (!error) {
    plugin->is_up = plugin->is_up || !is_periodic(plugin);
    return;
  }
  char text[200];
  plugin->child = NULL;
  snprintf(text, sizeof text, "it cannot be started: %s%s", strerror(-error),
           error == -ENOENT ? " (of the program in its first line, `#!`)" : "");
  failed(plugin, text, now_ms, 0);
}

struct xpf_plugin *xpf_plugin_new(const struct xpf_plugin_context *context,
                                  const struct xpf_plugin_file *file) {
  struct xpf_plugin *plugin = calloc(1, sizeof *plugin);
  if (!plugin)
    return NULL;
  plugin->context = *context;
  plugin->file = *file;
  plugin->last_run_s = NAN;
  snprintf(plugin->path, sizeof plugin->path, "%.4096s/%.255s", context->dir, file->file);
  snprintf(plugin->name_env, sizeof plugin->name_env, "XPROFD_PLUGIN=%s", file->name);
  snprintf(plugin->period_env, sizeof plugin->period_env, "XPROFD_PERIOD=%u", file->period_s);
  /* A file that is refused may have the name of one that runs. */
  const char *label = file->refused[0] ? file->file : file->name;
  plugin->series =
      xpf_plugin_series_new(context->world, context->families, file->name, stale_after_ms(file));
  if (plugin->series)
    plugin->entity = xpf_world_entity(context->world, &xpf_plugin_kind, NULL, &label, NULL);
  if (!plugin->entity) {
    free_plugin(plugin);
    return NULL;
  }
  tell(plugin, xpf_world_now_ms());
  if (file->refused[0])
    tell_event(plugin, "plugin_refused", file->refused);
  return plugin;
}

void xpf_plugin_tick(struct xpf_plugin *plugin, int64_t now_ms) {
  if (plugin->is_closing)
    return;
  if (!plugin->child && !plugin->file.refused[0] && now_ms >= plugin->next_start_ms)
    start(plugin, now_ms);
  int64_t keep_ms = XPF_PLUGIN_FORGET_MS + 3 * period_ms(plugin);
  xpf_plugin_series_expire(plugin->series, now_ms - keep_ms);
  tell(plugin, now_ms);
}

void xpf_plugin_close(struct xpf_plugin *plugin, void (*closed)(void *arg), void *arg) {
  plugin->is_closing = true;
  plugin->closed = closed;
  plugin->closed_arg = arg;
  if (plugin->child)
    xpf_child_stop(plugin->child);
  else
    free_plugin(plugin);
}

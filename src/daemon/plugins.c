/* The part `plugins`: keeps the plugins as they stand in the folder. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/daemon.h"
#include "daemon/part_list.h"
#include "daemon/plugin.h"

#define LOOK_MS 2000

struct plugins {
  uv_work_t work; /* first: looks at the folder */
  struct xpf_plugin_context context;
  struct xpf_plugin_files found;
  struct xpf_plugin *plugins[XPF_PLUGINS_MAX];
  char dir[4096];
  size_t count;
  unsigned closing; /* plugins that are not gone yet */
  int64_t next_look_ms;
  bool is_looking, is_stopping;
  char problem[400];
  void (*closed)(void *arg);
  void *closed_arg;
};

static void end_if_over(struct plugins *plugins) {
  if (!plugins->is_stopping || plugins->is_looking || plugins->closing > 0)
    return;
  void (*closed)(void *) = plugins->closed;
  void *arg = plugins->closed_arg;
  xpf_plugin_files_free(&plugins->found);
  free(plugins);
  closed(arg);
}

static void on_plugin_closed(void *arg) {
  struct plugins *plugins = arg;
  plugins->closing--;
  end_if_over(plugins);
}

static void close_at(struct plugins *plugins, size_t i) {
  struct xpf_plugin *plugin = plugins->plugins[i];
  plugins->plugins[i] = plugins->plugins[--plugins->count];
  plugins->closing++;
  xpf_plugin_close(plugin, on_plugin_closed, plugins);
}

static const struct xpf_plugin_file *find_file(const struct plugins *plugins,
                                               const struct xpf_plugin_file *file) {
  for (size_t i = 0; i < plugins->found.count; i++)
    if (xpf_plugin_file_is_same(&plugins->found.files[i], file))
      return &plugins->found.files[i];
  return NULL;
}

static bool is_known(const struct plugins *plugins, const struct xpf_plugin_file *file) {
  for (size_t i = 0; i < plugins->count; i++)
    if (xpf_plugin_file_is_same(xpf_plugin_file_of(plugins->plugins[i]), file))
      return true;
  return false;
}

static void tell_problem(struct plugins *plugins) {
  char text[sizeof plugins->problem];
  snprintf(text, sizeof text, "%s", plugins->found.problem);
  if (!text[0] && plugins->found.more > 0)
    snprintf(text, sizeof text, "plugin_dir has %zu plugins more than the %d that are run",
             plugins->found.more, XPF_PLUGINS_MAX);
  if (text[0] && strcmp(text, plugins->problem) != 0)
    xpf_world_event(plugins->context.world, "plugins_failed", NULL, text);
  memcpy(plugins->problem, text, sizeof text);
}

/* A file that has changed is another plugin; its predecessor ends first, since both have a name. */
static void compare(struct plugins *plugins) {
  for (size_t i = plugins->count; i-- > 0;)
    if (!find_file(plugins, xpf_plugin_file_of(plugins->plugins[i])))
      close_at(plugins, i);
  for (size_t i = 0; i < plugins->found.count && plugins->closing == 0; i++) {
    const struct xpf_plugin_file *file = &plugins->found.files[i];
    struct xpf_plugin *plugin =
        is_known(plugins, file) ? NULL : xpf_plugin_new(&plugins->context, file);
    if (plugin)
      plugins->plugins[plugins->count++] = plugin;
  }
}

static void look(uv_work_t *work) {
  struct plugins *plugins = (struct plugins *)work;
  xpf_plugin_files_read(&plugins->found, plugins->dir);
}

static void on_looked(uv_work_t *work, int status) {
  struct plugins *plugins = (struct plugins *)work;
  plugins->is_looking = false;
  if (status == 0 && !plugins->is_stopping) {
    tell_problem(plugins);
    compare(plugins);
  }
  xpf_plugin_files_free(&plugins->found);
  end_if_over(plugins);
}

static int plugins_start(void **out, struct xpf_daemon *daemon, char *why, size_t why_size) {
  const char *dir = xpf_settings_text(daemon->settings, XPF_SETTING_PLUGIN_DIR);
  struct stat state;
  if (!dir[0])
    return 0;
  struct plugins *plugins = calloc(1, sizeof *plugins);
  if (!plugins || !realpath(dir, plugins->dir) || stat(plugins->dir, &state) != 0 ||
      !S_ISDIR(state.st_mode)) {
    snprintf(why, why_size,
             "plugin_dir: %.400s is no folder that can be read; make it, or leave %s", dir,
             "the setting out");
    free(plugins);
    return -EINVAL;
  }
  plugins->context = (struct xpf_plugin_context){daemon->loop, daemon->world, NULL, plugins->dir};
  int error = xpf_plugin_families_new(&daemon->plugin_families, daemon->world);
  plugins->context.families = daemon->plugin_families;
  if (!error)
    error = xpf_world_add_kind(daemon->world, &xpf_plugin_kind) < 0 ? -ENOMEM : 0;
  if (error) {
    free(plugins);
    return error;
  }
  *out = plugins;
  return 0;
}

static void plugins_tick(void *part, int64_t now_ms) {
  struct plugins *plugins = part;
  if (!plugins->is_looking && now_ms >= plugins->next_look_ms) {
    plugins->next_look_ms = now_ms + LOOK_MS;
    plugins->is_looking =
        uv_queue_work(plugins->context.loop, &plugins->work, look, on_looked) == 0;
  }
  for (size_t i = 0; i < plugins->count; i++)
    xpf_plugin_tick(plugins->plugins[i], now_ms);
}

static void plugins_stop(void *part, void (*closed)(void *arg), void *arg) {
  struct plugins *plugins = part;
  plugins->closed = closed;
  plugins->closed_arg = arg;
  plugins->closing++; /* until all are asked */
  while (plugins->count > 0)
    close_at(plugins, plugins->count - 1);
  plugins->closing--;
  plugins->is_stopping = true;
  end_if_over(plugins);
}

const struct xpf_part xpf_part_plugins = {
    .name = "plugins",
    .start = plugins_start,
    .tick = plugins_tick,
    .stop = plugins_stop,
};

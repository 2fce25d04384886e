/* Load averages of the host. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/collector_list.h"
#include "host/proc_file.h"

enum { LOAD1, LOAD5, LOAD15, RUNNABLE, TASKS };

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    {"load1", "node_load1", NULL, XPF_FIELD_GAUGE, "", "tasks running, ready or in disk wait, mean of about 1 minute", "/proc/loadavg"},
    {"load5", "node_load5", NULL, XPF_FIELD_GAUGE, "", "the same, about 5 minutes", "/proc/loadavg"},
    {"load15", "node_load15", NULL, XPF_FIELD_GAUGE, "", "the same, about 15 minutes", "/proc/loadavg"},
    {"runnable", "xprofd_host_tasks_runnable", NULL, XPF_FIELD_GAUGE, "", "tasks that run or are ready to", "/proc/loadavg"},
    {"tasks", "xprofd_host_tasks", NULL, XPF_FIELD_GAUGE, "", "tasks (threads) that exist", "/proc/loadavg"},
};
/* clang-format on */

static const struct xpf_kind KIND = {
    .name = "host_load",
    .help = "how many tasks want to run",
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .stale_after_ms = 3500,
};
static const struct xpf_kind *const KINDS[] = {&KIND, NULL};

struct state {
  char path[4096];
  double values[XPF_ROWS(FIELDS)];
  int error;
};

static void *load_new(const struct xpf_collector_context *context, int *error) {
  struct state *state = calloc(1, sizeof *state);
  if (!state)
    *error = -ENOMEM;
  else
    snprintf(state->path, sizeof state->path, "%s/loadavg", context->proc);
  return state;
}

static int load_gather(void *arg) {
  struct state *state = arg;
  char text[256];
  ssize_t size = xpf_proc_file_read(AT_FDCWD, state->path, text, sizeof text);
  double *v = state->values;
  state->error = size < 0 ? (int)size : 0;
  if (size >= 0 && sscanf(text, "%lf %lf %lf %lf/%lf", &v[LOAD1], &v[LOAD5], &v[LOAD15],
                          &v[RUNNABLE], &v[TASKS]) != 5)
    state->error = -EPROTO;
  return state->error;
}

static void load_publish(void *arg, struct xpf_world *world, int64_t now_ms) {
  const struct state *state = arg;
  struct xpf_entity *entity = xpf_world_entity(world, &KIND, NULL, NULL, NULL);
  if (!entity)
    return;
  for (unsigned i = 0; i < KIND.fields_count; i++)
    if (state->error)
      xpf_entity_mark(entity, i, xpf_quality_of_error(state->error));
    else
      xpf_entity_set(entity, i, state->values[i]);
  xpf_entity_updated(entity, now_ms);
}

const struct xpf_collector xpf_collector_load = {
    .name = "load",
    .period_ms = 1000,
    .kinds = KINDS,
    .new = load_new,
    .gather = load_gather,
    .publish = load_publish,
    .free = free,
};

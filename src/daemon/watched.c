#include "daemon/watched.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cgroup_fields.h"
#include "daemon/metric_kinds.h"
#include "target/reply_field.h"
#include "target/target_connect.h"

#define SILENT_MS      2500  /* no answer for so long is worth a word */
#define YOUNG_MS       60000 /* a process that has just begun may start its core any moment */
#define OLD_RETRY_MS   10000
#define RETRY_LEAST_MS 1000
#define RETRY_MOST_MS  60000
#define NO_CORE_MS     60000 /* figures of a core that is gone are removed after that time */

enum { START_TIME = XPF_OUTSIDE_COUNT };

/* clang-format off */
static const struct xpf_field FIELDS[] = {
    XPF_OUTSIDE_FIELDS(XPF_OUTSIDE_FIELD)
    {"start_time", "xprofd_process_start_time_seconds", NULL, XPF_FIELD_GAUGE, "seconds", "when it began, Unix time", "/proc/PID/stat"},
};
static const char *const INFO[] = {
    "name", "command", "exe", "user", "node_version", "core", "problem", "version", "ns_pid", "cgroup", "cwd", "title", "log_dir", NULL,
};
/* clang-format on */

const struct xpf_kind xpf_kind_process = {
    .name = "process",
    .help = "a process of Node.js, seen from outside",
    .labels = {"pid", "name"},
    .fields = FIELDS,
    .fields_count = XPF_ROWS(FIELDS),
    .info = INFO,
    .access = "any user; shares of memory (smaps_rollup), bytes of calls and storage (io) and "
              "descriptors (fd) only for its own user and root",
    .info_family = "xprofd_process_info",
    .stale_after_ms = 3500,
};

/* ---- words ---- */

static void set_info(struct xpf_watched *watched, enum xpf_process_info index, const char *text) {
  if (watched->process)
    xpf_entity_set_info(watched->process, index, text && text[0] ? text : NULL);
}

static void tell(struct xpf_watched *watched, const struct xpf_entity *entity, const char *name,
                 const char *what) {
  char text[512];
  snprintf(text, sizeof text, "%.120s (pid %d) %s", watched->name, (int)watched->pid, what);
  xpf_world_event(watched->all->world, name, entity ? entity : watched->process, text);
}

static void set_core(struct xpf_watched *watched, enum xpf_core_state core, const char *problem) {
  static const char *const NAMES[] = {NULL, "running", "none", "silent", "denied"};
  watched->core = core;
  set_info(watched, XPF_PROCESS_CORE, NAMES[core]);
  set_info(watched, XPF_PROCESS_PROBLEM, problem);
}

/* ---- threads ---- */

static void who_is(const struct xpf_watched *watched, uint32_t thread_id, char *out, size_t size) {
  if (thread_id == 0)
    snprintf(out, size, "%.120s (pid %d), main thread", watched->name, (int)watched->pid);
  else
    snprintf(out, size, "%.120s (pid %d), worker %u", watched->name, (int)watched->pid, thread_id);
}

static struct xpf_watched_thread *find_thread(struct xpf_watched *watched, uint32_t thread_id,
                                              uint32_t hint) {
  if (hint < watched->threads_count && watched->threads[hint].thread_id == thread_id)
    return &watched->threads[hint];
  for (uint32_t i = 0; i < watched->threads_count; i++)
    if (watched->threads[i].thread_id == thread_id)
      return &watched->threads[i];
  return NULL;
}

static struct xpf_watched_thread *add_thread(struct xpf_watched *watched, uint32_t thread_id) {
  char key[64], id[16];
  if (watched->threads_count == watched->threads_capacity) {
    uint32_t capacity = watched->threads_capacity ? watched->threads_capacity * 2 : 4;
    void *grown = realloc(watched->threads, capacity * sizeof *watched->threads);
    if (!grown)
      return NULL;
    watched->threads = grown;
    watched->threads_capacity = capacity;
  }
  snprintf(key, sizeof key, "%s/%u", watched->key, thread_id);
  snprintf(id, sizeof id, "%u", thread_id);
  const char *labels[] = {watched->pid_text, watched->name, id};
  struct xpf_entity *entity =
      xpf_world_entity(watched->all->world, &xpf_kind_thread, key, labels, watched->node);
  if (!entity)
    return NULL;
  struct xpf_watched_thread *thread = &watched->threads[watched->threads_count++];
  *thread = (struct xpf_watched_thread){.thread_id = thread_id, .entity = entity};
  return thread;
}

struct event_place {
  struct xpf_watched *watched;
  struct xpf_entity *entity;
};

static void on_figure_event(void *arg, const char *name, const char *text) {
  struct event_place *place = arg;
  xpf_world_event(place->watched->all->world, name, place->entity, text);
}

/* The cgroup itself tells more exactly, and once for all processes in it, what it went through. */
static bool is_cgroup_known(const struct xpf_watched *watched) {
  const char *name = watched->process ? watched->process->info[XPF_PROCESS_CGROUP] : NULL;
  return name && xpf_world_find(watched->all->world, &xpf_kind_cgroup, name) != NULL;
}

static void on_node_event(void *arg, const char *name, const char *text) {
  const struct event_place *place = arg;
  if (strcmp(name, "cgroup_oom_kill") != 0 || !is_cgroup_known(place->watched))
    on_figure_event(arg, name, text);
}

static void take_thread(struct xpf_watched *watched, const struct xpf_reply_thread *reply,
                        uint32_t hint, bool is_first_reply, int64_t now_ms) {
  char who[192];
  struct xpf_watched_thread *thread = find_thread(watched, reply->thread_id, hint);
  who_is(watched, reply->thread_id, who, sizeof who);
  if (!thread) {
    thread = add_thread(watched, reply->thread_id);
    if (!thread)
      return;
    if (!is_first_reply && reply->thread_id != 0) {
      char what[64];
      snprintf(what, sizeof what, "has a new worker, thread %u", reply->thread_id);
      tell(watched, thread->entity, "thread_came", what);
    }
  }
  thread->is_seen = true;
  for (unsigned i = 0; i < XPF_THREAD_FIELDS; i++)
    xpf_entity_set(thread->entity, i, reply->values[i]);
  xpf_entity_updated(thread->entity, now_ms);
  struct event_place place = {watched, thread->entity};
  xpf_figure_watch_thread(&thread->watch, reply->values, who, now_ms, on_figure_event, &place);
}

static void drop_threads(struct xpf_watched *watched, bool only_unseen) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < watched->threads_count; i++) {
    struct xpf_watched_thread *thread = &watched->threads[i];
    if (only_unseen && thread->is_seen) {
      watched->threads[kept++] = *thread;
      continue;
    }
    if (only_unseen) {
      char what[64];
      snprintf(what, sizeof what, "lost its worker, thread %u: it has ended", thread->thread_id);
      tell(watched, thread->entity, "thread_gone", what);
    }
    xpf_world_remove(watched->all->world, thread->entity);
  }
  watched->threads_count = kept;
}

/* ---- the core ---- */

static void drop_node(struct xpf_watched *watched) {
  drop_threads(watched, false);
  if (watched->node)
    xpf_world_remove(watched->all->world, watched->node);
  watched->node = NULL;
  watched->watch = (struct xpf_figure_watch){0};
}

static void on_info(void *arg, const cJSON *info) {
  struct xpf_watched *watched = arg;
  set_info(watched, XPF_PROCESS_VERSION, xpf_reply_field_text(info, "version", ""));
  set_info(watched, XPF_PROCESS_TITLE, xpf_reply_field_text(info, "title", ""));
  set_info(watched, XPF_PROCESS_LOG_DIR, xpf_reply_field_text(info, "log_dir", ""));
  const char *version = xpf_reply_field_text(info, "node_version", "");
  if (version[0])
    set_info(watched, XPF_PROCESS_NODE_VERSION, version);
}

static bool make_node(struct xpf_watched *watched) {
  const char *labels[] = {watched->pid_text, watched->name};
  if (!watched->node && watched->process)
    watched->node = xpf_world_entity(watched->all->world, &xpf_kind_node, watched->key, labels,
                                     watched->process);
  return watched->node != NULL;
}

static void take_figures(struct xpf_watched *watched, const struct xpf_metrics_reply *reply,
                         int64_t now_ms) {
  char who[192];
  bool is_first = watched->node == NULL;
  if (!make_node(watched))
    return;
  for (unsigned i = 0; i < XPF_NODE_FIELDS; i++)
    xpf_entity_set(watched->node, i, reply->node[i]);
  xpf_entity_updated(watched->node, now_ms);
  for (uint32_t i = 0; i < watched->threads_count; i++)
    watched->threads[i].is_seen = false;
  for (uint32_t i = 0; i < reply->threads_count; i++)
    take_thread(watched, &reply->threads[i], i, is_first, now_ms);
  drop_threads(watched, true);
  snprintf(who, sizeof who, "%.120s (pid %d)", watched->name, (int)watched->pid);
  struct event_place place = {watched, watched->node};
  xpf_figure_watch_node(&watched->watch, reply->node, who, on_node_event, &place);
}

static void say_answers(struct xpf_watched *watched, int64_t now_ms) {
  char what[128];
  if (watched->core == XPF_CORE_NONE)
    tell(watched, NULL, "core_came", "has started xprofiler");
  if (watched->core != XPF_CORE_SILENT)
    return;
  snprintf(what, sizeof what, "answers again, after %.0f s",
           (double)(now_ms - watched->silent_ms) / 1000);
  tell(watched, NULL, "core_answers", what);
}

static void on_figures(void *arg, const struct xpf_metrics_reply *reply) {
  struct xpf_watched *watched = arg;
  int64_t now_ms = xpf_world_now_ms();
  watched->failures = 0;
  watched->heard_ms = now_ms;
  if (reply->is_error) {
    if (watched->core != XPF_CORE_SILENT)
      watched->silent_ms = now_ms;
    set_core(watched, XPF_CORE_SILENT, reply->message);
    return;
  }
  if (watched->core != XPF_CORE_RUNNING) {
    say_answers(watched, now_ms);
    set_core(watched, XPF_CORE_RUNNING, NULL);
  }
  take_figures(watched, reply, now_ms);
}

static void grow_silent(struct xpf_watched *watched, const char *problem, int64_t now_ms) {
  if (watched->core != XPF_CORE_SILENT) {
    char what[256];
    watched->silent_ms = watched->heard_ms ? watched->heard_ms : now_ms;
    snprintf(what, sizeof what, "gives no figures: %.200s", problem);
    tell(watched, NULL, "core_silent", what);
  }
  set_core(watched, XPF_CORE_SILENT, problem);
}

static void put_off_for(struct xpf_watched *watched, int64_t wait_ms) {
  watched->connect_due_ms = (int64_t)uv_now(watched->all->loop) + wait_ms;
}

/* Later and later, while it fails. */
static void put_off(struct xpf_watched *watched) {
  unsigned doublings = watched->failures < 6 ? watched->failures : 6;
  int64_t wait_ms = (int64_t)RETRY_LEAST_MS << doublings;
  watched->failures++;
  put_off_for(watched, wait_ms < RETRY_MOST_MS ? wait_ms : RETRY_MOST_MS);
}

static void on_lost(void *arg, int error) {
  struct xpf_watched *watched = arg;
  int64_t now_ms = xpf_world_now_ms();
  watched->link = NULL;
  put_off(watched);
  if (error == -EPROTO)
    grow_silent(watched, "what answers at its socket does not speak our protocol", now_ms);
  else if (error == -ETIMEDOUT)
    grow_silent(watched, "it does not answer", now_ms);
  watched->all->lost(watched->all->arg); /* most often the process has ended */
}

static const struct xpf_core_link_user LINK_USER = {on_info, on_figures, on_lost};

static void set_none(struct xpf_watched *watched, int64_t now_ms) {
  if (watched->core == XPF_CORE_RUNNING)
    tell(watched, NULL, "core_gone", "has stopped xprofiler");
  set_core(watched, XPF_CORE_NONE, NULL);
  watched->failures = 0;
  put_off_for(watched, now_ms - watched->found_ms < YOUNG_MS ? RETRY_LEAST_MS : OLD_RETRY_MS);
}

/* What came of an attempt to connect. */
static void take_attempt(struct xpf_watched *watched, int64_t now_ms) {
  struct xpf_client *client = watched->client;
  int error = watched->connect_error;
  char problem[192];
  watched->client = NULL;
  if (client) {
    error = xpf_core_link_open(&watched->link, watched->all->loop, client, &watched->all->scratch,
                               &LINK_USER, watched);
    if (!error) {
      watched->heard_ms = 0;
      xpf_core_link_ask(watched->link);
      return;
    }
  }
  put_off(watched);
  switch (error) {
  case -ESRCH: /* the next round says so */
    return;
  case -ENOENT:
  case -ECONNREFUSED:
    set_none(watched, now_ms);
    return;
  case -EACCES:
  case -EPERM:
    put_off_for(watched, RETRY_MOST_MS);
    set_core(watched, XPF_CORE_DENIED, "it belongs to another user: run xprofd as root to see it");
    return;
  case XPF_TARGET_IMPOSTOR:
    put_off_for(watched, RETRY_MOST_MS);
    set_core(watched, XPF_CORE_DENIED, "another process listens at the place of its socket");
    return;
  case -EAGAIN:
  case -ETIMEDOUT: /* not within no time: its queue is full */
    grow_silent(watched, "it accepts no connections (stopped, or very busy)", now_ms);
    return;
  default:
    snprintf(problem, sizeof problem, "it cannot be connected to: %s", strerror(-error));
    grow_silent(watched, problem, now_ms);
  }
}

/* ---- its life ---- */

static void set_words(struct xpf_watched *watched, const struct xpf_process_words *words) {
  char ns_pid[16];
  snprintf(ns_pid, sizeof ns_pid, "%d", (int)watched->ns_pid);
  set_info(watched, XPF_PROCESS_NAME, watched->name);
  set_info(watched, XPF_PROCESS_COMMAND, words->command);
  set_info(watched, XPF_PROCESS_EXE, words->exe);
  set_info(watched, XPF_PROCESS_USER, words->user);
  set_info(watched, XPF_PROCESS_NODE_VERSION, words->node_version);
  set_info(watched, XPF_PROCESS_NS_PID, ns_pid);
  set_info(watched, XPF_PROCESS_CGROUP, words->cgroup);
  set_info(watched, XPF_PROCESS_CWD, words->cwd);
}

static void say_came(struct xpf_watched *watched, const struct xpf_process_words *words,
                     bool is_first) {
  char what[320];
  snprintf(what, sizeof what, "%s: %.200s", is_first ? "was found running" : "has begun",
           words->command ? words->command : "");
  tell(watched, NULL, "process_came", what);
}

struct xpf_watched *xpf_watched_new(struct xpf_watching *all, struct xpf_process_found *found,
                                    bool is_first, int64_t now_ms) {
  struct xpf_watched *watched = calloc(1, sizeof *watched);
  if (!watched)
    return NULL;
  watched->all = all;
  watched->pid = found->pid;
  watched->ns_pid = found->ns_pid;
  watched->start_ticks = found->start_ticks;
  watched->found_ms = now_ms;
  watched->slot = (unsigned)found->pid % XPF_WATCHED_SLOTS;
  snprintf(watched->key, sizeof watched->key, "%d.%llu", (int)found->pid,
           (unsigned long long)found->start_ticks);
  snprintf(watched->pid_text, sizeof watched->pid_text, "%d", (int)found->pid);
  snprintf(watched->name, sizeof watched->name, "%s", found->words.name);
  const char *labels[] = {watched->pid_text, watched->name};
  watched->process = xpf_world_entity(all->world, &xpf_kind_process, watched->key, labels, NULL);
  set_words(watched, &found->words);
  if (watched->process) {
    xpf_entity_set(watched->process, START_TIME, (double)found->started_ms / 1000);
    xpf_entity_updated(watched->process, now_ms);
    say_came(watched, &found->words, is_first);
  }
  watched->client = found->client;
  watched->connect_error = found->error;
  found->client = NULL;
  take_attempt(watched, now_ms);
  return watched;
}

void xpf_watched_free(struct xpf_watched *watched) {
  xpf_core_link_close(watched->link);
  xpf_client_close(watched->client);
  if (watched->outside)
    xpf_outside_close(watched->outside);
  free(watched->threads);
  free(watched);
}

void xpf_watched_end(struct xpf_watched *watched, bool has_left_socket, int64_t now_ms) {
  char what[192];
  const char *how = "";
  bool had_core = watched->node != NULL;
  if (had_core && has_left_socket)
    how = " without a goodbye (killed, or crashed)";
  snprintf(what, sizeof what, "has ended%s; it was watched for %.0f s", how,
           (double)(now_ms - watched->found_ms) / 1000);
  if (watched->process) {
    tell(watched, NULL, "process_gone", what);
    drop_node(watched);
    xpf_world_remove(watched->all->world, watched->process);
  }
  xpf_watched_free(watched);
}

void xpf_watched_tick(struct xpf_watched *watched, int64_t now_ms) {
  watched->wants_connection =
      !watched->link && (int64_t)uv_now(watched->all->loop) >= watched->connect_due_ms;
  watched->is_without_core = !watched->link && watched->core == XPF_CORE_NONE;
  if (watched->link && xpf_core_link_owes_ms(watched->link) >= SILENT_MS &&
      watched->core != XPF_CORE_SILENT)
    grow_silent(watched, "it does not answer (stopped, or its CPU is taken away)", now_ms);
  bool is_without = watched->core == XPF_CORE_NONE && watched->node;
  if (is_without && now_ms - watched->node->updated_ms > NO_CORE_MS)
    drop_node(watched);
}

void xpf_watched_round_done(struct xpf_watched *watched, int64_t now_ms) {
  if (watched->process && watched->outside) {
    xpf_outside_publish(watched->outside, watched->process, 0);
    xpf_entity_updated(watched->process, now_ms);
  }
  if (watched->wants_connection) {
    watched->wants_connection = false;
    take_attempt(watched, now_ms);
  }
}

void xpf_watched_ask(struct xpf_watched *watched) {
  if (watched->link)
    xpf_core_link_ask(watched->link);
}

/* The part that knows every process of Node.js. Once a second a round on the pool reads each of
 * them from outside, connects to cores, and every other time looks for new ones; in between, the
 * cores are asked for their metrics, each in its own part of the second. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/daemon.h"
#include "daemon/metric_kinds.h"
#include "daemon/part_list.h"
#include "daemon/socket_watch.h"
#include "daemon/watched.h"

#define FIND_MS   2000
#define HIDDEN_MS 10000 /* processes of others are looked at by name, which costs more */
#define HURRY_MS  100   /* a lost connection, a new socket: look soon, but not each alone, */
#define REST_MS   500   /* and not all the time where sockets come and go like flies */
#define SLOT_MS   50
#define SLOW_MS   10000 /* a round that takes so long hangs on a file */

struct discovery {
  uv_work_t work; /* first: of the round */
  struct xpf_daemon *daemon;
  struct xpf_watching watching;
  struct xpf_outside_budget *budget;
  uv_timer_t slots, hurry;
  unsigned slot;

  struct xpf_watched **list; /* by pid; not changed while a round is out */
  size_t count, capacity;

  bool is_out, is_first, is_slow_told, is_full_told;
  int64_t round_ms, found_ms, find_due_ms, hidden_due_ms; /* of the loop's clock */
  bool finds;
  pid_t *known;
  struct xpf_process_find find;
  struct xpf_socket_watch *sockets; /* may be NULL */

  bool is_stopping;
  unsigned handles;
  void (*closed)(void *arg);
  void *closed_arg;
};

/* What is due does not depend on a clock that somebody may set. */
static int64_t clock_ms(const struct discovery *discovery) {
  return (int64_t)uv_now(discovery->daemon->loop);
}

/* ---- the round, on the pool ---- */

static void read_one(struct discovery *discovery, struct xpf_watched *watched) {
  int error = 0;
  if (!watched->outside)
    error =
        xpf_outside_open(&watched->outside, discovery->budget, watched->pid, watched->start_ticks);
  if (watched->outside)
    error = xpf_outside_read(watched->outside, discovery->round_ms);
  watched->has_ended = error == -ESRCH;
  /* A socket that is new is worth an attempt out of turn. */
  if (discovery->finds && watched->is_without_core)
    watched->wants_connection |= xpf_socket_set_has(&discovery->find.sockets, watched->ns_pid);
  if (watched->wants_connection && !watched->has_ended)
    watched->connect_error = xpf_process_connect(&watched->client, watched->pid,
                                                 watched->start_ticks, &discovery->find.sockets);
}

static void run_round(uv_work_t *work) {
  struct discovery *discovery = (struct discovery *)work;
  size_t known_count = 0;
  xpf_outside_budget_round(discovery->budget, discovery->round_ms, discovery->count);
  if (discovery->finds)
    xpf_socket_set_read(&discovery->find.sockets);
  for (size_t i = 0; i < discovery->count; i++) {
    read_one(discovery, discovery->list[i]);
    if (!discovery->list[i]->has_ended)
      discovery->known[known_count++] = discovery->list[i]->pid;
  }
  if (known_count < discovery->count) /* whether they left their sockets behind */
    xpf_socket_set_read(&discovery->find.sockets);
  if (!discovery->finds)
    return;
  discovery->find.known = discovery->known;
  discovery->find.known_count = known_count;
  xpf_process_find(&discovery->find);
}

/* ---- after the round, on the loop ---- */

static int by_pid(const void *a, const void *b) {
  const struct xpf_watched *left = *(struct xpf_watched *const *)a;
  const struct xpf_watched *right = *(struct xpf_watched *const *)b;
  return (left->pid > right->pid) - (left->pid < right->pid);
}

static void end_some(struct discovery *discovery, int64_t now_ms) {
  size_t kept = 0;
  for (size_t i = 0; i < discovery->count; i++) {
    struct xpf_watched *watched = discovery->list[i];
    if (!watched->has_ended)
      discovery->list[kept++] = watched;
    else
      xpf_watched_end(watched, xpf_socket_set_has(&discovery->find.sockets, watched->ns_pid),
                      now_ms);
  }
  discovery->count = kept;
}

static bool make_room(struct discovery *discovery) {
  if (discovery->count < discovery->capacity)
    return true;
  size_t capacity = discovery->capacity ? discovery->capacity * 2 : 32;
  struct xpf_watched **list = realloc(discovery->list, capacity * sizeof *list);
  if (list)
    discovery->list = list;
  pid_t *known = realloc(discovery->known, capacity * sizeof *known);
  if (known)
    discovery->known = known;
  if (!list || !known)
    return false;
  discovery->capacity = capacity;
  return true;
}

static void take_found(struct discovery *discovery, int64_t now_ms) {
  struct xpf_process_find *find = &discovery->find;
  for (size_t i = 0; i < find->count; i++) {
    struct xpf_watched *watched = NULL;
    if (make_room(discovery))
      watched = xpf_watched_new(&discovery->watching, &find->found[i], discovery->is_first, now_ms);
    if (watched)
      discovery->list[discovery->count++] = watched;
    xpf_process_found_free(&find->found[i]);
  }
  if (find->count > 0)
    qsort(discovery->list, discovery->count, sizeof *discovery->list, by_pid);
  find->count = 0;
  if (find->is_full && !discovery->is_full_told)
    xpf_world_event(discovery->daemon->world, "too_many_processes", NULL,
                    "there are more processes of Node.js than xprofd looks after");
  discovery->is_full_told = find->is_full;
  discovery->is_first = false;
}

static void finish_stop(struct discovery *discovery) {
  if (!discovery->is_stopping || discovery->is_out || discovery->handles > 0)
    return;
  for (size_t i = 0; i < discovery->count; i++)
    xpf_watched_free(discovery->list[i]);
  for (size_t i = 0; i < discovery->find.count; i++)
    xpf_process_found_free(&discovery->find.found[i]);
  xpf_socket_set_free(&discovery->find.sockets);
  xpf_outside_budget_free(discovery->budget);
  xpf_metrics_reply_free(&discovery->watching.scratch);
  void (*closed)(void *) = discovery->closed;
  void *arg = discovery->closed_arg;
  free(discovery->find.found);
  free(discovery->list);
  free(discovery->known);
  free(discovery);
  closed(arg);
}

static void round_done(uv_work_t *work, int status) {
  struct discovery *discovery = (struct discovery *)work;
  int64_t now_ms = xpf_world_now_ms();
  discovery->is_out = discovery->is_slow_told = false;
  if (discovery->is_stopping) {
    finish_stop(discovery);
    return;
  }
  if (status)
    return;
  for (size_t i = 0; i < discovery->count; i++)
    if (!discovery->list[i]->has_ended)
      xpf_watched_round_done(discovery->list[i], now_ms);
  end_some(discovery, now_ms);
  if (discovery->finds)
    take_found(discovery, now_ms);
  if (discovery->finds && discovery->sockets)
    xpf_socket_watch_set(discovery->sockets, &discovery->find.sockets);
}

static void begin_round(struct discovery *discovery) {
  int64_t now_ms = clock_ms(discovery);
  if (discovery->is_out || discovery->is_stopping)
    return;
  for (size_t i = 0; i < discovery->count; i++)
    xpf_watched_tick(discovery->list[i], xpf_world_now_ms());
  discovery->round_ms = now_ms;
  discovery->finds = now_ms >= discovery->find_due_ms;
  if (discovery->finds) {
    discovery->found_ms = now_ms;
    discovery->find_due_ms = now_ms + FIND_MS - FIND_MS / 10; /* a tick may be a little early */
    discovery->find.looks_at_hidden = now_ms >= discovery->hidden_due_ms;
    discovery->find.is_full = false;
    if (discovery->find.looks_at_hidden)
      discovery->hidden_due_ms = now_ms + HIDDEN_MS;
  }
  discovery->is_out =
      uv_queue_work(discovery->daemon->loop, &discovery->work, run_round, round_done) == 0;
}

/* ---- asking the cores ---- */

static unsigned next_slot(const struct discovery *discovery, unsigned from) {
  unsigned next = XPF_WATCHED_SLOTS;
  for (size_t i = 0; i < discovery->count; i++)
    if (discovery->list[i]->slot >= from && discovery->list[i]->slot < next)
      next = discovery->list[i]->slot;
  return next;
}

static void ask_slot(uv_timer_t *timer) {
  struct discovery *discovery = timer->data;
  unsigned slot = discovery->slot;
  for (size_t i = 0; i < discovery->count; i++)
    if (discovery->list[i]->slot == slot)
      xpf_watched_ask(discovery->list[i]);
  discovery->slot = next_slot(discovery, slot + 1);
  if (discovery->slot < XPF_WATCHED_SLOTS)
    uv_timer_start(timer, ask_slot, (uint64_t)(discovery->slot - slot) * SLOT_MS, 0);
}

static void on_hurry(uv_timer_t *timer) {
  struct discovery *discovery = timer->data;
  if (discovery->is_out) { /* what has changed may have been missed by it */
    uv_timer_start(timer, on_hurry, HURRY_MS, 0);
    return;
  }
  discovery->find_due_ms = 0;
  begin_round(discovery);
}

static void look_soon(void *arg) {
  struct discovery *discovery = arg;
  if (discovery->is_stopping || uv_is_active((uv_handle_t *)&discovery->hurry))
    return;
  int64_t rest_ms = discovery->found_ms + REST_MS - clock_ms(discovery);
  uv_timer_start(&discovery->hurry, on_hurry, rest_ms > HURRY_MS ? (uint64_t)rest_ms : HURRY_MS, 0);
}

static void discovery_tick(void *part, int64_t now_ms) {
  struct discovery *discovery = part;
  (void)now_ms;
  if (discovery->is_out && clock_ms(discovery) - discovery->round_ms > SLOW_MS &&
      !discovery->is_slow_told) {
    discovery->is_slow_told = true;
    xpf_world_event(discovery->daemon->world, "discovery_slow", NULL,
                    "looking at processes hangs: a file in /proc does not answer");
  }
  begin_round(discovery);
  discovery->slot = next_slot(discovery, 0);
  if (discovery->slot < XPF_WATCHED_SLOTS)
    uv_timer_start(&discovery->slots, ask_slot, (uint64_t)discovery->slot * SLOT_MS, 0);
}

/* ---- begin and end ---- */

/* A connection and up to three files for each process. */
static void allow_files(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

static int discovery_start(void **out, struct xpf_daemon *daemon, char *why, size_t why_size) {
  (void)why;
  (void)why_size;
  struct discovery *discovery = calloc(1, sizeof *discovery);
  if (!discovery)
    return -ENOMEM;
  discovery->budget = xpf_outside_budget_new("/proc");
  if (!discovery->budget) {
    free(discovery);
    return -ENOMEM;
  }
  allow_files();
  xpf_metric_kinds_init();
  discovery->daemon = daemon;
  discovery->is_first = true;
  discovery->watching.loop = daemon->loop;
  discovery->watching.world = daemon->world;
  discovery->watching.lost = look_soon;
  discovery->watching.arg = discovery;
  uv_timer_init(daemon->loop, &discovery->slots);
  uv_timer_init(daemon->loop, &discovery->hurry);
  discovery->slots.data = discovery->hurry.data = discovery;
  discovery->handles = 2;
  discovery->sockets = xpf_socket_watch_new(daemon->loop, look_soon, discovery);
  begin_round(discovery);
  *out = discovery;
  return 0;
}

static void handle_closed(uv_handle_t *handle) {
  struct discovery *discovery = handle->data;
  discovery->handles--;
  finish_stop(discovery);
}

static void discovery_stop(void *part, void (*closed)(void *arg), void *arg) {
  struct discovery *discovery = part;
  discovery->is_stopping = true;
  discovery->closed = closed;
  discovery->closed_arg = arg;
  xpf_socket_watch_free(discovery->sockets);
  discovery->sockets = NULL;
  uv_close((uv_handle_t *)&discovery->slots, handle_closed);
  uv_close((uv_handle_t *)&discovery->hurry, handle_closed);
}

static const struct xpf_kind *const KINDS[] = {&xpf_kind_process, &xpf_kind_node, &xpf_kind_thread,
                                               NULL};

const struct xpf_part xpf_part_discovery = {
    .name = "discovery",
    .kinds = KINDS,
    .start = discovery_start,
    .tick = discovery_tick,
    .stop = discovery_stop,
};

#include "board_target.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/os.h"
#include "host/socket_dir.h"
#include "target/process_name.h"
#include "target/reply_field.h"
#include "target.h"
#include "wire/request.h"

#define BLOCKED_MS 1000
#define SILENT_NS  1500000000ull
/* A connection on which nothing comes for so long is made anew. */
#define GIVE_UP_NS 30000000000ull

static uint64_t since(uint64_t then_ns) {
  uint64_t now_ns = xpf_os_now_ns();
  return now_ns > then_ns ? now_ns - then_ns : 0;
}

bool xpf_board_target_is_there(pid_t pid) {
  struct xpf_socket_place place;
  return xpf_socket_find(pid, &place) == 0;
}

struct xpf_board_target *xpf_board_target_new(pid_t pid) {
  struct xpf_board_target *target = calloc(1, sizeof *target);
  struct xpf_os_identity identity = {0};
  if (target == NULL)
    return NULL;
  target->shown.pid = pid;
  target->found_ns = xpf_os_now_ns();
  if (xpf_os_identity(pid, &identity) == 0)
    target->start_ticks = identity.start_ticks;
  snprintf(target->name, sizeof target->name, "%.255s",
           *identity.command_line != '\0' ? identity.command_line : identity.comm);
  for (int i = 0; i < XPF_BOARD_FIGURE_COUNT; i++)
    target->shown.values.of[i] = (double)__builtin_nanf("");
  memcpy(target->shown.name, target->name, sizeof target->name);
  return target;
}

static void free_threads(struct xpf_board_thread *threads, size_t count) {
  for (size_t i = 0; i < count; i++)
    free(threads[i].history);
  free(threads);
}

void xpf_board_target_free(struct xpf_board_target *target) {
  xpf_client_close(target->client);
  xpf_board_reading_free(&target->now);
  xpf_board_reading_free(&target->before);
  free_threads(target->shown.threads, target->shown.threads_count);
  free(target);
}

bool xpf_board_target_is_noise(const struct xpf_board_target *target) {
  bool was_never_heard = target->answered_ns == 0 && target->client == NULL;
  bool is_left_behind = target->error == -ECONNREFUSED || target->error == -ENOENT;
  return was_never_heard && (is_left_behind || target->gone_ns != 0) && since(target->found_ns) > 0;
}

/* ---- the connection ---- */

static void disconnect(struct xpf_board_target *target, int error) {
  xpf_client_close(target->client);
  target->client = NULL;
  target->asked_ns = 0;
  target->is_client_used = false;
  target->error = error;
}

/* A target closes a connection on which nothing came for a minute (XPF_IDLE_MS), and looks may be
 * further apart: one that has served before is made anew, and asked the same. */
static void lose(struct xpf_board_target *target, int error) {
  bool is_worth_another = target->is_client_used && error == -ECONNRESET;
  disconnect(target, error);
  if (!is_worth_another)
    return;
  xpf_board_target_ask(target);
  if (target->client == NULL && target->gone_ns == 0)
    target->error = error; /* it is ending */
}

static bool is_alive(const struct xpf_board_target *target) {
  struct xpf_os_identity identity = {0};
  if (!xpf_os_is_alive(target->shown.pid))
    return false;
  int error = xpf_os_identity(target->shown.pid, &identity);
  return error != -ESRCH && (target->start_ticks == 0 || identity.start_ticks == 0 ||
                             identity.start_ticks == target->start_ticks);
}

static void note_gone(struct xpf_board_target *target) {
  if (target->gone_ns == 0)
    target->gone_ns = xpf_os_now_ns();
  disconnect(target, -ESRCH);
}

static void join(struct xpf_board_target *target) {
  struct xpf_os_identity identity = {0};
  struct xpf_target_peer peer = {0};
  target->error = xpf_target_connect(&target->client, target->shown.pid, -1, &identity, &peer);
  if (target->error == -ESRCH)
    note_gone(target);
}

static int send_question(struct xpf_board_target *target) {
  cJSON *params = NULL;
  const char *method = "metrics";
  target->asks_info = !target->has_info;
  if (target->asks_info) {
    method = "process_info";
  } else {
    params = cJSON_CreateObject();
    cJSON_AddTrueToObject(params, "histograms");
  }
  return xpf_client_send(target->client, method, params, -1);
}

void xpf_board_target_ask(struct xpf_board_target *target) {
  if (target->gone_ns != 0)
    return;
  if (!is_alive(target)) {
    note_gone(target);
    return;
  }
  if (target->asked_ns != 0 && since(target->asked_ns) > GIVE_UP_NS)
    disconnect(target, -ETIMEDOUT);
  if (target->client == NULL)
    join(target);
  if (target->client == NULL || target->asked_ns != 0)
    return;
  int error = send_question(target);
  if (error != 0)
    lose(target, error);
  else
    target->asked_ns = xpf_os_now_ns();
}

/* ---- answers ---- */

static void keep_info(struct xpf_board_target *target, const cJSON *info) {
  target->has_info = true;
  xpf_process_name(target->name, sizeof target->name, info, target->name);
  snprintf(target->node_version, sizeof target->node_version, "%.31s",
           xpf_reply_field_text(info, "node_version", ""));
  snprintf(target->version, sizeof target->version, "%.31s",
           xpf_reply_field_text(info, "version", ""));
  snprintf(target->log_dir, sizeof target->log_dir, "%.255s",
           xpf_reply_field_text(info, "log_dir", ""));
}

static int keep_metrics(struct xpf_board_target *target, const cJSON *result) {
  struct xpf_board_reading reading;
  int error = xpf_board_reading_parse(&reading, result, xpf_os_now_ns());
  if (error != 0) {
    xpf_board_reading_free(&reading);
    return error;
  }
  xpf_board_reading_free(&target->before);
  target->before = target->now;
  target->now = reading;
  target->is_fresh = target->has_reading = true;
  return 0;
}

int xpf_board_target_fd(const struct xpf_board_target *target) {
  return target->client != NULL && target->asked_ns != 0 ? xpf_client_fd(target->client) : -1;
}

bool xpf_board_target_take(struct xpf_board_target *target) {
  struct xpf_fault fault = {0};
  cJSON *result = NULL;
  if (target->client == NULL || target->asked_ns == 0)
    return false;
  int error = xpf_client_take(target->client, &result, &fault);
  if (error == -EAGAIN)
    return false;
  target->asked_ns = 0;
  target->failure[0] = '\0';
  if (error == 0 && !target->asks_info)
    error = keep_metrics(target, result);
  else if (error == 0)
    keep_info(target, result);
  bool was_info = target->asks_info;
  cJSON_Delete(result);
  if (error == XPF_CLIENT_FAULT) {
    snprintf(target->failure, sizeof target->failure, "%.255s", fault.message);
    target->has_info = true; /* an old target: go on with the figures */
  } else if (error != 0) {
    lose(target, error);
    return false;
  }
  target->is_client_used = true;
  target->answered_ns = xpf_os_now_ns();
  if (was_info) /* and now the figures, in the same tick */
    xpf_board_target_ask(target);
  return target->is_fresh;
}

bool xpf_board_target_is_awaited(const struct xpf_board_target *target) {
  return target->asked_ns != 0 && since(target->asked_ns) < SILENT_NS;
}

/* ---- what is shown ---- */

static bool is_stopped(pid_t pid) {
  struct xpf_os_task task;
  return xpf_os_task(pid, pid, &task) == 0 && task.state == 'T';
}

static double blocked_ms(const struct xpf_board_target *target) {
  double longest = 0;
  for (size_t i = 0; target->has_reading && i < target->now.threads_count; i++)
    if (target->now.threads[i].loop_blocked_ms > longest)
      longest = target->now.threads[i].loop_blocked_ms;
  return longest;
}

static void show_trouble(struct xpf_board_target *target, uint64_t heard_ns) {
  struct xpf_board_process *shown = &target->shown;
  bool is_refused = target->client == NULL && target->error != 0 && target->error != -ETIMEDOUT &&
                    target->error != -EAGAIN && target->error != -ECONNRESET;
  shown->state_s = (double)since(heard_ns) / 1e9;
  if (is_refused) {
    shown->state = XPF_BOARD_REFUSED;
    snprintf(shown->reason, sizeof shown->reason, "%s",
             target->error > -20000 ? strerror(-target->error) : "?");
  } else if (since(heard_ns) >= SILENT_NS) {
    shown->state = is_stopped(shown->pid) ? XPF_BOARD_STOPPED : XPF_BOARD_SILENT;
  }
}

static void show_state(struct xpf_board_target *target) {
  struct xpf_board_process *shown = &target->shown;
  double blocked = blocked_ms(target);
  uint64_t heard_ns = target->answered_ns != 0 ? target->answered_ns : target->found_ns;

  shown->reason[0] = '\0';
  shown->state_s = 0;
  if (target->gone_ns != 0) {
    shown->state = XPF_BOARD_GONE;
    shown->state_s = (double)since(target->gone_ns) / 1e9;
  } else if (*target->failure != '\0') {
    shown->state = XPF_BOARD_REFUSED;
    snprintf(shown->reason, sizeof shown->reason, "%s", target->failure);
  } else if (target->client == NULL || (target->asked_ns != 0 && since(heard_ns) >= SILENT_NS)) {
    show_trouble(target, heard_ns);
  } else if (!target->has_reading) {
    shown->state = XPF_BOARD_NEW;
  } else {
    shown->state = blocked >= BLOCKED_MS ? XPF_BOARD_BLOCKED : XPF_BOARD_OK;
    shown->state_s = blocked / 1e3;
  }
}

/* The histories of threads that go on move to the new array. */
static void show_threads(struct xpf_board_target *target, struct xpf_board_thread *threads) {
  struct xpf_board_process *shown = &target->shown;
  for (size_t i = 0; i < target->now.threads_count; i++) {
    for (size_t j = 0; j < shown->threads_count; j++)
      if (shown->threads[j].thread_id == threads[i].thread_id) {
        threads[i].history = shown->threads[j].history;
        shown->threads[j].history = NULL;
        break;
      }
    if (threads[i].history == NULL)
      threads[i].history = calloc(1, sizeof *threads[i].history);
  }
  free_threads(shown->threads, shown->threads_count);
  shown->threads = threads;
  shown->threads_count = target->now.threads_count;
}

static void show_reading(struct xpf_board_target *target) {
  const struct xpf_board_reading *now = &target->now;
  const struct xpf_board_reading *before = target->before.at_ns != 0 ? &target->before : NULL;
  struct xpf_board_thread *threads = calloc(now->threads_count + 1, sizeof *threads);
  struct xpf_board_values *values = calloc(now->threads_count + 1, sizeof *values);
  if (threads != NULL && values != NULL) {
    for (size_t i = 0; i < now->threads_count; i++) {
      xpf_board_thread_values(&values[i], now, i, before);
      threads[i].thread_id = (unsigned)now->threads[i].thread_id;
      threads[i].blocked_ms = now->threads[i].loop_blocked_ms;
      threads[i].values = values[i];
    }
    xpf_board_process_values(&target->shown.values, now, before, values);
    show_threads(target, threads);
    threads = NULL;
  }
  free(threads);
  free(values);
}

static void show_history(struct xpf_board_target *target, bool is_late) {
  struct xpf_board_process *shown = &target->shown;
  bool is_fresh = target->is_fresh;
  if (is_late && !is_fresh)
    return;
  void (*put)(struct xpf_board_history *, const struct xpf_board_values *) =
      is_late ? xpf_board_history_amend : xpf_board_history_add;
  put(&shown->history, is_fresh ? &shown->values : NULL);
  for (size_t i = 0; i < shown->threads_count; i++)
    if (shown->threads[i].history != NULL)
      put(shown->threads[i].history, is_fresh ? &shown->threads[i].values : NULL);
}

void xpf_board_target_show(struct xpf_board_target *target, bool is_late) {
  struct xpf_board_process *shown = &target->shown;
  memcpy(shown->name, target->name, sizeof shown->name);
  memcpy(shown->node_version, target->node_version, sizeof shown->node_version);
  memcpy(shown->version, target->version, sizeof shown->version);
  memcpy(shown->log_dir, target->log_dir, sizeof shown->log_dir);
  if (target->is_fresh)
    show_reading(target);
  show_state(target);
  show_history(target, is_late);
  target->is_fresh = false;
}

#include "board.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "host/os.h"
#include "board_target.h"

#define NS_PER_MS 1000000ull
/* What has answered by then is shown; what comes later is shown when it comes. */
#define GRACE_MS 400
/* An ended process stays on the screen for so long. */
#define GONE_S 5.0

struct xpf_board {
  pid_t only;
  _Atomic double interval_s;
  struct xpf_board_target **targets; /* by pid; the first member of each is what is shown */
  size_t count, capacity;
  pthread_mutex_t lock; /* everything that is shown */
  pthread_t thread;
  bool is_running, is_published;
  atomic_bool is_over;
  int news[2], wake[2];
  struct pollfd *polls;
  size_t polls_capacity;
};

static double seconds_since(uint64_t then_ns) {
  uint64_t now_ns = xpf_os_now_ns();
  return now_ns > then_ns ? (double)(now_ns - then_ns) / 1e9 : 0;
}

/* ---- who is there ---- */

static struct xpf_board_target *find(const struct xpf_board *live, pid_t pid) {
  size_t low = 0, high = live->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    pid_t there = live->targets[middle]->shown.pid;
    if (there == pid)
      return live->targets[middle];
    if (there < pid)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

static int by_pid(const void *a, const void *b) {
  pid_t left = (*(struct xpf_board_target *const *)a)->shown.pid;
  pid_t right = (*(struct xpf_board_target *const *)b)->shown.pid;
  return (left > right) - (left < right);
}

static int add(struct xpf_board *live, struct xpf_board_target *target) {
  if (live->count == live->capacity) {
    size_t capacity = live->capacity * 2 + 16;
    void *targets = realloc(live->targets, capacity * sizeof *live->targets);
    if (targets == NULL)
      return -ENOMEM;
    live->targets = targets;
    live->capacity = capacity;
  }
  live->targets[live->count++] = target;
  qsort(live->targets, live->count, sizeof *live->targets, by_pid);
  return 0;
}

static bool look_at(void *arg, pid_t pid) {
  struct xpf_board *live = arg;
  if (find(live, pid) != NULL)
    return true;
  struct xpf_board_target *target = xpf_board_target_new(pid);
  if (target == NULL)
    return true; /* out of memory: perhaps not at the next tick */
  xpf_board_lock(live);
  int error = add(live, target);
  xpf_board_unlock(live);
  if (error != 0)
    xpf_board_target_free(target);
  return true;
}

static bool look_at_visible(void *arg, pid_t pid) {
  if (find(arg, pid) != NULL)
    return true;
  return xpf_board_target_is_there(pid) ? look_at(arg, pid) : true;
}

static void drop_gone(struct xpf_board *live) {
  size_t kept = 0;
  xpf_board_lock(live);
  for (size_t i = 0; i < live->count; i++) {
    struct xpf_board_target *target = live->targets[i];
    bool is_old = target->shown.state == XPF_BOARD_GONE &&
                  seconds_since(target->gone_ns) >= GONE_S && live->only == 0;
    if (is_old || xpf_board_target_is_noise(target))
      xpf_board_target_free(target);
    else
      live->targets[kept++] = target;
  }
  live->count = kept;
  xpf_board_unlock(live);
}

static int look_around(struct xpf_board *live) {
  if (live->only != 0) {
    look_at(live, live->only);
    return 0;
  }
  return xpf_os_each_process(look_at_visible, live);
}

/* ---- questions and answers ---- */

static int left_ms(uint64_t until_ns) {
  uint64_t now_ns = xpf_os_now_ns();
  uint64_t left = until_ns > now_ns ? (until_ns - now_ns) / NS_PER_MS + 1 : 0;
  return left < INT_MAX ? (int)left : INT_MAX;
}

/* The thread's own pipe first, then everybody with a question open. */
static size_t fill_polls(struct xpf_board *live) {
  size_t used = 0;
  if (live->polls_capacity < live->count + 1) {
    size_t capacity = live->count + 32;
    void *polls = realloc(live->polls, capacity * sizeof *live->polls);
    if (polls == NULL)
      return 0;
    live->polls = polls;
    live->polls_capacity = capacity;
  }
  live->polls[used++] = (struct pollfd){.fd = live->wake[0], .events = POLLIN};
  for (size_t i = 0; i < live->count; i++) {
    int fd = xpf_board_target_fd(live->targets[i]);
    if (fd >= 0)
      live->polls[used++] = (struct pollfd){.fd = fd, .events = POLLIN};
  }
  return used;
}

/* Waits for any answer until then and takes what is there. Returns how many are new. */
static size_t collect(struct xpf_board *live, uint64_t until_ns) {
  size_t used = fill_polls(live), fresh = 0;
  int ready = poll(live->polls, (nfds_t)used, left_ms(until_ns));
  if (ready <= 0)
    return 0;
  for (size_t i = 0; i < live->count; i++)
    fresh += xpf_board_target_take(live->targets[i]);
  return fresh;
}

static size_t waiting_for(const struct xpf_board *live) {
  size_t count = 0;
  for (size_t i = 0; i < live->count; i++)
    count += xpf_board_target_is_awaited(live->targets[i]);
  return count;
}

static void publish(struct xpf_board *live, bool is_late) {
  xpf_board_lock(live);
  for (size_t i = 0; i < live->count; i++)
    xpf_board_target_show(live->targets[i], is_late);
  xpf_board_unlock(live);
  if (live->is_running && write(live->news[1], "", 1) < 0 && errno != EAGAIN)
    atomic_store(&live->is_over, true);
}

static int ask_all(struct xpf_board *live) {
  int error = look_around(live);
  for (size_t i = 0; i < live->count; i++)
    xpf_board_target_ask(live->targets[i]);
  drop_gone(live);
  return error;
}

int xpf_board_tick(struct xpf_board *live, int limit_ms) {
  uint64_t until_ns = xpf_os_now_ns() + (uint64_t)limit_ms * NS_PER_MS;
  int error = ask_all(live);
  while (waiting_for(live) > 0 && left_ms(until_ns) > 0)
    collect(live, until_ns);
  publish(live, false);
  return error;
}

static void tick_until(struct xpf_board *live, uint64_t due_ns) {
  uint64_t grace_ns = xpf_os_now_ns() + GRACE_MS * NS_PER_MS;
  bool is_shown = false;
  if (grace_ns > due_ns)
    grace_ns = due_ns;
  ask_all(live);
  while (!atomic_load(&live->is_over) && left_ms(due_ns) > 0) {
    size_t fresh =
        waiting_for(live) > 0 || is_shown ? collect(live, is_shown ? due_ns : grace_ns) : 0;
    bool is_complete = waiting_for(live) == 0 || left_ms(grace_ns) == 0;
    if (!is_shown && is_complete)
      publish(live, false);
    else if (is_shown && fresh > 0)
      publish(live, true);
    is_shown = is_shown || is_complete;
    char byte;
    if (read(live->wake[0], &byte, 1) == 1)
      return; /* another interval: begin with it at once */
  }
}

static void *tick_for_ever(void *arg) {
  struct xpf_board *live = arg;
  /* The second look comes early, so that the first rates are there at once. */
  tick_until(live, xpf_os_now_ns() + 300 * NS_PER_MS);
  uint64_t due_ns = xpf_os_now_ns();
  while (!atomic_load(&live->is_over)) {
    uint64_t period_ns = (uint64_t)(atomic_load(&live->interval_s) * 1e9), now_ns = xpf_os_now_ns();
    due_ns = due_ns + period_ns > now_ns ? due_ns + period_ns : now_ns + period_ns;
    if (due_ns > now_ns + period_ns)
      due_ns = now_ns + period_ns;
    tick_until(live, due_ns);
  }
  return NULL;
}

/* ---- life ---- */

static int make_pipe(int ends[2]) {
  return pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 ? 0 : -errno;
}

int xpf_board_new(struct xpf_board **out, pid_t pid, double interval_s) {
  struct xpf_board *live = calloc(1, sizeof *live);
  *out = NULL;
  if (live == NULL)
    return -ENOMEM;
  live->only = pid;
  atomic_init(&live->interval_s, interval_s);
  live->news[0] = live->news[1] = live->wake[0] = live->wake[1] = -1;
  pthread_mutex_init(&live->lock, NULL);
  int error = make_pipe(live->news);
  if (error == 0)
    error = make_pipe(live->wake);
  if (error != 0)
    xpf_board_free(live);
  else
    *out = live;
  return error;
}

int xpf_board_begin(struct xpf_board *live) {
  live->is_running = true;
  int error = pthread_create(&live->thread, NULL, tick_for_ever, live);
  if (error != 0)
    live->is_running = false;
  return -error;
}

static void wake(struct xpf_board *live) {
  ssize_t written = write(live->wake[1], "", 1);
  (void)written; /* full: it wakes anyhow */
}

void xpf_board_set_interval(struct xpf_board *live, double interval_s) {
  atomic_store(&live->interval_s, interval_s);
  wake(live);
}

void xpf_board_free(struct xpf_board *live) {
  if (live == NULL)
    return;
  if (live->is_running) {
    atomic_store(&live->is_over, true);
    wake(live);
    pthread_join(live->thread, NULL);
  }
  for (size_t i = 0; i < live->count; i++)
    xpf_board_target_free(live->targets[i]);
  for (int i = 0; i < 2; i++) {
    if (live->news[i] >= 0)
      close(live->news[i]);
    if (live->wake[i] >= 0)
      close(live->wake[i]);
  }
  pthread_mutex_destroy(&live->lock);
  free(live->targets);
  free(live->polls);
  free(live);
}

int xpf_board_fd(const struct xpf_board *live) {
  return live->news[0];
}

void xpf_board_lock(struct xpf_board *live) {
  pthread_mutex_lock(&live->lock);
}

void xpf_board_unlock(struct xpf_board *live) {
  pthread_mutex_unlock(&live->lock);
}

struct xpf_board_process **xpf_board_processes(struct xpf_board *live, size_t *count) {
  *count = live->count;
  /* The process is the first member of the target. */
  return (struct xpf_board_process **)(void *)live->targets;
}

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
#define LEAST_MS 100
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

static struct xpf_board_target *find(const struct xpf_board *board, pid_t pid) {
  size_t low = 0, high = board->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    pid_t there = board->targets[middle]->shown.pid;
    if (there == pid)
      return board->targets[middle];
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

static int add(struct xpf_board *board, struct xpf_board_target *target) {
  if (board->count == board->capacity) {
    size_t capacity = board->capacity * 2 + 16;
    void *targets = realloc(board->targets, capacity * sizeof *board->targets);
    if (targets == NULL)
      return -ENOMEM;
    board->targets = targets;
    board->capacity = capacity;
  }
  board->targets[board->count++] = target;
  qsort(board->targets, board->count, sizeof *board->targets, by_pid);
  return 0;
}

static bool look_at(void *arg, pid_t pid) {
  struct xpf_board *board = arg;
  if (find(board, pid) != NULL)
    return true;
  struct xpf_board_target *target = xpf_board_target_new(pid);
  if (target == NULL)
    return true; /* out of memory: perhaps not at the next tick */
  xpf_board_lock(board);
  int error = add(board, target);
  xpf_board_unlock(board);
  if (error != 0)
    xpf_board_target_free(target);
  return true;
}

static bool look_at_visible(void *arg, pid_t pid) {
  if (find(arg, pid) != NULL)
    return true;
  return xpf_board_target_is_there(pid) ? look_at(arg, pid) : true;
}

static void drop_gone(struct xpf_board *board) {
  size_t kept = 0;
  xpf_board_lock(board);
  for (size_t i = 0; i < board->count; i++) {
    struct xpf_board_target *target = board->targets[i];
    bool is_old = target->shown.state == XPF_BOARD_GONE &&
                  seconds_since(target->gone_ns) >= GONE_S && board->only == 0;
    if (is_old || xpf_board_target_is_noise(target))
      xpf_board_target_free(target);
    else
      board->targets[kept++] = target;
  }
  board->count = kept;
  xpf_board_unlock(board);
}

static int look_around(struct xpf_board *board) {
  if (board->only != 0) {
    look_at(board, board->only);
    return 0;
  }
  return xpf_os_each_process(look_at_visible, board);
}

/* ---- questions and answers ---- */

static int left_ms(uint64_t until_ns) {
  uint64_t now_ns = xpf_os_now_ns();
  uint64_t left = until_ns > now_ns ? (until_ns - now_ns) / NS_PER_MS + 1 : 0;
  return left < INT_MAX ? (int)left : INT_MAX;
}

/* The thread's own pipe first, then everybody with a question open. */
static size_t fill_polls(struct xpf_board *board) {
  size_t used = 0;
  if (board->polls_capacity < board->count + 1) {
    size_t capacity = board->count + 32;
    void *polls = realloc(board->polls, capacity * sizeof *board->polls);
    if (polls == NULL)
      return 0;
    board->polls = polls;
    board->polls_capacity = capacity;
  }
  board->polls[used++] = (struct pollfd){.fd = board->wake[0], .events = POLLIN};
  for (size_t i = 0; i < board->count; i++) {
    int fd = xpf_board_target_fd(board->targets[i]);
    if (fd >= 0)
      board->polls[used++] = (struct pollfd){.fd = fd, .events = POLLIN};
  }
  return used;
}

/* Waits for any answer until then and takes what is there. Returns how many are new. */
static size_t collect(struct xpf_board *board, uint64_t until_ns) {
  size_t used = fill_polls(board), fresh = 0;
  int ready = poll(board->polls, (nfds_t)used, left_ms(until_ns));
  if (ready <= 0)
    return 0;
  for (size_t i = 0; i < board->count; i++)
    fresh += xpf_board_target_take(board->targets[i]);
  return fresh;
}

static size_t waiting_for(const struct xpf_board *board) {
  size_t count = 0;
  for (size_t i = 0; i < board->count; i++)
    count += xpf_board_target_is_awaited(board->targets[i]);
  return count;
}

static void publish(struct xpf_board *board, bool is_late) {
  xpf_board_lock(board);
  for (size_t i = 0; i < board->count; i++)
    xpf_board_target_show(board->targets[i], is_late);
  xpf_board_unlock(board);
  if (board->is_running && write(board->news[1], "", 1) < 0 && errno != EAGAIN)
    atomic_store(&board->is_over, true);
}

static int ask_all(struct xpf_board *board) {
  int error = look_around(board);
  for (size_t i = 0; i < board->count; i++)
    xpf_board_target_ask(board->targets[i]);
  drop_gone(board);
  return error;
}

int xpf_board_tick(struct xpf_board *board, int limit_ms) {
  uint64_t until_ns = xpf_os_now_ns() + (uint64_t)limit_ms * NS_PER_MS;
  int error = ask_all(board);
  while (waiting_for(board) > 0 && left_ms(until_ns) > 0)
    collect(board, until_ns);
  publish(board, false);
  return error;
}

static void tick_until(struct xpf_board *board, uint64_t due_ns) {
  ask_all(board);
  uint64_t now_ns = xpf_os_now_ns(), grace_ns = now_ns + GRACE_MS * NS_PER_MS;
  bool is_shown = false;
  /* Where looking around takes longer than a tick, answers still have their time. */
  if (due_ns < now_ns + LEAST_MS * NS_PER_MS)
    due_ns = now_ns + LEAST_MS * NS_PER_MS;
  if (grace_ns > due_ns)
    grace_ns = due_ns;
  while (!atomic_load(&board->is_over) && left_ms(due_ns) > 0) {
    size_t fresh =
        waiting_for(board) > 0 || is_shown ? collect(board, is_shown ? due_ns : grace_ns) : 0;
    bool is_complete = waiting_for(board) == 0 || left_ms(grace_ns) == 0;
    if (!is_shown && is_complete)
      publish(board, false);
    else if (is_shown && fresh > 0)
      publish(board, true);
    is_shown = is_shown || is_complete;
    char byte;
    if (read(board->wake[0], &byte, 1) == 1)
      break; /* another interval: begin with it at once */
  }
  if (!is_shown)
    publish(board, false);
}

static void *tick_for_ever(void *arg) {
  struct xpf_board *board = arg;
  /* The second look comes early, so that the first rates are there at once. */
  tick_until(board, xpf_os_now_ns() + 300 * NS_PER_MS);
  uint64_t due_ns = xpf_os_now_ns();
  while (!atomic_load(&board->is_over)) {
    uint64_t period_ns = (uint64_t)(atomic_load(&board->interval_s) * 1e9),
             now_ns = xpf_os_now_ns();
    due_ns = due_ns + period_ns > now_ns ? due_ns + period_ns : now_ns + period_ns;
    if (due_ns > now_ns + period_ns)
      due_ns = now_ns + period_ns;
    tick_until(board, due_ns);
  }
  return NULL;
}

/* ---- life ---- */

static int make_pipe(int ends[2]) {
  return pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 ? 0 : -errno;
}

int xpf_board_new(struct xpf_board **out, pid_t pid, double interval_s) {
  struct xpf_board *board = calloc(1, sizeof *board);
  *out = NULL;
  if (board == NULL)
    return -ENOMEM;
  board->only = pid;
  atomic_init(&board->interval_s, interval_s);
  board->news[0] = board->news[1] = board->wake[0] = board->wake[1] = -1;
  pthread_mutex_init(&board->lock, NULL);
  int error = make_pipe(board->news);
  if (error == 0)
    error = make_pipe(board->wake);
  if (error != 0)
    xpf_board_free(board);
  else
    *out = board;
  return error;
}

int xpf_board_begin(struct xpf_board *board) {
  board->is_running = true;
  int error = pthread_create(&board->thread, NULL, tick_for_ever, board);
  if (error != 0)
    board->is_running = false;
  return -error;
}

static void wake(struct xpf_board *board) {
  ssize_t written = write(board->wake[1], "", 1);
  (void)written; /* full: it wakes anyhow */
}

void xpf_board_set_interval(struct xpf_board *board, double interval_s) {
  atomic_store(&board->interval_s, interval_s);
  wake(board);
}

void xpf_board_free(struct xpf_board *board) {
  if (board == NULL)
    return;
  if (board->is_running) {
    atomic_store(&board->is_over, true);
    wake(board);
    pthread_join(board->thread, NULL);
  }
  for (size_t i = 0; i < board->count; i++)
    xpf_board_target_free(board->targets[i]);
  for (int i = 0; i < 2; i++) {
    if (board->news[i] >= 0)
      close(board->news[i]);
    if (board->wake[i] >= 0)
      close(board->wake[i]);
  }
  pthread_mutex_destroy(&board->lock);
  free(board->targets);
  free(board->polls);
  free(board);
}

int xpf_board_fd(const struct xpf_board *board) {
  return board->news[0];
}

void xpf_board_lock(struct xpf_board *board) {
  pthread_mutex_lock(&board->lock);
}

void xpf_board_unlock(struct xpf_board *board) {
  pthread_mutex_unlock(&board->lock);
}

struct xpf_board_process **xpf_board_processes(struct xpf_board *board, size_t *count) {
  *count = board->count;
  /* The process is the first member of the target. */
  return (struct xpf_board_process **)(void *)board->targets;
}

#include "core/trace_guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/os.h"
#include "xpf_bridge.h"

#define NAME        "TraceEventWorke" /* cut by the kernel; Node 22 on */
#define WRITERS_MAX 4                 /* a thread of the application may start at the same moment */
#define TASKS_MAX   1024
#define LOOK_NS     500000
#define LIMIT_NS    5000000000ull /* two full buffers take half a second on a busy machine */

static pid_t writers[WRITERS_MAX];
static unsigned writers_count;
static struct xpf_os_task *before;
static int before_count;

static bool was_there(pid_t tid) {
  for (int i = 0; i < before_count; i++)
    if (before[i].tid == tid)
      return true;
  return false;
}

/* It sleeps and has not run since the last look. */
static bool is_quiet(pid_t tid, uint64_t *ran_ns) {
  struct xpf_os_task task;
  if (xpf_os_task(0, tid, &task) != 0)
    return true; /* gone */
  uint64_t ran = task.cpu_user_ns + task.cpu_system_ns + task.voluntary_switches;
  bool quiet = task.state == 'S' && ran == *ran_ns;
  *ran_ns = ran;
  return quiet;
}

static void on_disabled(void) {
  uint64_t ran_ns[WRITERS_MAX] = {0};
  uint64_t since = xpf_os_now_ns();
  struct timespec look = {.tv_nsec = LOOK_NS};
  for (unsigned quiet = 0; quiet < 2 && xpf_os_now_ns() - since < LIMIT_NS;) {
    bool all = true;
    for (unsigned i = 0; i < writers_count; i++)
      all &= is_quiet(writers[i], &ran_ns[i]);
    quiet = all ? quiet + 1 : 0;
    if (quiet < 2 && writers_count > 0)
      nanosleep(&look, NULL);
  }
}

static void forget_tasks(void) {
  free(before);
  before = NULL;
  before_count = 0;
}

/* The threads of the process; what exists before a start is what it is compared with. */
static int list_tasks(struct xpf_os_task **out) {
  struct xpf_os_task *tasks = calloc(TASKS_MAX, sizeof *tasks);
  if (!tasks)
    return -ENOMEM;
  int count = xpf_os_tasks(0, tasks, TASKS_MAX, false);
  *out = tasks;
  return count > TASKS_MAX ? TASKS_MAX : count;
}

static void drop_ended(void) {
  unsigned kept = 0;
  struct xpf_os_task task;
  for (unsigned i = 0; i < writers_count; i++)
    if (xpf_os_task(0, writers[i], &task) == 0)
      writers[kept++] = writers[i];
  writers_count = kept;
}

static void note(pid_t tid) {
  for (unsigned i = 0; i < writers_count; i++)
    if (writers[i] == tid)
      return;
  if (writers_count < WRITERS_MAX)
    writers[writers_count++] = tid;
}

int xpf_trace_guard_before_start(void) {
  forget_tasks();
  drop_ended();
  int count = list_tasks(&before);
  if (count < 0) {
    forget_tasks();
    return count;
  }
  before_count = count;
  for (int i = 0; i < count; i++)
    if (strcmp(before[i].name, NAME) == 0)
      note(before[i].tid);
  return xpf_bridge_trace_watch(on_disabled) ? 0 : -ENOTSUP;
}

int xpf_trace_guard_after_start(void) {
  struct xpf_os_task *now = NULL;
  int count = list_tasks(&now);
  for (int i = 0; i < count; i++)
    if (strcmp(now[i].name, NAME) == 0)
      note(now[i].tid);
  if (writers_count ==
      0) { /* before Node 22 the thread has no name of its own: it is the new one */
    for (int i = 0; i < count; i++)
      if (!was_there(now[i].tid))
        note(now[i].tid);
  }
  free(now);
  forget_tasks();
  return writers_count > 0 ? 0 : -ESRCH;
}

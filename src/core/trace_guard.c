#include "core/trace_guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "host/os.h"
#include "xpf_bridge.h"

#define NAME        "TraceEventWorke" /* cut by the kernel; Node 22 on */
#define WRITERS_MAX 4                 /* a thread of the application may start at the same moment */
#define TASKS_MAX   1024
#define LOOK_NS     500000
#define LIMIT_NS    5000000000ull /* two full buffers take half a second on a busy machine */
#define IDLE_LOOKS  2
#define LOCK_LOOKS  100 /* who has a lock that it wants may have to wait for a CPU */

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

/* Its loop waits for work; not one that waits for a lock. Where it cannot be told: true. */
static bool is_idle(const struct xpf_os_task *task) {
#ifdef SYS_epoll_wait
  if (task->syscall == SYS_epoll_wait)
    return true;
#endif
#ifdef SYS_epoll_pwait
  return task->syscall == SYS_epoll_pwait || task->syscall < 0;
#else
  return true;
#endif
}

/* How many looks in a row must find it asleep; 0: it has run since the last one, or does. */
static unsigned looks_wanted(pid_t tid, uint64_t *ran_ns) {
  struct xpf_os_task task;
  if (xpf_os_task(0, tid, &task) != 0)
    return IDLE_LOOKS; /* gone */
  uint64_t ran = task.cpu_user_ns + task.cpu_system_ns + task.voluntary_switches;
  bool is_quiet = task.state == 'S' && ran == *ran_ns;
  *ran_ns = ran;
  if (!is_quiet)
    return 0;
  return is_idle(&task) ? IDLE_LOOKS : LOCK_LOOKS;
}

static void on_disabled(void) {
  uint64_t ran_ns[WRITERS_MAX] = {0};
  uint64_t since = xpf_os_now_ns();
  struct timespec look = {.tv_nsec = LOOK_NS};
  unsigned looks = 0, wanted = IDLE_LOOKS;
  while (writers_count > 0 && looks < wanted && xpf_os_now_ns() - since < LIMIT_NS) {
    wanted = IDLE_LOOKS;
    looks++;
    for (unsigned i = 0; i < writers_count; i++) {
      unsigned each = looks_wanted(writers[i], &ran_ns[i]);
      if (each == 0)
        looks = 0;
      if (each > wanted)
        wanted = each;
    }
    if (looks < wanted)
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

#include <errno.h>
#include <stdlib.h>

#include "core/thread_state.h"

#define FAIR_NS 50000000ull /* for tasks in one go; for JS before the next interrupt, at most */

/* Under the lock. */
static void unlink_task(struct xpf_thread *thread, struct xpf_task **link) {
  *link = (*link)->next;
  if (!*link)
    thread->tasks_tail = link;
}

/* with_loop: also those that only the event loop may run. */
static struct xpf_task *take_first(struct xpf_thread *thread, bool with_loop) {
  pthread_mutex_lock(&xpf_thread_lock);
  struct xpf_task **link = &thread->tasks;
  while (*link && (*link)->needs_loop && !with_loop)
    link = &(*link)->next;
  struct xpf_task *task = *link;
  if (task)
    unlink_task(thread, link);
  pthread_mutex_unlock(&xpf_thread_lock);
  return task;
}

static unsigned count_tasks(const struct xpf_thread *thread) {
  unsigned count = 0;
  pthread_mutex_lock(&xpf_thread_lock);
  for (const struct xpf_task *task = thread->tasks; task; task = task->next)
    count++;
  pthread_mutex_unlock(&xpf_thread_lock);
  return count;
}

/* Only what is queued already, and not for long: clients that never pause must not keep the thread
 * from its own work. A task may run JS-visible V8 code (a snapshot's GC) that reaches an interrupt
 * check: no nesting. */
static void drain(struct xpf_thread *thread) {
  if (thread->draining)
    return;
  thread->draining = true;
  uint64_t begun = uv_hrtime(), took = 0;
  unsigned left = count_tasks(thread);
  struct xpf_task *task;
  while (left > 0 && took < FAIR_NS && thread->alive &&
         (task = take_first(thread, !thread->in_interrupt))) {
    task->run(task, thread);
    took = uv_hrtime() - begun;
    left--;
  }
  thread->interrupts_from_ns = begun + took + (took < FAIR_NS ? took : FAIR_NS);
  thread->draining = false;
  if (left > 0 && thread->alive)
    uv_async_send(&thread->handles->async);
}

/* JS gets as long as the last tasks took; what is left to do then is done by the loop's next turn,
 * or by the interrupt that xpf_thread_urge asks for. */
static void on_interrupt(void *arg) {
  struct xpf_thread *thread = arg;
  pthread_mutex_lock(&xpf_thread_lock);
  thread->interrupt_pending = false;
  pthread_mutex_unlock(&xpf_thread_lock);
  if (uv_hrtime() < thread->interrupts_from_ns)
    return;
  thread->in_interrupt = true;
  drain(thread);
  thread->in_interrupt = false;
}

void xpf_thread_on_async(uv_async_t *handle) {
  struct xpf_thread_handles *handles = handle->data;
  if (handles->thread)
    drain(handles->thread);
}

static void interrupt(struct xpf_thread *thread) {
  if (!thread->interrupt_pending)
    thread->interrupt_pending = xpf_bridge_interrupt(thread->bridge, on_interrupt, thread) == 0;
}

void xpf_thread_urge(struct xpf_thread *thread) {
  pthread_mutex_lock(&xpf_thread_lock);
  if (thread->alive && thread->tasks)
    interrupt(thread);
  pthread_mutex_unlock(&xpf_thread_lock);
}

int xpf_thread_post(struct xpf_thread *thread, struct xpf_task *task) {
  int err = -ESRCH;
  task->next = NULL;
  pthread_mutex_lock(&xpf_thread_lock);
  if (thread->alive) {
    *thread->tasks_tail = task;
    thread->tasks_tail = &task->next;
    uv_async_send(&thread->handles->async);
    interrupt(thread);
    err = 0;
  }
  pthread_mutex_unlock(&xpf_thread_lock);
  return err;
}

bool xpf_thread_take_back(struct xpf_thread *thread, struct xpf_task *task) {
  bool found = false;
  pthread_mutex_lock(&xpf_thread_lock);
  for (struct xpf_task **link = &thread->tasks; *link; link = &(*link)->next) {
    if (*link != task)
      continue;
    unlink_task(thread, link);
    found = true;
    break;
  }
  pthread_mutex_unlock(&xpf_thread_lock);
  return found;
}

void xpf_thread_cancel_all(struct xpf_thread *thread, const char *reason) {
  struct xpf_task *task;
  while ((task = take_first(thread, true)))
    task->cancel(task, reason);
}

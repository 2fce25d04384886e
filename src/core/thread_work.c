#include <errno.h>
#include <stdlib.h>

#include "core/thread_state.h"

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

/* A task may run JS-visible V8 code (a snapshot's GC) that reaches an interrupt check: no nesting.
 */
static void drain(struct xpf_thread *thread) {
  if (thread->draining)
    return;
  thread->draining = true;
  struct xpf_task *task;
  while (thread->alive && (task = take_first(thread, !thread->in_interrupt)))
    task->run(task, thread);
  thread->draining = false;
}

static void on_interrupt(void *arg) {
  struct xpf_thread *thread = arg;
  pthread_mutex_lock(&xpf_thread_lock);
  thread->interrupt_pending = false;
  pthread_mutex_unlock(&xpf_thread_lock);
  thread->in_interrupt = true;
  drain(thread);
  thread->in_interrupt = false;
}

void xpf_thread_on_async(uv_async_t *handle) {
  struct xpf_thread_handles *handles = handle->data;
  if (handles->thread)
    drain(handles->thread);
}

static void wake(struct xpf_thread *thread) {
  uv_async_send(&thread->handles->async);
  if (!thread->interrupt_pending)
    thread->interrupt_pending = xpf_bridge_interrupt(thread->bridge, on_interrupt, thread) == 0;
}

int xpf_thread_post(struct xpf_thread *thread, struct xpf_task *task) {
  int err = -ESRCH;
  task->next = NULL;
  pthread_mutex_lock(&xpf_thread_lock);
  if (thread->alive) {
    *thread->tasks_tail = task;
    thread->tasks_tail = &task->next;
    wake(thread);
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

#include "core/thread.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/thread_state.h"
#include "host/os.h"

pthread_mutex_t xpf_thread_lock = PTHREAD_MUTEX_INITIALIZER;
struct xpf_thread *xpf_thread_first;
static pthread_cond_t returned = PTHREAD_COND_INITIALIZER;

/* ---- attach -------------------------------------------------------------------------------------
 */

static int handles_open(struct xpf_thread *thread) {
  struct xpf_thread_handles *handles = calloc(1, sizeof *handles);
  if (!handles)
    return -ENOMEM;
  int err = uv_async_init(thread->options.loop, &handles->async, xpf_thread_on_async);
  if (err) {
    free(handles);
    return err;
  }
  handles->async.data = handles;
  handles->thread = thread;
  handles->open = 1;
  uv_unref((uv_handle_t *)&handles->async);
  thread->handles = handles;
  err = xpf_loop_watch_init(&handles->watch, thread->options.loop);
  if (!err)
    handles->open = 2;
  return err;
}

static void free_when_closed(struct xpf_thread_handles *handles) {
  if (--handles->open > 0)
    return;
  if (handles->closed)
    handles->closed(handles->closed_arg);
  free(handles);
}

static void on_async_closed(uv_handle_t *handle) {
  free_when_closed(handle->data);
}

static void on_watch_closed(uv_handle_t *handle) {
  struct xpf_loop_watch *watch = handle->data;
  free_when_closed(
      (struct xpf_thread_handles *)((char *)watch - offsetof(struct xpf_thread_handles, watch)));
}

static void handles_close(struct xpf_thread_handles *handles, void (*closed)(void *), void *arg) {
  handles->closed = closed;
  handles->closed_arg = arg;
  bool watch_open = handles->open == 2;
  uv_close((uv_handle_t *)&handles->async, on_async_closed);
  if (watch_open)
    xpf_loop_watch_close(&handles->watch, on_watch_closed);
}

static void registry_add(struct xpf_thread *thread) {
  pthread_mutex_lock(&xpf_thread_lock);
  thread->alive = true;
  thread->next = xpf_thread_first;
  xpf_thread_first = thread;
  pthread_mutex_unlock(&xpf_thread_lock);
}

static void thread_free(struct xpf_thread *thread) {
  for (int i = 0; i < XPF_CLAIMS_MAX; i++)
    free(thread->claims[i]);
  xpf_stall_free(thread->stall);
  pthread_mutex_destroy(&thread->data_lock);
  free(thread);
}

static struct xpf_thread *thread_new(const struct xpf_thread_options *options) {
  struct xpf_thread *thread = calloc(1, sizeof *thread);
  if (!thread)
    return NULL;
  thread->options = *options;
  thread->refs = 1;
  thread->tid = xpf_os_tid();
  thread->isolate_key = xpf_bridge_isolate_key();
  thread->attached_ns = uv_hrtime();
  thread->tasks_tail = &thread->tasks;
  pthread_mutex_init(&thread->data_lock, NULL);
  return thread;
}

int xpf_thread_attach(const struct xpf_thread_options *options, struct xpf_thread **out,
                      bool *is_new) {
  *is_new = false;
  *out = xpf_thread_current();
  if (*out)
    return 0;
  struct xpf_thread *thread = thread_new(options);
  if (!thread)
    return -ENOMEM;
  int err = xpf_bridge_open(&thread->bridge);
  if (err)
    goto out;
  err = xpf_bridge_gc_watch(thread->bridge, xpf_gc_watch_mark, &thread->gc);
  if (err)
    goto out;
  err = handles_open(thread);
  if (err)
    goto out;
  registry_add(thread);
  *out = thread;
  *is_new = true;
  return 0;
out:
  if (thread->handles)
    handles_close(thread->handles, NULL, NULL);
  if (thread->bridge)
    xpf_bridge_close(thread->bridge);
  thread_free(thread);
  return err;
}

/* ---- end ----------------------------------------------------------------------------------------
 */

/* Under the lock. False when the thread has ended already. */
static bool leave_registry(struct xpf_thread *thread) {
  if (thread->ended)
    return false;
  thread->ended = true;
  thread->alive = false;
  struct xpf_thread **link = &xpf_thread_first;
  while (*link && *link != thread)
    link = &(*link)->next;
  if (*link)
    *link = thread->next;
  return true;
}

static void items_end(struct xpf_thread *thread, const char *reason) {
  while (thread->items) {
    struct xpf_thread_item *item = thread->items;
    thread->items = item->next;
    item->on_end(item, thread, reason);
  }
}

static bool survives_fatal(const struct xpf_thread_item *item) {
  return item->survives_fatal;
}

static bool is_profile(const struct xpf_thread_item *item) {
  return item->is_profile;
}

static void some_end(struct xpf_thread *thread, bool (*is_meant)(const struct xpf_thread_item *),
                     const char *reason) {
  struct xpf_thread_item **link = &thread->items;
  while (*link) {
    struct xpf_thread_item *item = *link;
    if (!is_meant(item)) {
      link = &item->next;
      continue;
    }
    *link = item->next;
    item->on_end(item, thread, reason);
  }
}

void xpf_thread_items_fatal(struct xpf_thread *thread, const char *reason) {
  xpf_thread_cancel_all(thread, reason);
  some_end(thread, survives_fatal, reason);
}

void xpf_thread_items_save(struct xpf_thread *thread, const char *reason) {
  some_end(thread, is_profile, reason);
}

void xpf_thread_end(struct xpf_thread *thread, const char *reason,
                    void (*handles_closed)(void *arg), void *arg) {
  pthread_mutex_lock(&xpf_thread_lock);
  bool first = leave_registry(thread);
  while (first && thread->borrowed > 0)
    pthread_cond_wait(&returned, &xpf_thread_lock);
  pthread_mutex_unlock(&xpf_thread_lock);
  if (!first)
    return;
  xpf_thread_cancel_all(thread, reason);
  items_end(thread, reason);
  /* JS holds the memory of the counters and may already be gone when a view is taken. */
  pthread_mutex_lock(&thread->data_lock);
  thread->http = NULL;
  thread->memory_reader = NULL;
  pthread_mutex_unlock(&thread->data_lock);
  struct xpf_bridge *bridge = thread->bridge;
  thread->bridge = NULL;    /* first: a stack sample may interrupt us here */
  xpf_bridge_close(bridge); /* no interrupt after it */
  thread->handles->thread = NULL;
  if (handles_closed)
    handles_close(thread->handles, handles_closed, arg);
  thread->handles = NULL;
  xpf_thread_unref(thread);
}

void xpf_thread_borrow(struct xpf_thread *thread) {
  pthread_mutex_lock(&xpf_thread_lock);
  thread->borrowed++;
  pthread_mutex_unlock(&xpf_thread_lock);
}

void xpf_thread_return(struct xpf_thread *thread) {
  pthread_mutex_lock(&xpf_thread_lock);
  thread->borrowed--;
  pthread_cond_broadcast(&returned);
  pthread_mutex_unlock(&xpf_thread_lock);
}

void xpf_thread_item_add(struct xpf_thread *thread, struct xpf_thread_item *item) {
  item->next = thread->items;
  thread->items = item;
}

void xpf_thread_item_remove(struct xpf_thread *thread, struct xpf_thread_item *item) {
  for (struct xpf_thread_item **link = &thread->items; *link; link = &(*link)->next) {
    if (*link == item) {
      *link = item->next;
      return;
    }
  }
}

/* ---- references and look-ups --------------------------------------------------------------------
 */

struct xpf_thread *xpf_thread_ref(struct xpf_thread *thread) {
  __atomic_add_fetch(&thread->refs, 1, __ATOMIC_RELAXED);
  return thread;
}

void xpf_thread_unref(struct xpf_thread *thread) {
  if (__atomic_sub_fetch(&thread->refs, 1, __ATOMIC_ACQ_REL) == 0)
    thread_free(thread);
}

struct xpf_thread *xpf_thread_current(void) {
  const void *key = xpf_bridge_isolate_key();
  pid_t tid = xpf_os_tid(); /* an ended isolate's address may be used again, by another thread */
  pthread_mutex_lock(&xpf_thread_lock);
  struct xpf_thread *thread = xpf_thread_first;
  while (thread && !(thread->isolate_key == key && thread->tid == tid))
    thread = thread->next;
  pthread_mutex_unlock(&xpf_thread_lock);
  return thread;
}

struct xpf_thread *xpf_thread_find(uint32_t thread_id) {
  pthread_mutex_lock(&xpf_thread_lock);
  struct xpf_thread *thread = xpf_thread_first;
  while (thread && thread->options.thread_id != thread_id)
    thread = thread->next;
  if (thread)
    xpf_thread_ref(thread);
  pthread_mutex_unlock(&xpf_thread_lock);
  return thread;
}

unsigned xpf_threads_count(void) {
  unsigned count = 0;
  pthread_mutex_lock(&xpf_thread_lock);
  for (struct xpf_thread *thread = xpf_thread_first; thread; thread = thread->next)
    count++;
  pthread_mutex_unlock(&xpf_thread_lock);
  return count;
}

uint32_t xpf_thread_id(const struct xpf_thread *thread) {
  return thread->options.thread_id;
}

bool xpf_thread_is_main(const struct xpf_thread *thread) {
  return thread->options.is_main;
}

pid_t xpf_thread_tid(const struct xpf_thread *thread) {
  return thread->tid;
}

struct xpf_bridge *xpf_thread_bridge(struct xpf_thread *thread) {
  return thread->bridge;
}

uv_loop_t *xpf_thread_loop(struct xpf_thread *thread) {
  return thread->options.loop;
}

uint64_t xpf_thread_attached_ns(const struct xpf_thread *thread) {
  return thread->attached_ns;
}

void xpf_thread_mark_started(struct xpf_thread *thread) {
  __atomic_store_n(&thread->is_started, true, __ATOMIC_RELAXED);
}

bool xpf_thread_claim(struct xpf_thread *thread, const char *name) {
  for (int i = 0; i < XPF_CLAIMS_MAX; i++) {
    if (!thread->claims[i]) {
      thread->claims[i] = strdup(name);
      return thread->claims[i] != NULL;
    }
    if (strcmp(thread->claims[i], name) == 0)
      return false;
  }
  return false;
}

void xpf_thread_hold_loop(struct xpf_thread *thread, bool hold) {
  if (!hold && thread->holds == 0)
    return;
  thread->holds += hold ? 1u : -1u;
  if (!thread->handles)
    return;
  if (thread->holds > 0)
    uv_ref((uv_handle_t *)&thread->handles->async);
  else
    uv_unref((uv_handle_t *)&thread->handles->async);
}
